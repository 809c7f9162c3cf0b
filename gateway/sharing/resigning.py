"""Signing a gift anew: that a key was retired is not the giver's doing, and costs no credit."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.ledger import Actor, Entry, Event
from gateway.link import Gift
from gateway.store import gifts
from gateway.store.entries import append_entry


def sign_anew(connection: Connection, actor: Actor, gift: Gift, key_id: str, now: datetime) -> Gift:
    """Give a gift another key, and write it down; returns the gift as it is from then on."""
    gifts.change_gift(connection, gift.id, key_id=key_id)
    subject = f"gift:{gift.reference}"
    append_entry(connection, Entry(now, actor, Event.GIFT_LINK_RENEWED, subject, detail={"key": key_id}))
    return replace(gift, key_id=key_id)
