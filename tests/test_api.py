"""The public API, by session and by bearer token, on both databases."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.accounts.managing import NewAccount, add_account, suspend
from gateway.accounts.tokens import add_token, list_tokens, revoke_token
from gateway.app import build_app
from gateway.ledger import OPERATOR
from gateway.settings import Settings
from gateway.store.entries import EntryFilter, list_entries
from tests.served import PASSWORD, Site

BASE = "http://127.0.0.1:8000"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
GIFT_KEYS = {
    "reference",
    "article",
    "url",
    "label",
    "note",
    "issued_at",
    "expires_at",
    "readers",
    "unconfirmed_bound",
    "opened",
    "read",
    "state",
    "reason",
    "credit_returned",
}

BODIES: list[tuple[bytes, str]] = [
    (b"", "body"),
    (b"{", "body"),
    (b"[]", "body"),
    (b'{"article_id": 1', "body"),
    (b"{}", "body"),
    (b'{"article_id": 1, "slug": "tide"}', "body"),
    (b'{"article_id": "1"}', "article_id"),
    (b'{"article_id": true}', "article_id"),
    (b'{"article_id": null}', "article_id"),
    (b'{"article_id": 0}', "article_id"),
    (b'{"article_id": 9007199254740992}', "article_id"),
    (b'{"article_id": 9223372036854775808}', "article_id"),
    (b'{"slug": "Tide Book"}', "slug"),
    (b'{"slug": "a\\u0000"}', "slug"),
    (b'{"article_id": 1, "separate": 1}', "separate"),
    (b'{"article_id": 1, "label": "a\\u0000b"}', "label"),
    (b'{"article_id": 1, "note": "\\ud800"}', "body"),
    (b'{"article_id": 1, "notes": ""}', "notes"),
    (b'\xff\xfe{"article_id": 1}', "body"),
    (b"[" * 100_000, "body"),
]

WISHES: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"article_id": 999}, (404, "article:unknown")),
    ({"article_id": 2**53 - 1}, (404, "article:unknown")),
    ({"slug": "no-such-article"}, (404, "article:unknown")),
    ({"label": "l" * 101}, (422, "label:too_long")),
    ({"note": "n" * 281}, (422, "note:too_long")),
    ({"note": "look at www.example.com"}, (422, "note:has_link")),
]


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Server:
    """A server that acts for an account by its token."""

    app: Flask
    secret: str

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send one request with the token; `headers` are more of them."""
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        return self.app.test_client().open(
            f"/api/v1{path}", method=method, base_url=BASE, headers=headers, **options
        )

    def give(self, key: str = "key", **wish: Any) -> TestResponse:
        """Give article 1, or another."""
        body = wish if "slug" in wish else {"article_id": 1, **wish}
        return self.ask("POST", "/gifts", json=body, headers={"Idempotency-Key": key})


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield the site's clock, stopped a minute from now."""
    owned = Clock(site.runtime.clock() + timedelta(minutes=1))
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def app(site: Site, clock: Clock, tmp_path: Path) -> Flask:
    """Yield an app around the site's runtime."""
    assert site.runtime.clock is clock
    return build_app(site.runtime, Settings(var=tmp_path / "var"))


@pytest.fixture
def new_server(app: Flask, site: Site) -> Callable[..., Server]:
    """Yield a function that makes a server with a token of some scopes for an account."""

    def make(account_id: int = 1, *scopes: str) -> Server:
        wanted = scopes or ("gifts:read", "gifts:write")
        return Server(app, add_token(site.runtime, OPERATOR, account_id, name="test", scopes=wanted))

    return make


@pytest.fixture
def server(new_server: Callable[..., Server]) -> Server:
    """Yield a server that acts for the subscriber."""
    return new_server()


