"""What an admin and an auditor do: see it, and — the admin — act on it, with a reason."""

from gateway.store.entries import EntryFilter, StoredEntry
from gateway.store.firings import RuleReport
from gateway.store.giftlists import GiftView
from gateway.store.giftlists import State as GiftState
from gateway.store.gifts import GiftLine
from gateway.store.openings import Opening

__all__ = ["EntryFilter", "GiftLine", "GiftState", "GiftView", "Opening", "RuleReport", "StoredEntry"]
