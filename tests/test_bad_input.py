"""What nobody should send: a clear refusal, nothing counted, and no way to fill the log."""

import os
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.keys import digest
from gateway.link import Key, LinkSigner, new_capability
from gateway.runtime import Runtime
from gateway.sharing.issuing import Issued
from gateway.stamp import PageStamp
from tests.serving import Serving
from tests.test_gift_links import (
    BASE,
    PERSON,
    Clock,
    app,
    claim,
    clock,
    confirm,
    confirm_nonce_in,
    counts,
    fetch,
    nonce_in,
    read,
    runtime,
)
from tests.test_gift_links import given as issued_gift

__all__ = ["app", "clock", "issued_gift", "runtime"]  # Fixtures of the same gateway and gift.

SLUG = "the-tide-book"
FORM = "application/x-www-form-urlencoded"
SENT = {"User-Agent": PERSON, "Origin": BASE}
SIGNER = LinkSigner([Key("k", b"s" * 32)])
STAMP = PageStamp(b"s" * 32, "card.v1")
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
BODIES: list[tuple[str | None, bytes]] = [
    ("application/json", b'{"pressed": 1}'),
    ("text/plain", b"pressed=1"),
    ("image/png", os.urandom(512)),
    (None, b"pressed=1"),
    (FORM, b"nonce=%00&pressed=1"),
    (FORM, b"nonce=" + b"a" * 1_000_000),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nothing\r\n\r\n" + os.urandom(300)),
    ("multipart/form-data; boundary=" + "x" * 3000, b"--y--"),
]


def addresses(token: str | None) -> list[str]:
    """List every address here that takes a form without a session."""
    return [
        f"/g/{token}",
        f"/g/{token}/report",
        f"/articles/{SLUG}/confirm",
        f"/articles/{SLUG}/move",
        "/g/move/x",
        "/privacy/forget",
    ]


def rows(runtime: Runtime) -> dict[str, int]:
    """Count what bad input might leave behind."""
    runtime.tally.flush()
    with runtime.database.reading() as connection:
        return {
            table: connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one()
            for table in ("claim", "entry", "transfer", "note_report", "forged")
        }


def test_a_body_that_is_no_form_is_refused_and_counts_nothing(
    app: Flask, runtime: Runtime, issued_gift: Issued
) -> None:
    before = rows(runtime)
    for address in addresses(issued_gift.token):
        for kind, body in BODIES:
            answer = app.test_client().post(
                address, base_url=BASE, headers=SENT, data=body, content_type=kind
            )
            assert answer.status_code in (400, 413, 415), (address, kind, answer.status_code)
            assert "<h1>" in answer.text
    assert rows(runtime) == before


def test_a_method_that_is_none_of_a_pages_is_refused(
    app: Flask, runtime: Runtime, issued_gift: Issued
) -> None:
    before = rows(runtime)
    for address in (*addresses(issued_gift.token), f"/articles/{SLUG}", "/privacy"):
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "\u00e4"):
            answer = app.test_client().open(address, method=method, base_url=BASE, headers=SENT)
            assert answer.status_code == 405, (address, method)
    assert rows(runtime) == before


ODD_PATHS = [
    "/g/%00", "/g/{token}%00", "/g/%ff%fe", "/g/{token}%20", "/g/..%2f..%2fetc", "/g/%F0%9F%8E%81",
    "/g/{token}?lang=%00", "/g/{token}?x=%00", "/g/move/%00", "/g/move/{token}", "/g/move/%ff/qr.svg",
    "/articles/%00", "/articles/a%00b/confirm", "/articles/%ff", "/articles/{long}", "/g/{long}", "/g/move/{long}",
    "/articles/the-tide-book?kept={long}", "/articles/the-tide-book?kept=%ff&own=%ff&lang=%ff",
]  # fmt: skip


def test_odd_addresses_are_answered_and_never_a_fault(
    app: Flask, runtime: Runtime, issued_gift: Issued
) -> None:
    before = rows(runtime)
    for pattern in ODD_PATHS:
        address = pattern.format(token=issued_gift.token, long="a" * 5000)
        for method in ("GET", "HEAD", "POST"):
            answer = app.test_client().open(address, method=method, base_url=BASE, headers=SENT)
            expected = (200, 400, 403, 404, 405) if "kept" in pattern else (400, 404, 405)
            assert answer.status_code in expected, (address, method, answer.status_code)
    after = rows(runtime)
    assert {**after, "forged": 0} == {**before, "forged": 0}
    assert after["forged"] <= 2, "they are counted in one row a network and minute"


