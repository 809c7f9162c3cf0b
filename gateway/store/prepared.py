"""The statements that people wait for, compiled once and run by the driver itself.

SQLAlchemy takes several times as long as SQLite to run one of them again: it looks its compiled form up, makes a context
and a result object, and binds by name. Here its compiled text and its own converters of types are kept and used as they
are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A statement for one dialect: its text, how to bind each parameter, and which columns of a row to convert.

    `parameters` stand in the order of the text where it is `positional`; `fixed` are those that the statement brings.
    """

    text: str
    parameters: tuple[tuple[str, Convert | None], ...]
    fixed: Mapping[str, Any]
    positional: bool
    converters: tuple[tuple[int, Convert], ...]

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Bind the values, in the form that the driver takes."""
        given = {**self.fixed, **values} if self.fixed else values
        if self.positional:
            return [given[name] if bind is None else bind(given[name]) for name, bind in self.parameters]
        return {name: given[name] if bind is None else bind(given[name]) for name, bind in self.parameters}

    def converted(self, row: Sequence[Any]) -> list[Any]:
        """Convert a row's values as their columns' types say; nothing stays nothing."""
        values = list(row)
        for at, convert in self.converters:
            if values[at] is not None:
                values[at] = convert(values[at])
        return values


class Prepared:
    """A statement that is run again and again, whose parameters are single values.

    `columns` are those that an insert sets, each by a parameter of its name. Where somebody listens for statements,
    SQLAlchemy runs it in its own way, which tells them.
    """

    def __init__(self, statement: Any, *, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._spelt: dict[str, _Spelt] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it and return every row, as a sequence; raises as `connection.execute` does."""
        if connection.engine.dispatch.before_cursor_execute:
            return list(connection.execute(self._statement, values))
        spelt = self._spelt_for(connection.dialect)
        cursor = self._run(connection, spelt, values)
        try:
            return [spelt.converted(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any | None:
        """Run it and return the first row, or None."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def count(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it and return how many rows it changed."""
        if connection.engine.dispatch.before_cursor_execute:
            return connection.execute(self._statement, values).rowcount
        cursor = self._run(connection, self._spelt_for(connection.dialect), values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _run(self, connection: Connection, spelt: _Spelt, values: Mapping[str, Any]) -> Any:
        dialect, bound = connection.dialect, spelt.bound(values)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(spelt.text, bound)
        except dialect.loaded_dbapi.Error as fault:
            lost = dialect.is_disconnect(fault, cast(Any, connection.connection), cursor)
            cursor.close()
            if lost:
                connection.invalidate(fault)
            # As SQLAlchemy itself tells a driver's fault, whose class says what kind it is.
            told = DBAPIError.instance(
                spelt.text,
                bound,
                fault,
                dialect.loaded_dbapi.Error,
                connection_invalidated=lost,
                dialect=dialect,
            )
            raise told from fault
        return cursor

    def _spelt_for(self, dialect: Dialect) -> _Spelt:
        found = self._spelt.get(dialect.name)
        if found is None:
            found = self._spelt[dialect.name] = _spell(self._statement, dialect, self._columns)
        return found


def _spell(statement: Any, dialect: Dialect, columns: Sequence[str] | None) -> _Spelt:
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect, column_keys=columns))
    bound = {name: parameter for parameter, name in compiled.bind_names.items()}
    binders = {
        name: parameter.type.dialect_impl(dialect).bind_processor(dialect)
        for name, parameter in bound.items()
    }
    fixed = {name: value for name, value in compiled.params.items() if not bound[name].required}
    returned = statement.exported_columns if getattr(statement, "exported_columns", None) is not None else ()
    converters = tuple(
        (at, convert)
        for at, column in enumerate(returned)
        if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
    )
    names = compiled.positiontup if compiled.positional else bound
    parameters = tuple((name, binders[name]) for name in names or ())
    return _Spelt(str(compiled), parameters, fixed, bool(compiled.positional), converters)
