"""First start: the tables, and the policy file as version 1."""

from pathlib import Path

from gateway.ledger import OPERATOR, Entry, Event
from gateway.policy import digest, parse
from gateway.policyfile import text_of
from gateway.resources import folder
from gateway.runtime import Runtime
from gateway.settings import Settings
from gateway.store import policies, schema
from gateway.store.entries import append_entry


def set_up(runtime: Runtime, settings: Settings) -> str:
    """Bring the tables to the newest step and adopt the policy file where no policy is in force yet.

    Returns a line about a policy file that differs from the version in force, which stays in force, or an
    empty text. Raises PolicyError for a file that cannot be used and SchemaError for a foreign database.
    """
    path = policy_file(settings)
    text = text_of(path)
    parse(text, name=str(path))
    schema.upgrade(runtime.database)
    return adopt_policy(runtime, path, text)


def adopt_policy(runtime: Runtime, path: Path, text: str) -> str:
    """Make a policy version 1 where there is none; else say in a line whether it differs from the one in force."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        versions = policies.list_versions(connection)
        if not versions:
            policies.add_version(
                connection,
                name=path.name,
                text=text,
                digest=digest(text),
                takes_effect_at=now,
                proposed_at=now,
                proposed_by=OPERATOR.name,
            )
            about = {"name": path.name, "digest": digest(text)}
            append_entry(connection, Entry(now, OPERATOR, Event.POLICY_ADOPTED, "policy:1", detail=about))
            runtime.policies.forget()
            return ""
        number = policies.find_version_in_force(connection, now)
    current = next(version for version in versions if version.version == number)
    if current.digest == digest(text):
        return ""
    return (
        f"{path} differs from policy version {number} ({current.name}), which stays in force; "
        f"`gateway policy propose {path} --at now` makes it the next version"
    )


def policy_file(settings: Settings) -> Path:
    """Return the policy file of first start."""
    return settings.policy or folder("policies") / "ft.toml"
