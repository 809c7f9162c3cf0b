"""Policy versions and restorations: what is in force in every worker."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from gateway.models import policy_version, restoration
from gateway.store.prepared import Prepared


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of the policy, from its instant on; one that was withdrawn before never applies."""

    version: int
    name: str
    text: str
    digest: str
    takes_effect_at: datetime
    proposed_at: datetime
    proposed_by: str
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """One restore from a backup; links stay shut until `confirmed_at`."""

    id: int
    restored_at: datetime
    backup_made_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str | None


_VERSION = [policy_version.c[field.name] for field in fields(PolicyVersion)]
_RESTORATION = [restoration.c[field.name] for field in fields(Restoration)]
_IN_FORCE = Prepared(
    select(policy_version.c.version)
    .where(policy_version.c.takes_effect_at <= bindparam("now"), policy_version.c.withdrawn_at.is_(None))
    .order_by(policy_version.c.takes_effect_at.desc(), policy_version.c.version.desc())
    .limit(1)
)


def latest_at(versions: Iterable[PolicyVersion], at: datetime) -> PolicyVersion | None:
    """Find the version that applies at an instant, of those there are by now."""
    begun = [each for each in versions if each.takes_effect_at <= at and each.withdrawn_at is None]
    return max(begun, key=lambda each: (each.takes_effect_at, each.version), default=None)


def find_version_in_force(connection: Connection, now: datetime) -> int | None:
    """Find the number of the version in force at an instant."""
    row = _IN_FORCE.first(connection, {"now": now})
    return None if row is None else int(row[0])


def list_versions(connection: Connection) -> list[PolicyVersion]:
    """List every version, oldest first, withdrawn ones too."""
    rows = connection.execute(select(*_VERSION).order_by(policy_version.c.version))
    return [PolicyVersion(*row) for row in rows]


def take_turn(connection: Connection) -> None:
    """Let nobody else add or withdraw a version until the transaction ends: all hold the first one's row before.

    What is read afterwards is as it is then, so two approvals at once cannot both build on one version.
    """
    first = select(func.min(policy_version.c.version)).scalar_subquery()
    connection.execute(
        select(policy_version.c.version).where(policy_version.c.version == first).with_for_update()
    )


def add_version(connection: Connection, *, first: bool = False, **values: object) -> int:
    """Add the next version; returns its number. The `first` is an IntegrityError where there is one by now."""
    following = select(func.coalesce(func.max(policy_version.c.version), 0) + 1).scalar_subquery()
    number = 1 if first else following
    statement = insert(policy_version).values(version=number, **values).returning(policy_version.c.version)
    return int(connection.execute(statement).scalar_one())


def withdraw_version(connection: Connection, version: int, now: datetime, *, before: datetime) -> bool:
    """Withdraw a version that applies from `before` on or later; False where it is too late, or was done already."""
    waiting = and_(
        policy_version.c.version == version,
        policy_version.c.takes_effect_at >= before,
        policy_version.c.withdrawn_at.is_(None),
    )
    return connection.execute(update(policy_version).where(waiting).values(withdrawn_at=now)).rowcount > 0


def find_open_restoration(connection: Connection) -> Restoration | None:
    """Find a restore that no admin has confirmed yet."""
    statement = select(*_RESTORATION).where(restoration.c.confirmed_at.is_(None))
    row = connection.execute(statement.order_by(restoration.c.id.desc()).limit(1)).first()
    return None if row is None else Restoration(*row)


def add_restoration(connection: Connection, *, restored_at: datetime, backup_made_at: datetime) -> None:
    """Note a restore, which shuts every link until it is confirmed."""
    connection.execute(insert(restoration), {"restored_at": restored_at, "backup_made_at": backup_made_at})


def confirm_restorations(connection: Connection, now: datetime, by: str) -> int:
    """Confirm every restore that waits for it; returns how many did."""
    waiting = update(restoration).where(restoration.c.confirmed_at.is_(None))
    return connection.execute(waiting.values(confirmed_at=now, confirmed_by=by)).rowcount
