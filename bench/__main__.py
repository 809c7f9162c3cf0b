"""`python -m bench`: measure the gateway against a bare Flask route under the same server, and print the ratios."""

import argparse
import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from bench.flows import FLOWS, Flow, Site
from bench.keeping import databases
from bench.measuring import Course, WrongAnswerError, measure
from bench.server import THREADS, WORKERS, serving
from bench.table import SLOWER_AT_MOST, Row, head
from bench.world import World
from gateway.keys import open_key_ring
from gateway.store.engine import open_database

FOLDER = Path("var/bench")
GIFTS = (1_000, 1_000_000)
QUICK_SHARE = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; returns 0 even where a target is missed, for a figure is no failure."""
    asked = _parser().parse_args(arguments)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, gunicorn with {WORKERS} workers × {THREADS} threads"
    )
    print(head(), flush=True)
    for kind in asked.database or ("sqlite", "postgresql"):
        _measure_on(kind, asked)
    return 0


def _measure_on(kind: str, asked: argparse.Namespace) -> None:
    folder: Path = asked.folder.resolve() / kind
    folder.mkdir(parents=True, exist_ok=True)
    keys = open_key_ring(folder.parent / "keys.json")
    worlds = [World(gifts, keys.signer.newest) for gifts in sorted(asked.gifts or GIFTS)]
    with ExitStack() as stack:
        addresses = stack.enter_context(databases(kind, worlds, folder))
        sites = []
        for world, address in addresses.items():
            host, port = stack.enter_context(serving(address, keys.path, folder))
            sites.append(Site(host, port, world, keys))
        for flow in FLOWS:
            if asked.flow and flow.name not in asked.flow:
                continue
            pairs, share = (1, QUICK_SHARE) if asked.quick else (asked.pairs, 1.0)
            courses = measure(flow, sites, folder, pairs=pairs, share=share)
            for course in courses:
                _check_log(flow, course, addresses[course.site.world])
            for row in _rows(flow, kind, courses):
                print(row.line(), flush=True)


def _rows(flow: Flow, kind: str, courses: Sequence[Course]) -> list[Row]:
    rows = []
    for course in courses:
        each = sorted(course.gateway)[len(course.gateway) // 2] * 1000
        gifts = course.site.world.gifts
        rows.append(Row(flow.name, kind, gifts, each, course.ratio, flow.least[kind]))
        if course is not courses[0]:
            slower = course.slower_than(courses[0])
            rows.append(Row(flow.name, kind, gifts, each, slower, SLOWER_AT_MOST, slower=True))
    return rows


def _check_log(flow: Flow, course: Course, address: str) -> None:
    """Hold what the log has of this flow against what was sent: a fast answer that did nothing is worth nothing."""
    if flow.writes is None:
        return
    query = text("SELECT count(*) FROM entry WHERE id > :before AND event = :event")
    values = {"before": course.site.world.gifts, "event": flow.writes.value}
    database = open_database(address)
    with database.reading() as connection:
        written = connection.execute(query, values).scalar_one()
    database.close()
    if written != course.sent:
        raise WrongAnswerError(f"{flow.name}: {course.sent} requests wrote {written} entries")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one short round of everything, to see that it runs"
    )
    parser.add_argument(
        "--database",
        action="append",
        choices=("sqlite", "postgresql"),
        help="only this one (may be repeated)",
    )
    parser.add_argument("--gifts", action="append", type=int, help="only this many gifts (may be repeated)")
    parser.add_argument(
        "--flow",
        action="append",
        choices=[flow.name for flow in FLOWS],
        help="only this one (may be repeated)",
    )
    parser.add_argument("--pairs", type=int, default=15, help="rounds that are measured (default: 15)")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help=f"where filled databases are kept ({FOLDER})"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
