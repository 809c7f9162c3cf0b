"""`python -m bench.desk`: how long the desk's pages of figures take over two years of a large paper.

The rollups are filled with what so many entries add up to, drawn by a seed: a tenth are gifts issued, over articles of
which few are shared much and many a little. The pages read rollups alone, so the entries themselves are left out.
"""

import argparse
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient
from sqlalchemy import insert

from bench.filling import POLICY
from bench.proving import empty
from gateway.accounts.signing import SESSION_LIFE
from gateway.app import build_app
from gateway.days import Span
from gateway.doorcounts import totals_of
from gateway.figures import Figure, Row, Split, first_of_month
from gateway.keeping.setup import adopt_policy
from gateway.keys import digest, open_key_ring
from gateway.models import article
from gateway.runtime import Runtime, utc_now
from gateway.settings import Settings
from gateway.store import accounts, rollups, schema
from gateway.store.engine import open_database
from gateway.store.usage import add_usage
from gateway.usage import Metric

ENTRIES = {"sqlite": 1_000_000, "postgresql": 10_000_000}
DAYS, ARTICLES, GIVERS, SECTIONS = 730, 5_000, 40_000, 12
# What of a hundred entries is what; the rest are events that are no figure.
PARTS = {Figure.ISSUED: 10, Figure.CLAIMED: 30, Figure.CONFIRMED: 20, Figure.CLICKED: 1, Figure.REFUSED: 8}
WANTED_MS = 300
SEED = 7


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill, measure each page, and print its median and 95th percentile."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("--entries", type=int, help="how many (default: 10,000,000, on SQLite a tenth)")
    parser.add_argument("--requests", type=int, default=40, help="of each page (default: 40)")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="only this one")
    asked = parser.parse_args(arguments)
    for kind in asked.database or ("sqlite", "postgresql"):
        with TemporaryDirectory(prefix="gateway-bench-") as place, empty(kind, Path(place)) as address:
            _measure(kind, address, Path(place), asked.entries or ENTRIES[kind], asked.requests)
    return 0


def _measure(kind: str, address: str, place: Path, entries: int, requests: int) -> None:
    database = open_database(address)
    schema.upgrade(database)
    runtime = Runtime(database, open_key_ring(place / "keys.json"), "http://127.0.0.1:8000")
    adopt_policy(runtime, POLICY)
    today = utc_now().date()
    rows = _fill(runtime, entries, today)
    print(f"{kind}: {entries:,} entries are {rows:,} rows", flush=True)
    client = _admin(runtime, place)
    for path in _pages(today):
        spent = []
        for _ in range(requests):
            begun = time.perf_counter()
            answer = client.get(path, base_url="http://127.0.0.1:8000")
            spent.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
        spent.sort()
        late = spent[int(len(spent) * 0.95) - 1]
        print(
            f"  {path:<58} {spent[len(spent) // 2]:6.0f} ms, p95 {late:6.0f} ms (wanted {WANTED_MS})",
            flush=True,
        )
    runtime.close()


def _pages(today: date) -> Iterator[str]:
    since = today - timedelta(days=700)
    yield "/admin"
    yield "/admin?period=last_month"
    yield "/admin?period=year"
    yield "/admin?period=year&rank=confirmed"
    yield f"/admin?since={since}&until={today - timedelta(days=5)}"
    yield "/admin/usage"
    yield f"/admin/usage?since={today - timedelta(days=690):%Y-%m}&until={today:%Y-%m}"
    yield f"/admin/report/{first_of_month(today) - timedelta(days=1):%Y-%m}"


def _fill(runtime: Runtime, entries: int, today: date) -> int:
    drawn = random.Random(SEED)  # The same paper each time.
    names = [str(number) for number in range(1, ARTICLES + 1)]
    weights = list(accumulate(1 / number for number in range(1, ARTICLES + 1)))
    with runtime.database.transaction() as connection:
        connection.execute(insert(article), [_article(number, today) for number in range(1, ARTICLES + 1)])
    months: Counter[Row] = Counter()
    used: Counter[tuple[str, str, int]] = Counter()
    rows = 0
    for day in Span(today - timedelta(days=DAYS - 1), today).each_day():
        counts: Counter[Row] = Counter()
        for figure, part in PARTS.items():
            found = Counter(drawn.choices(names, cum_weights=weights, k=entries * part // 100 // DAYS))
            for name, number in found.items():
                _add(counts, months, Row(Split.ARTICLE, figure, day, name), number, drawn)
                if figure is Figure.CONFIRMED:
                    for metric in Metric:
                        used[f"{day:%Y-%m}", metric.value, int(name)] += number
        with runtime.database.transaction() as connection:
            rollups.add_counts(connection, counts)
        rows += len(counts)
    with runtime.database.transaction() as connection:
        rollups.add_counts(connection, months)
        add_usage(connection, used)
        rollups.add_counts(connection, totals_of(used))
    if runtime.database.dialect == "postgresql":
        with runtime.database.reading() as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)")
    return rows + len(months)


def _add(counts: Counter[Row], months: Counter[Row], row: Row, number: int, drawn: random.Random) -> None:
    """Count what a figure of one article and day adds to, as `figures.rows_of` would."""
    section = f"Section {int(row.name) % SECTIONS}"
    plan = drawn.choice(("standard", "premium"))
    counts[row] += number
    counts[Row(Split.WHOLE, row.figure, row.day, "")] += number
    counts[Row(Split.PLAN, row.figure, row.day, plan)] += number
    counts[Row(Split.SECTION, row.figure, row.day, section)] += number
    if row.figure == Figure.REFUSED:
        counts[Row(Split.REASON, row.figure, row.day, drawn.choice(("quota:spent", "gift:read_up")))] += (
            number
        )
    month = first_of_month(row.day)
    months[Row(Split.ARTICLE_MONTH, row.figure, month, row.name)] += number
    months[Row(Split.GIVER_MONTH, row.figure, month, str(drawn.randint(1, GIVERS)))] += number


def _article(number: int, today: date) -> dict[str, object]:
    words = ("source", "language", "standfirst", "byline", "body_html", "first_paragraph")
    about = {"source_version": 1, "digest": b"", "characters": 9, "imported_at": utc_now(), "giftable": True}
    named = {
        "source_id": str(number),
        "slug": f"article-{number}",
        "headline": f"Article {number} of {today.year}",
    }
    rights = {"copyright_holder": "", "copyright_notice": "", "section": f"Section {number % SECTIONS}"}
    return {**dict.fromkeys(words, ""), "id": number, **about, **named, **rights}


def _admin(runtime: Runtime, place: Path) -> FlaskClient:
    """Sign an admin in by a session's row."""
    secret, now = secrets.token_urlsafe(32), utc_now()
    with runtime.database.transaction() as connection:
        who = accounts.add_account(
            connection, email="a@example.com", name="Ada", role="admin", created_at=now
        )
        accounts.add_session(
            connection,
            digest=digest(secret.encode()),
            account_id=who,
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    client = build_app(runtime, Settings(var=place / "var")).test_client()
    client.set_cookie("sign_in", secret, domain="127.0.0.1")
    return client


if __name__ == "__main__":
    raise SystemExit(main())
