"""The share dialog and My gifts, as pages: what a giver is told, and what they can do about a gift."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from gateway.accounts.managing import suspend
from gateway.app import build_app
from gateway.keeping.keys import retire_key, rotate_key
from gateway.ledger import OPERATOR, account_actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.own import own_gifts
from gateway.sharing.wording import LABEL_LENGTH
from gateway.store.entries import EntryFilter, list_entries
from tests.people import Person, signed_in
from tests.served import WITHHELD, Site
from tests.test_gift_links import BASE, Clock, claim, confirm, fetch, nonce_in, read

SHARE = "/articles/the-tide-book/share"
NOON = datetime(2031, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def clock(site: Site) -> Clock:
    """Yield the site's clock, some days before a month ends."""
    owned = Clock(NOON)
    object.__setattr__(site.runtime, "clock", owned)
    return owned


@pytest.fixture
def app(site: Site, clock: Clock, tmp_path: Path) -> Flask:
    """Yield an app around the site's runtime."""
    assert site.runtime.clock is clock
    return build_app(site.runtime, Settings(var=tmp_path / "var"))


@pytest.fixture
def sam(app: Flask, site: Site) -> Person:
    """Yield the subscriber."""
    return signed_in(app, site, 1)


def give(site: Site, key: str = "key", **wish: str) -> Issued:
    """Give the article with a link of its own."""
    issued = issue_gift(site.runtime, account_actor(1), Wish(1, 1, key, separate=True, **wish))
    assert isinstance(issued, Issued), issued
    return issued


def change_article(site: Site, change: str) -> None:
    """Change the article's rights."""
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE article SET {change}, revision = revision + 1")


def test_the_dialog_says_the_numbers_and_spends_nothing(site: Site, sam: Person) -> None:
    for _ in range(3):
        page = sam.see(f"{SHARE}?part=dialog").text
    assert re.search(r"<strong>10</strong>\s*<span>of 10 gifts left this month", page)
    assert "1 December 2031" in page
    assert re.search(
        r"New credits on <time [^>]+>1 December 2031[^<]*00:00[^<]*(GMT|Greenwich|United Kingdom)", page
    ), page
    assert "Up to 10 people can read" in page
    assert "up to 20 openings without reading" in page
    assert 'value="http://127.0.0.1:8000/articles/the-tide-book"' in page
    assert not list_entries_of(site)


def test_a_link_is_made_and_handed_back_and_another_costs_a_credit(sam: Person) -> None:
    first = sam.act(SHARE, kind="gift", idempotency_key="one", label="Aunt Ada")
    again = sam.act(SHARE, kind="gift", idempotency_key="two")
    other = sam.act(SHARE, kind="separate", idempotency_key="three", label="Bert")
    links = [re.search(r'value="([^"]+/g/[^"]+)"', page.text) for page in (first, again, other)]
    assert all(links)
    addresses = [link[1] for link in links if link is not None]
    assert addresses[0] == addresses[1] != addresses[2]
    assert "It used one credit" in first.text
    assert "No credit was used" in again.text
    assert "<strong>8</strong>" in other.text
    assert "mailto:?subject=" in first.text
    assert "https://wa.me/?text=" in first.text
    assert "<device-share" in first.text
    picture = re.search(r'class="qr-code" src="([^"]+)"', first.text)
    assert picture is not None
    assert sam.see(picture[1]).mimetype == "image/svg+xml"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("giftable = false, not_giftable_because = 'It is an agency text.'", "It is an agency text."),
        ("embargo_until = '2031-11-12 09:00:00+00:00'", "12 November 2031"),
        ("embargo_until = '9999-12-31 23:59:59+00:00'", "31 December 9999"),
        ("expires_at = '0001-01-01 00:00:00+00:00'", "1 January 1"),
        ("free = true", "Everybody can open this address."),
    ],
)
def test_the_dialog_says_why_nothing_can_be_given(site: Site, sam: Person, change: str, said: str) -> None:
    change_article(site, change)
    page = sam.see(f"{SHARE}?part=dialog").text
    assert said in page
    assert 'name="idempotency_key"' not in page
    assert sam.act(SHARE, kind="gift", idempotency_key="one").status_code in (403, 410)
    assert "<strong>10</strong>" in sam.see("/gifts").text


