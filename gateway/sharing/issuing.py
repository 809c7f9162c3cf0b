"""Issuing a gift: the open one handed back, or one credit taken and a new link signed, in one transaction."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.link import Gift, new_capability, new_reference, same_again, standing
from gateway.period import Allowance
from gateway.runtime import InForce, Runtime
from gateway.sharing.charging import charge, terms_at
from gateway.sharing.credits import allowance_in, counted, limit_of, unplanned
from gateway.sharing.offering import may_give, may_renew
from gateway.sharing.resigning import sign_anew
from gateway.sharing.wording import tidied, worded
from gateway.store import accounts, gifts, idempotency, readings
from gateway.store.accounts import Account
from gateway.store.deadlocks import again_after_deadlock
from gateway.store.entries import append_entry
from gateway.store.idempotency import Remembered
from gateway.store.readings import ArticleHead

KEYS_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscriber asks for; `separate` wants a link of its own though one is open.

    `renews` is the gift that this one is to follow; while one that followed it is open, that is handed back.
    """

    account_id: int
    article_id: int
    key: str
    separate: bool = False
    label: str = ""
    note: str = ""
    giver_shown: bool = True
    renews: int | None = None

    @property
    def digest(self) -> bytes:
        """The SHA-256 of all that was asked for beside the key; what a renewal takes over may change meanwhile."""
        asked = [self.article_id, self.separate, self.label, self.note, self.giver_shown]
        if self.renews is not None:
            asked = [self.article_id, "renews", self.renews]
        return hashlib.sha256(json.dumps(asked).encode()).digest()


@dataclass(frozen=True, slots=True)
class Issued:
    """A gift with its token; `fresh` when it took a credit, `replayed` when a retry was answered.

    `token` is None where the link of a retry opens no more: its key was retired since, or the gift or its article ended.
    """

    gift: Gift
    slug: str
    token: str | None
    allowance: Allowance
    fresh: bool
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Act:
    """One issuing on its way through its transaction."""

    runtime: Runtime
    connection: Connection
    actor: Actor
    wish: Wish
    now: datetime
    account: Account
    current: InForce

    def log(self, event: Event, gift: Gift, **detail: str | int) -> None:
        """Write the entry of a grant."""
        about: dict[str, str | int] = {"account": self.account.id, "article": gift.article_id, **detail}
        append_entry(
            self.connection, Entry(self.now, self.actor, event, f"gift:{gift.reference}", detail=about)
        )

    def issued(
        self, gift: Gift, slug: str, allowance: Allowance, *, fresh: bool, replayed: bool = False
    ) -> Issued:
        """Answer with a gift and its token."""
        token = self.runtime.keys.signer.sign(gift.capability, gift.key_id)
        return Issued(gift, slug, token, allowance, fresh, replayed)


@again_after_deadlock
def issue_gift(runtime: Runtime, actor: Actor, wish: Wish) -> Issued | Deny:
    """Give an article: hand back the open gift of it, or take one credit and sign a new link.

    Every answer is committed with its entry, a refusal too; an exception leaves nothing behind.
    """
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        account = accounts.take_account(connection, wish.account_id)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        current = runtime.policies.in_force_within(connection, now)
        act = _Act(runtime, connection, actor, wish, now, account, current)
        answer = _answered_before(act) or _decide(act)
        if isinstance(answer, Deny):
            _write_refusal(connection, actor, account, answer, now, article=wish.article_id)
        return answer


def refuse_wish(runtime: Runtime, actor: Actor, account_id: int, why: Deny) -> Deny:
    """Write down that an account's wish was refused before it named an article of ours; returns the refusal."""
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        account = accounts.find_account(connection, account_id)
        if account is not None:
            _write_refusal(connection, actor, account, why, now)
    return why


def _write_refusal(
    connection: Connection, actor: Actor, account: Account, why: Deny, now: datetime, **about: int
) -> None:
    detail = {**about, "plan": account.plan or "", **why.detail}
    refusal = (Event.GIFT_REFUSED, f"account:{account.id}", Outcome.DENY, why.reason, detail)
    append_entry(connection, Entry(now, actor, *refusal))


