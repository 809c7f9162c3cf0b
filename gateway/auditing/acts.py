"""An admin's acts: each wants a reason, none may be on one's own account, every one is an entry."""

from gateway.accounts import managing
from gateway.articles.closing import pay_back
from gateway.decision import Decision, Deny, Permit, Reason
from gateway.ledger import Actor, Entry, Event, Outcome
from gateway.period import month_of
from gateway.reading import giving_back
from gateway.runtime import Runtime
from gateway.sharing import revoking
from gateway.store import accounts, allowances, articles, firings, gifts, policies
from gateway.store.accounts import Account
from gateway.store.entries import append_entry

CREDITS_AT_ONCE = 1000
DESK = ("admin", "auditor")


def admitted(runtime: Runtime, actor: Actor, account: Account) -> Decision:
    """Decide whether an account has any business at the desk; writes the refusal down."""
    if account.role in DESK:
        return Permit()
    return refuse(runtime, actor, Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": account.role}))


def permitted(
    runtime: Runtime, actor: Actor, admin: Account, *, because: str, on: int | None = None
) -> Decision:
    """Decide whether an account may act at all, with this reason, on account `on`; writes the refusal down."""
    if admin.role != "admin":
        refusal = Deny(Reason.ACCOUNT_FORBIDDEN, detail={"role": admin.role})
    elif on == admin.id:
        refusal = Deny(Reason.ACCOUNT_OWN)
    elif not because.strip():
        refusal = Deny(Reason.REASON_MISSING)
    else:
        return Permit()
    return refuse(runtime, actor, refusal, on=on)


def refuse(runtime: Runtime, actor: Actor, why: Deny, *, on: int | None = None) -> Deny:
    """Write down that an account was refused an act, on account `on` where it was on one; returns the refusal."""
    now = runtime.clock()
    subject = actor.name if on is None else f"account:{on}"
    line = Entry(now, actor, Event.ACCOUNT_ACT_REFUSED, subject, Outcome.DENY, why.reason, why.detail)
    with runtime.database.transaction() as connection:
        append_entry(connection, line)
    return why


def revoke_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str) -> Decision:
    """Withdraw anybody's gift but one's own."""
    decision = _on_gift(runtime, actor, admin, reference, because)
    if isinstance(decision, Permit):
        answer = revoking.revoke_gift(runtime, actor, reference, because=because.strip())
        return answer if isinstance(answer, Deny) else decision
    return decision


def freeze_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str) -> Decision:
    """Shut a gift until it is thawed; its readers are shut out too."""
    return _set_frozen(runtime, actor, admin, reference, because, frozen=True)


def thaw_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str) -> Decision:
    """Open a frozen gift again."""
    return _set_frozen(runtime, actor, admin, reference, because, frozen=False)


def give_back_reading(
    runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str
) -> Decision:
    """Give a wrongly counted reading of anybody's gift but one's own back."""
    decision = _on_gift(runtime, actor, admin, reference, because)
    if isinstance(decision, Permit):
        return giving_back.give_back_reading(runtime, actor, reference, because=because.strip())
    return decision


def suspend(
    runtime: Runtime, actor: Actor, admin: Account, account_id: int, because: str, *, freeze_links: bool
) -> Decision:
    """Stop an account's new gifts, and freeze its links where that is wished."""
    decision = _on_account(runtime, actor, admin, account_id, because)
    if isinstance(decision, Permit):
        managing.suspend(runtime, actor, account_id, because=because.strip(), freeze_links=freeze_links)
    return decision


def unsuspend(runtime: Runtime, actor: Actor, admin: Account, account_id: int, because: str) -> Decision:
    """Let an account give again."""
    decision = _on_account(runtime, actor, admin, account_id, because)
    if isinstance(decision, Permit):
        managing.unsuspend(runtime, actor, account_id, because=because.strip())
    return decision


def grant_credits(
    runtime: Runtime, actor: Actor, admin: Account, account_id: int, because: str, *, credits: int
) -> Decision:
    """Give an account extra credits for the present month."""
    decision = _on_account(runtime, actor, admin, account_id, because)
    if isinstance(decision, Deny):
        return decision
    if not 1 <= credits <= CREDITS_AT_ONCE:
        limits = {"limit": CREDITS_AT_ONCE}
        return refuse(runtime, actor, Deny(Reason.CREDITS_OUT_OF_RANGE, detail=limits), on=account_id)
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        account = accounts.take_account(connection, account_id)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        if account.plan is None:
            return Deny(Reason.ACCOUNT_WITHOUT_PLAN)
        current = runtime.policies.in_force_within(connection, now)
        month = month_of(now, current.policy.publisher.zone)
        granted = allowances.grant_credits(connection, account_id, month.key, credits)
        about: dict[str, str | int] = {
            "credits": credits,
            "granted": granted,
            "period": month.key,
            "because": because,
        }
        append_entry(
            connection, Entry(now, actor, Event.CREDITS_GRANTED, f"account:{account_id}", detail=about)
        )
    return decision