def test_a_free_article_is_free_for_whoever_may_not_give(site: Site, sam: Person) -> None:
    change_article(site, "free = true")
    suspend(site.runtime, OPERATOR, 1, because="It was rented out", freeze_links=False)
    page = sam.see(f"{SHARE}?part=dialog").text
    assert "This article is free" in page
    assert "suspended" not in page.partition('<section class="share"')[2]


def test_out_of_credits_the_dialog_says_when_they_come_back_and_what_still_works(
    site: Site, sam: Person
) -> None:
    for number in range(10):
        give(site, f"key-{number}")
    page = sam.see(f"{SHARE}?part=dialog").text
    assert "1 December 2031" in page
    assert "The same link again" in page
    assert re.search(r'value="separate"\s+disabled', page)
    refused = sam.act(SHARE, kind="separate", idempotency_key="one")
    assert (refused.status_code, "1 December 2031" in refused.text) == (403, True)
    assert sam.act(SHARE, kind="gift", idempotency_key="two").status_code == 200


def test_a_note_stands_on_the_card_and_nowhere_else_and_a_label_nowhere(
    app: Flask, site: Site, sam: Person
) -> None:
    for note, status in (("n" * 281, 422), ("see www.example.com", 422), ("n" * 280, 200), ("a\r\nb", 200)):
        answer = sam.act(SHARE, kind="separate", idempotency_key=note[:9], note=note, show_name="1")
        assert answer.status_code == status, note
        assert (note[:30] in answer.text) or status == 200
    given = give(site, note="For <b>your</b> harbour", label="Aunt Ada")
    card = fetch(app.test_client(), "GET", f"/g/{given.token}").text
    assert "For &lt;b&gt;your&lt;/b&gt; harbour" in card
    assert "your" not in "".join(re.findall(r"<meta[^>]*>|<title>.*?</title>", card))
    assert "Aunt Ada" not in card
    assert "Sam Giver" in card


def test_a_note_is_reported_once_for_the_log(app: Flask, site: Site) -> None:
    given = give(site, note="For your harbour")
    stranger = app.test_client()
    for _ in range(3):
        card = fetch(stranger, "GET", f"/g/{given.token}")
        sent = fetch(stranger, "POST", f"/g/{given.token}/report", data={"nonce": nonce_in(card)})
        assert sent.headers["Location"] == f"/g/{given.token}?reported=1"
    assert len(list_entries_of(site, event="gift:note_reported")) == 1


def test_opened_and_read_stand_apart(app: Flask, site: Site, sam: Person, clock: Clock) -> None:
    given = give(site, label="Aunt Ada")
    friend = app.test_client()
    page = read(friend, given.token)
    assert counts(sam) == [("Read", "0", "of 10"), ("Opened only", "1", "of 20")]
    clock.pass_by(seconds=3)
    confirm(friend, page)
    assert counts(sam) == [("Read", "1", "of 10"), ("Opened only", "0", "of 20")]
    mine = sam.see("/gifts").text
    assert "for Aunt Ada" in mine
    assert f'value="http://127.0.0.1:8000/g/{given.token}"' in mine


def test_the_giver_and_any_subscriber_go_straight_to_the_article_and_count_for_nothing(
    app: Flask, site: Site, sam: Person
) -> None:
    given = give(site)
    own = sam.see(f"/g/{given.token}")
    assert (own.status_code, own.headers["Location"]) == (
        303,
        f"/articles/the-tide-book?own={given.gift.reference}",
    )
    assert "This is your own gift link" in sam.see(own.headers["Location"]).text
    staff = signed_in(app, site, 2).see(f"/g/{given.token}")
    assert (staff.status_code, staff.headers["Location"]) == (303, "/articles/the-tide-book")
    ours = {"Origin": BASE}
    assert sam.client.post(f"/g/{given.token}", base_url=BASE, headers=ours).status_code == 303
    assert counts(sam) == [("Read", "0", "of 10"), ("Opened only", "0", "of 20")]


