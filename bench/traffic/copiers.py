"""Kinds of copiers: each wants as many articles as it can get, one after the other or 64 requests at once."""

import string
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.traffic.browser import Answer, Browser, Copied, Ended, answer_of, length_of
from bench.traffic.people import HOUR
from bench.traffic.play import Score, Script
from bench.traffic.town import Town

Kind = Iterator[tuple[float, Script]]
AT_ONCE = 64
PASSAGE = 500
LETTERS = string.ascii_letters + string.digits + "-_"


def one_device(town: Town, score: Score, *, number: int = 200, at_once: bool = False) -> Kind:
    """One device with so many links, which presses the button wherever it is asked to."""
    browser = Browser(town.app, "203.0.113.5")
    yield 0.0, _takes(town, score, town.links(number), lambda _: browser, at_once=at_once)


def cookie_dropper(town: Town, score: Score, *, number: int = 200, at_once: bool = False) -> Kind:
    """One address that forgets its cookie after every article."""
    yield (
        60.0,
        _takes(town, score, town.links(number), lambda _: Browser(town.app, "203.0.114.5"), at_once=at_once),
    )


def rotating(town: Town, score: Score, *, number: int = 200, at_once: bool = False) -> Kind:
    """The same from every address of one /24 in turn."""
    yield (
        120.0,
        _takes(
            town,
            score,
            town.links(number),
            lambda n: Browser(town.app, f"203.0.115.{n % 254 + 1}"),
            at_once=at_once,
        ),
    )


def fifty_networks(town: Town, score: Score, *, number: int = 300, networks: int = 50) -> Kind:
    """One who has so many networks, and is patient: an article every few minutes, each from the next."""
    yield 0.0, _slowly(town, score, town.links(number), networks)


def archive_walker(town: Town, score: Score, *, number: int = 300, at_once: bool = False) -> Kind:
    """A subscriber's sign-in that walks the archive, as fast as it is let."""
    _, secret = town.subscriber()

    def browser() -> Browser:
        found = Browser(town.app, "203.0.116.5")
        found.client.set_cookie("sign_in", secret, domain="127.0.0.1")
        return found

    yield 0.0, _walks(score, browser, number, at_once=at_once)


def passage_copier(
    town: Town, score: Score, *, passage: int = PASSAGE, number: int = 40, at_once: bool = False
) -> Kind:
    """One who takes an article passage by passage with their own browser, which reports what it gives."""
    score.facts["passage"] = passage
    copies = _copies_at_once if at_once else _copies
    yield 0.0, copies(town, score, town.links(1)[0], passage, number)


def guesser(town: Town, score: Score, *, number: int = 2000, at_once: bool = False) -> Kind:
    """One who tries tokens."""
    yield 0.0, _guesses(town, score, number, AT_ONCE if at_once else 1)


def leaker(town: Town, score: Score, *, links: int = 6, crowd: int = 150) -> Kind:
    """A subscriber who posts links in public as fast as the quota allows; a crowd opens each within the hour."""
    giver, _ = town.subscriber("standard")
    for number in range(links):
        link = town.link(giver, number + 1)
        for each in range(crowd):
            start = number * HOUR + town.chance.uniform(0, HOUR)
            yield start, _opens(town, score, f"link-{number}", str(each), link)
    yield (links + 1) * HOUR, _flags(town, score, giver)


def _takes(
    town: Town, score: Score, links: list[str], browser: Callable[[int], Browser], *, at_once: bool
) -> Script:
    if at_once:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            cards = list(pool.map(lambda pair: _open(browser(pair[0]), pair[1]), enumerate(links)))
        yield 4.0
        # The first alone: a browser that is given a cookie by each of many answers at once is as many devices.
        score.note("copier", links[0], _press(cards[0]))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for link, answer in zip(links[1:], pool.map(_press, cards[1:]), strict=True):
                score.note("copier", link, answer)
        return
    for number, link in enumerate(links):
        opened = _open(browser(number), link)
        yield 4.0
        answer = score.note("copier", link, _press(opened))
        if answer.ended == Ended.WAIT:
            yield 4.0
            score.note("copier", link, opened[0].claim(link, answer.page, pressed=True))
        yield town.chance.uniform(1, 20)


def _open(browser: Browser, link: str) -> tuple[Browser, str, str]:
    return browser, link, browser.card(link).text


