"""What the jobs and the operator ask of the tables: what has run out, who still needs a key, what was revoked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, or_, select

from gateway.models import account, api_token, article, claim, gift, limit_hit, session

ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Revocation:
    """One gift that was revoked, in what a restore needs to revoke it again."""

    reference: str
    revoked_at: datetime
    because: str
    credit_returned_at: datetime | None


def list_gifts_with_unserved_claims(connection: Connection, before: datetime, *, limit: int) -> list[int]:
    """List gifts that hold places for claims made before an instant whose text was never fetched."""
    unserved = select(claim.c.gift_id).where(
        claim.c.served_at.is_(None),
        claim.c.confirmed_at.is_(None),
        claim.c.lapsed_at.is_(None),
        claim.c.claimed_at <= before,
    )
    return list(connection.execute(unserved.distinct().limit(limit)).scalars())


def list_ended_articles(connection: Connection, since: datetime, now: datetime, *, limit: int) -> list[int]:
    """List articles whose end came after `since` and by `now`, with a gift of that time that nobody was served."""
    ends = or_(*(and_(end > since, end <= now) for end in (article.c.expires_at, article.c.withdrawn_at)))
    unserved = (
        select(1)
        .where(
            gift.c.article_id == article.c.id,
            gift.c.issued_at >= since,
            gift.c.served_at.is_(None),
            gift.c.revoked_at.is_(None),
            gift.c.credit_returned_at.is_(None),
            gift.c.expires_at > now,
        )
        .exists()
    )
    return list(connection.execute(select(article.c.id).where(ends, unserved).limit(limit)).scalars())


def drop_sessions(connection: Connection, now: datetime) -> int:
    """Forget sessions that ran out; returns how many."""
    return connection.execute(delete(session).where(session.c.expires_at <= now)).rowcount


def drop_limit_hits(connection: Connection, now: datetime) -> int:
    """Forget what request limits counted in windows that are over; returns how many."""
    return connection.execute(delete(limit_hit).where(limit_hit.c.expires_at <= now)).rowcount


def find_need_of_key(connection: Connection, key_id: str, now: datetime) -> tuple[int, datetime | None]:
    """Count the living gifts a key must still verify, and find when the last of them expires."""
    living = (gift.c.key_id == key_id) & gift.c.revoked_at.is_(None) & (gift.c.expires_at > now)
    row = connection.execute(select(func.count(), func.max(gift.c.expires_at)).where(living)).one()
    return row[0], row[1]


def has_gifts(connection: Connection) -> bool:
    """Tell whether any gift was ever issued."""
    return connection.execute(select(gift.c.id).limit(1)).first() is not None


def list_signing_keys(connection: Connection) -> list[str]:
    """List the id of every key that signed a gift; steps through the index from one to the next."""
    found: list[str] = []
    statement = select(func.min(gift.c.key_id))
    key_id = connection.execute(statement).scalar()
    while key_id is not None:
        found.append(key_id)
        key_id = connection.execute(statement.where(gift.c.key_id > key_id)).scalar()
    return found


def count_accounts_by_plan(connection: Connection) -> dict[str, int]:
    """Count the accounts that have a plan, by its name."""
    statement = (
        select(account.c.plan, func.count()).where(account.c.plan.is_not(None)).group_by(account.c.plan)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def count_living_tokens(connection: Connection) -> int:
    """Count the bearer tokens that nobody revoked."""
    return connection.execute(select(func.count()).where(api_token.c.revoked_at.is_(None))).scalar_one()


def find_last_revocation(connection: Connection) -> tuple[int, datetime | None]:
    """Count every revocation and find the last one's instant: what changes when there is a new one."""
    statement = select(func.count(), func.max(gift.c.revoked_at)).where(gift.c.revoked_at.is_not(None))
    row = connection.execute(statement).one()
    return row[0], row[1]


def each_revocation(connection: Connection) -> Iterator[Revocation]:
    """Yield every revocation, oldest gift first, without holding them all in memory."""
    statement = select(gift.c.reference, gift.c.revoked_at, gift.c.revoked_because, gift.c.credit_returned_at)
    revoked = statement.where(gift.c.revoked_at.is_not(None)).order_by(gift.c.id)
    # The option goes with the statement: given to the connection it would stay there, whoever has it next.
    for row in connection.execute(revoked.execution_options(yield_per=ROWS_AT_ONCE)):
        yield Revocation(*row)
