"""What an admin sees of accounts and articles."""

from dataclasses import dataclass

from gateway.decision import Deny, Permit, Reason
from gateway.period import Allowance, month_of
from gateway.period import Month as CalendarMonth
from gateway.policy import Policy
from gateway.runtime import Runtime
from gateway.sharing.credits import allowance_in, counted, limit_of
from gateway.store import accounts, allowances, articles, gifts, policies
from gateway.store.accounts import Account
from gateway.store.allowances import Usage
from gateway.store.articles import Article
from gateway.store.giftlists import GiftView, list_gift_lines
from gateway.store.gifts import GiftLine
from gateway.store.policies import Restoration

PAGE = 50


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month of an account: credits used, granted, and given back by a revocation."""

    period: str
    used: int
    granted: int
    returned: int


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in a list, with its present month where it has a plan."""

    account: Account
    allowance: Allowance | None


@dataclass(frozen=True, slots=True)
class AccountStory:
    """An account with its months and its gifts.

    `spare` are extra credits of this month that are not spent; `older` is the gift row to continue before.
    """

    account: Account
    allowance: Allowance | None
    plan_gifts: int
    spare: int
    months: tuple[Month, ...]
    gifts: tuple[GiftLine, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class GiftPage:
    """One page of gifts; `older` is the row to continue before, None at the end."""

    gifts: tuple[GiftLine, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class ArticleStory:
    """An article, and how many gifts of it still take readers."""

    article: Article
    open_gifts: int


def list_accounts(runtime: Runtime, *, like: str = "", after: int = 0) -> list[AccountLine]:
    """List accounts by a part of their address or name, with what they gave this month."""
    now = runtime.clock()
    policy = runtime.policies.in_force(now).policy
    month = month_of(now, policy.publisher.zone)
    with runtime.database.reading() as connection:
        found = accounts.list_accounts(connection, like=like, after=after, limit=PAGE)
        usage = allowances.list_usage_of(connection, [each.id for each in found], month.key)
    return [AccountLine(each, _counted(each, usage, policy, month)) for each in found]


def account_story(runtime: Runtime, account_id: int, *, before: int | None = None) -> AccountStory | Deny:
    """Tell an account's story."""
    now = runtime.clock()
    current = runtime.policies.in_force(now)
    with runtime.database.reading() as connection:
        account = accounts.find_account(connection, account_id)
        if account is None:
            return Deny(Reason.ACCOUNT_UNKNOWN)
        allowance = allowance_in(connection, account, current.policy, now)
        returned = gifts.count_returned(connection, account_id)
        months = tuple(
            Month(each.period, each.used, each.granted, returned.get(each.period, 0))
            for each in allowances.list_usage(connection, account_id)
        )
        wanted = GiftView(account_id=account_id, before=before)
        lines = list_gift_lines(connection, wanted, now, limit=PAGE + 1)
    plan = limit_of(account, current.policy) or 0
    spare = 0 if allowance is None else max(0, min(allowance.granted, allowance.limit - allowance.used))
    return AccountStory(account, allowance, plan, spare, months, *_page(lines))


def article_story(runtime: Runtime, article_id: int) -> ArticleStory | Deny:
    """Tell an article's story; what shuts an article shuts every gift of it."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        article = articles.find_article(connection, article_id)
        if article is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        given = isinstance(article.rights.giving(now), Permit)
        open_gifts = gifts.count_open_gifts(connection, article_id, now) if given else 0
    return ArticleStory(article, open_gifts)


def list_gifts(runtime: Runtime, wanted: GiftView) -> GiftPage:
    """List gifts, newest first."""
    now = runtime.clock()
    with runtime.database.reading() as connection:
        return GiftPage(*_page(list_gift_lines(connection, wanted, now, limit=PAGE + 1)))


def open_restoration(runtime: Runtime) -> Restoration | None:
    """Find a restore that shuts the links until it is confirmed."""
    with runtime.database.reading() as connection:
        return policies.find_open_restoration(connection)


def _counted(
    account: Account, usage: dict[int, Usage], policy: Policy, month: CalendarMonth
) -> Allowance | None:
    limit = limit_of(account, policy)
    return None if limit is None else counted(usage.get(account.id, Usage(month.key)), limit, month)


def _page(lines: list[GiftLine]) -> tuple[tuple[GiftLine, ...], int | None]:
    return tuple(lines[:PAGE]), (lines[PAGE - 1].gift.id if len(lines) > PAGE else None)
