"""What readers and givers are told: privacy, forgetting a device, moving on, giving a reading back."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.runtime import Runtime
from gateway.sharing.issuing import Issued
from tests.served import PASSWORD, WITHHELD
from tests.test_gift_links import (
    BASE,
    PERSON,
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
POLICY = tomllib.loads((Path(__file__).parents[1] / "policies" / "ft.toml").read_text("utf-8"))


def sign_in(app: Flask, email: str) -> FlaskClient:
    """Sign somebody in."""
    client = app.test_client()
    form = {"email": email, "password": PASSWORD, "nonce": nonce_in(fetch(client, "GET", "/sign-in"))}
    assert fetch(client, "POST", "/sign-in", data=form).status_code == 303
    return client


def press(client: FlaskClient, page: str, action: str, **form: str) -> str:
    """Send the form of a page and follow it."""
    shown = fetch(client, "GET", page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)
    sent = {"csrf_token": token[1] if token else "", **form}
    return fetch(client, "POST", action, data=sent, follow_redirects=True).text


def text_of(page: str) -> str:
    """Return a page's words without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def read_and_confirm(app: Flask, token: str | None, clock: Clock) -> FlaskClient:
    """Read by a gift as a person does."""
    friend = app.test_client()
    page = read(friend, token)
    clock.pass_by(seconds=3)
    assert confirm(friend, page) == 204
    return friend


def test_the_privacy_page_is_written_from_the_policy(app: Flask) -> None:
    told = text_of(fetch(app.test_client(), "GET", "/privacy").text)
    openers, entries = POLICY["retention"]["openers"], POLICY["retention"]["entries"]
    assert f"until {openers} after the gift has ended" in told
    assert f"at least {entries}" in told
    assert "90 days after the first gift. Some browsers drop it sooner" in told
    assert "The giver sees how many devices opened the gift" in told


def test_a_browser_without_our_cookie_has_nothing_to_forget(app: Flask) -> None:
    page = fetch(app.test_client(), "GET", "/privacy").text
    assert "nothing to forget" in page
    assert "/privacy/forget" not in page


