"""The gateway as people meet it: the real app answering on a loopback port, with a publisher's demo behind it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from gateway.accounts.managing import NewAccount, add_account
from gateway.app import build_app
from gateway.articles.importing import import_paths
from gateway.keys import open_key_ring
from gateway.ledger import OPERATOR
from gateway.policy import digest
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.store import policies
from gateway.store.engine import open_database

PASSWORD = "correct horse battery"
ARTICLE = """+++
id = "tide-book"
headline = "The tide book"
standfirst = "A harbour keeps its figures in ink."
byline = "Ada Reporter"
section = "Life"
language = "en"
+++

At five in the morning the harbour office smells of toast.

The curve goes on through the winter, twice a day, without a blot.
"""
WITHHELD = "without a blot"


@dataclass(frozen=True)
class Site:
    """A running gateway: where it answers, and the runtime behind it."""

    url: str
    runtime: Runtime
    slug: str


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """Yield a running gateway with one article, a subscriber and an admin."""
    settings = Settings(var=tmp_path / "var", database_url=database_url)
    runtime = Runtime(open_database(database_url), open_key_ring(settings.key_file), settings.base_url)
    _set_up(runtime, tmp_path)
    app = build_app(runtime, settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    object.__setattr__(app.extensions["gateway"], "settings", settings.model_copy(update={"base_url": url}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with runtime.database.reading() as connection:
        slug = connection.exec_driver_sql("SELECT slug FROM article").scalar_one()
    yield Site(url, runtime, slug)
    server.shutdown()
    thread.join()
    runtime.close()


def _set_up(runtime: Runtime, folder: Path) -> None:
    now = runtime.clock()
    text = (Path(__file__).parents[1] / "policies" / "ft.toml").read_text("utf-8")
    with runtime.database.transaction() as connection:
        policies.add_version(
            connection,
            name="ft.toml",
            text=text,
            digest=digest(text),
            takes_effect_at=now,
            proposed_at=now,
            proposed_by="operator",
        )
    (folder / "tide.md").write_text(ARTICLE, "utf-8")
    report = import_paths(runtime, [folder / "tide.md"])
    assert not report.failed, report
    add_account(
        runtime, OPERATOR, NewAccount("sub@example.com", "Sam Giver", "subscriber", "standard", PASSWORD)
    )
    add_account(runtime, OPERATOR, NewAccount("admin@example.com", "Ada Admin", "admin", None, PASSWORD))
