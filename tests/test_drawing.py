"""A page that is drawn once and filled for many: what it may keep, and what it must never."""

import re

import pytest
from flask import Flask
from jinja2 import DictLoader, UndefinedError
from markupsafe import escape

from gateway.app import build_app
from gateway.keys import digest
from gateway.ledger import account_actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import accounts
from gateway.web.drawing import page, place
from tests.served import Site
from tests.test_gift_links import BASE, PERSON

NAME = '<b>"Sam" & Co</b>'


@pytest.fixture
def app(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Yield an app around the site's runtime, whose giver's name wants escaping."""
    with site.runtime.database.transaction() as connection:
        accounts.change_account(connection, 1, name=NAME)
    return build_app(site.runtime, Settings(var=tmp_path_factory.mktemp("var")))


def gift(site: Site, note: str = "") -> Issued:
    """Give the article once more."""
    issued = issue_gift(site.runtime, account_actor(1), Wish(1, 1, f"key {note}", separate=True, note=note))
    assert isinstance(issued, Issued)
    return issued


def ask(app: Flask, address: str, *, session: str = "") -> str:
    """Ask for a page as a person's browser in English does."""
    client = app.test_client()
    if session:
        client.set_cookie("sign_in", session, domain="127.0.0.1")
    return client.get(address, base_url=BASE, headers={"User-Agent": PERSON, "Accept-Language": "en"}).text


def session_of(site: Site, account_id: int) -> str:
    """Sign an account in; returns its cookie's secret."""
    secret, now = f"{account_id:043}", site.runtime.clock()
    with site.runtime.database.transaction() as connection:
        accounts.add_session(
            connection,
            digest=digest(secret.encode()),
            account_id=account_id,
            created_at=now,
            expires_at=now.replace(year=2099),
        )
    return secret


def test_each_card_has_its_own_token_note_and_stamp(app: Flask, site: Site) -> None:
    notes, stamps = ("for <you> & yours", "", "another note"), []
    for note in notes:
        issued = gift(site, note)
        text = ask(app, f"/g/{issued.token}")
        assert {found.rstrip(".") for found in re.findall(r"/g/([\w.-]+)", text)} == {issued.token}
        stamps.append(re.findall(r'name="nonce" value="(\w+)\.', text)[0])
        shown = re.findall('<blockquote dir="auto">(.*)</blockquote>', text)
        assert shown == ([str(escape(note))] if note else [])
    assert len(set(stamps)) == len(notes)


def test_no_two_answers_share_a_nonce(app: Flask, site: Site) -> None:
    address = f"/g/{gift(site).token}"
    nonces = [set(re.findall(r'nonce="([^"]+)"', ask(app, address))) for _ in range(3)]
    assert [len(each) for each in nonces] == [1, 1, 1]
    assert len(set.union(*nonces)) == 3


def test_what_is_filled_in_is_escaped(app: Flask, site: Site) -> None:
    text = ask(app, f"/g/{gift(site).token}")
    assert f"{escape(NAME)} gives you this article" in text
    assert NAME not in text


def test_no_place_is_left_open(app: Flask, site: Site) -> None:
    addresses = (f"/g/{gift(site).token}", f"/articles/{site.slug}")
    assert not [address for address in addresses if "place-" in ask(app, address)]


def test_the_language_switch_leads_back_to_this_address_and_not_to_an_earlier_one(
    app: Flask, site: Site
) -> None:
    token = gift(site).token
    assert "?from=a&amp;lang=de" in ask(app, f"/g/{token}?from=a")
    second = ask(app, f"/g/{token}?from=b")
    assert "?from=b&amp;lang=de" in second
    assert "from=a" not in second


def test_everybody_reads_under_their_own_name(app: Flask, site: Site) -> None:
    with site.runtime.database.transaction() as connection:
        now = site.runtime.clock()
        olga = accounts.add_account(
            connection, email="olga@example.com", name="Olga", role="subscriber", created_at=now
        )
    first, second = (ask(app, f"/articles/{site.slug}", session=session_of(site, each)) for each in (1, olga))
    assert str(escape(NAME)) in first
    assert "Olga" not in first
    assert "Olga" in second
    assert "Sam" not in second
    assert "Olga" not in ask(app, f"/articles/{site.slug}")


def test_a_template_that_asks_for_the_request_fails_rather_than_keeping_it(app: Flask) -> None:
    app.jinja_env.loader = DictLoader({"asks.html": "{{ request.args.done }}"})
    with app.test_request_context("/?done=revoked", base_url=BASE):
        app.preprocess_request()
        with pytest.raises(UndefinedError):
            page("asks.html", {})


def test_a_function_is_asked_only_where_the_page_has_its_place(app: Flask) -> None:
    app.jinja_env.loader = DictLoader({"has.html": "({{ it }})", "has_not.html": "()"})
    asked: list[str] = []
    with app.test_request_context("/", base_url=BASE):
        app.preprocess_request()
        places = {"it": lambda: asked.append("once") or "<it>"}
        assert page("has_not.html", places, it=place("it")) == b"()"
        assert not asked
        assert page("has.html", places, it=place("it")) == b"(&lt;it&gt;)"
        assert asked == ["once"]
