"""Making and changing accounts: plan, password, suspension."""

from dataclasses import dataclass
from datetime import datetime

from gateway.accounts.passwords import AccountError, hash_password
from gateway.accounts.signing import end_all
from gateway.ledger import GATEWAY, Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import accounts, freezing
from gateway.store.accounts import Account
from gateway.store.entries import append_entry

ROLES = ("subscriber", "admin", "auditor")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What makes an account; a subscriber wants a plan of the policy in force, the others have none."""

    email: str
    name: str
    role: str = "subscriber"
    plan: str | None = None
    password: str = ""


def add_account(runtime: Runtime, actor: Actor, new: NewAccount) -> Account:
    """Add an account; raises AccountError naming what is wrong."""
    now = runtime.clock()
    _check(runtime, new, now)
    hashed = hash_password(new.password)
    with runtime.database.transaction() as connection:
        if accounts.find_account_by_email(connection, new.email) is not None:
            raise AccountError(f"{new.email}: has an account already")
        account_id = accounts.add_account(
            connection,
            email=new.email.strip().lower(),
            name=new.name.strip(),
            role=new.role,
            plan=new.plan,
            password_hash=hashed,
            created_at=now,
        )
        about = {"role": new.role, "plan": new.plan or ""}
        append_entry(
            connection, Entry(now, actor, Event.ACCOUNT_ADDED, f"account:{account_id}", detail=about)
        )
        return _sure(accounts.find_account(connection, account_id))


def change_password(runtime: Runtime, actor: Actor, account_id: int, password: str) -> None:
    """Set a new password and sign the account out everywhere; raises AccountError."""
    now = runtime.clock()
    hashed = hash_password(password)
    with runtime.database.transaction() as connection:
        accounts.change_account(connection, account_id, password_hash=hashed)
        append_entry(connection, Entry(now, actor, Event.ACCOUNT_PASSWORD_CHANGED, f"account:{account_id}"))
        end_all(connection, actor, account_id, now)


def change_plan(runtime: Runtime, actor: Actor, account_id: int, plan: str) -> None:
    """Move a subscriber to another plan at once; what was used this month stays used.

    Raises AccountError for a plan that the policy lacks, and for an account that is no subscriber's.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        current = runtime.policies.in_force_within(connection, now)
        if plan not in current.policy.plans:
            raise AccountError(
                f"plan {plan!r} is not in the policy; it has {', '.join(current.policy.plans)}"
            )
        before = _sure(accounts.take_account(connection, account_id))
        if before.role != "subscriber":
            raise AccountError(f"role {before.role} has no plan; only a subscriber has one")
        accounts.change_account(connection, account_id, plan=plan)
        about = {"from": before.plan or "", "to": plan}
        append_entry(
            connection, Entry(now, actor, Event.ACCOUNT_PLAN_CHANGED, f"account:{account_id}", detail=about)
        )


def suspend(
    runtime: Runtime, actor: Actor, account_id: int, *, because: str, freeze_links: bool
) -> list[str] | None:
    """Stop an account's new gifts; its links go on unless they are frozen too.

    Returns what was frozen, None where all was so already and nothing was changed. A second suspension keeps the instant of the first, by which its links are found again when it ends.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        before = _sure(accounts.take_account(connection, account_id)).suspended_at
        since = before or now
        frozen = []
        if freeze_links:
            frozen = freezing.freeze_suspended_gifts(connection, account_id, now, because, since=since)
        if before is not None and not frozen:
            return None
        accounts.change_account(connection, account_id, suspended_at=since, suspended_because=because)
        about: dict[str, str | int] = {"because": because, "frozen": len(frozen)}
        append_entry(
            connection, Entry(now, actor, Event.ACCOUNT_SUSPENDED, f"account:{account_id}", detail=about)
        )
        for reference in frozen:
            line = Entry(now, actor, Event.GIFT_FROZEN, f"gift:{reference}", detail={"because": because})
            append_entry(connection, line)
        return frozen


def unsuspend(runtime: Runtime, actor: Actor, account_id: int, *, because: str) -> list[str] | None:
    """Let an account give again and thaw the links that were frozen with it; returns these, None where it may give.

    Those that a rule still holds stay frozen, for the rule's reason; what an admin froze apart is not touched.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        found = _sure(accounts.take_account(connection, account_id))
        if found.suspended_at is None:
            return None
        thawed = freezing.thaw_gifts(connection, account_id, found.suspended_at)
        accounts.change_account(connection, account_id, suspended_at=None, suspended_because=None)
        about: dict[str, str | int] = {"because": because, "thawed": len(thawed)}
        append_entry(
            connection, Entry(now, actor, Event.ACCOUNT_UNSUSPENDED, f"account:{account_id}", detail=about)
        )
        for reference in thawed:
            line = Entry(now, actor, Event.GIFT_THAWED, f"gift:{reference}", detail={"because": because})
            append_entry(connection, line)
        ruled = dict(freezing.freeze_as_ruled(connection, account_id, thawed, now))
        for reference, why in ruled.items():
            line = Entry(now, GATEWAY, Event.GIFT_FROZEN, f"gift:{reference}", detail={"because": why})
            append_entry(connection, line)
        return [reference for reference in thawed if reference not in ruled]


def find_by_email(runtime: Runtime, email: str) -> Account | None:
    """Find an account by its address."""
    with runtime.database.reading() as connection:
        return accounts.find_account_by_email(connection, email)


def list_accounts(runtime: Runtime, *, like: str = "", after: int = 0, limit: int = 50) -> list[Account]:
    """List accounts, by a part of their address or name."""
    with runtime.database.reading() as connection:
        return accounts.list_accounts(connection, like=like, after=after, limit=limit)


def _check(runtime: Runtime, new: NewAccount, now: datetime) -> None:
    if (
        new.email.count("@") != 1
        or not 3 <= len(new.email.strip()) <= 254
        or new.email.strip() != "".join(new.email.split())
    ):
        raise AccountError(f"{new.email!r} is no mail address; want name@example.com")
    if not 1 <= len(new.name.strip()) <= 200:
        raise AccountError(f"the name has {len(new.name.strip())} characters; want 1 to 200")
    if new.role not in ROLES:
        raise AccountError(f"role {new.role!r} is unknown; want {', '.join(ROLES)}")
    plans = runtime.policies.in_force(now).policy.plans
    if (new.role == "subscriber") != (new.plan is not None):
        raise AccountError(
            f"role {new.role} with plan {new.plan or 'none'}; a subscriber wants a plan, others none"
        )
    if new.plan is not None and new.plan not in plans:
        raise AccountError(f"plan {new.plan!r} is not in the policy; it has {', '.join(plans)}")


def _sure(found: Account | None) -> Account:
    if found is None:
        raise AccountError("there is no such account")
    return found
