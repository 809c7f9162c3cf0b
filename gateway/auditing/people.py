"""What an admin sees of accounts and articles."""

from dataclasses import dataclass

from gateway.accounts import managing
from gateway.decision import Deny, Reason
from gateway.period import Allowance
from gateway.runtime import Runtime
from gateway.sharing.credits import allowance_in, limit_of
from gateway.store import accounts, allowances, articles, gifts, policies
from gateway.store.accounts import Account
from gateway.store.articles import Article, ArticleLine
from gateway.store.gifts import GiftFilter, GiftLine
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
class AccountStory:
    """An account with its months and its gifts; `older` is the gift row to continue before."""

    account: Account
    allowance: Allowance | None
    plan_gifts: int
    months: tuple[Month, ...]
    gifts: tuple[GiftLine, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class ArticleStory:
    """An article with the gifts of it."""

    article: Article
    gifts: tuple[GiftLine, ...]
    older: int | None


def list_accounts(runtime: Runtime, *, like: str = "", after: int = 0) -> list[Account]:
    """List accounts by a part of their address or name."""
    return managing.list_accounts(runtime, like=like, after=after, limit=PAGE)


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
        lines = gifts.list_gifts(connection, GiftFilter(account_id=account_id, before=before), limit=PAGE + 1)
    return AccountStory(account, allowance, limit_of(account, current.policy) or 0, months, *_page(lines))


def article_story(runtime: Runtime, article_id: int, *, before: int | None = None) -> ArticleStory | Deny:
    """Tell an article's story."""
    with runtime.database.reading() as connection:
        article = articles.find_article(connection, article_id)
        if article is None:
            return Deny(Reason.ARTICLE_UNKNOWN)
        lines = gifts.list_gifts(connection, GiftFilter(article_id=article_id, before=before), limit=PAGE + 1)
    return ArticleStory(article, *_page(lines))


def list_articles(runtime: Runtime) -> tuple[ArticleLine, ...]:
    """List every article, whatever its rights."""
    with runtime.database.reading() as connection:
        return articles.list_all_articles(connection, limit=200)


def open_restoration(runtime: Runtime) -> Restoration | None:
    """Find a restore that shuts the links until it is confirmed."""
    with runtime.database.reading() as connection:
        return policies.find_open_restoration(connection)


def _page(lines: list[GiftLine]) -> tuple[tuple[GiftLine, ...], int | None]:
    return tuple(lines[:PAGE]), (lines[PAGE - 1].gift.id if len(lines) > PAGE else None)
