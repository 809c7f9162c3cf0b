"""What is in the measured database, as a pure function of its size: nothing drawn, so every run measures the same."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.link import REFERENCE_ALPHABET
from gateway.policy import digest

ARTICLES = 200
# Gifts lie on the first articles only, so that an issue on one of the others always makes a new gift.
ARTICLES_GIVEN = 100
# So many that nobody gives faster than the bulk rules let a person give, however few the gifts are.
ACCOUNTS_AT_LEAST = 5_000
GIFTS_EACH = 20
FIRST_DAY = datetime(2025, 1, 1, 6, tzinfo=UTC)
LAST_DAY = datetime(2099, 12, 31, tzinfo=UTC)
PARAGRAPH = (
    "The harbour office keeps its figures in ink, and the ink keeps them longer than the harbour does. Twice a "
    "day somebody walks to the end of the mole, reads the water off a board that was painted before the war, and "
    "writes down what he saw; and twice a day the figure is a little off from what the tables had promised him. "
)
PARAGRAPHS = 12
LAST_WORDS = "and that was the end of the matter."

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """One table's rows, and which columns they give, divided by spaces; the others keep their defaults."""

    table: str
    columns: str
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class World:
    """A publisher with this many gifts; `key_id` names the key that signed them.

    Gift, claim and reader share a number, from 1: reader 7 took gift 7 up and was served its article.
    """

    gifts: int
    key_id: str

    @property
    def accounts(self) -> int:
        """How many subscribers there are."""
        return max(ACCOUNTS_AT_LEAST, self.gifts // GIFTS_EACH)

    def account_of(self, gift: int) -> int:
        """Name a gift's giver."""
        return (gift - 1) % self.accounts + 1

    def article_of(self, gift: int) -> int:
        """Name a gift's article: each of a giver's gifts is of another one."""
        return (gift // self.accounts + self.account_of(gift)) % ARTICLES_GIVEN + 1

    def untouched(self, number: int) -> tuple[int, int]:
        """Name an account and an article that account has not given; each number up to 100 × accounts is its own."""
        return number * 7919 % self.accounts + 1, ARTICLES_GIVEN + number // self.accounts % 100 + 1


def slug(article: int) -> str:
    """Name an article; all names are equally long, so that all pages are."""
    return f"a-day-at-the-harbour-{article:04}"


def capability(gift: int) -> bytes:
    """Spell a gift's 16 bytes."""
    return _bytes("gift", gift)[:16]


def reference(gift: int) -> str:
    """Spell a gift's public reference; the factor is odd, so no two gifts share one."""
    number = gift * 0x9E3779B97F % 2**40
    return "".join(REFERENCE_ALPHABET[number >> shift & 31] for shift in range(35, -5, -5))


def device(reader: int) -> str:
    """Spell the secret in a reader's device cookie."""
    return _text(_bytes("device", reader)[:16])


def session(account: int) -> str:
    """Spell the secret in a subscriber's session cookie."""
    return _text(_bytes("session", account))


def tables(world: World, policy: str, instant: Callable[[datetime], object]) -> Iterator[Filled]:
    """Yield every table that is filled; `instant` spells an instant as the database takes it."""
    yield Filled(
        "policy_version",
        "version name text digest takes_effect_at proposed_at proposed_by",
        _policy(policy, instant),
    )
    yield Filled("account", "id email name role plan created_at", _accounts(world, instant))
    yield Filled("session", "id digest account_id created_at expires_at agent", _sessions(world, instant))
    yield Filled(
        "article",
        "id source source_id source_version digest slug language section headline standfirst byline body_html "
        "first_paragraph characters published_at imported_at giftable copyright_holder copyright_notice",
        _articles(instant),
    )
    yield Filled(
        "gift",
        "id capability reference key_id account_id article_id issued_at expires_at served_at readers "
        "unconfirmed_bound unconfirmed policy_version period giver_shown",
        _gifts(world, instant),
    )
    yield Filled("claim", "id gift_id article_id device claimed_at served_at", _claims(world, instant))
    yield Filled(
        "entry", "id at actor event subject outcome visitor request_id detail", _entries(world, instant)
    )


def _policy(text: str, instant: Callable[[datetime], object]) -> Iterator[Row]:
    at = instant(FIRST_DAY)
    yield 1, "bench.toml", text, digest(text), at, at, "operator"


def _accounts(world: World, instant: Callable[[datetime], object]) -> Iterator[Row]:
    at = instant(FIRST_DAY)
    for number in range(1, world.accounts + 1):
        yield number, f"{number:07}@example.com", f"Subscriber {number:07}", "subscriber", "premium", at


def _sessions(world: World, instant: Callable[[datetime], object]) -> Iterator[Row]:
    begun, ends = instant(FIRST_DAY), instant(LAST_DAY)
    for number in range(1, world.accounts + 1):
        yield number, _digest(session(number)), number, begun, ends, "a browser"


def _articles(instant: Callable[[datetime], object]) -> Iterator[Row]:
    at = instant(FIRST_DAY)
    first = f"<p>{PARAGRAPH}</p>"
    body = f"{first}\n" * PARAGRAPHS + f"<p>And so it went on, {LAST_WORDS}</p>\n"
    for number in range(1, ARTICLES + 1):
        name = f"A day at the harbour, {number:04}"
        says = (
            "en",
            "Life",
            name,
            "What the water says, and who writes it down.",
            "By Ada Reporter",
            body,
            first,
        )
        source = ("markdown", f"harbour-{number:04}", 1, _bytes("article", number), slug(number))
        yield number, *source, *says, len(body), at, at, True, "Example Media", "© Example Media."


def _gifts(world: World, instant: Callable[[datetime], object]) -> Iterator[Row]:
    issued, ends = _hours(instant), _ends(instant)
    for number in range(1, world.gifts + 1):
        names = (number, capability(number), reference(number), world.key_id)
        at = issued[number % len(issued)]
        given = (world.account_of(number), world.article_of(number), at, ends[number % len(ends)], at)
        yield *names, *given, 1_000, 1_000_000, 1, 1, "2025-01", True


def _claims(world: World, instant: Callable[[datetime], object]) -> Iterator[Row]:
    made = _hours(instant)
    for number in range(1, world.gifts + 1):
        at = made[number % len(made)]
        yield number, number, world.article_of(number), _digest(device(number)), at, at


def _entries(world: World, instant: Callable[[datetime], object]) -> Iterator[Row]:
    issued = _hours(instant)
    for number in range(1, world.gifts + 1):
        actor, subject = f"account:{world.account_of(number)}", f"gift:{reference(number)}"
        what = ("gift:issued", subject, "permit", "person", f"{number:016x}", '{"used":1}')
        yield number, issued[number % len(issued)], actor, *what


def _hours(instant: Callable[[datetime], object]) -> list[object]:
    return [instant(FIRST_DAY + timedelta(hours=each)) for each in range(1000)]


def _ends(instant: Callable[[datetime], object]) -> list[object]:
    # Every minute of 90 days, as gifts have that are given day and night: no page may live on their ends being alike.
    return [instant(LAST_DAY - timedelta(minutes=each)) for each in range(90 * 24 * 60)]


def _bytes(what: str, number: int) -> bytes:
    return hashlib.sha256(f"bench.{what}.{number}".encode()).digest()


def _text(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
