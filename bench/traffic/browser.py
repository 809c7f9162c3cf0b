"""A visitor's browser, as far as the gateway can tell: an address, an agent, cookies, and what its script would send."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "http://127.0.0.1:8000"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
LAST_WORDS = "and so it was written down."

_STAMP = re.compile(r'name="nonce" value="([^"]+)"')
_CONFIRM = re.compile(r'<reading-confirm data-url="([^"]+)" data-nonce="([^"]+)"')
_COPIES = re.compile(
    r'<article-copy [^>]*data-characters="(\d+)"[^>]*data-url="([^"]+)" data-nonce="([^"]+)"'
)
_RULE = re.compile(r"<p>The rule is called ([a-z0-9-]+)\.</p>")
_CODE = re.compile(r'<p class="quiet code">Code: ([a-z_:]+)</p>')


class Ended(StrEnum):
    """How one attempt to read ended, beside the reason codes of the gateway."""

    READ = "read"
    WAIT = "wait"
    CARD = "card"
    OTHER = "other"


class Copied(StrEnum):
    """What a report of a copy came to: not taken, or taken by a text that is open after it, or closed."""

    REFUSED = "refused"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt came to: the article's text, a wait, or a refusal with its code and, for a rule, its name."""

    ended: str
    rule: str = ""
    page: str = ""

    @property
    def read(self) -> bool:
        """Whether the whole text was there."""
        return self.ended == Ended.READ


@dataclass
class Browser:
    """One browser; without `cookies` it keeps none, without `script` nothing is sent that a person did not press."""

    app: Flask
    address: str
    agent: str = CHROME
    cookies: bool = True
    script: bool = True
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=self.cookies)

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> TestResponse:
        """Send one request as this browser would."""
        own = {
            "User-Agent": self.agent,
            "Accept": "text/html,application/xhtml+xml",
            "Accept-Language": "en",
            "Sec-Fetch-Site": "none" if form is None else "same-origin",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        }
        return self.client.open(
            path,
            method=method,
            base_url=BASE,
            data=form,
            headers=own | {name.replace("_", "-"): value for name, value in headers.items()},
            environ_base={"REMOTE_ADDR": self.address},
        )

    def card(self, link: str) -> TestResponse:
        """Open a gift link, and go where it leads a device that holds it."""
        shown = self.ask("GET", link)
        return self.ask("GET", shown.headers["Location"]) if shown.status_code in (301, 303) else shown

    def claim(self, link: str, card: str, *, pressed: bool = False) -> Answer:
        """Send the form of a card and go on to the article."""
        stamp = _STAMP.search(card)
        if stamp is None:
            return answer_of(card)
        form = {"nonce": stamp[1], "pressed": "1" if pressed and self.script else ""}
        taken = self.ask("POST", link, form)
        if taken.status_code != 303:
            return answer_of(taken.text)
        return answer_of(self.ask("GET", taken.headers["Location"]).text)

    def confirm(self, page: str) -> bool:
        """Report, as the article's script does after a person's first input, that somebody reads."""
        found = _CONFIRM.search(page)
        if found is None or not self.script:
            return False
        said = self.ask("POST", found[1], {"nonce": found[2]}, Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty")
        return said.status_code == 204

    def copy(self, page: str, number: int, characters: int) -> Copied:
        """Report, as the article's script does, the page's copy of this number."""
        found = _COPIES.search(page)
        if found is None:
            return Copied.REFUSED
        report = {"nonce": found[3], "id": f"{number:032x}", "sequence": str(number), "kind": "copy"}
        said = self.ask("POST", found[2], report | {"characters": str(characters)}, Sec_Fetch_Mode="cors")
        if said.status_code != 200 or said.json is None:
            return Copied.REFUSED
        return Copied.OPEN if said.json["closed"] is None else Copied.CLOSED

    def article(self, slug: str) -> Answer:
        """Open an article by its own address."""
        return answer_of(self.ask("GET", f"/articles/{slug}").text)

    def go_on(self, slug: str, page: str) -> Answer:
        """Press the button of the wait before an article."""
        stamp = _STAMP.search(page)
        if stamp is None:
            return answer_of(page)
        gone = self.ask("POST", f"/articles/{slug}/go-on", {"nonce": stamp[1]})
        return self.article(slug) if gone.status_code == 303 else answer_of(gone.text)


def length_of(page: str) -> int:
    """Read from an article's page how many characters its text has; 0 where it does not say."""
    found = _COPIES.search(page)
    return 0 if found is None else int(found[1])


def answer_of(page: str) -> Answer:
    """Tell from a page what the attempt came to."""
    if LAST_WORDS in page:
        return Answer(Ended.READ, page=page)
    rule, code = _RULE.search(page), _CODE.search(page)
    if code is not None:
        return Answer(code[1], rule[1] if rule else "", page)
    if 'data-wait-seconds="3"' in page:
        return Answer(Ended.WAIT, page=page)
    return Answer(Ended.CARD if "gift-card" in page else Ended.OTHER, page=page)
