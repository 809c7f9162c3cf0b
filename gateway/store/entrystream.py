"""The log's rows in a stream: those that a filter finds, oldest first, with what stands beside them, in flat memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.ledger import SealedEntry, known_as
from gateway.models import entry, entry_person, leaf, repeat
from gateway.store.entryfilter import EntryFilter, narrowed

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class StreamedEntry:
    """An entry as it is sealed; who it names, as far as that is known; its leaf, None until it is sealed; its repeats."""

    entry: SealedEntry
    actor: str
    subject: str
    leaf: int | None
    repeats: int


_ENTRY = [entry.c[name] for name in SealedEntry.__slots__]


def each_entry(connection: Connection, wanted: EntryFilter) -> Iterator[StreamedEntry]:
    """Yield the entries that a filter finds, within a transaction of the caller's."""
    # The option goes with the statement: given to the connection it would stay there, whoever has it next.
    statement = select(*_ENTRY).where(*narrowed(wanted)).order_by(entry.c.id)
    with connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)) as streamed:
        for rows in streamed.partitions():
            yield from _with_beside(connection, [SealedEntry(*row) for row in rows])


def _with_beside(connection: Connection, found: Sequence[SealedEntry]) -> Iterator[StreamedEntry]:
    ids = [each.id for each in found]
    leaves = _pairs(connection, select(leaf.c.entry_id, leaf.c.position).where(leaf.c.entry_id.in_(ids)))
    repeats = _pairs(connection, select(repeat.c.entry_id, repeat.c.count).where(repeat.c.entry_id.in_(ids)))
    names = select(entry_person.c.entry_id, entry_person.c.field, entry_person.c.value)
    known = {
        (row[0], row[1]): row[2] for row in connection.execute(names.where(entry_person.c.entry_id.in_(ids)))
    }
    for each in found:
        yield StreamedEntry(
            each,
            known_as(each.actor, known.get((each.id, "device"))),
            known_as(each.subject, known.get((each.id, "subject"))),
            leaves.get(each.id),
            repeats.get(each.id, 0),
        )


def _pairs(connection: Connection, statement: object) -> dict[int, int]:
    return {row[0]: row[1] for row in connection.execute(statement)}  # type: ignore[call-overload]
