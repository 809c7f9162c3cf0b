"""What an admin typed of a new policy, kept whole whatever is wrong with it, and read as far as it can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import request

from gateway.decision import Deny, Reason
from gateway.period import instants_of
from gateway.policyfile import text_in
from gateway.web.showing import shown_policy

NAME: Final = "policy.toml"
DAYS: Final = (7, 30, 90)


@dataclass(frozen=True, slots=True)
class Sent:
    """The form as it was sent; `when` is soon or at, or wrong.

    `at` is a local time of the publisher's zone, `clock` which of two alike.
    """

    name: str = NAME
    text: str = ""
    when: str = "soon"
    at: str = ""
    clock: str = ""
    reason: str = ""
    plans_may_go: bool = False
    days: int = 0


def sent(*, with_file: bool = True) -> Sent:
    """Read the form; a file that came along takes the place of the text. Raises PolicyError for one not in UTF-8."""
    form = request.form
    name, text = form.get("name", NAME).strip()[:100] or NAME, form.get("text", "")
    uploaded = request.files.get("file")
    if with_file and uploaded is not None and uploaded.filename:
        name = uploaded.filename.replace("\\", "/").rpartition("/")[2][:100] or NAME
        text = text_in(uploaded.read(), name=name)
    return Sent(
        name=name,
        text=text.replace("\r\n", "\n"),
        when=form.get("when", "soon")[:8],
        at=form.get("at", "").strip()[:30],
        clock=form.get("clock", "")[:8],
        reason=" ".join(form.get("reason", "").split()),
        plans_may_go=form.get("plans_may_go") == "1",
        days=_days(form),
    )


def instant_of(form: Sent) -> datetime | Deny | None:
    """Read from when on the policy is to apply; None is as soon as it is approved.

    A time that the clock shows twice that day needs a word which of the two is meant.
    """
    if form.when == "soon":
        return None
    if form.when != "at":
        return Deny(Reason.POLICY_INSTANT)
    try:
        local = datetime.fromisoformat(form.at)
        found = instants_of(local, shown_policy().zone) if local.tzinfo is None else ()
    except (ValueError, OverflowError):
        found = ()
    if len(found) == 2 and form.clock in ("first", "second"):
        return found[form.clock == "second"]
    return found[0] if len(found) == 1 else Deny(Reason.POLICY_INSTANT)


def is_twice(form: Sent) -> bool:
    """Tell whether the clock shows the time that was typed twice."""
    try:
        local = datetime.fromisoformat(form.at)
        return local.tzinfo is None and len(instants_of(local, shown_policy().zone)) == 2
    except (ValueError, OverflowError):
        return False


def local_time(instant: datetime) -> str:
    """Write an instant as a form's field for local times has it, in the publisher's zone."""
    return instant.astimezone(ZoneInfo(shown_policy().zone)).strftime("%Y-%m-%dT%H:%M")


def _days(form: Mapping[str, str]) -> int:
    wanted = form.get("days", "")
    return int(wanted) if wanted in {str(each) for each in DAYS} else 0
