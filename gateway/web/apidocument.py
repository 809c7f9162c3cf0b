"""The API's own description: OpenAPI 3.1, made from the routes, the shapes and the reasons of refusal."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from spectree import Response, SpecTree

from gateway.accounts.bearing import READ, WRITE
from gateway.decision import Reason
from gateway.link import REFERENCE_ALPHABET
from gateway.web import apimodels
from gateway.web.refusals import STATUSES

View = Callable[..., Any]
Json = dict[str, Any]

ABOUT: Final = """\
Give articles, follow the gifts, withdraw them. All that the share dialog and My gifts know and do is here.

A server sends `Authorization: Bearer gw_…`, and cookies are then ignored. A page of the gateway's own site sends the
session's cookie and, with everything but GET, the header `X-CSRFToken`. Instants are ISO 8601 in UTC. Every refusal is
a problem (RFC 9457) whose `code` is stable; texts may change and follow `Accept-Language`."""

REFERENCE_PATTERN: Final = f"^[{REFERENCE_ALPHABET}]{{8}}$"
PATHS: Final[Mapping[str, Json]] = {
    "reference": {"type": "string", "pattern": REFERENCE_PATTERN},
    "article_id": {"type": "integer", "format": "int64", "minimum": 1, "maximum": apimodels.LARGEST},
}
EVERYWHERE: Final = (
    Reason.ACCOUNT_SIGNED_OUT,
    Reason.TOKEN_INVALID,
    Reason.TOKEN_SCOPE,
    Reason.DATABASE_AWAY,
)
WITH_A_BODY: Final = {413: "Content Too Large", 415: "Unsupported Media Type"}
HEADERS: Final[Mapping[int, tuple[str, str]]] = {
    201: ("Location", "The gift's own address."),
    401: ("WWW-Authenticate", "How to come in (RFC 6750)."),
    429: ("Retry-After", "Seconds to wait."),
    503: ("Retry-After", "Seconds to wait."),
}
REPLAYED: Final = ("Idempotency-Replayed", "`true` where a retry is answered as the first time.")

spec = SpecTree(
    "flask",
    mode="strict",
    annotations=False,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    validation_error_model=apimodels.Problem,
    title="Gift links",
    version=version("copyright-gateway"),
    openapi_version="3.1.0",
)


@dataclass(frozen=True, slots=True)
class Takes:
    """What an operation takes beside its path."""

    query: type[BaseModel] | None = None
    json: type[BaseModel] | None = None
    key: bool = False


def described(
    done: Mapping[int, type[BaseModel]], refusals: Iterable[Reason] = (), *, takes: Takes | None = None
) -> Callable[[View], View]:
    """Describe a view: what it answers, why it may refuse, what it takes. The view checks its input by itself."""
    taken = takes or Takes()
    reasons = [*refusals, *EVERYWHERE]
    if taken.query or taken.json or taken.key:
        reasons.append(Reason.REQUEST_INVALID)
    told: dict[int, list[str]] = {}
    for reason in reasons:
        told.setdefault(STATUSES[reason], []).append(f"`{reason}`")
    if taken.json:
        told |= {status: [f"`http:{status}`, {name}"] for status, name in WITH_A_BODY.items()}
    answers: dict[str, Any] = {f"HTTP_{status}": model for status, model in done.items()}
    for status in sorted(told):
        answers[f"HTTP_{status}"] = (apimodels.Problem, ", ".join(told[status]))

    def describe(view: View) -> View:
        registered: View = spec.validate(
            query=taken.query,
            json=taken.json,
            headers=apimodels.KeyHeader if taken.key else None,
            resp=Response(**answers),
            skip_validation=True,
            # It would add the status of its own validation, which is not asked for; this one is always there.
            validation_error_status=401,
            operation_id=view.__name__,
        )(view)
        return registered

    return describe


def document(base_url: str, session_cookie: str) -> Json:
    """Make the document for one installation; wants an app's context."""
    made: Json = json.loads(json.dumps(spec.spec))
    made["info"]["description"] = ABOUT
    made["servers"] = [{"url": base_url}]
    made["components"]["securitySchemes"] = _schemes(session_cookie)
    for key in ("tags", "security"):
        made.pop(key, None)
    # Their keys are parameters, and stand where those are.
    for shape in (apimodels.PageAsked, apimodels.KeyHeader):
        made["components"]["schemas"].pop(shape.__name__)
    for path in made["paths"].values():
        for method, operation in path.items():
            _finish(operation, safe=method == "get")
    return made


def _schemes(session_cookie: str) -> Json:
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": f"A token of `gateway tokens add`, with the scopes `{READ}` and `{WRITE}`.",
        },
        "session": {"type": "apiKey", "in": "cookie", "name": session_cookie},
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRFToken",
            "description": "The CSRF token of the page.",
        },
    }


def _finish(operation: Json, *, safe: bool) -> None:
    operation.pop("tags", None)
    by_session: Json = {"session": []} if safe else {"session": [], "csrf": []}
    operation["security"] = [{"bearer": [READ if safe else WRITE]}, by_session]
    if not safe:
        operation["responses"]["403"]["description"] += f", `{Reason.CLAIM_FOREIGN}`"
    keyed = False
    for parameter in operation["parameters"]:
        keyed |= parameter["in"] == "header"
        if parameter["in"] == "path":
            parameter["schema"] = PATHS[parameter["name"]]
        # It stands beside the schema already.
        parameter["schema"].pop("description", None)
    for status, answer in operation["responses"].items():
        headers = [HEADERS[int(status)]] if int(status) in HEADERS else []
        if int(status) >= 400:
            answer["content"] = {"application/problem+json": answer["content"].pop("application/json")}
        elif keyed:
            headers.append(REPLAYED)
        if headers:
            answer["headers"] = {
                name: {"description": text, "schema": {"type": "string"}} for name, text in headers
            }
