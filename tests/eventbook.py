"""Write docs/events.md anew: `python -m tests.eventbook`."""

from pathlib import Path

from gateway.eventbook import table

WRITTEN = Path(__file__).parents[1] / "docs" / "events.md"


def document() -> str:
    """Spell the page."""
    return f"""# The events of the log

Made from gateway/eventbook.py by `python -m tests.eventbook`; do not edit it by hand.

Every entry has an instant in UTC, an actor, an event, a subject, an outcome (`permit` or `deny`), the reason of a
refusal, the bulk rule that made it, the visitor's class and the request's id; `fields` are those of its detail.

**Retention.** An entry is never changed or deleted, whatever its event. It lives as long as the policy says
(`retention.entries`, six months at least); a whole month that is older can be put away (docs/log.md). What stands
beside it – a device, a network – can be erased at any time (`gateway people erase`), and the entry then says
`reader` or `network` and no more. docs/log.md tells why the proofs hold all the same.

{table()}
"""


if __name__ == "__main__":
    WRITTEN.write_text(document(), "utf-8")
