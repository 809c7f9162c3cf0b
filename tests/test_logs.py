"""The process's log: every line JSON, and none with a token or an address, whoever wrote it."""

import base64
import io
import json
import logging
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gateway.link import Key, LinkSigner, new_capability
from gateway.logs import configure, masked

TOKEN = LinkSigner([Key("k", secrets.token_bytes(32))]).sign(new_capability(), "k") or ""


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Yield where the log goes during a test; put the logging of the test run back afterwards."""
    handlers, level = logging.root.handlers[:], logging.root.level
    written = io.StringIO()
    configure("debug", to=written)
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def read(written: io.StringIO) -> list[dict[str, Any]]:
    """Read what was logged, a line each."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_request(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1")
    structlog.get_logger().info("article_read", slug="comet", note="two\nlines, “quoted”")
    structlog.contextvars.clear_contextvars()
    (line,) = read(lines)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "event": "article_read",
        "slug": "comet",
        "note": "two\nlines, “quoted”",
        "request_id": "r-1",
    }


def test_a_library_speaks_the_same_way(lines: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").warning("Invalid request from ip=%s: %s", "203.0.113.9", "no host")
    (line,) = read(lines)
    assert (line["event"], line["level"]) == ("Invalid request from ip=(address): no host", "warning")


def test_no_token_gets_out_in_a_field_or_in_words(lines: io.StringIO) -> None:
    structlog.get_logger().info(
        f"asked for {TOKEN}", path=f"/g/{TOKEN}", nested={"link": [f"https://a.example/g/{TOKEN}?x=1"]}
    )
    assert TOKEN[23:] not in lines.getvalue()
    assert TOKEN[:22] not in lines.getvalue()
    assert read(lines)[0]["nested"] == {"link": ["https://a.example/g/…?x=1"]}


def test_no_token_gets_out_in_a_traceback(lines: io.StringIO) -> None:
    def fail(path: str) -> None:
        raise ValueError(f"cannot serve {path}")

    for speak in (structlog.get_logger().exception, logging.getLogger("werkzeug").exception):
        try:
            fail(f"/g/{TOKEN}")
        except ValueError:
            speak("failed")
    assert TOKEN[23:] not in lines.getvalue()
    assert all("cannot serve /g/…" in line["exception"] for line in read(lines))


def test_a_warning_of_python_is_a_line_too(lines: io.StringIO) -> None:
    logging.getLogger("py.warnings").warning("old: %s", TOKEN)
    assert "old: (token)" in read(lines)[0]["event"]


def test_debug_is_left_out_unless_wished(lines: io.StringIO) -> None:
    configure("info", to=lines)
    structlog.get_logger().debug("quiet")
    logging.getLogger("sqlalchemy.pool").debug("quiet")
    structlog.get_logger().info("loud")
    assert [line["event"] for line in read(lines)] == ["loud"]


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("/g/short-and-forged", "/g/…"),
        ("next=%2Fg%2Fabc.def&x=1", "next=%2Fg%2F…&x=1"),
        ("Bearer gw_0123456789abcdef0123", "Bearer gw_…"),
        ("from 203.0.113.9:4711", "from (address):4711"),
        ("from 2001:db8::7", "from (address)"),
        ("Listening at: http://127.0.0.1:8000", "Listening at: http://127.0.0.1:8000"),
        ("at 12:34:56 in 1.26.0", "at 12:34:56 in 1.26.0"),
        ("postgresql://gw:hush@db.example/gateway", "postgresql://gw:…@db.example/gateway"),
        ("no account for ann.lee@example.com", "no account for (mail)"),
        ("std::vector, x::y, ::", "std::vector, x::y, ::"),
    ],
)
def test_what_is_masked_and_what_is_not(said: str, logged: str) -> None:
    assert masked(said) == logged


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_token_survives_whatever_stands_around_it(
    capability: bytes, mac: bytes, before: str, after: str
) -> None:
    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    line = json.dumps({"said": f"{before} /g/{text(capability)}.{text(mac)} {after}"})
    assert text(mac) not in masked(line)
    assert f"{text(capability)}.{text(mac)}" not in masked(f"{before}={text(capability)}.{text(mac)} {after}")


def test_masking_a_long_line_stays_cheap() -> None:
    # Quadratic patterns would take seconds for a line of this length.
    began = time.process_time()
    for piece in ("a", "a.", "1.", ":", "/g/", "@", "%2", "-", "a@", "a@a."):
        masked(piece * 50_000)
    assert time.process_time() - began < 5
