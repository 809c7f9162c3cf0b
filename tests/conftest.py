"""What all tests share: real servers, a database of one's own, a browser, and the data beside the project."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from gateway.eventbook import BOOK
from gateway.ledger import Entry, Outcome
from gateway.store import entries
from gateway.store.entryfilter import REFUSED

# In this order, since each imports those before it.
pytest_plugins = [
    "tests.no_skips",
    "tests.children",
    "tests.browser",
    "tests.postgres",
    "tests.valkey",
    "tests.databases",
    "tests.served",
    "tests.serving",
    "tests.house",
    "tests.commands",
    "tests.sealed",
    "tests.mailroom",
]

ROOT = Path(__file__).parents[1]

# A deadline per example measures how busy the machine is, not the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Yield the folder of public data that lies beside the project, or that GATEWAY_SHARED_DATA names."""
    path = Path(os.environ.get("GATEWAY_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not path.is_dir():
        pytest.skip(f"no data: the folder {path} is absent; GATEWAY_SHARED_DATA may name it")
    return path


@pytest.fixture(autouse=True)
def _only_explained_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test that writes an entry with a field, or what stands beside it, of which docs/events.md says nothing, or permits a refusal."""
    written = entries._row

    def row(line: Entry, subject: str, personal: str) -> dict[str, Any]:
        for name in line.detail:
            assert name in BOOK[line.event].fields.split(", "), f"{line.event} has no field {name!r}"
        # A device is who acts, and tests that fill a log let it do what it never does.
        for name in set(line.placed[1]) - {"device"}:
            assert name in BOOK[line.event].beside, f"nothing called {name!r} stands beside {line.event}"
        assert line.outcome is Outcome.DENY or not line.event.endswith(REFUSED), line
        return written(line, subject, personal)

    monkeypatch.setattr(entries, "_row", row)