def test_odd_headers_and_thousands_of_cookies_are_quickly_read_past(app: Flask, issued_gift: Issued) -> None:
    crowd = "; ".join(f"c{number}={number}" for number in range(5000))
    for headers in (
        {"Cookie": crowd},
        {"Cookie": f"{crowd}; device={'A' * 22}"},
        {"Cookie": "device=\xff\xfe; __Host-device=; =; ;;;"},
        {"Cookie": "device=" + "A" * 100_000},
        {"Accept-Language": "de," * 100_000},
        {"Accept": "text/html;q=" + "9" * 10_000},
        {"User-Agent": "Mozilla/5.0 " * 100_000},
        {"Range": "bytes=" + "0-1," * 10_000},
        {"Host": "a b"},
        {"X-Forwarded-For": "::1," * 1000},
        {"Sec-Fetch-Site": "\x7f"},
    ):
        asked = datetime.now(UTC)
        answer = app.test_client().get(f"/g/{issued_gift.token}", headers={"User-Agent": PERSON, **headers})
        assert answer.status_code in (200, 400)
        assert datetime.now(UTC) - asked < timedelta(seconds=2)


def test_a_replayed_confirmation_counts_once_and_leaves_one_line(
    app: Flask, runtime: Runtime, issued_gift: Issued, clock: Clock
) -> None:
    friend = app.test_client()
    page = read(friend, issued_gift.token)
    clock.pass_by(seconds=3)
    assert [confirm(friend, page) for _ in range(50)] == [204] * 50
    assert counts(runtime) == (1, 0)
    with runtime.database.reading() as connection:
        lines = connection.exec_driver_sql(
            "SELECT COUNT(*) FROM entry WHERE event = 'reading:confirmed'"
        ).scalar_one()
    assert lines == 1


def test_a_confirmation_for_anothers_reading_counts_nothing(
    app: Flask, runtime: Runtime, issued_gift: Issued, clock: Clock
) -> None:
    page = read(app.test_client(), issued_gift.token)
    clock.pass_by(seconds=3)
    stranger = app.test_client()
    form = {"nonce": confirm_nonce_in(page)}
    assert fetch(stranger, "POST", f"/articles/{SLUG}/confirm", data=form).status_code == 404
    stranger.set_cookie("device", "A" * 22, domain="127.0.0.1")
    assert fetch(stranger, "POST", f"/articles/{SLUG}/confirm", data=form).status_code == 404
    other = {"nonce": app.extensions["gateway"].confirm_stamp.sign("another-article", clock())}
    friend = app.test_client()
    read(friend, issued_gift.token)
    assert fetch(friend, "POST", f"/articles/{SLUG}/confirm", data=other).status_code == 403
    assert counts(runtime) == (0, 2)


def test_a_clock_that_differs_between_machines_never_shortens_the_wait(
    app: Flask, runtime: Runtime, issued_gift: Issued, clock: Clock
) -> None:
    clock.pass_by(hours=1)
    friend, late = app.test_client(), app.test_client()
    page = read(friend, issued_gift.token)
    clock.pass_by(seconds=-600)
    assert confirm(friend, page) == 425, "a machine whose clock is behind"
    card = fetch(late, "GET", f"/g/{issued_gift.token}")
    for _ in range(19):
        claim(app.test_client(), issued_gift.token)
    clock.pass_by(seconds=-60)
    form = {"nonce": nonce_in(card), "pressed": "1"}
    assert fetch(late, "POST", f"/g/{issued_gift.token}", data=form).status_code == 410
    assert counts(runtime)[0] == 0
    clock.pass_by(seconds=663)
    assert confirm(friend, page) == 204


def test_refusals_that_repeat_are_counted_and_not_written_line_by_line(
    app: Flask, runtime: Runtime, issued_gift: Issued, clock: Clock
) -> None:
    for _ in range(20):
        read(app.test_client(), issued_gift.token)
    before = rows(runtime)["entry"]
    for _ in range(60):
        client = app.test_client()
        client.set_cookie("device", digest(os.urandom(8)).hex()[:22], domain="127.0.0.1")
        assert claim(client, issued_gift.token).status_code == 410
        assert fetch(client, "GET", f"/g/{'A' * 22}.{'B' * 43}").status_code == 404
    after = rows(runtime)
    assert after["entry"] <= before + 4, "one line of the refusal, and one of each bulk rule that noticed"
    assert after["forged"] == 1
    clock.pass_by(minutes=2)
    assert claim(app.test_client(), issued_gift.token).status_code == 410
    assert rows(runtime)["entry"] <= after["entry"] + 1


@given(st.text(max_size=200))
def test_no_text_but_our_own_spelling_is_a_token(text: str) -> None:
    assert SIGNER.verify(text) is None


