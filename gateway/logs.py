"""The process's own log: a line of JSON an event, of ours and of every library, without tokens or addresses."""

import ipaddress
import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

# Masked wherever they stand in a finished line: in a field, in a library's words, in a traceback.
_LINK = re.compile(r"(/g/|%2[Ff]g%2[Ff])[^\s\"'\\?#&<>)\]},;]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}(?:\.|%2[Ee])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
_BEARER = re.compile(r"\bgw_[A-Za-z0-9_-]{16,}")
_PASSWORD = re.compile(r"(://[^\s/@:\"]{0,100}):[^\s/@\"]{1,200}@")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_NETWORK = re.compile(
    r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})(?![\w-])"
)
# The machine's own addresses tell nobody where a reader is, and an operator wants to see what is listened on.
_OWN = frozenset({"127.0.0.1", "0.0.0.0", "::1", "::"})  # noqa: S104 - They are compared with, not bound to.

Event = MutableMapping[str, Any]

# Made once: `json.dumps` with any wish of its own makes an encoder at each call.
_encoded = json.JSONEncoder(ensure_ascii=False, default=repr).encode


class _Lines(structlog.WriteLoggerFactory):
    """Where lines go, and from which level on."""

    def __init__(self, stream: TextIO, least: int) -> None:
        super().__init__(stream)
        self.stream, self.least = stream, least


class JsonLines(logging.Formatter):
    """Spells the records of the standard library's loggers as our own lines are spelled."""

    def format(self, record: logging.LogRecord) -> str:
        """Spell one record; what it says is its event, and a traceback goes along."""
        event: Event = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
        }
        if record.exc_info:
            event["exc_info"] = record.exc_info
        for step in _STEPS:
            event = step(None, record.levelname.lower(), event)
        return spelled(None, "", event)


def configure(level: str = "info", *, to: TextIO | None = None) -> None:
    """Send every line from this level on to standard output, or to `to`; doing it again replaces the last time."""
    stream = to or sys.stdout
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            *_STEPS,
            spelled,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=_Lines(stream, least),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=max(least, logging.INFO), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def note_request(level: int, said: str) -> None:
    """Write the line that every answer gets, past all that other lines go through; `said` is the inside of its JSON.

    Each of its words must be one of ours or a number, for nothing is masked. A process that was not configured, as
    a test or a tool is, writes none.
    """
    lines = structlog.get_config()["logger_factory"]
    if not isinstance(lines, _Lines) or level < lines.least:
        return
    at, name = _stamped(None, "", {})["at"], logging.getLevelName(level).lower()
    # Words of ours and numbers are JSON as they stand, and an encoder takes several times as long to say so.
    lines.stream.write(f'{{"at": "{at}", "level": "{name}", "event": "request", {said}}}\n')
    lines.stream.flush()


def masked(line: str) -> str:
    """Mask gift links, tokens, passwords, mail and network addresses in a text."""
    if "/g/" in line or "%2" in line:
        line = _LINK.sub(r"\1…", line)
    line = _TOKEN.sub("(token)", line)
    if "gw_" in line:
        line = _BEARER.sub("gw_…", line)
    if "@" in line:
        line = _MAIL.sub("(mail)", _PASSWORD.sub(r"\1:…@", line))
    return _NETWORK.sub(_without_network, line)


def spelled(_logger: object, _method: str, event: Event) -> str:
    """Spell an event as one masked line of JSON, its words first."""
    first = {"at": event.pop("at", ""), "level": event.pop("level", ""), "event": event.pop("event", "")}
    return masked(_encoded({**first, **event}))


def _without_network(found: re.Match[str]) -> str:
    text = found[0]
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text
    return text if text in _OWN else "(address)"


_stamped = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
_STEPS: tuple[Any, ...] = (
    _stamped,
    structlog.processors.format_exc_info,
)
