"""The first start: the tables, and the policy file as version 1; later the file is only compared."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from gateway.ledger import OPERATOR, Entry, Event
from gateway.policy import digest, parse
from gateway.policyfile import text_of
from gateway.resources import folder
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.store import policies, schema
from gateway.store.entries import append_entry

FIRST_POLICY = "ft.toml"


@dataclass(frozen=True, slots=True)
class Adoption:
    """The policy in force after a start; `remark` is one line for the operator, or empty."""

    version: int
    adopted: bool
    remark: str


def set_up(runtime: Runtime, settings: Settings) -> str:
    """Bring the tables to the newest step and adopt the policy file where there is no policy yet.

    Returns a line for the operator, or an empty text. Raises PolicyError for a file that cannot be used, before
    anything is changed, and SchemaError for a database that is not ours.
    """
    path = policy_file(settings)
    parse(text_of(path), name=str(path))
    schema.upgrade(runtime.database)
    return adopt_policy(runtime, path).remark


def policy_file(settings: Settings) -> Path:
    """Return the policy file of first start."""
    return settings.policy or folder("policies") / FIRST_POLICY


def adopt_policy(runtime: Runtime, path: Path) -> Adoption:
    """Make the policy file version 1 where there is none; raises PolicyError for a file that cannot be used.

    Where there is a version the file changes nothing. One that differs is named, so that nobody believes in it.
    """
    text = text_of(path)
    parse(text, name=str(path))
    now = runtime.clock()
    try:
        with runtime.database.transaction() as connection:
            if not policies.list_versions(connection):
                return _adopt(runtime, connection, path, text, now)
    except IntegrityError:
        pass  # Another process started for the first time too, and was first.
    return _compare(runtime, path, text, now)


def _adopt(runtime: Runtime, connection: Connection, path: Path, text: str, now: datetime) -> Adoption:
    number = policies.add_version(
        connection,
        first=True,
        name=path.name,
        text=text,
        digest=digest(text),
        takes_effect_at=now,
        proposed_at=now,
        proposed_by=OPERATOR.name,
    )
    about = {"name": path.name, "digest": digest(text)}
    append_entry(connection, Entry(now, OPERATOR, Event.POLICY_ADOPTED, f"policy:{number}", detail=about))
    runtime.policies.forget()
    return Adoption(number, adopted=True, remark=f"policy version {number} is adopted from {path}")


def _compare(runtime: Runtime, path: Path, text: str, now: datetime) -> Adoption:
    with runtime.database.reading() as connection:
        versions = {version.version: version for version in policies.list_versions(connection)}
        number = policies.find_version_in_force(connection, now) or 0
    if number and versions[number].digest == digest(text):
        return Adoption(number, adopted=False, remark="")
    coming = (each for each in versions.values() if each.takes_effect_at > now and each.withdrawn_at is None)
    if any(version.digest == digest(text) for version in coming):
        return Adoption(number, adopted=False, remark="")
    named = f"policy version {number} ({versions[number].name})" if number else "any policy in force"
    told = (
        f"{path} differs from {named} and is not applied; `gateway policy propose {path} --at now` applies it"
    )
    return Adoption(number, adopted=False, remark=told)
