"""The four flows that are measured, as the requests a browser would send."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from urllib.parse import urlencode

from bench import world
from bench.load import Client
from bench.world import World
from gateway.keys import KeyRing
from gateway.ledger import Event
from gateway.stamp import PageStamp

BROWSER = (
    "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
)
# A prime that divides no number of gifts we use, so that neighbouring requests meet rows far from each other.
STRIDE = 104_729


def network_address(number: int) -> str:
    """Spell an address in a network of its own for each number below 8 million."""
    return f"{1 + (number >> 16) % 126}.{number >> 8 & 255}.{number & 255}.7"


@dataclass(frozen=True, slots=True)
class Site:
    """A server being measured, with what is in its database and the keys that its links were signed with."""

    host: str
    port: int
    world: World
    keys: KeyRing

    def request(
        self, path: str, cookies: str = "", form: dict[str, str] | None = None, *, network: int = 0
    ) -> bytes:
        """Spell a browser's request, as a proxy hands it on from this network: bulk rules count by these."""
        body = urlencode(form).encode() if form is not None else b""
        lines = f"{'GET' if form is None else 'POST'} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{BROWSER}"
        lines += f"X-Forwarded-For: {network_address(network)}\r\n"
        lines += f"Cookie: {cookies}\r\n" if cookies else ""
        if form is not None:
            lines += "Content-Type: application/x-www-form-urlencoded\r\n"
            lines += f"Content-Length: {len(body)}\r\n"
        return f"{lines}\r\n".encode() + body

    def gift(self, number: int) -> int:
        """Name the gift that a flow's request of this number is about."""
        return number * STRIDE % self.world.gifts + 1

    def link(self, gift: int) -> str:
        """Spell the path of a gift's link."""
        return f"/g/{self.keys.signer.sign(world.capability(gift), self.world.key_id)}"


@dataclass(frozen=True, slots=True)
class Flow:
    """One thing people do; `spell` makes the requests of these numbers, `least` is the ratio to reach."""

    name: str
    least: dict[str, float]
    status: HTTPStatus
    says: str
    spell: Callable[[Site, Sequence[int]], list[bytes]]
    requests: int
    writes: Event | None = None


def _reads(site: Site, numbers: Sequence[int]) -> list[bytes]:
    def one(gift: int) -> bytes:
        path = f"/articles/{world.slug(site.world.article_of(gift))}"
        return site.request(path, f"device={world.device(gift)}", network=gift)

    return [one(site.gift(number)) for number in numbers]


def _cards(site: Site, numbers: Sequence[int]) -> list[bytes]:
    return [site.request(site.link(site.gift(number)), network=number) for number in numbers]


def _claims(site: Site, numbers: Sequence[int]) -> list[bytes]:
    return [claim(site, site.gift(number), number) for number in numbers]


def claim(site: Site, gift: int, network: int) -> bytes:
    """Spell the request by which a new reader takes a gift up from a network."""
    stamp = PageStamp(site.keys.keys.derived("stamp.v1"), "card.v1")
    nonce = stamp.sign(world.reference(gift), datetime.now(UTC))
    return site.request(site.link(gift), form={"nonce": nonce, "pressed": "1"}, network=network)


def _issues(site: Site, numbers: Sequence[int]) -> list[bytes]:
    cookie, token = _form_of(site)

    def one(number: int) -> bytes:
        account, article = site.world.untouched(number)
        form = {"csrf_token": token, "idempotency_key": f"bench-{number}", "kind": "gift", "show_name": "1"}
        cookies = f"sign_in={world.session(account)}; form={cookie}"
        return site.request(f"/articles/{world.slug(article)}/share", cookies, form, network=account)

    return [one(number) for number in numbers]


@cache
def _form_of(site: Site) -> tuple[str, str]:
    """Open one share dialog for its form's cookie and token, which go with any account's session."""
    path = f"/articles/{world.slug(world.ARTICLES)}/share"
    with Client(site.host, site.port, connections=1) as client:
        page = client.send([site.request(path, f"sign_in={world.session(1)}")]).last.decode()
    cookie = re.search(r"\r\nSet-Cookie: form=([^;]+)", page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if cookie is None or token is None:
        raise SystemExit(f"the share dialog has no form:\n{page}")
    return cookie[1], token[1]


FLOWS = (
    Flow("read", {"sqlite": 0.4, "postgresql": 0.3}, HTTPStatus.OK, world.LAST_WORDS, _reads, 600),
    Flow("card", {"sqlite": 0.4, "postgresql": 0.3}, HTTPStatus.OK, "og:title", _cards, 600),
    Flow(
        "claim",
        {"sqlite": 0.08, "postgresql": 0.08},
        HTTPStatus.SEE_OTHER,
        "Set-Cookie: device=",
        _claims,
        200,
        Event.CLAIM_MADE,
    ),
    Flow(
        "issue", {"sqlite": 0.08, "postgresql": 0.08}, HTTPStatus.OK, "/g/", _issues, 200, Event.GIFT_ISSUED
    ),
)
