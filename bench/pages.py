"""`python -m bench.pages`: how long each page of the desk takes over a year's log, and what verifying and exporting it takes.

Each page is asked for one at a time, over another row each time. Before anything is measured all are asked for some
times, as a server that has been there for a while was: what its connections know of the tables is read by then.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select

from bench import deskpages, filling, sealed_filling, years, yeartables
from bench import world as worlds
from bench.deskpages import Page
from bench.flows import Site
from bench.keeping import kept, made_by
from bench.load import Client
from bench.server import serving
from bench.years import Years
from gateway.app import build_app
from gateway.checkpoint import public_bytes
from gateway.keeping.proving import export_log, verify_log
from gateway.keys import open_key_ring
from gateway.ledger import OPERATOR
from gateway.models import account, policy_proposal, session
from gateway.policy import digest
from gateway.runtime import Runtime
from gateway.settings import read_settings
from gateway.store.engine import open_database
from gateway.store.proposals import OPEN

FOLDER = Path("var/bench")
ENTRIES = {"sqlite": 1_000_000, "postgresql": 10_000_000}
WANTED_MS = 300.0
ASKED, WARMING = 20, 3
ADMIN, SECRET = "desk@example.com", worlds.session(0)


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
    parser.add_argument("--only", default="", help="only pages whose name, as it is printed, holds this")
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
                pages, left = deskpages.pages(build_app(runtime, read_settings()), of)
                pages = [page for page in pages if asked.only in page.name]
                _measure(kind, Site(host, port, of.world, keys), pages, asked.asked)
                print(f"not measured: {', '.join(left)}")
                runtime.close()
    return 0


@contextmanager
def filled(kind: str, of: Years, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the address of a filled database, and the folder of its checkpoints; it is kept for the next run."""
    name = f"years_{of.entries}_{made_by(years, yeartables, sealed_filling, key_id=of.key_id)}"
    place = folder / name
    with kept(kind, folder, {name: partial(_fill, of, place)}) as addresses:
        yield addresses[name], place


def _fill(of: Years, place: Path, address: str) -> None:
    # What a fill that was broken off published is of a database that is gone.
    rmtree(place, ignore_errors=True)
    place.mkdir()
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
    """Sign an admin in, and lay a policy before them, where that is not done yet."""
    database = open_database(address)
    with database.transaction() as connection:
        if connection.execute(select(account.c.id).where(account.c.email == ADMIN)).first() is None:
            at = {"created_at": worlds.FIRST_DAY}
            person = {"email": ADMIN, "name": "Desk", "role": "admin", **at}
            number = connection.execute(insert(account).returning(account.c.id), person).scalar_one()
            values = {"digest": sha256(SECRET.encode()).digest(), "account_id": number, **at}
            connection.execute(
                insert(session), {**values, "expires_at": worlds.LAST_DAY, "agent": "a browser"}
            )
            text = filling.plentiful_policy().replace("gifts = 1000000", "gifts = 999999")
            proposal: dict[str, object] = {
                "name": "other.toml",
                "text": text,
                "digest": digest(text),
                "because": "fewer gifts",
            }
            proposal |= {"base": 1, "proposed_at": worlds.FIRST_DAY, "proposed_by": "operator"}
            connection.execute(insert(policy_proposal), {**proposal, "state": OPEN})
    database.close()


def _measure(kind: str, site: Site, pages: Sequence[Page], asked: int) -> None:
    print(f"{'page':44} {'database':11} {'median':>9} {'p95':>9} {'want':>7}")
    cookie = f"sign_in={SECRET}"
    with Client(site.host, site.port, connections=1) as client:
        for number in range(WARMING):
            for page in pages:
                client.send([site.request(page.path(asked + number), cookie)])
        for page in pages:
            taken, statuses = [], set()
            for number in range(asked):
                answers = client.send([site.request(page.path(number), cookie)])
                taken.append(answers.seconds * 1000)
                statuses |= set(answers.statuses)
            p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
            verdict = "" if p95 <= WANTED_MS else "  too slow"
            verdict += "" if statuses <= {200, 302} else f"  answered {sorted(statuses)}"
            middle = statistics.median(taken)
            print(
                f"{page.name:44} {kind:11} {middle:6.0f} ms {p95:6.0f} ms {WANTED_MS:4.0f} ms{verdict}",
                flush=True,
            )


if __name__ == "__main__":
    raise SystemExit(main())
