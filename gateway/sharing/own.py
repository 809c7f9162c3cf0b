"""My gifts: what a subscriber gave, what became of it, and what can be done about it now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.behaviour import Behaviour, behaviour_of
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.link import Gift, standing
from gateway.period import Allowance, month_of
from gateway.rights import Rights
from gateway.runtime import Runtime
from gateway.sharing.credits import allowance_in
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.sharing.offering import SPENT
from gateway.sharing.resigning import sign_anew
from gateway.sharing.revoking import refundable
from gateway.sharing.wording import tidied, worded
from gateway.store import accounts, gifts, openers, readings
from gateway.store.entries import append_entry
from gateway.store.gifts import GiftFilter, GiftLine
from gateway.store.refused import refuse_act, refuse_foreign

PAGE = 20


@dataclass(frozen=True, slots=True)
class OwnGift:
    """One of a subscriber's gifts; `token` is None when its key was retired, `giving` is what its article allows."""

    line: GiftLine
    token: str | None
    standing: Decision
    giving: Decision
    refundable: bool
    behaviour: Behaviour

    @property
    def gift(self) -> Gift:
        return self.line.gift

    @property
    def spent(self) -> bool:
        """Whether a new gift of the same article would be the way on, where the article allows one."""
        return isinstance(self.standing, Deny) and self.standing.reason in SPENT

    @property
    def renewable(self) -> bool:
        """Whether another gift may follow this one."""
        return self.spent and isinstance(self.giving, Permit)

    @property
    def revocable(self) -> bool:
        """Whether withdrawing it would end anything: who holds a link that is read up still reads by it."""
        expired = isinstance(self.standing, Deny) and self.standing.reason is Reason.GIFT_EXPIRED
        return self.gift.revoked_at is None and not expired

    @property
    def countable(self) -> bool:
        """Whether readings of it still count, so that a wrong one is worth giving back."""
        works = isinstance(self.standing, Permit) or self.standing.reason is Reason.GIFT_READ_UP
        return works and self.gift.confirmed > 0

    @property
    def needs_fresh_link(self) -> bool:
        """Whether the gift lives while its link no longer verifies."""
        return self.token is None and isinstance(self.standing, Permit)


@dataclass(frozen=True, slots=True)
class OwnGifts:
    """One page of My gifts; `older` is the gift row to continue before, None at the end."""

    allowance: Allowance | None
    gifts: tuple[OwnGift, ...]
    older: int | None


def own_gifts(runtime: Runtime, account_id: int, *, before: int | None = None, limit: int = PAGE) -> OwnGifts:
    """List an account's gifts, newest first, with what became of each."""
    now = runtime.clock()
    current = runtime.policies.in_force(now)
    with runtime.database.reading() as connection:
        account = accounts.find_account(connection, account_id)
        allowance = None if account is None else allowance_in(connection, account, current.policy, now)
        lines = gifts.list_gifts(
            connection, GiftFilter(account_id=account_id, before=before), limit=limit + 1
        )
        rights = readings.list_article_heads(connection, {line.gift.article_id for line in lines})
        behaviours = _behaviours(connection, lines[:limit], now)
    older = lines[limit - 1].gift.id if len(lines) > limit else None
    period = month_of(now, current.policy.publisher.zone).key
    shown = tuple(
        _own(runtime, line, rights[line.gift.article_id].rights, behaviours[line.gift.id], now, period)
        for line in lines[:limit]
    )
    return OwnGifts(allowance, shown, older)


def own_gift(runtime: Runtime, account_id: int, reference: str) -> OwnGift | Deny:
    """Show one of an account's gifts."""
    now = runtime.clock()
    current = runtime.policies.in_force(now)
    with runtime.database.reading() as connection:
        line = gifts.find_gift_line(connection, reference)
        if line is None or line.gift.account_id != account_id:
            return Deny(Reason.GIFT_UNKNOWN)
        rights = readings.list_article_heads(connection, {line.gift.article_id})
        behaviours = _behaviours(connection, [line], now)
    period = month_of(now, current.policy.publisher.zone).key
    return _own(runtime, line, rights[line.gift.article_id].rights, behaviours[line.gift.id], now, period)


def renew_gift(runtime: Runtime, actor: Actor, account_id: int, reference: str, *, key: str) -> Issued | Deny:
    """Give the article of a gift that is expired or read up once more: one credit, a new gift, the same label.

    While the gift that renewed it is open, that one is handed back, free.
    """
    with runtime.database.reading() as connection:
        gift = gifts.find_gift(connection, reference)
    if gift is None or gift.account_id != account_id:
        with runtime.database.transaction() as connection:
            return refuse_foreign(connection, actor, Event.GIFT_ISSUED, gift, runtime.clock())
    kept = (gift.label, gift.note, gift.giver_shown)
    wish = Wish(account_id, gift.article_id, key, True, *kept, renews=gift.id)
    return issue_gift(runtime, actor, wish)


def renew_link(runtime: Runtime, actor: Actor, account_id: int, reference: str) -> OwnGift | Deny:
    """Sign a gift anew with the newest key, free of charge, when the key that signed it was retired.

    One that ended is left as it is: its standing tells.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None or gift.account_id != account_id:
            return refuse_foreign(connection, actor, Event.GIFT_LINK_RENEWED, gift, now)
        decision = standing(gift, now)
        if isinstance(decision, Permit):
            sign_anew(connection, actor, gift, runtime.keys.signer, now)
        else:
            refuse_act(connection, actor, Event.GIFT_LINK_RENEWED, f"gift:{reference}", decision, now)
    return own_gift(runtime, account_id, reference)


def relabel_gift(
    runtime: Runtime, actor: Actor, account_id: int, reference: str, *, label: str
) -> OwnGift | Deny:
    """Change the private label of a gift."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None or gift.account_id != account_id:
            return refuse_foreign(connection, actor, Event.GIFT_RELABELLED, gift, now)
        decision = worded(label, "")
        if isinstance(decision, Deny):
            return refuse_act(connection, actor, Event.GIFT_RELABELLED, f"gift:{reference}", decision, now)
        gifts.change_gift(connection, gift.id, label=tidied(label))
        append_entry(connection, Entry(now, actor, Event.GIFT_RELABELLED, f"gift:{reference}"))
    return own_gift(runtime, account_id, reference)


def _behaviours(connection: Connection, lines: Sequence[GiftLine], now: datetime) -> dict[int, Behaviour]:
    ids = [line.gift.id for line in lines]
    unread = openers.list_unread_openings(connection, ids)
    first = openers.list_first_readings(connection, ids)
    return {
        line.gift.id: behaviour_of(
            line.gift.issued_at, unread.get(line.gift.id, ()), first.get(line.gift.id), now
        )
        for line in lines
    }


def _own(
    runtime: Runtime, line: GiftLine, rights: Rights, behaviour: Behaviour, now: datetime, period: str
) -> OwnGift:
    decision, giving = standing(line.gift, now), rights.giving(now)
    if isinstance(decision, Permit) and isinstance(giving, Deny):
        decision = giving
    token = runtime.keys.signer.sign(line.gift.capability, line.gift.key_id)
    return OwnGift(line, token, decision, giving, refundable(line.gift, period), behaviour)