@pytest.fixture
def browser(app: Flask) -> Iterator[FlaskClient]:
    """Yield a browser in which the subscriber is signed in."""
    with app.test_client() as client:
        signed_in = client.post(
            "/sign-in",
            base_url=BASE,
            data={"email": "sub@example.com", "password": PASSWORD},
            headers={"User-Agent": PERSON, "Sec-Fetch-Site": "same-origin"},
        )
        assert signed_in.status_code == 303
        yield client


def body(response: TestResponse, status: int = 200) -> dict[str, Any]:
    """Return an answer's JSON, of the kind that its status asks for."""
    assert response.status_code == status, response.text
    assert response.mimetype == ("application/json" if status < 400 else "application/problem+json")
    found: dict[str, Any] = response.get_json()
    return found


def code(response: TestResponse) -> tuple[int, str]:
    """Return a problem's status and code."""
    found = body(response, response.status_code)
    assert found["status"] == response.status_code
    assert found["title"]
    assert found["detail"]
    return response.status_code, found["code"]


def test_an_article_is_given_for_one_credit(server: Server, site: Site, clock: Clock) -> None:
    answer = server.give(label="Aunt Ada", note="For your harbour")
    given = body(answer, 201)
    gift = given["gift"]
    assert set(gift) == GIFT_KEYS
    assert answer.headers["Location"] == f"/api/v1/gifts/{gift['reference']}"
    assert gift["url"].startswith(f"{BASE}/g/")
    assert gift["article"] == {
        "id": 1,
        "slug": site.slug,
        "headline": "The tide book",
        "url": f"{BASE}/articles/{site.slug}",
    }
    assert (gift["label"], gift["note"]) == ("Aunt Ada", "For your harbour")
    assert (gift["state"], gift["reason"], gift["credit_returned"]) == ("open", None, False)
    assert (gift["readers"], gift["unconfirmed_bound"], gift["opened"], gift["read"]) == (10, 20, 0, 0)
    assert gift["issued_at"].endswith("Z")
    assert datetime.fromisoformat(gift["expires_at"]) == clock.now + timedelta(days=90)
    assert given["allowance"] == body(server.ask("GET", "/allowance"))
    assert {name: given["allowance"][name] for name in ("limit", "used", "remaining", "granted", "zone")} == {
        "limit": 10,
        "used": 1,
        "remaining": 9,
        "granted": 0,
        "zone": "Europe/London",
    }
    assert datetime.fromisoformat(given["allowance"]["renews_at"]) > clock.now
    assert body(server.ask("GET", f"/gifts/{gift['reference']}")) == gift


def test_the_link_in_the_answer_opens_the_card(server: Server, app: Flask) -> None:
    link = body(server.give(), 201)["gift"]["url"]
    card = app.test_client().get(link.removeprefix(BASE), base_url=BASE, headers={"User-Agent": PERSON})
    assert card.status_code == 200
    assert "The tide book" in card.text


def test_an_open_gift_is_handed_back_free(server: Server, site: Site) -> None:
    first = body(server.give("one"), 201)
    again = server.give("two", slug=site.slug)
    assert body(again) == first
    assert "Location" not in again.headers
    separate = body(server.give("three", separate=True), 201)
    assert separate["gift"]["reference"] != first["gift"]["reference"]
    assert separate["allowance"]["used"] == 2


