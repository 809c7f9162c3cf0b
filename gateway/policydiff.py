"""How two policies differ, key by key, with each value as the file would say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from gateway.guard import UNTIL_LIFTED, Then
from gateway.passage import WHOLE_ARTICLE
from gateway.policy import UNLIMITED, Policy
from gateway.policyparts import words

# What None stands for in the file, by key.
_WORDS = {"gift.readers": UNLIMITED, "copying.total": WHOLE_ARTICLE}


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that differs; `before` or `after` is None where that policy has no such key.

    `group` names what is said of it in one sentence: the key, or the plan or rule that it belongs to.
    """

    key: str
    before: str | None
    after: str | None

    @property
    def group(self) -> str:
        """The key without what lies within a plan or a rule."""
        return group_of(self.key)


def figures(policy: Policy) -> dict[str, str]:
    """Write every value of a policy under its dotted key, in the order of the file; a rule goes by its name."""
    return dict(_flat(policy))


def differences(before: Policy, after: Policy) -> list[Difference]:
    """List the keys that differ, in the order of the later policy; those that it lacks stand at the end."""
    old, new = figures(before), figures(after)
    keys = dict.fromkeys([*new, *old])
    return [Difference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def group_of(key: str) -> str:
    """Return the key without what lies within a plan or a rule."""
    head, *rest = key.split(".")
    return ".".join([head, *rest[:1]])


def _flat(policy: Policy) -> Iterator[tuple[str, str]]:
    for name in ("publisher", "plans", "gift", "notice", "copying", "retention"):
        yield from _values(name, policy.model_dump(include={name})[name])
    for rule in policy.rules:
        for key in ("metric", "by", "over", "per", "then", "lasts", "mode"):
            value = getattr(rule, key)
            path = f"rules.{rule.name}.{'for' if key == 'lasts' else key}"
            if value is not None:
                yield path, _written(path, value)
            elif "lasts" in rule.model_fields_set and rule.then is Then.FREEZE:
                yield path, UNTIL_LIFTED


def _values(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(f"{path}.{key}", inner)
    else:
        yield path, _written(path, value)


def _written(path: str, value: object) -> str:
    match value:
        case None:
            return _WORDS.get(path, "")
        case timedelta():
            return words(value)
        case Enum():
            return str(value.value)
    return str(value)
