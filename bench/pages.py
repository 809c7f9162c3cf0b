"""`python -m bench.pages`: how long each page of the desk takes over a year's log, and what verifying and exporting it takes.

The pages are those that the app itself has below the desk's addresses, so a new one is measured without being named
here; the log is asked with every filter. Each is asked for one at a time, over another row each time.
"""

import argparse
import re
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from sqlalchemy import insert, select
from werkzeug.routing import Rule

from bench import sealed_filling, years
from bench import world as worlds
from bench.flows import Site
from bench.keeping import SETTINGS, found, made_by, programs
from bench.load import Client
from bench.server import serving
from bench.years import Years
from gateway.app import build_app
from gateway.checkpoint import public_bytes
from gateway.keeping.proving import export_log, verify_log
from gateway.keys import open_key_ring
from gateway.ledger import OPERATOR
from gateway.models import account, session
from gateway.runtime import Runtime
from gateway.settings import read_settings
from gateway.store.engine import open_database
from tests.postgres import running_postgres

FOLDER = Path("var/bench")
ENTRIES = {"sqlite": 1_000_000, "postgresql": 10_000_000}
WANTED_MS = 300.0
ASKED = 20
ADMIN, SECRET = "desk@example.com", worlds.session(0)

Fill = Callable[[Years, int], str]
# What stands for a variable part of an address, by its name; a page that wants another is told as not measured.
PARTS: Mapping[str, Fill] = {
    "reference": lambda of, number: worlds.reference(_gift(of, number)),
    "account_id": lambda of, number: str(of.world.account_of(_gift(of, number))),
    "article_id": lambda _of, number: str(number % worlds.ARTICLES + 1),
    "number": lambda of, number: worlds.reference(number % max(1, of.world.gifts // 500) + 1),
    "network": lambda _of, number: years.network(number).hex(),
    "name": lambda _of, _number: "office",
}
FILTERS: Mapping[str, Fill] = {
    "": lambda _of, _number: "",
    "event": lambda _of, number: ("gift:issued", "rule:fired", "claim:refused", "policy:proposed")[
        number % 4
    ],
    "actor": lambda of, number: f"account:{of.world.account_of(_gift(of, number))}",
    "actor=reader": lambda of, number: (
        "reader:" + sha256(worlds.device(_gift(of, number)).encode()).hexdigest()[:16]
    ),
    "subject": lambda of, number: f"gift:{worlds.reference(_gift(of, number))}",
    "subject=network": lambda _of, number: f"network:{years.network(number * 14).hex()}",
    "outcome": lambda _of, _number: "deny",
    "reason": lambda _of, number: ("quota:spent", "gift:unconfirmed_full", "gift:frozen")[number % 3],
    "since": lambda of, number: f"{of.at(number * of.entries // ASKED % of.entries):%Y-%m-%d}",
    "until": lambda of, number: f"{of.at(number * of.entries // ASKED % of.entries):%Y-%m-%d}",
    "before": lambda of, number: str(int(of.months[number % len(of.months)].replace("-", "")) * 10**9 + 500),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page: what it is called, and its address for each number."""

    name: str
    path: Callable[[int], str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill what is not filled yet, and print a line for each page."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument(
        "--entries", type=int, help="how many (default: 10 million on PostgreSQL, 1 million on SQLite)"
    )
    parser.add_argument(
        "--asked", type=int, default=ASKED, help=f"how often each page is asked for ({ASKED})"
    )
    parser.add_argument("--prove", action="store_true", help="verify and export the whole log too")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help=f"where filled databases are kept ({FOLDER})"
    )
    asked = parser.parse_args(arguments)
    for kind in asked.database or ("sqlite", "postgresql"):
        folder = (asked.folder / kind).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        keys = open_key_ring(folder.parent / "keys.json")
        of = Years(asked.entries or ENTRIES[kind], keys.signer.newest)
        with filled(kind, of, folder) as (address, place):
            if asked.prove:
                _prove(place, Runtime(open_database(address), keys, "https://bench.example"))
            _add_admin(address)
            with serving(address, keys.path, folder) as (host, port):
                runtime = Runtime(open_database(address), keys, f"http://{host}:{port}")
                pages = _pages(build_app(runtime, read_settings()), of)
                _measure(kind, Site(host, port, of.world, keys), pages, asked.asked)
                runtime.close()
    return 0


@contextmanager
def filled(kind: str, of: Years, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the address of a filled database, and the folder of its checkpoints; it is kept for the next run."""
    name = f"years_{of.entries}_{made_by(years, sealed_filling, key_id=of.key_id)}"
    place = folder / name
    place.mkdir(exist_ok=True)
    with ExitStack() as stack:
        if kind == "sqlite":
            kept = folder / f"{name}.db"
            if not kept.exists():
                begun = kept.with_suffix(".begun")
                begun.unlink(missing_ok=True)
                _fill(f"sqlite:///{begun}", of, place)
                begun.rename(kept)
            yield f"sqlite:///{kept}", place
            return
        server = stack.enter_context(running_postgres(programs(), data=folder / "data", settings=SETTINGS))
        if name not in found(server):
            server.drop("begun")
            _fill(server.create("begun"), of, place)
            server.run("ALTER DATABASE {} RENAME TO {}", "begun", name)
        yield server.url(name), place


def _fill(address: str, of: Years, place: Path) -> None:
    print(f"Filling {address.partition(':')[0]} with {of.entries:,} entries …", flush=True)
    began = time.perf_counter()
    sealed_filling.fill(address, of, *sealed_filling.places(place))
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)


def _prove(place: Path, runtime: Runtime) -> None:
    keys, shelf = sealed_filling.places(place)
    public = [public_bytes(key) for key in keys.private_keys()]
    began = time.perf_counter()
    report = verify_log(runtime, shelf, public)
    print(
        f"verified {report.entries:,} in {time.perf_counter() - began:.0f} s: {report.told or 'all agree'}",
        flush=True,
    )
    with TemporaryDirectory(dir=place) as there:
        began = time.perf_counter()
        export_log(runtime, OPERATOR, shelf, Path(there) / "log.zip", personal=True)
        print(f"exported in {time.perf_counter() - began:.0f} s", flush=True)
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", flush=True)
    runtime.close()


def _add_admin(address: str) -> None:
    database = open_database(address)
    with database.transaction() as connection:
        if connection.execute(select(account.c.id).where(account.c.email == ADMIN)).first() is None:
            person = {"email": ADMIN, "name": "Desk", "role": "admin", "created_at": worlds.FIRST_DAY}
            number = connection.execute(insert(account).returning(account.c.id), person).scalar_one()
            values = {"digest": sha256(SECRET.encode()).digest(), "account_id": number}
            values |= {"created_at": worlds.FIRST_DAY, "expires_at": worlds.LAST_DAY, "agent": "a browser"}
            connection.execute(insert(session), values)
    database.close()


def _measure(kind: str, site: Site, found_pages: tuple[list[Page], list[str]], asked: int) -> None:
    print(f"{'page':44} {'database':11} {'median':>9} {'p95':>9} {'want':>7}")
    pages, left = found_pages
    cookie = f"sign_in={SECRET}"
    with Client(site.host, site.port, connections=1) as client:
        for page in pages:
            taken, statuses = [], set()
            for number in range(asked + 1):
                answers = client.send([site.request(page.path(number), cookie)])
                taken.append(answers.seconds * 1000)
                statuses |= set(answers.statuses)
            # The first answer of a page draws it, and reads what was never asked for into memory.
            p95 = statistics.quantiles(taken[1:], n=20, method="inclusive")[-1]
            verdict = "" if p95 <= WANTED_MS else "  too slow"
            verdict += "" if statuses == {200} else f"  answered {sorted(statuses)}"
            middle = statistics.median(taken[1:])
            print(
                f"{page.name:44} {kind:11} {middle:6.0f} ms {p95:6.0f} ms {WANTED_MS:4.0f} ms{verdict}",
                flush=True,
            )
    for rule in left:
        print(f"not measured: {rule}")


def _pages(app: Flask, of: Years) -> tuple[list[Page], list[str]]:
    """List the desk's pages as the app has them, and those whose address wants what is not known here."""
    pages, left = [], []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin") or "GET" not in (rule.methods or ()):
            continue
        if rule.arguments - set(PARTS):
            left.append(rule.rule)
            continue
        pages.append(Page(rule.rule, _path(rule, of)))
    for name, fill in FILTERS.items():
        if name:
            pages.append(Page(f"/admin/log?{name}", _filtered(name.partition("=")[0], fill, of)))
    return sorted(pages, key=lambda page: page.name), left


def _path(rule: Rule, of: Years) -> Callable[[int], str]:
    def path(number: int) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: PARTS[part[1]](of, number), rule.rule)

    return path


def _filtered(key: str, fill: Fill, of: Years) -> Callable[[int], str]:
    return lambda number: f"/admin/log?{key}={fill(of, number)}"


def _gift(of: Years, number: int) -> int:
    return number * 104_729 % of.world.gifts + 1


if __name__ == "__main__":
    raise SystemExit(main())
