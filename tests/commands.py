"""The operator's commands, run in the test's own process on a gateway of its own."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from gateway.cli import main


@dataclass(frozen=True)
class Said:
    """What a command ended with and said."""

    status: int
    out: str
    err: str


@dataclass
class Terminal:
    """Where commands are typed; `var` is the gateway's folder."""

    var: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def type(self, *words: str) -> Said:
        """Run `gateway WORDS…`."""
        self.capture.readouterr()
        status = main(words)
        return Said(status, *self.capture.readouterr())

    def done(self, *words: str) -> str:
        """Run a command that must do what it is asked; returns what it printed."""
        said = self.type(*words)
        assert said.status == 0, said
        return said.out

    def fault(self, status: int, *words: str) -> str:
        """Run a command that must fail so, in one line; returns the line."""
        said = self.type(*words)
        assert said.status == status, said
        assert said.err.count("\n") == 1, said
        assert said.err.startswith("gateway: "), said
        return said.err.removeprefix("gateway: ").rstrip("\n")


@pytest.fixture
def terminal(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    """Yield a terminal with a gateway that was set up, on both kinds of database."""
    handlers, level = logging.root.handlers[:], logging.root.level
    monkeypatch.setenv("GATEWAY_DATABASE_URL", database_url)
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    found = Terminal(tmp_path / "var", capsys, monkeypatch)
    found.done("db", "upgrade")
    yield found
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
