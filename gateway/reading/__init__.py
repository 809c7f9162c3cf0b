"""What a reader does: open a gift link, take it up, read, and show that a person reads."""

from gateway.store.readings import Claim, Held

__all__ = ["Claim", "Held"]
