"""How far the articles that nobody of a network read outnumber twice those that somebody there did, from an index alone."""

from typing import Any

from sqlalchemy import Select, bindparam, case, distinct, func, select, union_all

from gateway.models import Instant, Key, claim

# What is older is left out of both sides, so no act waits for more. Whoever would have twenty-four articles forgotten
# makes two hundred claims of others for it, where forging the signs of reading takes twenty-four requests.
LOOKED_AT = 200
# A mail scanner is ahead of its people all day: while they follow it within two hours, twice what they have read covers
# what they have yet to open and what one in five never does (python -m bench.traffic, "office with a scanner").
EARNED = 2


def unread_articles(since: str) -> Select[Any]:
    """Count a network's articles that were taken up and not read there, less `EARNED` for each that was.

    An article that anybody of the network was seen to read is a read one, however many took it up besides. The act that
    is being decided adds one; so `article`, which it is about, is left out where it was taken up before, since taking
    it up once more adds nothing. Further parameters: `network` and `network_before`, the network's names, and the
    instant named by `since`.
    """
    before = bindparam("network_before", type_=claim.c.network.type)
    now = bindparam("network", type_=claim.c.network.type)
    newest = union_all(
        _newest(since, claim.c.network == now),
        _newest(since, claim.c.network == before, before != now),
    ).subquery()
    article = newest.c.article_id
    others = func.count(distinct(case((article != bindparam("article", type_=Key), article))))
    read = func.count(distinct(case((newest.c.confirmed_at.is_not(None), article))))
    return select(others - (1 + EARNED) * read)


def _newest(since: str, *theirs: Any) -> Select[Any]:
    rows = (
        select(claim.c.article_id, claim.c.confirmed_at)
        .where(*theirs, claim.c.claimed_at > bindparam(since, type_=Instant))
        .order_by(claim.c.claimed_at.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    return select(rows)
