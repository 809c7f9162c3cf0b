"""What goes on around the acts: networks that come, credits granted, readings given back, gifts withdrawn, rules lifted."""

import sys
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.enforcing import watch_guesses, watch_links, watch_traps
from gateway.firing import REMEMBERED
from gateway.link import BY_RULE, Gift
from gateway.period import month_of
from gateway.policy import Policy
from gateway.sharing.revoking import refundable
from gateway.simulating import acts
from gateway.simulating.acts import Act
from gateway.store import allowances, deliveries, firings, freezing, gifts, given_back, readings, statistics
from gateway.store.deliveries import Arrival

ROOM_BITS = 24
_INSTANT = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)


def happen(connection: Connection, policy: Policy, act: Act) -> None:
    """Let something happen that nobody decides: it is done in each replay as far as there is anything to do it to."""
    match act:
        case acts.Arrival():
            gift = gifts.take_gift_by_id(connection, row_of(act.gift))
            if gift is not None:
                arrive(connection, policy, gift, act.network, act.at)
        case acts.Tries():
            _try(connection, policy, act)
        case acts.Granted():
            _grant(connection, act)
        case acts.GivenBack():
            _give_back(connection, act)
        case acts.Ended():
            _end(connection, policy, act)
        case acts.Shut():
            _shut(connection, act)
        case acts.Lifted():
            _lift(connection, act)
        case acts.Kept():
            _keep(connection, act)


def arrive(connection: Connection, policy: Policy, gift: Gift, network: bytes, at: datetime) -> None:
    """Note that a network tried a link, and let the rules on that fire."""
    deliveries.add_arrival(connection, gift.id, network, Arrival(at, at if gift.read_up else None))
    watch_links(connection, policy, [gift], at)


def _try(connection: Connection, policy: Policy, act: acts.Tries) -> None:
    add = statistics.add_traps if act.trap else statistics.add_forged
    add(connection, {(act.network, act.at): act.count})
    watch = watch_traps if act.trap else watch_guesses
    watch(connection, policy, [(act.network,)], act.at + _MINUTE - _INSTANT)


def _end(connection: Connection, policy: Policy, act: acts.Ended) -> None:
    gift = gifts.take_gift_by_id(connection, row_of(act.gift))
    if gift is None or gift.revoked_at is not None:
        return
    month = month_of(act.at, policy.publisher.zone)
    returned = act.at if act.refunds and refundable(gift, month.key) else None
    gifts.change_gift(connection, gift.id, revoked_at=act.at, credit_returned_at=returned)
    if returned is not None:
        allowances.return_credit(connection, gift.account_id, gift.period)


def _grant(connection: Connection, act: acts.Granted) -> None:
    if act.credits >= 0:
        allowances.grant_credits(connection, act.account, act.period, act.credits)
    else:
        # Also where another policy let them be spent meanwhile: the account then has fewer left than none.
        allowances.take_back_credits(
            connection, act.account, act.period, -act.credits, limit=sys.maxsize >> 1
        )


def _give_back(connection: Connection, act: acts.GivenBack) -> None:
    found = given_back.find_first_counted(connection, row_of(act.gift))
    if found is not None:
        given_back.give_back(connection, row_of(act.gift), found, act.at, by_giver=False)


def _shut(connection: Connection, act: acts.Shut) -> None:
    gift = gifts.take_gift_by_id(connection, row_of(act.gift))
    if gift is None:
        return
    if act.frozen:
        freezing.freeze_gift(connection, gift.id, act.at, "desk")
        return
    gifts.change_gift(connection, gift.id, frozen_at=None, frozen_because="", frozen_until=None)
    # As at the desk: else the rule that froze it would hold in name, and never fire on this link again.
    firings.lift_firings(connection, f"gift:{gift.reference}", now=act.at, by="", because="")


def _lift(connection: Connection, act: acts.Lifted) -> None:
    known = firings.list_firings(connection, [act.who], act.at, lifted_since=act.at - REMEMBERED)
    for each in known:
        if each.rule == act.rule and each.in_force(act.at):
            firings.lift_firing(connection, each.id, now=act.at, by="", because="")
    freezing.thaw_ruled_gifts(connection, act.who, f"{BY_RULE}{act.rule}")


def _keep(connection: Connection, act: acts.Kept) -> None:
    if act.gift is None:
        return
    values = {name: getattr(act.gift, name) for name in Gift.__slots__ if name != "reference"}
    reference = act.gift.reference
    gifts.add_gift(connection, lambda: reference, **values | {"id": row_of(act.gift.id)})
    for device, claimed_at, served_at, confirmed_at, network in act.claims:
        readings.add_claim(
            connection,
            gift_id=row_of(act.gift.id),
            article_id=act.gift.article_id,
            device=device,
            claimed_at=claimed_at,
            served_at=served_at,
            confirmed_at=confirmed_at,
            network=network,
        )


def row_of(gift: int) -> int:
    """Say under which number a replay keeps a gift: in their order, and with room for those that were refused then.

    Rules that count gifts look at the newest rows first.
    """
    return gift << ROOM_BITS
