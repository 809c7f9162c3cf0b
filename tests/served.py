"""The gateway as people meet it: the real app answering on a loopback port, with a publisher's demo behind it."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
from tests.children import free_port

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
    with serving_site(database_url, tmp_path) as found:
        yield found


@pytest.fixture(params=["http", "https"])
def door(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """Yield a running gateway over plain http and once over TLS, where cookies bear the prefix of their host."""
    secure = request.param == "https"
    with serving_site(sqlite_url, tmp_path, _certificate(tmp_path) if secure else None) as found:
        yield found


@contextmanager
def serving_site(
    database_url: str, folder: Path, certificate: tuple[str, str] | None = None, **settings: str
) -> Iterator[Site]:
    """Serve a gateway with one article, a subscriber and an admin; over TLS where there is a certificate."""
    port = free_port()
    url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{port}"
    found = Settings(var=folder / "var", database_url=database_url, base_url=url, **settings)
    runtime = Runtime(open_database(database_url), open_key_ring(found.key_file), url)
    _set_up(runtime, folder)
    server = make_server("127.0.0.1", port, build_app(runtime, found), threaded=True, ssl_context=certificate)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with runtime.database.reading() as connection:
        slug = connection.exec_driver_sql("SELECT slug FROM article").scalar_one()
    yield Site(url, runtime, slug)
    server.shutdown()
    thread.join()
    runtime.close()


def _certificate(folder: Path) -> tuple[str, str]:
    """Make a certificate for this machine that nobody else has signed; returns its file and its key's."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl to make a certificate with")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    wish = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    where = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([program, *wish.split(), *where], check=True, capture_output=True)
    return str(certificate), str(key)


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
