"""What is counted at the door and written later: cards, machines kept from the text, usage, and going on to subscribe."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from gateway.figures import Figure, Row, Split
from gateway.ledger import Entry
from gateway.store import clicks, rollups, usage
from gateway.store.entries import append_entry
from gateway.usage import Counts, Use, count_uses, keys_of
from gateway.visitor import Visitor

DayOf = Callable[[datetime], date]
# A network's name, the day in UTC, and the subject: what of one counts once.
Click = tuple[bytes, date, str]


def write_views(
    connection: Connection, seen: Mapping[tuple[str, datetime, bool], int], day_of: DayOf
) -> None:
    """Add to the desk's figures what was counted by visitor class, minute, and whether it was a card."""
    counts: Counter[Row] = Counter()
    for (visitor, minute, card), number in seen.items():
        day = day_of(minute)
        if visitor != Visitor.PERSON:
            counts[Row(Split.WHOLE, Figure.WITHHELD, day, "")] += number
            counts[Row(Split.VISITOR, Figure.WITHHELD, day, visitor)] += number
        elif card:
            counts[Row(Split.WHOLE, Figure.CARDS, day, "")] += number
    rollups.add_counts(connection, counts)


def write_uses(connection: Connection, uses: Sequence[Use], day_of: DayOf) -> None:
    """Count acts as COUNTER does, against what was done before; the caller lets one process at a time do so."""
    seen = usage.find_seen(connection, keys_of(uses))
    counts, known = count_uses(uses, seen, lambda at: f"{day_of(at):%Y-%m}")
    usage.add_usage(connection, counts)
    rollups.add_counts(connection, totals_of(counts))
    usage.put_seen(connection, {key: each for key, each in known.items() if seen.get(key) != each})


def totals_of(counts: Counts) -> Counter[Row]:
    """Add usage up over all articles, as a row of the rollups for each month and metric."""
    totals: Counter[Row] = Counter()
    for (month, metric, _), number in counts.items():
        totals[Row(Split.METRIC, Figure.USAGE, date.fromisoformat(f"{month}-01"), metric)] += number
    return totals


def write_clicks(connection: Connection, found: Mapping[Click, Entry]) -> None:
    """Write the entry of each reader who went on to subscribe, unless one of that network did so this day."""
    fresh = [
        line for (who, day, subject), line in found.items() if clicks.add_click(connection, who, day, subject)
    ]
    sections = clicks.find_sections(connection, _articles(fresh))
    for line in fresh:
        kind, _, key = line.subject.partition(":")
        section = sections.get(int(key)) if kind == "article" else None
        append_entry(connection, line if section is None else _with_section(line, section))


def click_of(who: bytes, line: Entry) -> Click:
    """Say of what a click is one."""
    return who, line.at.astimezone(UTC).date(), line.subject


def _articles(lines: Iterable[Entry]) -> list[int]:
    return [int(each.subject[8:]) for each in lines if each.subject.startswith("article:")]


def _with_section(line: Entry, section: str) -> Entry:
    return replace(line, detail={**line.detail, "section": section})