def change_giving(
    runtime: Runtime, actor: Actor, admin: Account, article_id: int, because: str, *, giftable: bool
) -> Decision:
    """Allow or stop gifts of an article; stopping pays the unserved gifts of this month back."""
    decision = permitted(runtime, actor, admin, because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        words = "" if giftable else because.strip()
        if not articles.change_giving(connection, article_id, giftable=giftable, because=words):
            return Deny(Reason.ARTICLE_UNKNOWN)
        about: dict[str, str | int] = {"giftable": int(giftable), "because": because}
        append_entry(
            connection, Entry(now, actor, Event.ARTICLE_RIGHTS_CHANGED, f"article:{article_id}", detail=about)
        )
        if not giftable:
            pay_back(runtime, connection, actor, article_id, Reason.ARTICLE_NOT_GIFTABLE, now)
    return decision


def withdraw_article(
    runtime: Runtime, actor: Actor, admin: Account, article_id: int, because: str
) -> Decision:
    """Withdraw an article for everybody; its gifts shut at once."""
    decision = permitted(runtime, actor, admin, because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if articles.find_article(connection, article_id) is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        if not articles.withdraw_article(connection, article_id, because=because.strip(), now=now):
            return decision
        about: dict[str, str | int] = {"withdrawn": 1, "because": because}
        append_entry(
            connection, Entry(now, actor, Event.ARTICLE_RIGHTS_CHANGED, f"article:{article_id}", detail=about)
        )
        pay_back(runtime, connection, actor, article_id, Reason.ARTICLE_WITHDRAWN, now)
    return decision


def restore_article(
    runtime: Runtime, actor: Actor, admin: Account, article_id: int, because: str
) -> Decision:
    """Bring a withdrawn article back; gifts that were paid back stay shut."""
    decision = permitted(runtime, actor, admin, because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if not articles.restore_article(connection, article_id):
            return Deny(Reason.ARTICLE_UNKNOWN)
        about: dict[str, str | int] = {"withdrawn": 0, "because": because}
        subject = f"article:{article_id}"
        append_entry(connection, Entry(now, actor, Event.ARTICLE_RIGHTS_CHANGED, subject, detail=about))
    return decision


def confirm_restore(runtime: Runtime, actor: Actor, admin: Account, because: str) -> Decision:
    """Open the links again after a restore."""
    decision = permitted(runtime, actor, admin, because=because)
    if isinstance(decision, Permit):
        now = runtime.clock()
        with runtime.database.transaction() as connection:
            confirmed = policies.confirm_restorations(connection, now, actor.name)
            about: dict[str, str | int] = {"restores": confirmed, "because": because}
            append_entry(connection, Entry(now, actor, Event.RESTORE_CONFIRMED, "gateway", detail=about))
        runtime.policies.forget()
    return decision


def _on_account(runtime: Runtime, actor: Actor, admin: Account, account_id: int, because: str) -> Decision:
    with runtime.database.reading() as connection:
        if accounts.find_account(connection, account_id) is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
    return permitted(runtime, actor, admin, because=because, on=account_id)


def _on_gift(runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str) -> Decision:
    with runtime.database.reading() as connection:
        gift = gifts.find_gift(connection, reference)
    if gift is None:
        return Deny(Reason.GIFT_UNKNOWN)
    return permitted(runtime, actor, admin, because=because, on=gift.account_id)


def _set_frozen(
    runtime: Runtime, actor: Actor, admin: Account, reference: str, because: str, *, frozen: bool
) -> Decision:
    decision = _on_gift(runtime, actor, admin, reference, because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        gift = gifts.take_gift(connection, reference)
        if gift is None:
            return Deny(Reason.GIFT_UNKNOWN)
        if (gift.frozen_at is not None) == frozen:
            return decision
        at, words = (now, because.strip()) if frozen else (None, "")
        gifts.change_gift(connection, gift.id, frozen_at=at, frozen_because=words, frozen_until=None)
        if not frozen:
            # Else the rule that froze it would hold in name, and never fire on this link again.
            firings.lift_firings(
                connection, f"gift:{reference}", now=now, by=actor.name, because=because.strip()
            )
        event = Event.GIFT_FROZEN if frozen else Event.GIFT_THAWED
        about: dict[str, str | int] = {"account": gift.account_id, "because": because.strip()}
        append_entry(connection, Entry(now, actor, event, f"gift:{reference}", detail=about))
    return decision
