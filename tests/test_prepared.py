"""Statements run by the driver itself do what SQLAlchemy would: the same rows, the same errors, the same listeners."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from gateway.models import account, article, gift
from gateway.runtime import DATABASE_AWAY
from gateway.store.prepared import Prepared
from tests.house import House

NEWCOMER = {
    "email": "new@example.com",
    "name": "Nora New",
    "role": "subscriber",
    "plan": "standard",
    "created_at": datetime(2026, 7, 1, 12, tzinfo=UTC),
}


@pytest.mark.parametrize("table", [account, article, gift], ids=lambda table: table.name)
def test_rows_are_those_that_sqlalchemy_gives(house: House, table: Any) -> None:
    house.gift(house.subscriber(), house.article())
    query = select(table).where(table.c.id == bindparam("id"))
    with house.runtime.database.reading() as connection:
        (ours,) = Prepared(query).rows(connection, {"id": 1})
        theirs = connection.execute(query, {"id": 1}).one()
        assert ours == list(theirs)
        assert [type(value) for value in ours] == [type(value) for value in theirs]
        assert Prepared(query).first(connection, {"id": 99}) is None


def test_what_is_written_is_as_sqlalchemy_writes_it(house: House) -> None:
    added = Prepared(insert(account).returning(account.c.id, account.c.created_at), columns=tuple(NEWCOMER))
    renamed = Prepared(
        update(account).where(account.c.id == bindparam("row")).values(name=bindparam("new_name"))
    )
    with house.runtime.database.transaction() as connection:
        ((number, created_at),) = added.rows(connection, NEWCOMER)
        assert created_at == NEWCOMER["created_at"]
        assert renamed.count(connection, {"row": number, "new_name": "Nora"}) == 1
        assert renamed.count(connection, {"row": number + 1, "new_name": "Nobody"}) == 0
    with house.runtime.database.reading() as connection:
        row = connection.execute(
            select(account.c.name, account.c.created_at).where(account.c.id == number)
        ).one()
    assert tuple(row) == ("Nora", NEWCOMER["created_at"])


def test_a_fault_has_the_class_that_sqlalchemy_gives_it_and_rolls_back(house: House) -> None:
    added = Prepared(insert(account).returning(account.c.id), columns=tuple(NEWCOMER))

    def twice() -> None:
        with house.runtime.database.transaction() as connection:
            added.rows(connection, NEWCOMER)
            added.rows(connection, NEWCOMER)

    with pytest.raises(IntegrityError):
        twice()
    assert house.value("SELECT count(*) FROM account WHERE email = 'new@example.com'") == 0


def test_an_instant_without_a_zone_is_refused_here_too(house: House) -> None:
    query = select(account.c.id).where(account.c.created_at > bindparam("since"))
    with house.runtime.database.reading() as connection:
        with pytest.raises(ValueError, match="must be aware"):
            Prepared(query).rows(connection, {"since": datetime(2026, 7, 1)})  # noqa: DTZ001 - The fault itself.
        with pytest.raises(StatementError, match="must be aware"):
            connection.execute(query, {"since": datetime(2026, 7, 1)})  # noqa: DTZ001


def test_who_listens_for_statements_is_told(house: House) -> None:
    query = Prepared(select(account.c.id).where(account.c.id == bindparam("id")))
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_about: Any) -> None:
        said.append(statement)

    reader = house.runtime.database.reader
    with house.runtime.database.reading() as connection:
        query.rows(connection, {"id": 1})
        event.listen(reader, "before_cursor_execute", note)
        try:
            query.rows(connection, {"id": 1})
        finally:
            event.remove(reader, "before_cursor_execute", note)
        query.rows(connection, {"id": 1})
    assert len(said) == 1


def test_a_connection_that_broke_is_told_as_the_database_away_and_given_up(
    postgresql_url: str, open_house: Callable[..., House]
) -> None:
    database = open_house(postgresql_url).runtime.database
    query = Prepared(select(account.c.id).where(account.c.id == bindparam("id")))

    def while_it_breaks() -> None:
        with database.reading() as connection:
            mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with database.writer.connect() as other:
                other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (mine,))
            query.rows(connection, {"id": 1})

    with pytest.raises(DATABASE_AWAY) as told:
        while_it_breaks()
    assert isinstance(told.value, OperationalError)
    assert told.value.connection_invalidated
    with database.reading() as connection:
        assert query.rows(connection, {"id": 1}) == []
