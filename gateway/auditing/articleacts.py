"""An admin's acts on articles: whether they may be given, withdrawn, and brought back."""

from gateway.articles.closing import pay_back
from gateway.auditing.acts import Act, Word, permitted, refuse_within
from gateway.decision import Decision, Deny, Reason
from gateway.ledger import Actor, Entry, Event
from gateway.runtime import Runtime
from gateway.store import articles
from gateway.store.accounts import Account
from gateway.store.entries import append_entry


def change_giving(
    runtime: Runtime, actor: Actor, admin: Account, article_id: int, word: Word, *, giftable: bool
) -> Decision:
    """Allow or stop gifts of an article; stopping ends the unserved gifts of this month for good and pays them back."""
    act, sure = _on(article_id), word.confirmed or giftable
    decision = permitted(runtime, actor, admin, act, because=word.because, confirmed=sure)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        words = "" if giftable else word.because.strip()
        if articles.find_article(connection, article_id) is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        if not articles.change_giving(connection, article_id, giftable=giftable, because=words):
            return refuse_within(connection, actor, act, Deny(Reason.ACT_ALREADY), now)
        about: dict[str, str | int] = {"giftable": int(giftable), "because": word.because.strip()}
        append_entry(
            connection, Entry(now, actor, Event.ARTICLE_RIGHTS_CHANGED, f"article:{article_id}", detail=about)
        )
        if not giftable:
            pay_back(runtime, connection, actor, article_id, Reason.ARTICLE_NOT_GIFTABLE, now)
    return decision


def withdraw_article(runtime: Runtime, actor: Actor, admin: Account, article_id: int, word: Word) -> Decision:
    """Withdraw an article for everybody; its gifts shut at once."""
    act, sure = _on(article_id), word.confirmed
    decision = permitted(runtime, actor, admin, act, because=word.because, confirmed=sure)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if articles.find_article(connection, article_id) is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        if not articles.withdraw_article(connection, article_id, because=word.because.strip(), now=now):
            return refuse_within(connection, actor, act, Deny(Reason.ACT_ALREADY), now)
        about: dict[str, str | int] = {"withdrawn": 1, "because": word.because.strip()}
        append_entry(
            connection, Entry(now, actor, Event.ARTICLE_RIGHTS_CHANGED, f"article:{article_id}", detail=about)
        )
        pay_back(runtime, connection, actor, article_id, Reason.ARTICLE_WITHDRAWN, now)
    return decision


def restore_article(
    runtime: Runtime, actor: Actor, admin: Account, article_id: int, because: str
) -> Decision:
    """Bring a withdrawn article back; gifts that were paid back stay shut."""
    decision = permitted(runtime, actor, admin, _on(article_id), because=because)
    if isinstance(decision, Deny):
        return decision
    now = runtime.clock()
    with runtime.database.transaction() as connection:
        if articles.find_article(connection, article_id) is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        if not articles.restore_article(connection, article_id):
            return refuse_within(connection, actor, _on(article_id), Deny(Reason.ACT_ALREADY), now)
        about: dict[str, str | int] = {"withdrawn": 0, "because": because.strip()}
        subject = f"article:{article_id}"
        append_entry(connection, Entry(now, actor, Event.ARTICLE_RIGHTS_CHANGED, subject, detail=about))
    return decision


def _on(article_id: int) -> Act:
    return Act(Event.ARTICLE_RIGHTS_CHANGED, f"article:{article_id}")
