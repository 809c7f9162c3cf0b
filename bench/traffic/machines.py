"""Kinds of machines: they may see cards, and spend nothing."""

from collections.abc import Iterator

from bench.traffic.browser import Browser
from bench.traffic.play import Score, Script
from bench.traffic.town import Town

Kind = Iterator[tuple[float, Script]]
PREVIEWS = (
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Google-Chat-Unfurler",
)


def previews(town: Town, score: Score, *, number: int = 60) -> Kind:
    """Apps that look at a link when it is sent."""
    link = _one_link(town)
    yield 2000.0, _counts(town, score, link)
    for each in range(number):
        yield town.chance.uniform(0, 60), _looks(town, score, link, PREVIEWS[each % len(PREVIEWS)])


def fetching_scanners(town: Town, score: Score, *, number: int = 40) -> Kind:
    """Mail scanners that ask for the head and then the page, or for the page twice, twenty-two seconds apart."""
    link = _one_link(town)
    yield 2000.0, _counts(town, score, link)
    for each in range(number):
        yield town.chance.uniform(0, 600), _fetches(town, score, link, head=each % 2 == 0)


def script_scanners(town: Town, score: Score, *, number: int = 15) -> Kind:
    """Mail scanners in a whole browser: its script takes the gift up, and nobody moves."""
    link = _one_link(town)
    yield 2000.0, _counts(town, score, link)
    for each in range(number):
        yield (
            town.chance.uniform(0, 600),
            _claims(town, score, f"script-{each}", link, after=0.5, pressed=False),
        )


def form_scanners(town: Town, score: Score, *, number: int = 15) -> Kind:
    """Mail scanners that also press every button they find."""
    link = _one_link(town)
    yield 2000.0, _counts(town, score, link)
    for each in range(number):
        yield town.chance.uniform(0, 600), _claims(town, score, f"form-{each}", link, after=6.0, pressed=True)


def _one_link(town: Town) -> str:
    giver, _ = town.subscriber()
    return town.link(giver, 7)


def _counts(town: Town, score: Score, link: str) -> Script:
    yield 0.1
    score.facts["readings counted"] += town.readings(link)


def _looks(town: Town, score: Score, link: str, agent: str) -> Script:
    yield 0.1
    Browser(town.app, town.network(), agent=agent).card(link)
    score.facts["cards"] += 1


def _fetches(town: Town, score: Score, link: str, *, head: bool) -> Script:
    browser = Browser(town.app, town.network())
    browser.ask("HEAD" if head else "GET", link)
    yield 0.5 if head else 22.0
    browser.ask("GET", link)
    score.facts["cards"] += 2


def _claims(town: Town, score: Score, who: str, link: str, *, after: float, pressed: bool) -> Script:
    browser = Browser(town.app, town.network())
    card = browser.card(link)
    yield after
    score.note(who, link, browser.claim(link, card.text, pressed=pressed))