def test_revoking_asks_first_and_says_whether_the_credit_comes_back(
    app: Flask, site: Site, sam: Person
) -> None:
    unread, opened = give(site, "one"), give(site, "two")
    read(app.test_client(), opened.token)
    for given, said, done in (
        (unread, "You get the credit back", "revoked_with_credit"),
        (opened, "The credit does not come back", "revoked"),
    ):
        address = f"/gifts/{given.gift.reference}"
        assert said in sam.see(f"{address}/revoke").text
        assert sam.see(address).text.count("tag good") >= 1
        assert sam.act(f"{address}/revoke").headers["Location"] == f"{address}?done={done}"
        assert claim(app.test_client(), given.token).status_code == 410
    assert "<strong>9</strong>" in sam.see("/gifts").text


def test_a_link_of_last_month_gives_no_credit_back(site: Site, sam: Person, clock: Clock) -> None:
    given = give(site)
    clock.now = datetime(2031, 12, 1, 0, 0, tzinfo=UTC)
    page = sam.see(f"/gifts/{given.gift.reference}/revoke").text
    assert "because the link was made in an earlier month" in page
    assert sam.act(f"/gifts/{given.gift.reference}/revoke").headers["Location"].endswith("?done=revoked")


def test_a_label_has_one_length_wherever_it_is_typed(site: Site, sam: Person) -> None:
    given = give(site)
    for address in ("/articles/the-tide-book/share", f"/gifts/{given.gift.reference}"):
        field = re.search(r'<input [^>]*name="label"[^>]*>', sam.see(address).text)
        assert field is not None
        assert f'maxlength="{LABEL_LENGTH}"' in field[0]


def test_an_expired_gift_is_renewed_for_a_credit_under_the_same_label(
    app: Flask, site: Site, sam: Person, clock: Clock
) -> None:
    given = give(site, label="Aunt Ada", note="For your harbour")
    address = f"/gifts/{given.gift.reference}"
    assert sam.act(f"{address}/renew", idempotency_key="early").status_code == 409
    clock.now = given.gift.expires_at
    sam = signed_in(app, site, 1)
    page = sam.see(address).text
    assert "Renew" in page
    assert "Withdraw …" not in page
    for _ in range(2):
        renewed = sam.act(f"{address}/renew", idempotency_key="renewal")
        assert "for Aunt Ada" in renewed.text
        assert "<strong>9</strong>" in renewed.text
    link = re.search(r'value="http://127.0.0.1:8000/g/([^"]+)"', renewed.text)
    assert link is not None
    other_tab = sam.act(f"{address}/renew", idempotency_key="other tab").text
    assert link[0] in other_tab
    assert "<strong>9</strong>" in other_tab
    assert "It used one credit." not in other_tab
    assert WITHHELD in read(app.test_client(), link[1]).text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("withdrawn_at = '2031-11-12 09:00:00+00:00'", "This article was withdrawn."),
        ("free = true", "This article is free."),
        ("giftable = false", "This article may not be given."),
    ],
)
def test_no_renewal_is_offered_that_would_be_refused(
    app: Flask, site: Site, clock: Clock, change: str, said: str
) -> None:
    given = give(site)
    clock.now = given.gift.expires_at
    change_article(site, change)
    sam, address = signed_in(app, site, 1), f"/gifts/{given.gift.reference}"
    for page in (sam.see(address).text, sam.see("/gifts").text):
        assert f"It cannot be renewed. {said}" in page
        assert f'action="{address}/renew"' not in page
    assert sam.act(f"{address}/renew", idempotency_key="renewal").status_code in (403, 410)


