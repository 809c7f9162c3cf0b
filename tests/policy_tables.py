"""The tables of docs/policy.md, made from the model, so that the page and the parser cannot disagree."""

from typing import Any

from gateway.guard import Rule
from gateway.passage import CopyLimits
from gateway.policy import GiftTerms, Plan, Policy, Publisher, Retention
from gateway.policyparts import Part

PARTS: dict[str, type[Part]] = {
    "publisher": Publisher,
    "plans": Plan,
    "gift": GiftTerms,
    "copying": CopyLimits,
    "retention": Retention,
    "rules": Rule,
}


def table_of(part: type[Part]) -> str:
    """Write a part's keys as a Markdown table: the key, how it is written, what it says."""
    schema = part.model_json_schema(by_alias=True)
    rows = ["| key | written as | says |", "|---|---|---|"]
    for key, described in schema["properties"].items():
        left_out = "" if key in schema["required"] else ", may be left out"
        written = _written(described, schema.get("$defs", {}))
        rows.append(f"| `{key}` | {written}{left_out} | {described['description']} |")
    return "\n".join(rows)


def vocabulary() -> set[str]:
    """Collect every word that the policy file knows as a value, as JSON Schema lists them."""
    found: set[str] = set()
    _collect(Policy.model_json_schema(by_alias=True), found)
    return found


def _collect(schema: Any, found: set[str]) -> None:
    if isinstance(schema, dict):
        found |= set(schema.get("enum", []))
        found |= {schema["const"]} if isinstance(schema.get("const"), str) else set()
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            _collect(each, found)


def _written(described: dict[str, Any], defs: dict[str, Any]) -> str:
    if "$ref" in described:
        described = defs[described["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in described:
        return " or ".join(_written(each, defs) for each in described["anyOf"])
    if "const" in described:
        return f'`"{described["const"]}"`'
    if "enum" in described:
        return ", ".join(f'`"{word}"`' for word in described["enum"])
    if described["type"] == "integer":
        return f"a whole number, {described['minimum']} to {described['maximum']}"
    if "examples" in described:
        least, most = described["examples"]
        return f'a span, `"{least}"` to `"{most}"`'
    return f"a text of the form `{described['pattern']}`" if "pattern" in described else "a text"
