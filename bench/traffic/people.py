"""Kinds of people. None of them should be refused by a rule; a link that was read by all it was for counts apart."""

from collections.abc import Iterator

from bench.traffic.browser import Browser, Ended
from bench.traffic.play import Score, Script
from bench.traffic.town import Town

HOUR = 3600.0
DAY = 24 * HOUR

Kind = Iterator[tuple[float, Script]]


def friends(town: Town, score: Score, *, number: int = 60) -> Kind:
    """A giver sends one link to one, two or three friends, who read it some time today, some again tomorrow."""
    for pair in range(number):
        giver, _ = town.subscriber()
        link = town.link(giver, town.chance.randrange(1, 300))
        for each in range(town.chance.randint(1, 3)):
            browser = Browser(town.app, town.network(), script=town.chance.random() > 0.03)
            start = town.chance.expovariate(1 / HOUR)
            again = DAY * 0.9 if town.chance.random() < 0.3 else 0
            yield start, _reads(town, score, f"{pair}-{each}", browser, link, again=again)


def family_chat(town: Town, score: Score, *, number: int = 10) -> Kind:
    """A chat of eight, whose app looks first; some open the link on a second device too."""
    for chat in range(number):
        giver, _ = town.subscriber()
        link = town.link(giver, town.chance.randrange(1, 300))
        yield 0.0, _previews(town, link)
        for member in range(7):
            home = town.network()
            for device in range(1 + (town.chance.random() < 0.2)):
                start = town.chance.expovariate(1 / (2 * HOUR))
                yield start, _reads(town, score, f"{chat}-{member}-{device}", Browser(town.app, home), link)


def office(
    town: Town,
    score: Score,
    *,
    number: int = 300,
    gifts: int = 1,
    hours: int = 8,
    address: str = "192.0.2.10",
) -> Kind:
    """So many people behind one address, each with so many gifts, all of different articles, over so many hours."""
    workers = [_worker(town, address) for _ in range(number)]
    for each, link in enumerate(town.links(number * gifts)):
        worker = each % number
        yield (
            town.chance.triangular(0, hours * HOUR),
            _reads(town, score, str(worker), workers[worker], link),
        )


def scanned_office(
    town: Town, score: Score, *, number: int = 600, minutes: int = 30, unopened: int = 20, every: int = 2
) -> Kind:
    """So many people with a gift each, whose mail scanner at their address takes every link up as its mail comes.

    It never confirms; it presses the button of one link out of `every`, and of the others lets the page's script do
    it. People open theirs so many minutes later in the mean, and leave so many in a hundred unopened.
    """
    address = "192.0.3.10"
    workers = [_worker(town, address) for _ in range(number)]
    for each, (worker, link) in enumerate(zip(workers, town.links(number), strict=True)):
        start = town.chance.triangular(0, 8 * HOUR)
        yield start, _scans(Browser(town.app, address), link, pressed=each % every == 0)
        if town.chance.random() >= unopened / 100:
            later = start + 10 + town.chance.expovariate(1 / max(1, 60 * minutes))
            yield later, _reads(town, score, str(each), worker, link)


def viral(town: Town, score: Score, *, number: int = 5000) -> Kind:
    """One link that so many devices try within an hour, from as many networks."""
    giver, _ = town.subscriber()
    link = town.link(giver, 1)
    for each in range(number):
        browser = Browser(town.app, town.network())
        yield town.chance.uniform(0, HOUR), _reads(town, score, str(each), browser, link)


def library(town: Town, score: Score, *, number: int = 14) -> Kind:
    """A public terminal that keeps its cookie: a dozen patrons a day, each with a link of their own."""
    terminal = Browser(town.app, "198.51.100.20")
    starts = sorted(town.chance.uniform(0, 10 * HOUR) for _ in range(number))
    for patron, (start, link) in enumerate(zip(starts, town.links(number), strict=True)):
        yield start, _reads(town, score, str(patron), terminal, link)


def commuter(town: Town, score: Score, *, number: int = 20) -> Kind:
    """A telephone that changes its network with every stop, and reads a few gifts on the way."""
    for person in range(number):
        phone = Browser(town.app, town.network())
        links = town.links(town.chance.randint(2, 6))
        yield town.chance.uniform(0, HOUR), _commutes(town, score, str(person), phone, links)


def cookieless(town: Town, score: Score, *, number: int = 10) -> Kind:
    """A browser that keeps no cookies: it is told so, each time, and nothing is counted."""
    for person in range(number):
        giver, _ = town.subscriber()
        link = town.link(giver, town.chance.randrange(1, 300))
        browser = Browser(town.app, town.network(), cookies=False)
        yield town.chance.uniform(0, HOUR), _tries(score, str(person), browser, link)


def subscribers(town: Town, score: Score, *, number: int = 15) -> Kind:
    """Subscribers who read: most a handful of articles, some all day long."""
    for person in range(number):
        _, secret = town.subscriber()
        browser = Browser(town.app, town.network())
        browser.client.set_cookie("sign_in", secret, domain="127.0.0.1")
        yield town.chance.uniform(0, HOUR), _reads_much(town, score, str(person), browser)


def _worker(town: Town, address: str) -> Browser:
    # One in thirty is not seen to read: no script, or not a movement.
    return Browser(town.app, address, script=town.chance.random() > 1 / 30)


def _scans(scanner: Browser, link: str, *, pressed: bool) -> Script:
    card = scanner.card(link)
    yield 6.0 if pressed else 0.5
    scanner.claim(link, card.text, pressed=pressed)


def _reads(town: Town, score: Score, who: str, browser: Browser, link: str, *, again: float = 0) -> Script:
    for visit in range(1 + (again > 0)):
        card = browser.card(link)
        yield town.chance.uniform(0.2, 1.5) if browser.script else town.chance.uniform(2, 8)
        answer = score.note(who, link, browser.claim(link, card.text))
        if answer.ended == Ended.WAIT:
            yield town.chance.uniform(3.5, 9)
            answer = score.note(who, link, browser.claim(link, answer.page, pressed=True))
        if answer.read:
            yield town.chance.uniform(3.2, 20)
            browser.confirm(answer.page)
        if visit == 0 and again:
            yield again


def _commutes(town: Town, score: Score, who: str, phone: Browser, links: list[str]) -> Script:
    for link in links:
        phone.address = town.network()
        yield from _reads(town, score, who, phone, link)
        yield town.chance.uniform(60, 900)


def _tries(score: Score, who: str, browser: Browser, link: str) -> Script:
    for _ in range(3):
        card = browser.card(link)
        yield 1.0
        score.note(who, link, browser.claim(link, card.text))
        yield 30.0


def _reads_much(town: Town, score: Score, who: str, browser: Browser) -> Script:
    for _ in range(town.chance.choice([4, 8, 15, 40])):
        slug = f"story-{town.chance.randrange(1, 300):03}"
        answer = score.note(who, slug, browser.article(slug))
        if answer.ended == Ended.WAIT:
            yield town.chance.uniform(3.5, 9)
            score.note(who, slug, browser.go_on(slug, answer.page))
        yield town.chance.uniform(30, 600)


def _previews(town: Town, link: str) -> Script:
    Browser(town.app, town.network(), agent="WhatsApp/2.23.20.0").card(link)
    yield 0.1
