"""What pages are handed: pictures at addresses that a page may load."""

import re
from pathlib import Path

import pytest

from gateway.app import build_app
from gateway.articles.importing import import_paths
from gateway.ledger import account_actor
from gateway.settings import Settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import articles
from tests.served import Site
from tests.test_gift_links import BASE, fetch

SOURCES = re.compile(r'<(?:img|source)\b[^>]*?\bsrc(?:set)?="([^"]+)"|property="og:image" content="([^"]+)"')


def test_no_page_of_a_wire_story_loads_anything_over_plain_http(
    site: Site, shared_data: Path, tmp_path: Path
) -> None:
    import_paths(site.runtime, [shared_data / "ninjs" / "wire"])
    with site.runtime.database.reading() as connection:
        found = articles.list_all_articles(connection, limit=50)
    client = build_app(site.runtime, Settings(var=tmp_path / "page")).test_client()
    stated = [line.picture.href for line in found if line.picture is not None]
    assert any(href.startswith("http://") for href in stated)
    shown = [
        address
        for line in found
        for page in (f"/articles/{line.slug}", "/")
        for address in _sources(fetch(client, "GET", page).text)
    ]
    assert len(shown) >= len(stated)
    assert [address for address in shown if not address.startswith(("https://", BASE, "/", "data:"))] == []


@pytest.mark.parametrize("href", ["http://pictures.example/a.jpg", "HTTP://pictures.example/a.jpg"])
def test_a_picture_over_plain_http_is_asked_for_over_tls(site: Site, tmp_path: Path, href: str) -> None:
    with site.runtime.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO picture (article_id, position, href, alt, caption, credit, copyright_holder, usage_terms, "
            f"travels) VALUES (1, 0, '{href}', '', '', '', '', '', true)"
        )
        connection.exec_driver_sql("UPDATE article SET revision = revision + 1")
    given = issue_gift(site.runtime, account_actor(1), Wish(1, 1, "key"))
    assert isinstance(given, Issued)
    client = build_app(site.runtime, Settings(var=tmp_path / "page")).test_client()
    for page in ("/", f"/articles/{site.slug}", f"/g/{given.token}"):
        assert "https://pictures.example/a.jpg" in _sources(fetch(client, "GET", page).text), page


def _sources(page: str) -> list[str]:
    return [first or second for first, second in SOURCES.findall(page)]
