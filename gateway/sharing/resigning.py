"""Signing a gift anew: that a key was retired is not the giver's doing, and costs no credit."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from gateway.ledger import Actor, Entry, Event
from gateway.link import Gift, LinkSigner
from gateway.store import gifts
from gateway.store.entries import append_entry


def sign_anew(connection: Connection, actor: Actor, gift: Gift, signer: LinkSigner, now: datetime) -> Gift:
    """Give a gift whose key was retired the newest one, and write it down; returns the gift as it is from then on."""
    if gift.key_id in signer.key_ids:
        return gift
    gifts.change_gift(connection, gift.id, key_id=signer.newest)
    subject, about = f"gift:{gift.reference}", {"key": signer.newest}
    append_entry(connection, Entry(now, actor, Event.GIFT_LINK_RENEWED, subject, detail=about))
    return replace(gift, key_id=signer.newest)
