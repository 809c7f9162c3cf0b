"""A database for each test, on SQLite and on PostgreSQL: copied from one that was migrated once."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.store import schema
from gateway.store.engine import open_database
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Yield the address of a fresh database with every table; a test that asks for it runs on both kinds."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Yield the address of a fresh SQLite database with every table."""
    shutil.copy(sqlite_template, tmp_path / "gateway.db")
    return f"sqlite:///{tmp_path / 'gateway.db'}"


@pytest.fixture
def postgresql_url(postgres_server: PostgresServer, postgresql_template: str) -> Iterator[str]:
    """Yield the address of a fresh PostgreSQL database with every table."""
    name = f"test_{uuid4().hex}"
    yield postgres_server.create(name, template=postgresql_template)
    postgres_server.drop(name)


@pytest.fixture
def empty_postgresql_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Yield the address of a PostgreSQL database with nothing in it."""
    name = f"test_{uuid4().hex}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file, which every test then copies."""
    path = tmp_path_factory.mktemp("template") / "gateway.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgres_server: PostgresServer) -> str:
    """Migrate one PostgreSQL database, which every test then copies."""
    migrate(postgres_server.create("template_gateway"))
    return "template_gateway"


def migrate(address: str) -> None:
    """Bring a database to the newest tables and let go of it."""
    database = open_database(address)
    schema.upgrade(database)
    database.close()