def _press(opened: tuple[Browser, str, str]) -> Answer:
    browser, link, card = opened
    return browser.claim(link, card, pressed=True)


def _slowly(town: Town, score: Score, links: list[str], networks: int) -> Script:
    addresses = [town.network() for _ in range(networks)]
    for number, link in enumerate(links):
        opened = _open(Browser(town.app, addresses[number % networks]), link)
        yield 4.0
        score.note("copier", link, _press(opened))
        yield 240.0


def _walks(score: Score, browser: Callable[[], Browser], number: int, *, at_once: bool) -> Script:
    slugs = [f"story-{each:03}" for each in range(1, number + 1)]
    if at_once:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            pages = list(pool.map(lambda slug: browser().article(slug), slugs))
        waiting = []
        for slug, answer in zip(slugs, pages, strict=True):
            if score.note("copier", slug, answer).ended == Ended.WAIT:
                waiting.append((slug, answer.page))
        yield 4.0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            gone_on = list(pool.map(lambda pair: browser().go_on(*pair), waiting))
        for (slug, _), answer in zip(waiting, gone_on, strict=True):
            score.note("copier", slug, answer)
        return
    walker = browser()
    for slug in slugs:
        answer = score.note("copier", slug, walker.article(slug))
        if answer.ended == Ended.WAIT:
            yield 3.1
            score.note("copier", slug, walker.go_on(slug, answer.page))
        yield 2.0


def _copies(town: Town, score: Score, link: str, passage: int, number: int) -> Script:
    browser = Browser(town.app, "203.0.118.5")
    card = browser.card(link)
    yield 1.0
    page = score.note("copier", link, browser.claim(link, card.text))
    score.facts["characters in all"] = length_of(page.page)
    for each in range(number):
        if not page.read or browser.copy(page.page, each, passage) == Copied.REFUSED:
            break
        score.facts["characters taken"] += passage
        yield 20.0
        page = score.note("copier", link, answer_of(browser.card(link).text))


def _copies_at_once(town: Town, score: Score, link: str, passage: int, number: int) -> Script:
    browser = Browser(town.app, "203.0.118.5")
    card = browser.card(link)
    yield 1.0
    page = score.note("copier", link, browser.claim(link, card.text))
    score.facts["characters in all"] = length_of(page.page)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = list(pool.map(lambda each: browser.copy(page.page, each, passage), range(number)))
    # The text stands on the page already; what counts is how much of it was taken until it was told to be closed.
    score.facts["characters taken"] = passage * (taken.count(Copied.OPEN) + (Copied.CLOSED in taken))
    score.note("copier", link, answer_of(browser.card(link).text))


def _guesses(town: Town, score: Score, number: int, at_once: int) -> Script:
    browser = Browser(town.app, "203.0.117.5")
    for first in range(0, number, at_once):
        tokens = [
            "".join(town.chance.choices(LETTERS, k=22)) + "." + "".join(town.chance.choices(LETTERS, k=43))
            for _ in range(first, min(first + at_once, number))
        ]
        with ThreadPoolExecutor(at_once) as pool:
            for answer in pool.map(lambda token: browser.card(f"/g/{token}"), tokens):
                score.facts[str(answer.status_code)] += 1
        yield 0.2


def _opens(town: Town, score: Score, link_name: str, who: str, link: str) -> Script:
    browser = Browser(town.app, town.network())
    card = browser.card(link)
    yield 0.5
    answer = score.note(link_name, f"device-{who}", browser.claim(link, card.text))
    if answer.read and town.chance.random() < 0.8:
        yield 5.0
        browser.confirm(answer.page)


def _flags(town: Town, score: Score, giver: int) -> Script:
    yield 1.0
    with town.runtime.database.reading() as connection:
        asked = "SELECT count(*) FROM firing WHERE rule = 'subscriber-leaks-soft' AND who = ?"
        flagged = connection.exec_driver_sql(asked, (f"account:{giver}",)).scalar_one()
        frozen = connection.exec_driver_sql(
            "SELECT count(*) FROM gift WHERE account_id = ? AND frozen_because LIKE 'rule:%'", (giver,)
        ).scalar_one()
    score.facts["frozen links"] = int(frozen)
    score.facts["flagged"] = int(flagged > 0)