def _answered_before(act: _Act) -> Issued | Deny | None:
    if not act.wish.key:
        return Deny(Reason.IDEMPOTENCY_KEY_MISSING)
    before = idempotency.find_remembered(act.connection, act.account.id, act.wish.key, act.now - KEYS_KEPT)
    if before is None:
        return None
    if before.digest != act.wish.digest:
        return Deny(Reason.IDEMPOTENCY_KEY_REUSED)
    return _replay(act, before)


def _replay(act: _Act, before: Remembered) -> Issued | Deny:
    article = readings.find_article_head_by_id(act.connection, before.gift.article_id)
    allowance = allowance_in(act.connection, act.account, act.current.policy, act.now)
    if article is None or allowance is None:
        return unplanned(act.account)
    issued = act.issued(before.gift, article.slug, allowance, fresh=before.fresh, replayed=True)
    opens = (standing(before.gift, act.now), article.rights.giving(act.now))
    return replace(issued, token=None) if any(isinstance(each, Deny) for each in opens) else issued


def _decide(act: _Act) -> Issued | Deny:
    # The article's row is held, so that no gift slips past a withdrawal that is just being committed.
    article = readings.find_article_head_by_id(act.connection, act.wish.article_id, held=True)
    if article is None:
        return Deny(Reason.ARTICLE_UNKNOWN)
    limit = limit_of(act.account, act.current.policy)
    for decision in (
        may_give(act.account, article, act.now, planned=limit is not None),
        may_renew(act.connection, act.wish.renews, act.runtime.keys.signer.key_ids, act.now),
        worded(act.wish.label, act.wish.note),
    ):
        if isinstance(decision, Deny):
            return decision
    answer = _hand_back(act, article) or _give_new(act, article, limit or 0)
    if isinstance(answer, Issued):
        _remember(act, answer)
    return answer


def _hand_back(act: _Act, article: ArticleHead) -> Issued | None:
    signer = act.runtime.keys.signer
    gift = _open_already(act, article)
    allowance = allowance_in(act.connection, act.account, act.current.policy, act.now) if gift else None
    if gift is None or allowance is None:
        return None
    gift = sign_anew(act.connection, act.actor, gift, signer, act.now)
    act.log(Event.GIFT_HANDED_BACK, gift)
    return act.issued(gift, article.slug, allowance, fresh=False)


def _open_already(act: _Act, article: ArticleHead) -> Gift | None:
    asked = (act.connection, act.account.id, article.id)
    if act.wish.renews is not None:
        return gifts.find_open_renewal(*asked, act.wish.renews, act.now)
    if act.wish.separate:
        return None
    open_gifts = gifts.list_open_gifts(*asked, act.now)
    return same_again(open_gifts, act.runtime.keys.signer.key_ids, tidied(act.wish.label))


def _give_new(act: _Act, article: ArticleHead, limit: int) -> Issued | Deny:
    policy = act.current.policy
    charged = charge(act.connection, policy, act.account.id, article.id, limit, act.now)
    if isinstance(charged, Deny):
        return charged
    usage, month = charged.usage, charged.month
    gift = gifts.add_gift(
        act.connection,
        new_reference,
        capability=new_capability(),
        key_id=act.runtime.keys.signer.newest,
        account_id=act.account.id,
        article_id=article.id,
        **terms_at(policy, act.now),
        policy_version=act.current.version,
        period=month.key,
        label=tidied(act.wish.label),
        note=tidied(act.wish.note),
        giver_shown=act.wish.giver_shown,
        renews=act.wish.renews,
    )
    act.log(Event.GIFT_ISSUED, gift, used=usage.used, limit=limit + usage.granted, period=month.key)
    return act.issued(gift, article.slug, counted(usage, limit, month), fresh=True)


def _remember(act: _Act, answer: Issued) -> None:
    idempotency.add_key(
        act.connection,
        account_id=act.account.id,
        key=act.wish.key,
        digest=act.wish.digest,
        gift_id=answer.gift.id,
        fresh=answer.fresh,
        created_at=act.now,
    )
