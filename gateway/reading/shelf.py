"""Texts kept in memory by revision, so that a reading costs the one query that decides it."""

from collections import OrderedDict
from threading import Lock

from sqlalchemy import Connection

from gateway.store.articles import Article, find_article
from gateway.store.readings import ArticleHead

KEPT = 512


class Shelf:
    """The most recently read articles of one process. It never decides anything: rights come with each query."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._articles: OrderedDict[tuple[int, int], Article] = OrderedDict()

    def article(self, connection: Connection, head: ArticleHead) -> Article | None:
        """Return the article of a head just read from the database; None when it is gone or changed since."""
        key = (head.id, head.revision)
        with self._lock:
            found = self._articles.get(key)
            if found is not None:
                self._articles.move_to_end(key)
                return found
        found = find_article(connection, head.id)
        if found is None or found.revision != head.revision:
            return found
        with self._lock:
            self._articles[key] = found
            while len(self._articles) > self._kept:
                self._articles.popitem(last=False)
        return found
