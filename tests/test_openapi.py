"""The API's own description: valid, complete, the same as in docs/, and true of every answer schemathesis can get."""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from gateway.accounts.tokens import add_token
from gateway.app import build_app, create_app
from gateway.decision import Reason
from gateway.ledger import OPERATOR
from gateway.settings import Settings
from gateway.web.apidocument import document
from gateway.web.refusals import STATUSES
from tests.served import Site

WRITTEN = Path(__file__).parents[1] / "docs" / "openapi.json"
PUBLIC = "https://gifts.example.com"
BASE = "http://127.0.0.1:8000"


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Any]:
    """Make the document of an installation under a public address, as docs/ has it."""
    return public_document(tmp_path)


def public_document(folder: Path) -> dict[str, Any]:
    """Make the document of an installation under a public address, its keys in `folder`."""
    app = create_app(Settings(var=folder, base_url=PUBLIC))
    with app.app_context():
        return document(PUBLIC, "__Host-sign_in")


def spelled(described: dict[str, Any]) -> str:
    """Spell the document as docs/openapi.json has it."""
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


@pytest.fixture
def app(site: Site, tmp_path: Path) -> Flask:
    """Yield an app around the site's runtime."""
    return build_app(site.runtime, Settings(var=tmp_path / "var"))


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List the document's operations by path and method."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_valid(written: dict[str, Any]) -> None:
    assert written["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(written).iter_errors()] == []


def test_the_document_in_docs_is_the_one_that_is_served(written: dict[str, Any]) -> None:
    assert WRITTEN.read_text("utf-8") == spelled(written), (
        "run `python -m tests.test_openapi` to write it anew"
    )


def test_the_guide_names_every_operation_and_every_reason(written: dict[str, Any]) -> None:
    guide = (WRITTEN.parent / "api.md").read_text("utf-8")
    for path, method, operation in operations(written):
        assert f"`{method.upper()} {path}`" in guide
        for status, answer in operation["responses"].items():
            for reason in re.findall(r"`([a-z_]+:[a-z_]+)`", answer["description"]):
                assert re.search(rf"^\| {status} \|.*`{reason}`", guide, re.MULTILINE), (status, reason)


def test_the_served_document_names_its_own_installation(app: Flask) -> None:
    answer = app.test_client().get("/openapi.json", base_url=BASE)
    assert answer.mimetype == "application/json"
    served: dict[str, Any] = answer.get_json()
    assert served["servers"] == [{"url": BASE}]
    assert served["components"]["securitySchemes"]["session"]["name"] == "sign_in"


def test_every_route_of_the_api_is_described(app: Flask, written: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", str(rule)), method.lower())
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _ in operations(written)} == routes


def test_every_refusal_is_a_problem_and_every_reason_is_told(written: dict[str, Any]) -> None:
    codes = written["components"]["schemas"]["Problem"]["properties"]["code"]["anyOf"][0]["enum"]
    assert set(codes) == {reason.value for reason in Reason}
    for path, method, operation in operations(written):
        assert {"401", "403", "503"} <= set(operation["responses"]), (path, method)
        for status, answer in operation["responses"].items():
            kind = "application/problem+json" if int(status) >= 400 else "application/json"
            assert list(answer["content"]) == [kind], (path, method, status)
            for reason in re.findall(r"`([a-z_]+:[a-z_]+)`", answer["description"]):
                assert STATUSES[Reason(reason)] == int(status)


def test_every_operation_says_how_to_come_in(written: dict[str, Any]) -> None:
    for path, method, operation in operations(written):
        scope = "gifts:read" if method == "get" else "gifts:write"
        session: dict[str, list[str]] = {"session": []} if method == "get" else {"session": [], "csrf": []}
        assert operation["security"] == [{"bearer": [scope]}, session], (path, method)


def test_schemathesis_finds_nothing(site: Site) -> None:
    secret = add_token(site.runtime, OPERATOR, 1, name="test", scopes=("gifts:read", "gifts:write"))
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "auth": {"openapi": {"bearer": {"bearer": secret}}},
            "generation": {"deterministic": True, "max-examples": 25, "database": "none"},
            # What the shape of a request cannot tell: an article that is shut, a note with an address in it.
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", "410", "422"]
                }
            },
        }
    )
    schema = schemathesis.openapi.from_url(f"{site.url}/openapi.json", config=config)
    found, checked = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError | NonFatalError):
            found.append(str(event.info))
        elif isinstance(event, ScenarioFinished):
            for checks in event.recorder.checks.values():
                checked += len(checks)
                found += [
                    f"{event.label}: {check.name}: {check.failure_info}"
                    for check in checks
                    if check.failure_info
                ]
    assert checked > 500
    assert found == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        WRITTEN.write_text(spelled(public_document(Path(temporary))), "utf-8")
