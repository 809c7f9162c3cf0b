"""Machines at the door, as their makers send them: the card and nothing else, and nothing spent by any of them."""

import json
import re

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from flask import Flask
from flask.testing import FlaskClient

from gateway import visitor
from gateway.app import build_app
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.visitor import Visitor
from tests.served import WITHHELD
from tests.test_gift_links import (
    ACTOR,
    BASE,
    PERSON,
    PREVIEW,
    Clock,
    app,
    claim,
    clock,
    confirm,
    counts,
    fetch,
    given,
    nonce_in,
    read,
    runtime,
)

__all__ = ["app", "clock", "given", "runtime"]  # Fixtures of the same gateway and gift.

ARTICLE = "/articles/the-tide-book"
IN_THE_LIST = [
    agent
    for entry in CRAWLER_USER_AGENTS_DATA
    if "social-preview" in entry.get("tags", []) and entry["pattern"] not in visitor.NOT_MACHINES
    for agent in entry["instances"]
]
OURS = [name for table in (visitor._OWN, visitor._OWN_ALONE) for name in table[Visitor.PREVIEW]]
IMESSAGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1"
    " Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
)
# What each app's servers, or the sender's own telephone, ask when a link is pasted: method, agent, more headers.
CHATS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "WhatsApp": [("GET", "WhatsApp/2.24.13.79 A", {}), ("GET", "WhatsApp/2.24.13.79 A", {"Range": "bytes=0-614399"})],
    "iMessage": [("GET", IMESSAGE, {}), ("HEAD", IMESSAGE, {})],
    "Slack": [
        ("GET", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", {"Range": "bytes=0-32768"}),
        ("GET", "Slackbot 1.0 (+https://api.slack.com/robots)", {}),
    ],
    "Telegram": [("GET", "TelegramBot (like TwitterBot)", {}), ("GET", "TelegramBot (like TwitterBot)", {})],
    "Teams": [
        ("HEAD", "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com", {}),
        ("GET", "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com", {}),
    ],
    "Signal": [("GET", "WhatsApp/2", {}), ("GET", "WhatsApp/2", {"Range": "bytes=0-1048575"})],
    "Discord": [
        ("GET", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", {}),
        ("GET", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0", {"Range": "bytes=0-"}),
    ],
}  # fmt: skip
AI_CRAWLER = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"
)
SCANNER = f"{PERSON} Mimecast"


def taken(runtime: Runtime) -> int:
    """Count claims of any kind."""
    with runtime.database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM claim").scalar_one())


def looked(runtime: Runtime) -> dict[str, int]:
    """Count cards by who looked."""
    runtime.tally.flush()
    with runtime.database.reading() as connection:
        return {row[0]: row[1] for row in connection.exec_driver_sql("SELECT visitor, views FROM card_view")}


def ask(client: FlaskClient, method: str, address: str, agent: str, **headers: str) -> str:
    """Ask with an agent and headers; returns the body."""
    answer = client.open(address, method=method, base_url=BASE, headers={"User-Agent": agent, **headers})
    return answer.text


def test_every_preview_agent_of_the_list_spends_nothing(app: Flask, runtime: Runtime, given: Issued) -> None:
    assert len(IN_THE_LIST) > 100
    link = f"/g/{given.token}"
    for agent in IN_THE_LIST + OURS:
        client = app.test_client()
        for method, headers in (("HEAD", {}), ("GET", {}), ("GET", {"Range": "bytes=0-32767"})):
            assert WITHHELD not in ask(client, method, link, agent, **headers), agent
        client.post(link, base_url=BASE, headers={"User-Agent": agent, "Origin": BASE})
        assert WITHHELD not in ask(client, "GET", ARTICLE, agent)
    assert (counts(runtime), taken(runtime)) == ((0, 0), 0)


def test_a_link_pasted_into_seven_chats_spends_nothing_and_looks_right(
    app: Flask, runtime: Runtime, given: Issued
) -> None:
    for method, agent, headers in (request for chat in CHATS.values() for request in chat):
        page = ask(app.test_client(), method, f"/g/{given.token}", agent, **headers)
        assert method == "HEAD" or 'property="og:title" content="The tide book"' in page
    assert (counts(runtime), taken(runtime)) == ((0, 0), 0)
    assert set(looked(runtime)) <= {"preview", "tool"}


def test_head_then_get_and_two_gets_22_seconds_apart_spend_nothing(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    scanner = app.test_client()
    for agent in (PERSON, SCANNER, PREVIEW):
        for method in ("HEAD", "GET"):
            fetch(scanner, method, f"/g/{given.token}", agent=agent)
        clock.pass_by(seconds=22)
        fetch(scanner, "GET", f"/g/{given.token}", agent=agent)
    assert (counts(runtime), taken(runtime)) == ((0, 0), 0)


AHEAD = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
]


def test_a_browser_that_looks_ahead_takes_nothing_up(app: Flask, runtime: Runtime, given: Issued) -> None:
    for headers in AHEAD:
        ahead = app.test_client()
        card = ask(ahead, "GET", f"/g/{given.token}", PERSON, **headers)
        assert "ahead of a person" in card
        assert "<form" not in card
        said = {"User-Agent": PERSON, "Origin": BASE, **headers}
        for address in (f"/g/{given.token}", f"/g/{given.token}/report"):
            assert ahead.post(address, base_url=BASE, headers=said).status_code == 403
    assert (counts(runtime), taken(runtime), looked(runtime)) == ((0, 0), 0, {"preview": len(AHEAD)})


def test_a_scanner_that_submits_the_form_without_script_stays_within_the_bound(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    got = 0
    for _ in range(30):
        page = read(app.test_client(), given.token)
        got += WITHHELD in page.text
        clock.pass_by(minutes=30)
    assert got == 20
    assert counts(runtime) == (0, 20)
    late = claim(app.test_client(), given.token)
    assert (late.status_code, "gift:unconfirmed_full" in late.text) == (410, True)


def test_a_forged_machine_name_gains_nothing(app: Flask, given: Issued) -> None:
    friend = app.test_client()
    assert WITHHELD in read(friend, given.token).text
    for agent in (PREVIEW, "curl/8.7.1", SCANNER, AI_CRAWLER, ""):
        for address in (f"/g/{given.token}", ARTICLE):
            assert WITHHELD not in fetch(friend, "GET", address, agent=agent).text
    assert WITHHELD in fetch(friend, "GET", ARTICLE).text


WHY = {
    PREVIEW: "asked for as a preview",
    "curl/8.7.1": "says that it is an automatic visitor",
    SCANNER: "checks links for danger",
    AI_CRAWLER: "that needs a licence",
}


def test_the_card_says_in_a_sentence_why_the_text_is_withheld(app: Flask, given: Issued) -> None:
    for agent, words in WHY.items():
        card = fetch(app.test_client(), "GET", f"/g/{given.token}", agent=agent).text
        assert words in card
        assert "<form" not in card


def test_a_collector_for_language_models_is_refused_and_told_whom_to_ask(app: Flask, given: Issued) -> None:
    for address in (f"/g/{given.token}", ARTICLE):
        refused = fetch(app.test_client(), "GET", address, agent=AI_CRAWLER)
        assert refused.status_code == 403
        assert refused.headers["Link"] == f'<{BASE}/licence>; rel="license"'
        assert refused.headers["TDM-Reservation"] == "1"
        assert 'href="/licence"' in refused.text
        assert "toast" not in refused.text, "not even the article's opening"


def test_a_network_that_the_operator_lists_gets_the_card_and_its_reason(
    runtime: Runtime, given: Issued, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(var=tmp_path_factory.mktemp("var"), scanners="192.0.2.0/24, 2001:db8::/32")
    listing = build_app(runtime, settings)
    for address, listed in (("192.0.2.9", True), ("2001:db8::7", True), ("198.51.100.9", False)):
        client = listing.test_client()
        answer = client.get(
            f"/g/{given.token}", headers={"User-Agent": PERSON}, environ_base={"REMOTE_ADDR": address}
        )
        assert ("a network that checks mail for danger" in answer.text) is listed
        refused = client.post(
            f"/g/{given.token}",
            headers={"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin"},
            environ_base={"REMOTE_ADDR": address},
        )
        assert (refused.status_code == 403) is listed
    assert looked(runtime) == {"scanner": 2, "person": 1}


def test_a_client_that_reads_only_the_first_32_kilobytes_has_the_whole_preview(
    app: Flask, runtime: Runtime, given: Issued
) -> None:
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE article SET revision = revision + 1, headline = 'Tide ' || headline, "
            f"standfirst = '{'The harbour keeps its figures in ink. ' * 2000}'"
        )
    for headers in ({}, {"Range": "bytes=0-32767"}):
        answer = app.test_client().get(f"/g/{given.token}", headers={"User-Agent": PREVIEW, **headers})
        assert answer.status_code == 200
        head = answer.data[: 32 * 1024].decode()
        for name in ("og:url", "og:title", "og:description", "og:type", "og:site_name", "og:locale"):
            assert len(re.findall(f'<meta property="{name}" content="[^"]+">', head)) == 1, name
        assert '<meta name="twitter:card" content="summary">' in head
        assert '<link rel="canonical"' in head
        assert "</head>" in head
        (data,) = re.findall(r'(?s)<script type="application/ld\+json"[^>]*>(.*?)</script>', head)
        told = json.loads(data)
        assert (told["@type"], told["isAccessibleForFree"]) == ("NewsArticle", False)
        assert told["url"] == f"{BASE}{ARTICLE}"


@pytest.mark.parametrize("travels", ["true", "false", "NULL"])
def test_a_picture_stands_on_the_card_only_where_its_rights_allow(
    app: Flask, runtime: Runtime, given: Issued, travels: str
) -> None:
    with runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO picture (article_id, position, href, alt, caption, credit, copyright_holder, usage_terms,"
            f" travels, width, height) VALUES (1, 0, '/pictures/tide.webp', 'Ink', '', '', '', '', {travels}, 1200, 800)"
        )
        connection.exec_driver_sql("UPDATE article SET revision = revision + 1")
    card = fetch(app.test_client(), "GET", f"/g/{given.token}", agent=PREVIEW).text
    assert ("tide.webp" in card) is (travels == "true")
    if travels == "true":
        assert f'<meta property="og:image" content="{BASE}/pictures/tide.webp">' in card
        assert '<meta name="twitter:card" content="summary_large_image">' in card
        assert f'"image": "{BASE}/pictures/tide.webp"' in card


def test_no_address_on_a_card_holds_a_token_but_its_own(app: Flask, given: Issued) -> None:
    other = issue_gift(app.extensions["gateway"].runtime, ACTOR, Wish(1, 1, "other", separate=True))
    assert isinstance(other, Issued)
    card = fetch(app.test_client(), "GET", f"/g/{given.token}?lang=de&x={other.token}").text
    assert set(re.findall(r"/g/([^\"'/?]+)", card)) == {given.token}


WAYS: list[tuple[str, dict[str, str]]] = [
    ("", {"Accept": "application/json"}),
    ("", {"Accept": "text/plain"}),
    ("", {"Accept": "text/markdown, */*;q=0.1"}),
    ("", {"Accept": "application/ld+json"}),
    ("", {"Accept": "*/*"}),
    ("", {"Range": "bytes=2000-"}),
    ("", {"Range": "bytes=0-1,4000-9000"}),
    ("", {"X-Requested-With": "XMLHttpRequest"}),
    ("", {"X-HTTP-Method-Override": "POST"}),
    ("?print=1", {}),
    ("?format=json", {}),
    ("?part=dialog", {}),
    ("?output=amp", {}),
    ("?kept=x", {}),
    ("?own=AAAAAAAA", {}),
    (".json", {}),
    ("/print", {}),
    ("/amp", {}),
]


def test_no_other_way_of_asking_gives_more_than_the_page(app: Flask, runtime: Runtime, given: Issued) -> None:
    stranger = app.test_client()
    for more, headers in WAYS:
        for agent in (PERSON, "python-requests/2.32.3"):
            for address in (f"/g/{given.token}{more}", f"{ARTICLE}{more}"):
                for method in ("GET", "HEAD", "OPTIONS"):
                    assert WITHHELD not in ask(stranger, method, address, agent, **headers)
    assert taken(runtime) == 0


def test_the_api_never_gives_an_articles_text(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    assert document is not None
    for path, ways in document["paths"].items():
        if "get" in ways:
            for agent in (PERSON, "python-requests/2.32.3"):
                address = re.sub(r"\{[^}]*\}", "the-tide-book", path)
                assert WITHHELD not in ask(app.test_client(), "GET", address, agent)


def test_a_readers_own_machine_gets_no_more_than_the_wall(app: Flask, given: Issued, clock: Clock) -> None:
    confirmed = app.test_client()
    page = read(confirmed, given.token)
    clock.pass_by(seconds=3)
    assert confirm(confirmed, page) == 204
    for headers in ({"Range": "bytes=0-"}, {"Sec-Purpose": "prefetch"}, {"Sec-Fetch-Dest": "image"}):
        assert WITHHELD not in ask(confirmed, "GET", ARTICLE, PERSON, **headers)
    assert WITHHELD in ask(confirmed, "GET", ARTICLE, PERSON)


def test_another_gifts_card_does_not_shorten_the_wait(app: Flask, given: Issued, clock: Clock) -> None:
    other = issue_gift(app.extensions["gateway"].runtime, ACTOR, Wish(1, 1, "other", separate=True))
    assert isinstance(other, Issued)
    person = app.test_client()
    old = nonce_in(fetch(person, "GET", f"/g/{other.token}"))
    clock.pass_by(seconds=30)
    for _ in range(20):
        assert claim(app.test_client(), given.token).status_code == 303
    form = {"nonce": old, "pressed": "1"}
    assert fetch(person, "POST", f"/g/{given.token}", data=form).status_code == 403
    form["nonce"] = nonce_in(fetch(person, "GET", f"/g/{given.token}"))
    clock.pass_by(seconds=3)
    assert fetch(person, "POST", f"/g/{given.token}", data=form).status_code == 303
