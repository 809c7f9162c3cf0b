"""Letting rules fire on what no request waits for: links that spread, tokens that are guessed, traps."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.enforcing.fires import count_and_fire
from gateway.guard import By, Metric
from gateway.link import Gift
from gateway.parties import Parties
from gateway.policy import Policy
from gateway.store import counting


def watch_links(connection: Connection, policy: Policy, touched: Sequence[Gift], now: datetime) -> None:
    """Let the rules on networks fire for links that were tried since; a link that spreads freezes by this."""
    rules = [rule for rule in policy.rules if rule.metric is Metric.NETWORKS and rule.by is not By.READER]
    counted: dict[tuple[By, timedelta], Mapping[int, int]] = {}
    for rule in rules:
        by_id = {_key_of(gift, rule.by): gift for gift in touched}
        asked = (rule.by, rule.per)
        if asked not in counted:
            # A soft rule and a hard one look back as far, and what a rule does changes no such number.
            least = min(each.over for each in rules if (each.by, each.per) == asked)
            counted[asked] = counting.count_spread(
                connection, rule.by, by_id, since=now - rule.per, over=least
            )
        for gift in (by_id[key] for key, number in counted[asked].items() if number > rule.over):
            parties = Parties(
                gift=gift.id, reference=gift.reference, subscriber=gift.account_id, article=gift.article_id
            )
            # Counted once more for this one alone, since an admin may have lifted the rule meanwhile.
            count_and_fire(connection, policy, [rule], parties, now)


def watch_guesses(
    connection: Connection, policy: Policy, networks: Iterable[tuple[bytes, ...]], now: datetime
) -> None:
    """Let the rules on forged tokens fire for networks that tried some; each by its names under both keys."""
    _watch_networks(connection, policy, Metric.FORGED_TOKENS, networks, now)


def watch_traps(
    connection: Connection, policy: Policy, networks: Iterable[tuple[bytes, ...]], now: datetime
) -> None:
    """Let the rules on traps fire for networks that went into one."""
    _watch_networks(connection, policy, Metric.TRAPS, networks, now)


def _watch_networks(
    connection: Connection,
    policy: Policy,
    metric: Metric,
    networks: Iterable[tuple[bytes, ...]],
    now: datetime,
) -> None:
    rules = [rule for rule in policy.rules if rule.metric is metric]
    for names in networks if rules else ():
        count_and_fire(connection, policy, rules, Parties(networks=names), now)


def _key_of(gift: Gift, by: By) -> int:
    return {By.LINK: gift.id, By.SUBSCRIBER: gift.account_id, By.ARTICLE: gift.article_id}[by]