def test_a_device_is_forgotten_by_its_own_page_only(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    friend = read_and_confirm(app, given.token, clock)
    foreign = {"User-Agent": PERSON, "Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert friend.post("/privacy/forget", base_url=BASE, headers=foreign).status_code == 403
    assert WITHHELD in fetch(friend, "GET", ARTICLE).text
    form = {"nonce": nonce_in(fetch(friend, "GET", "/privacy"))}
    done = fetch(friend, "POST", "/privacy/forget", data=form, follow_redirects=True)
    assert "This device is forgotten." in done.text
    assert friend.get_cookie("device", domain="127.0.0.1") is None
    assert WITHHELD not in fetch(friend, "GET", ARTICLE).text
    assert counts(runtime) == (1, 0)


def move(client: FlaskClient) -> str:
    """Offer a reading to another browser; returns the address."""
    page = fetch(client, "GET", ARTICLE)
    offered = fetch(client, "POST", f"{ARTICLE}/move", data={"nonce": nonce_in(page)})
    assert offered.status_code == 303
    return str(offered.headers["Location"])


def test_a_preview_or_scanner_that_gets_the_way_over_consumes_nothing(
    app: Flask, runtime: Runtime, given: Issued, clock: Clock
) -> None:
    friend = read_and_confirm(app, given.token, clock)
    address = move(friend)
    for agent in ("WhatsApp/2.24.13.79 A", "curl/8.7.1", PERSON):
        for method in ("HEAD", "GET", "GET"):
            looked = fetch(app.test_client(), method, address, agent=agent)
            assert looked.status_code == 200
            assert WITHHELD not in looked.text
            assert ("<form" in looked.text) is (agent == PERSON and method == "GET")
        machine = app.test_client().post(
            address, base_url=BASE, headers={"User-Agent": agent, "Origin": BASE}
        )
        assert machine.status_code in (403, 404), "no cookie was kept, or it is a machine"
    other = app.test_client()
    nonce = nonce_in(fetch(other, "GET", address))
    taken = fetch(other, "POST", address, data={"nonce": nonce}, follow_redirects=True)
    assert WITHHELD in taken.text
    assert counts(runtime) == (1, 0)


def test_the_way_over_is_kept_out_of_caches_indexes_and_referrers(
    app: Flask, given: Issued, clock: Clock
) -> None:
    friend = read_and_confirm(app, given.token, clock)
    address = move(friend)
    for answer in (fetch(friend, "GET", address), fetch(app.test_client(), "GET", address)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
    assert fetch(friend, "GET", f"{address}/qr.svg").mimetype == "image/svg+xml"
    assert fetch(friend, "GET", f"{address[:-3]}abc").status_code == 404


def test_the_way_over_is_in_no_log(
    app: Flask, given: Issued, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    friend = read_and_confirm(app, given.token, clock)
    address = move(friend)
    secret = address.rpartition("/")[2].partition(".")[0]
    fetch(app.test_client(), "GET", address)
    clock.pass_by(minutes=11)
    fetch(app.test_client(), "GET", address)
    with app.extensions["gateway"].runtime.database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT subject, detail FROM entry").all()
    assert secret not in str(kept)
    said = capsys.readouterr()
    assert secret not in said.out + said.err


def test_who_offers_nothing_of_their_own_offers_nothing(app: Flask, given: Issued) -> None:
    stranger = app.test_client()
    assert fetch(stranger, "POST", f"{ARTICLE}/move").status_code == 403
    claim(stranger, given.token)
    headers = {"User-Agent": PERSON, "Origin": BASE}
    assert app.test_client().post(f"{ARTICLE}/move", base_url=BASE, headers=headers).status_code == 404


def test_a_giver_gives_a_reading_back_once(app: Flask, runtime: Runtime, given: Issued, clock: Clock) -> None:
    read_and_confirm(app, given.token, clock)
    giver = sign_in(app, "sub@example.com")
    page = f"/gifts/{given.gift.reference}"
    shown = text_of(fetch(giver, "GET", page).text)
    assert "One reading that counts came within seconds of the link being made" in shown
    assert "Give a reading back …" in shown
    assert "opened within seconds of the link being made" in fetch(giver, "GET", f"{page}/give-back").text
    done = press(giver, f"{page}/give-back", f"{page}/give-back")
    assert "The reading is given back. Its place is free again." in done
    assert counts(runtime) == (0, 0)
    again = fetch(giver, "GET", f"{page}/give-back").text
    assert "A reading was already given back" in again
    read_and_confirm(app, given.token, clock)
    refused = press(giver, page, f"{page}/give-back")
    assert "reading:given_back" in refused
    assert counts(runtime) == (1, 0)


def test_an_admin_gives_back_with_a_reason(app: Flask, runtime: Runtime, given: Issued, clock: Clock) -> None:
    clock.pass_by(minutes=5)
    read_and_confirm(app, given.token, clock)
    fetch(app.test_client(), "GET", f"/g/{given.token}", agent="WhatsApp/2.24.13.79 A")
    runtime.tally.flush()
    admin = sign_in(app, "admin@example.com")
    page = f"/admin/gifts/{given.gift.reference}"
    assert "Previews 1 time" in text_of(fetch(admin, "GET", page).text)
    assert "A reason is missing" in press(admin, page, f"{page}/give-back", reason=" ")
    assert counts(runtime) == (1, 0)
    chosen = {"reason": "a scanner in the mail of Acme", "claim": "1"}
    done = press(admin, page, f"{page}/give-back", confirm="1", **chosen)
    assert "reading:given_back" in done
    assert "a scanner in the mail of Acme" in done
    assert counts(runtime) == (0, 0)


def test_my_gifts_tells_openings_that_behave_like_machines_apart(
    app: Flask, given: Issued, clock: Clock
) -> None:
    claim(app.test_client(), given.token)
    clock.pass_by(minutes=1)
    read(app.test_client(), given.token)
    clock.pass_by(seconds=timedelta(minutes=9).total_seconds())
    giver = sign_in(app, "sub@example.com")
    assert "1 opening came within seconds" in text_of(fetch(giver, "GET", "/gifts").text)
    clock.pass_by(minutes=1)
    told = text_of(fetch(giver, "GET", "/gifts").text)
    assert "1 opening came within seconds of the link being made" in told
    assert "1 opening shows no sign of a person" in told


def test_card_and_dialog_say_both_figures(app: Flask, given: Issued) -> None:
    card = text_of(fetch(app.test_client(), "GET", f"/g/{given.token}").text)
    assert "Readers up to 10" in card
    assert "Opened without reading up to 20" in card
    giver = sign_in(app, "sub@example.com")
    dialog = text_of(fetch(giver, "GET", f"{ARTICLE}/share?part=dialog").text)
    assert "Up to 10 people can read" in dialog
    assert "up to 20 openings without reading" in dialog


def test_the_wall_tells_who_came_by_a_gift_link_what_to_do(app: Flask) -> None:
    assert (
        "Came by a gift link? Open it again from the message."
        in fetch(app.test_client(), "GET", ARTICLE).text
    )