@given(st.integers(0, 65), st.characters(codec="utf-8"))
def test_a_token_with_one_character_changed_is_none(place: int, character: str) -> None:
    token = SIGNER.sign(new_capability(), "k")
    assert token is not None
    changed = token[:place] + character + token[place + 1 :]
    assert (SIGNER.verify(changed) is None) == (changed != token)


@given(st.text(max_size=250))
def test_no_text_but_our_own_is_a_stamp(text: str) -> None:
    assert STAMP.verify(text) is None


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", max_size=60),
    st.timedeltas(timedelta(-9999), timedelta(9999)),
)
def test_a_stamp_says_what_it_was_made_of_and_serves_no_other_purpose(subject: str, span: timedelta) -> None:
    stamp = STAMP.sign(subject, NOON + span)
    found = STAMP.verify(stamp)
    assert found is not None
    assert found[0] == subject
    assert abs(found[1] - (NOON + span)) < timedelta(milliseconds=2)
    assert PageStamp(b"s" * 32, "confirm.v1").verify(stamp) is None
    assert STAMP.verify(stamp[:-1]) is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=300))
def test_no_cookie_is_a_fault_and_none_but_ours_a_device(app: Flask, text: str) -> None:
    answer = app.test_client().get("/privacy", headers={"User-Agent": PERSON, "Cookie": f"device={text}"})
    assert answer.status_code == 200
    ours = re.match(r"[A-Za-z0-9_-]{22}(;|$)", text.strip(' "')) is not None
    assert ("This browser keeps our cookie." in answer.text) <= ours


HEAD = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
CHUNKED = (
    b"POST /g/x"
    + HEAD
    + b"Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
)
RAW: dict[str, tuple[bytes, set[bytes]]] = {
    "random bytes": (os.urandom(4096) + b"\r\n\r\n", {b"400"}),
    "a header of 1 MB": (b"GET /g/x" + HEAD + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n", {b"431"}),
    "thousands of headers": (
        b"GET /g/x" + HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"\r\n", {b"431"}),
    "thousands of cookies": (
        b"GET /g/x" + HEAD + b"Cookie: " + b"; ".join(b"c%d=1" % n for n in range(5000)) + b"\r\n\r\n", {b"431"}),
    "thousands of cookies in lines of their own": (
        b"GET /g/x" + HEAD + (b"Cookie: " + b"; ".join(b"c%d=1" % n for n in range(900)) + b"\r\n") * 4 + b"\r\n", {b"431"}),
    "an address of 1 MB": (b"GET /g/" + b"a" * 1_000_000 + HEAD + b"\r\n", {b"414"}),
    "a body of 1 MB": (
        b"POST /g/x" + HEAD + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n"
        + b"a" * 1_000_000, {b"413"}),
    "a length below nought": (b"POST /g/x" + HEAD + b"Content-Length: -1\r\n\r\n", {b"400"}),
    "a broken chunk": (CHUNKED + b"ZZ\r\n", {b"400"}),
    "chunks without end": (CHUNKED + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 15 + b"0\r\n\r\n", {b"404", b"413"}),
    "two lengths": (b"POST /g/x" + HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", {b"400"}),
    "another protocol": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {b"400"}),
    "another method": (b"BREW /g/x" + HEAD + b"\r\n", {b"405"}),
    "a zero byte": (b"GET /g/a\x00b" + HEAD + b"\r\n", {b"400"}),
    "a zero byte, written out": (b"GET /articles/a%00b" + HEAD + b"\r\n", {b"404"}),
    "an expectation": (b"POST /g/x" + HEAD + b"Expect: tea\r\nContent-Length: 1\r\n\r\na", {b"417"}),
}  # fmt: skip


def send(port: int, what: bytes) -> bytes:
    """Send bytes as they are; returns the status of the answer, empty where the connection broke first."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(what)
            return connection.recv(4096)[9:12]
        except (BrokenPipeError, ConnectionResetError):
            return b""


@pytest.fixture
def served(start_gateway: Callable[..., Serving], sqlite_url: str) -> Serving:
    """Serve a gateway with one worker."""
    return start_gateway(sqlite_url, workers=1)


def test_a_served_gateway_refuses_what_is_no_request_and_logs_no_line_each(served: Serving) -> None:
    statuses = {name: send(served.gateway.port, what) for name, (what, _) in RAW.items()}
    assert {name: status for name, status in statuses.items() if status not in RAW[name][1] | {b""}} == {}
    assert list(statuses.values()).count(b"") <= 3, "refused before the last byte was sent"
    before = len(served.gateway.log)
    for _ in range(200):
        send(served.gateway.port, os.urandom(200) + b"\r\n\r\n")
    assert len(served.gateway.log) - before < 1000
    assert "Traceback" not in served.gateway.log
    assert send(served.gateway.port, b"GET /healthz" + HEAD + b"\r\n") == b"200"