def test_a_retry_is_answered_as_the_first_time(server: Server) -> None:
    first, again = server.give("one", label="Ada"), server.give("one", label="Ada")
    assert (again.status_code, again.data) == (201, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert code(server.give("one", label="Somebody else")) == (422, "idempotency:reused")
    handed_back = server.give("two")
    replayed = server.give("two")
    assert (handed_back.status_code, replayed.status_code, replayed.data) == (200, 200, handed_back.data)
    assert replayed.headers["Idempotency-Replayed"] == "true"


def test_a_denial_is_not_replayed(server: Server, clock: Clock) -> None:
    for number in range(10):
        assert server.give(f"key-{number}", separate=True).status_code == 201
    spent = body(server.give("the-last", separate=True), 403)
    assert spent["code"] == "quota:spent"
    assert spent["about"] == {"limit": 10, "zone": "Europe/London"}
    renewal = datetime.fromisoformat(spent["until"])
    clock.now = renewal
    later = server.give("the-last", separate=True)
    assert body(later, 201)["allowance"]["used"] == 1
    assert "Idempotency-Replayed" not in later.headers


def test_a_key_is_required_and_printable(server: Server) -> None:
    for key in (None, ""):
        headers = {} if key is None else {"Idempotency-Key": key}
        refused = server.ask("POST", "/gifts", json={"article_id": 1}, headers=headers)
        assert code(refused) == (400, "idempotency:missing")
    for key in ("k" * 201, "two words", "schlüssel"):
        refused = server.give(key)
        assert code(refused) == (400, "request:invalid")
        assert body(refused, 400)["about"]["field"] == "Idempotency-Key"
    assert server.give("k" * 200).status_code == 201


def test_what_is_refused_before_it_names_an_article_is_an_entry_too(server: Server, site: Site) -> None:
    assert code(server.ask("POST", "/gifts", json={"article_id": 1})) == (400, "idempotency:missing")
    assert code(server.ask("POST", "/gifts/NOBODYS1/renew")) == (400, "idempotency:missing")
    for wish in ({"label": "w" * 101}, {"note": "n" * 281}, {"article_id": 999}):
        assert code(server.give(**wish))[0] in (404, 422)
    slug = {"json": {"slug": "no-such-article"}, "headers": {"Idempotency-Key": "slug"}}
    for _ in range(2):
        assert code(server.ask("POST", "/gifts", **slug)) == (404, "article:unknown")
    assert code(server.give(label=7)) == (400, "request:invalid")
    with site.runtime.database.reading() as connection:
        found = list_entries(connection, EntryFilter(outcome="deny"))
    assert {each.event for each in found} == {"gift:refused"}
    assert [(each.reason, each.repeats) for each in reversed(found)] == [
        ("idempotency:missing", 1), ("label:too_long", 0), ("note:too_long", 0), ("article:unknown", 2),
    ]  # fmt: skip


def test_a_body_of_another_shape_is_refused_by_name(server: Server) -> None:
    headers = {"Idempotency-Key": "key", "Content-Type": "application/json"}
    for sent, field in BODIES:
        refused = server.ask("POST", "/gifts", data=sent, headers=headers)
        assert code(refused) == (400, "request:invalid"), sent
        assert body(refused, 400)["about"]["field"] == field, sent
    assert body(server.ask("GET", "/allowance"))["used"] == 0


def test_what_cannot_be_given_says_why(server: Server) -> None:
    for wish, answer in WISHES:
        assert code(server.give(**wish)) == answer


def test_a_whole_number_may_be_written_with_a_point(server: Server) -> None:
    headers = {"Idempotency-Key": "key", "Content-Type": "application/json"}
    answer = server.ask("POST", "/gifts", data=b'{"article_id": 1.0}', headers=headers)
    assert body(answer, 201)["gift"]["article"]["id"] == 1
    halved = server.ask("POST", "/gifts", data=b'{"article_id": 1.5}', headers=headers)
    assert code(halved) == (400, "request:invalid")


def test_a_problem_without_a_reason_of_ours_speaks_the_callers_language_too(server: Server) -> None:
    told = server.ask("PUT", "/gifts", headers={"Accept-Language": "de"}).json
    assert told is not None
    assert (told["type"], told["title"]) == ("about:blank", "Das geht unter dieser Adresse nicht")
    assert told["request_id"]


def test_the_type_of_a_problem_is_a_page_that_explains_it(server: Server, app: Flask) -> None:
    kind = body(server.ask("GET", "/gifts/ABCDEFGH"), 404)["type"]
    page = app.test_client().get(kind.removeprefix(BASE), base_url=BASE)
    assert (page.status_code, "Code: gift:unknown" in page.text) == (200, True)
    assert app.test_client().get("/problems/gift:nonsense", base_url=BASE).status_code == 404


def test_lines_in_a_note_are_kept(server: Server) -> None:
    assert body(server.give(note="For you.\n– Ada"), 201)["gift"]["note"] == "For you.\n– Ada"


def test_other_kinds_of_body_other_methods_and_too_much_are_problems(server: Server) -> None:
    key = {"Idempotency-Key": "key"}
    assert code(server.ask("POST", "/gifts", data={"article_id": "1"}, headers=key)) == (415, "http:415")
    assert code(server.ask("POST", "/gifts", data=b"{}", headers=key)) == (415, "http:415")
    wrong = server.ask("PUT", "/gifts")
    assert code(wrong) == (405, "http:405")
    assert {"GET", "POST"} <= set(wrong.headers["Allow"].split(", "))
    much = {"article_id": 1, "note": "n" * 300_000}
    assert code(server.ask("POST", "/gifts", json=much, headers=key)) == (413, "http:413")
    for lost in (
        "/no/such/thing",
        "/articles/0/sharing",
        "/articles/x/sharing",
        f"/articles/{2**63}/sharing",
    ):
        assert code(server.ask("GET", lost)) == (404, "http:404")


def test_gifts_are_listed_page_by_page(server: Server) -> None:
    references = [body(server.give(f"k{n}", separate=True), 201)["gift"]["reference"] for n in range(5)]
    newest = body(server.ask("GET", "/gifts?limit=2"))
    assert newest["allowance"]["used"] == 5
    seen = [gift["reference"] for gift in newest["gifts"]]
    older = newest["older"]
    while older is not None:
        page = body(server.ask("GET", f"/gifts?limit=2&before={older}"))
        seen += [gift["reference"] for gift in page["gifts"]]
        older = page["older"]
    assert seen == references[::-1]
    assert [gift["reference"] for gift in body(server.ask("GET", "/gifts"))["gifts"]] == seen


def test_a_page_that_cannot_be_is_refused_by_name(server: Server) -> None:
    limits = ("limit=0", "limit=101", "limit=ten", "limit=+5", "limit=", "limit=5.0", "limit=5&limit=6")
    for query in (*limits, "before=0", "before=-1", f"before={2**63}", "befor=7"):
        refused = server.ask("GET", f"/gifts?{query}")
        assert code(refused) == (400, "request:invalid")
        assert body(refused, 400)["about"]["field"] == query.partition("=")[0]


def test_a_revoked_gift_gives_its_credit_back_and_stays_to_be_seen(server: Server) -> None:
    reference = body(server.give(), 201)["gift"]["reference"]
    revoked = body(server.ask("POST", f"/gifts/{reference}/revoke"))
    assert revoked["allowance"]["used"] == 0
    gift = revoked["gift"]
    assert (gift["state"], gift["reason"], gift["url"]) == ("revoked", "gift:revoked", None)
    assert gift["credit_returned"] is True
    assert body(server.ask("POST", f"/gifts/{reference}/revoke")) == revoked
    assert body(server.ask("GET", f"/gifts/{reference}")) == gift


def test_an_expired_gift_is_renewed_once_a_key(server: Server, clock: Clock) -> None:
    first = body(server.give(label="Ada"), 201)["gift"]
    path, key = f"/gifts/{first['reference']}/renew", {"Idempotency-Key": "again"}
    assert code(server.ask("POST", path, headers=key)) == (409, "gift:still_open")
    assert code(server.ask("POST", path)) == (400, "idempotency:missing")
    clock.now += timedelta(days=90)
    assert body(server.ask("GET", f"/gifts/{first['reference']}"))["state"] == "expired"
    renewed, again = (server.ask("POST", path, headers=key) for _ in range(2))
    assert body(renewed, 201)["gift"]["label"] == "Ada"
    assert body(renewed, 201)["gift"]["reference"] != first["reference"]
    assert (again.status_code, again.data) == (201, renewed.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    other_tab = server.ask("POST", path, headers={"Idempotency-Key": "other-tab"})
    assert body(other_tab)["gift"] == body(renewed, 201)["gift"]
    assert body(other_tab)["allowance"]["used"] == 1
    server.ask("POST", f"/gifts/{body(renewed, 201)['gift']['reference']}/revoke")
    anew = body(server.ask("POST", path, headers={"Idempotency-Key": "anew"}), 201)["gift"]
    assert anew["reference"] != body(renewed, 201)["gift"]["reference"]
    gone = f"/gifts/{body(renewed, 201)['gift']['reference']}/renew"
    assert code(server.ask("POST", gone, headers={"Idempotency-Key": "third"})) == (410, "gift:revoked")


def test_what_sharing_would_mean_is_told_without_spending(server: Server, site: Site, clock: Clock) -> None:
    before = body(server.ask("GET", "/articles/1/sharing"))
    assert (before["may_give"], before["reason"], before["open_gift"]) == (True, None, None)
    assert before["article"]["slug"] == site.slug
    assert before["terms"]["readers"] == 10
    assert datetime.fromisoformat(before["terms"]["expires_at"]) == clock.now + timedelta(days=90)
    assert before["allowance"]["used"] == 0
    gift = body(server.give(), 201)["gift"]
    assert body(server.ask("GET", "/articles/1/sharing"))["open_gift"] == gift
    assert code(server.ask("GET", "/articles/999/sharing")) == (404, "article:unknown")


def test_why_an_article_may_not_be_given_is_told(server: Server, site: Site) -> None:
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET free = TRUE")
    told = body(server.ask("GET", "/articles/1/sharing"))
    assert (told["may_give"], told["reason"]) == (False, "article:free")
    assert code(server.give()) == (403, "article:free")


def test_an_article_taken_back_shuts_its_gift(server: Server, site: Site) -> None:
    reference = body(server.give(), 201)["gift"]["reference"]
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE article SET giftable = FALSE")
    gift = body(server.ask("GET", f"/gifts/{reference}"))
    assert (gift["state"], gift["reason"], gift["url"]) == ("closed", "article:not_giftable", None)


def test_a_gift_whose_key_was_retired_says_so(server: Server, site: Site) -> None:
    reference = body(server.give(), 201)["gift"]["reference"]
    old = site.runtime.keys.signer.newest
    site.runtime.keys.rotate()
    site.runtime.keys.retire(old)
    gift = body(server.ask("GET", f"/gifts/{reference}"))
    assert (gift["state"], gift["reason"], gift["url"]) == ("needs_fresh_link", "gift:key_retired", None)
    key = {"Idempotency-Key": "renewal"}
    assert code(server.ask("POST", f"/gifts/{reference}/renew", headers=key)) == (410, "gift:key_retired")
    for _ in range(2):
        fresh = body(server.ask("POST", f"/gifts/{reference}/fresh-link"))
        assert (fresh["gift"]["state"], fresh["allowance"]["used"]) == ("open", 1)
        assert site.runtime.keys.verify(fresh["gift"]["url"].rpartition("/")[2])
    with site.runtime.database.reading() as connection:
        assert len(list_entries(connection, EntryFilter(event="gift:link_renewed"))) == 1
    server.ask("POST", f"/gifts/{reference}/revoke")
    assert code(server.ask("POST", f"/gifts/{reference}/fresh-link")) == (410, "gift:revoked")


def test_of_several_open_gifts_the_one_with_the_label_or_the_first_is_handed_back(server: Server) -> None:
    first = body(server.give("one", label="Ada"), 201)["gift"]["reference"]
    other = body(server.give("two", separate=True, label="Bert"), 201)["gift"]["reference"]
    assert body(server.give("three"))["gift"]["reference"] == first
    named = body(server.give("four", label="Bert", note="Another note"))["gift"]
    assert (named["reference"], named["note"]) == (other, "")
    assert body(server.give("five", label="Cleo"))["gift"]["label"] == "Ada"
    assert body(server.ask("GET", "/articles/1/sharing"))["open_gift"]["reference"] == first


def test_a_note_of_several_lines_is_kept_with_one_kind_of_line_end(server: Server) -> None:
    assert body(server.give("one", note="For you:\r\nthe tide"), 201)["gift"]["note"] == "For you:\nthe tide"
    full = "n\r\n" * 140
    assert body(server.give("full", separate=True, note=full), 201)["gift"]["note"] == ("n\n" * 140).strip()
    told = body(server.give("two", separate=True, note="a\u0007b"), 400)
    assert told["about"] == {
        "field": "note",
        "problem": "want text without control characters other than line ends",
    }


def test_an_unknown_gift_is_404_however_it_is_spelled(server: Server) -> None:
    for reference in ("ABCDEFGH", "abcdefgh", "A", "%00BCDEFG", "ABCDEFG%ED%A0%80", "A" * 500):
        key = {"Idempotency-Key": "key"}
        assert code(server.ask("GET", f"/gifts/{reference}")) == (404, "gift:unknown")
        assert code(server.ask("POST", f"/gifts/{reference}/revoke")) == (404, "gift:unknown")
        assert code(server.ask("POST", f"/gifts/{reference}/renew", headers=key)) == (404, "gift:unknown")


def test_nobody_sees_or_ends_anothers_gift(new_server: Callable[..., Server], site: Site) -> None:
    reference = body(new_server().give(), 201)["gift"]["reference"]
    other = NewAccount("other@example.com", "Other", "subscriber", "standard", PASSWORD)
    stranger = new_server(add_account(site.runtime, OPERATOR, other).id)
    assert body(stranger.ask("GET", "/gifts"))["gifts"] == []
    assert code(stranger.ask("GET", f"/gifts/{reference}")) == (404, "gift:unknown")
    assert code(stranger.ask("POST", f"/gifts/{reference}/revoke")) == (404, "gift:unknown")
    assert body(new_server().ask("GET", f"/gifts/{reference}"))["state"] == "open"


def test_accounts_without_a_plan_and_suspended_ones_cannot_give(
    new_server: Callable[..., Server], site: Site
) -> None:
    admin = new_server(2)
    assert code(admin.ask("GET", "/allowance")) == (403, "account:without_plan")
    assert code(admin.give()) == (403, "account:without_plan")
    suspend(site.runtime, OPERATOR, 1, because="a test", freeze_links=False)
    assert code(new_server().give()) == (403, "account:suspended")


def test_a_token_reaches_as_far_as_its_scopes(new_server: Callable[..., Server], site: Site) -> None:
    reader, writer = new_server(1, "gifts:read"), new_server(1, "gifts:write")
    assert reader.ask("GET", "/allowance").status_code == 200
    refused = reader.give()
    assert code(refused) == (403, "token:scope")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="gifts:write"'
    assert writer.give().status_code == 201
    assert code(writer.ask("GET", "/gifts")) == (403, "token:scope")
    with site.runtime.database.reading() as connection:
        written = list_entries(connection, EntryFilter(reason="token:scope"))
    assert {(entry.event, entry.subject, entry.outcome) for entry in written} == {
        ("account:act_refused", "account:1", "deny")
    }


def test_a_token_that_is_none_of_ours_is_401(browser: FlaskClient) -> None:
    for header in ("Bearer", "Bearer gw_", "bearer gw_" + "x" * 43, "Bearer  gw_ü", "Bearer 'OR 1=1"):
        # The browser's session must not help a token that is none.
        refused = browser.get("/api/v1/allowance", base_url=BASE, headers={"Authorization": header})
        assert code(refused) == (401, "token:invalid")
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_revoked_token_ends_at_once(server: Server, site: Site) -> None:
    assert server.ask("GET", "/allowance").status_code == 200
    assert revoke_token(site.runtime, OPERATOR, list_tokens(site.runtime)[-1].id)
    assert code(server.ask("GET", "/allowance")) == (401, "token:invalid")


def test_who_is_not_known_is_asked_to_come_in(app: Flask) -> None:
    for method, path in (("GET", "/allowance"), ("POST", "/gifts"), ("GET", "/gifts/ABCDEFGH")):
        refused = app.test_client().open(f"/api/v1{path}", method=method, base_url=BASE)
        assert code(refused) == (401, "account:signed_out")
        assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_may_read_and_writes_with_a_csrf_token(browser: FlaskClient, site: Site) -> None:
    assert body(browser.get("/api/v1/allowance", base_url=BASE))["used"] == 0
    wish: dict[str, Any] = {"json": {"article_id": 1}, "base_url": BASE}
    bare = browser.post("/api/v1/gifts", headers={"Idempotency-Key": "key"}, **wish)
    assert code(bare) == (403, "claim:foreign_origin")
    forged = browser.post("/api/v1/gifts", headers={"Idempotency-Key": "key", "X-CSRFToken": "guess"}, **wish)
    assert code(forged) == (403, "claim:foreign_origin")
    page = browser.get(f"/articles/{site.slug}/share", base_url=BASE, headers={"User-Agent": PERSON}).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    headers = {"Idempotency-Key": "key", "X-CSRFToken": found[1]}
    assert body(browser.post("/api/v1/gifts", headers=headers, **wish), 201)["allowance"]["used"] == 1


def test_a_bearer_token_needs_no_csrf_and_ignores_cookies(
    browser: FlaskClient, new_server: Callable[..., Server], site: Site
) -> None:
    other = NewAccount("other@example.com", "Other", "subscriber", "premium", PASSWORD)
    server = new_server(add_account(site.runtime, OPERATOR, other).id)
    given = browser.post(
        "/api/v1/gifts",
        base_url=BASE,
        json={"article_id": 1},
        headers={"Idempotency-Key": "key", "Authorization": f"Bearer {server.secret}"},
    )
    assert body(given, 201)["allowance"]["limit"] == 20
    assert body(browser.get("/api/v1/gifts", base_url=BASE))["gifts"] == []


def test_a_proxys_own_password_does_not_stand_in_the_way(browser: FlaskClient) -> None:
    answer = browser.get("/api/v1/allowance", base_url=BASE, headers={"Authorization": "Basic eDp5"})
    assert answer.status_code == 200


def test_the_log_names_the_account_and_the_request(server: Server, site: Site) -> None:
    reference = body(server.give(), 201)["gift"]["reference"]
    with site.runtime.database.reading() as connection:
        (entry,) = list_entries(connection, EntryFilter(subject=f"gift:{reference}"))
    assert (entry.event, entry.actor, entry.visitor) == ("gift:issued", "account:1", "tool")
    assert re.fullmatch("[0-9a-f]{16}", entry.request_id)


def test_a_problem_names_its_request_and_speaks_the_askers_language(server: Server) -> None:
    problem = body(server.ask("GET", "/gifts/ABCDEFGH", headers={"Accept-Language": "de"}), 404)
    assert problem["title"] == "Das ist keiner unserer Links"
    assert re.fullmatch("[0-9a-f]{16}", problem["request_id"])
    assert problem["type"] == f"{BASE}/problems/gift:unknown"


def test_many_requests_at_once_get_the_quota_and_not_one_more(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda n: server.give(f"k{n}", separate=True).status_code, range(40)))
    assert (statuses.count(201), statuses.count(403)) == (10, 30)
    assert body(server.ask("GET", "/allowance"))["used"] == 10
