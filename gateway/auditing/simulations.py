"""Replays that take longer than a page may: asked for by an admin, done beside the server, looked at and stopped here."""

from dataclasses import dataclass

from gateway.auditing.acts import Act, refuse, refuse_within
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.policy import digest, parse
from gateway.policyfile import PolicyError, is_too_long
from gateway.runtime import Runtime
from gateway.simulating import kept
from gateway.simulating.comparing import Simulation
from gateway.store import leases, policies, simulations
from gateway.store.accounts import Account
from gateway.store.entries import append_entry
from gateway.store.simulations import STOPPED, Asked

__all__ = ["Asked", "Shown", "Wanted", "ask", "latest", "show", "stop"]

LISTED = 10
# Each holds a policy's text; their entries stay in the log.
KEPT = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy's text, and over how many of the last days it is to be replayed."""

    name: str
    text: str
    days: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A replay that was asked for, with what it came to once it is done.

    `served` tells whether a process does the jobs at present, without which nothing is begun.
    """

    asked: Asked
    found: Simulation | None
    served: bool


def ask(runtime: Runtime, actor: Actor, admin: Account, wanted: Wanted) -> int | Deny:
    """Ask for a replay; returns its number. Raises PolicyError for a text that is no policy.

    One is done at a time; the refusal of another names the one that is open, as `simulation`.
    """
    act = Act(Event.SIMULATION_ASKED)
    refusal = _not_an_admin(runtime, actor, admin, act)
    if refusal is not None:
        return refusal
    if is_too_long(wanted.text):
        return refuse(runtime, actor, act, Deny(Reason.POLICY_TOO_LARGE))
    try:
        parse(wanted.text, name=wanted.name)
    except PolicyError:
        refuse(runtime, actor, act, Deny(Reason.POLICY_INVALID))
        raise
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        policies.take_turn(connection)
        under_way = simulations.find_open(connection)
        if under_way is not None:
            refusal = Deny(Reason.SIMULATION_OPEN, detail={"simulation": under_way.id})
            return refuse_within(connection, actor, act, refusal, now)
        about: dict[str, str | int] = {"digest": digest(wanted.text), "days": wanted.days}
        number = simulations.add_simulation(
            connection, name=wanted.name, text=wanted.text, asked_at=now, asked_by=actor.name, **about
        )
        simulations.drop_simulations(connection, kept=KEPT)
        append_entry(
            connection, Entry(now, actor, Event.SIMULATION_ASKED, f"simulation:{number}", detail=about)
        )
    return number


def stop(runtime: Runtime, actor: Actor, admin: Account, number: int) -> Decision:
    """Stop a replay that waits or is under way; whoever does it notices within seconds."""
    act = Act(Event.SIMULATION_ENDED, f"simulation:{number}")
    refusal = _not_an_admin(runtime, actor, admin, act)
    if refusal is not None:
        return refusal
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        found = simulations.find_simulation(connection, number)
        if found is None:
            return refuse_within(connection, actor, act, Deny(Reason.SIMULATION_UNKNOWN), now)
        if not simulations.end_simulation(connection, number, STOPPED, now):
            return refuse_within(connection, actor, act, Deny(Reason.SIMULATION_ENDED), now)
        about: dict[str, str | int] = {"digest": found.digest, "days": found.days, "state": STOPPED}
        append_entry(connection, Entry(now, actor, Event.SIMULATION_ENDED, act.subject, detail=about))
    return Permit()


def show(runtime: Runtime, number: int) -> Shown | Deny:
    """Show one replay that was asked for."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        found = simulations.find_simulation(connection, number)
        if found is None:
            return Deny(Reason.SIMULATION_UNKNOWN)
        served = leases.find_holder(connection, leases.JOBS, now) is not None
    return Shown(found, kept.read(found.result) if found.result else None, served)


def latest(runtime: Runtime, *, of: str = "") -> list[Asked]:
    """List the latest replays, newest first; `of` is the digest of one policy's text."""
    with runtime.database.reading() as connection:
        return simulations.list_simulations(connection, digest=of, limit=LISTED)


def _not_an_admin(runtime: Runtime, actor: Actor, admin: Account, act: Act) -> Deny | None:
    if admin.role == "admin":
        return None
    return refuse(runtime, actor, act, Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": admin.role}))