def test_a_form_sent_again_after_its_link_was_withdrawn_leads_to_what_became_of_it(
    site: Site, sam: Person
) -> None:
    form = {"kind": "gift", "idempotency_key": "one", "label": "Aunt Ada"}
    assert "The link is ready" in sam.act(SHARE, **form).text
    (gift,) = own_gifts(site.runtime, 1).gifts
    address = f"/gifts/{gift.gift.reference}"
    sam.act(f"{address}/revoke")
    again = sam.act(SHARE, **form)
    assert (again.status_code, again.headers["Location"]) == (303, address)
    assert "/g/" not in sam.see(address).text


def test_a_gift_that_is_read_up_is_renewed_or_withdrawn(
    app: Flask, site: Site, sam: Person, clock: Clock
) -> None:
    given = give(site)
    friends = [app.test_client() for _ in range(10)]
    pages = [read(friend, given.token) for friend in friends]
    clock.pass_by(seconds=3)
    assert [confirm(friend, page) for friend, page in zip(friends, pages, strict=True)] == [204] * 10
    address = f"/gifts/{given.gift.reference}"
    page = sam.see(address).text
    assert "Renew" in page
    assert "Withdraw …" in page
    sam.act(f"{address}/revoke")
    assert WITHHELD not in fetch(friends[0], "GET", "/articles/the-tide-book").text


def test_a_link_whose_key_was_lost_gets_a_fresh_token_free(app: Flask, site: Site, sam: Person) -> None:
    given = give(site)
    rotate_key(site.runtime, OPERATOR)
    retire_key(site.runtime, OPERATOR, given.gift.key_id, compromised=True)
    assert fetch(app.test_client(), "GET", f"/g/{given.token}").status_code == 404
    address = f"/gifts/{given.gift.reference}"
    assert "Get a fresh link" in sam.see("/gifts").text
    sam.act(f"{address}/fresh-link")
    link = re.search(r'value="http://127.0.0.1:8000/g/([^"]+)"', sam.see(address).text)
    assert link is not None
    assert link[1] != given.token
    assert WITHHELD in read(app.test_client(), link[1]).text
    assert "<strong>9</strong>" in sam.see("/gifts").text


def test_nobody_sees_or_touches_the_gifts_of_others(app: Flask, site: Site) -> None:
    given = give(site)
    ada, address = signed_in(app, site, 2), f"/gifts/{given.gift.reference}"
    for page in (address, f"{address}/revoke", f"{address}/qr.svg"):
        assert ada.see(page).status_code == 404
    for act in ("revoke", "renew", "fresh-link", "label"):
        assert ada.act(f"{address}/{act}", idempotency_key="key", label="Mine").status_code == 404
    assert claim(app.test_client(), given.token).status_code == 303


def test_every_form_of_a_giver_wants_a_csrf_token(app: Flask, site: Site, sam: Person) -> None:
    given = give(site)
    for act in ("revoke", "renew", "fresh-link", "label"):
        answer = sam.act(f"/gifts/{given.gift.reference}/{act}", csrf=False, idempotency_key="key")
        assert answer.status_code == 403
    assert sam.act(SHARE, csrf=False, kind="separate", idempotency_key="key").status_code == 403
    assert "<strong>9</strong>" in sam.see("/gifts").text
    assert claim(app.test_client(), given.token).status_code == 303


def counts(person: Person) -> list[tuple[str, str, str]]:
    """Read the numbers of the newest gift on My gifts."""
    text = person.see("/gifts").text.partition('<dl class="counts">')[2].partition("</dl>")[0]
    return re.findall(r"<dt>([^<]+)</dt><dd><strong>(\d+)</strong>\s*<span>([^<]+)</span>", text)


def list_entries_of(site: Site, event: str = "") -> list[str]:
    """List what the log says of gifts, or of one event."""
    with site.runtime.database.reading() as connection:
        found = [entry.event for entry in list_entries(connection, EntryFilter(event=event))]
    return [each for each in found if each.startswith("gift:")]
