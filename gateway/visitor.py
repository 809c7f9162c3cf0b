"""Who is at the door, told from what a request says of itself; a machine's name only ever withholds the text."""

import ipaddress
import re
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]  # It ships no types.

AGENT_LENGTH = 512
"""Characters of the agent that are read: more than any browser sends, few enough that a huge header is cheap."""


class Visitor(StrEnum):
    """The class of who asks; only a `person` may be given an article's text."""

    PERSON = "person"
    PREVIEW = "preview"
    AI_CRAWLER = "ai_crawler"
    TOOL = "tool"
    SCANNER = "scanner"

    @property
    def is_machine(self) -> bool:
        """Tell whether the text is withheld: true for every class but `person`."""
        return self is not Visitor.PERSON


@dataclass(frozen=True, slots=True)
class Shape:
    """What one request says of itself.

    `purpose` joins the texts of Sec-Purpose, Purpose, X-Purpose and X-Moz; the `fetch_` fields are the
    Sec-Fetch headers; `ranged` says whether Range was sent. An absent header is the empty text.
    """

    agent: str
    method: str
    purpose: str = ""
    fetch_mode: str = ""
    fetch_dest: str = ""
    fetch_site: str = ""
    ranged: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    """A machine's name: `mark` must occur in the agent, and `pattern`, if there is one, must match.

    `inside` says that the name counts within a complete browser agent too, where an app's means a person.
    """

    mark: str
    pattern: re.Pattern[str] | None
    visitor: Visitor
    inside: bool


# Where several names match, the class named first here wins: its answer says most about what was withheld.
_STRENGTH = (Visitor.AI_CRAWLER, Visitor.SCANNER, Visitor.PREVIEW, Visitor.TOOL)

# The tags of crawler-user-agents that are more than tools; docs/visitors.md argues every tag.
_TAGS = {
    "ai-crawler": Visitor.AI_CRAWLER,
    "scanner": Visitor.SCANNER,
    "social-preview": Visitor.PREVIEW,
}

# No app that people browse in is called like these, so the names count within a complete browser agent too.
_NEVER_AN_APP = frozenset({"ai-crawler", "scanner", "http-library", "browser-automation"})

# Entries of the list that would take people for machines: a build number shared by every phone with that
# Android, Facebook's in-app browser, a browser that makes one site into a Mac application, and the windows of
# two editors (the first of which would also match every `QRCode/1.0`).
NOT_MACHINES = frozenset({r"AP3A\.240617\.008", "MetaIAB Facebook", "Fluid", r"Code\/1\.", r"Trae\/"})

# Our own names, for what the list lacks or tags as something milder. They count wherever they stand.
_OWN: dict[Visitor, tuple[str, ...]] = {
    Visitor.AI_CRAWLER: (
        "AddSearchBot", "Ai2Bot", "Amazon-Bedrock-AgentCore-Browser", "AmazonBuyForMe", "Amazonbot",
        "Anchor Browser", "Andibot", "Applebot-Extended", "Browserbase", "ChatGPT Agent", "ChatGPT-",
        "Claude-", "CloudVertexBot", "Cotoyogi", "Crawlspace", "Diffbot", "Firecrawl", "FriendlyCrawler",
        "Google-Agent", "Google-Firebase", "Google-Gemini", "GoogleAgent-", "GoogleOther", "GPT-Crawler",
        "GrokBot", "ImagesiftBot", "KlaviyoAIBot", "LAIONDownloader", "Manus-User", "MistralAI",
        "MyCentralAIScraperBot", "NagetBot", "NotebookLM", "NovaAct", "Novaact", "OpenAI", "PanguBot",
        "Poseidon Research Crawler", "QualifiedBot", "SemrushBot-OCOB", "SemrushBot-SWA", "Shap-User",
        "Terra Cotta", "Timpibot", "TwinAgent", "YandexAdditional", "YouBot", "anthropic", "bedrockbot",
        "browser-use", "langchain", "omgili", "opencode", "webzio", "xAI-",
    ),
    Visitor.SCANNER: (
        "Avanan", "Barracuda", "CheckPhish", "CiscoSecureEmail", "Cloudmark", "FortiMail", "FortiSandbox",
        "Google-Safety", "GoogleSafeBrowsing", "Hornetsecurity", "IronPort", "Joe Sandbox", "MessageLabs",
        "Mimecast", "OpenPhish", "PhishTank", "Proofpoint", "Rspamd", "SafeLinks", "SpamAssassin",
        "Trend Micro", "TrendMicro", "Vade Secure", "VirusTotal", "proofpoint", "urlscan",
    ),
    Visitor.PREVIEW: (
        "Cardyb", "Chrome Privacy Preserving Prefetch Proxy", "Google-Chat-Unfurler", "Google-PageRenderer",
        "LinkPresentation", "LinkPreview", "Link Preview", "PreviewBot", "URLPreview", "URL Preview",
        "Unfurl", "UrlPreview", "XING-contenttabreceiver", "app.bsky", "developers.google.com/+/web/snippet",
        "facebookexternal", "kakaotalk-scrap", "line-poker", "ms-office", "unfurl",
    ),
    Visitor.TOOL: ("CasperJS", "Cypress/", "HtmlUnit", "SlimerJS", "WebDriver", "WindowsPowerShell", "jsdom"),
}  # fmt: skip

# Apps and servers that fetch previews under their bare name, and whose own windows are complete browsers.
_OWN_ALONE: dict[Visitor, tuple[str, ...]] = {
    Visitor.PREVIEW: (
        "Akkoma", "Element", "Mattermost", "Microsoft Office", "Misskey", "Nextcloud", "Pleroma",
        "Rocket.Chat", "Signal", "Skype", "Slack", "Teams", "Telegram", "Threema", "Zulip",
    ),
}  # fmt: skip

# What a machine without a known name still says: what it is, or where to read about it. CUBOT makes phones;
# Internet Explorer and Konqueror began the `compatible;` that only machines have used since.
_SAYS_MACHINE = re.compile(
    r"(?<!cu)bots?(?![a-z])|crawl|spider|scrap(?:er|ing|y)|headless|https?://|mailto:"
    r"|compatible;(?! ?(?:MSIE|Konqueror))",
    re.IGNORECASE,
)
# A browser says Mozilla, in brackets where it runs, and its engine.
_COMPLETE = re.compile(
    r"Mozilla/[45]\.0 \([^)]{3}"
    r".*(?:AppleWebKit|Gecko|MSIE|Trident|KHTML|Goanna|Servo|Ladybird|NetSurf|NetFront|Presto)|Opera/\d",
    re.DOTALL,
)
# Browsers of people that never said Mozilla: for text, for small machines, for old telephones.
_PLAIN_BROWSER = re.compile(
    r"(?:Lynx|w3m|Emacs-w3m|ELinks|Dillo|NetSurf|edbrowse|UCWEB|URL/Emacs)\b|Links \("
    r"|(?:BlackBerry|Nokia|SAMSUNG-|SonyEricsson).*MIDP",
    re.DOTALL,
)

_LITERAL = re.compile(r"(?:\\\W|[^\\\[\](){}^$|.*+?])+")
_SYNTAX = re.compile(r"\(.*?\)|\[.*?\]|[^\])][?*{]|\\\w|[\\^$.*+?]")


def _listed() -> Iterator[_Name]:
    """Read the names of crawler-user-agents; patterns are matched as written, with regard to case."""
    for entry in CRAWLER_USER_AGENTS_DATA:
        if entry["pattern"] in NOT_MACHINES:
            continue
        tags = entry.get("tags", [])
        visitor = _strongest(_TAGS.get(tag, Visitor.TOOL) for tag in tags) or Visitor.TOOL
        # The list's own examples tell whether the name is ever sent within a browser's agent.
        inside = not _NEVER_AN_APP.isdisjoint(tags) or any(map(_is_browser, entry["instances"]))
        alternatives = [entry["pattern"]] if "(" in entry["pattern"] else entry["pattern"].split("|")
        for pattern in alternatives:
            if _LITERAL.fullmatch(pattern):
                yield _Name(re.sub(r"\\(\W)", r"\1", pattern), None, visitor, inside)
            else:
                mark = max(_SYNTAX.split(pattern.replace(r"\/", "/")), key=len)
                yield _Name(mark, re.compile(pattern), visitor, inside)


def _own() -> Iterator[_Name]:
    for table, inside in ((_OWN, True), (_OWN_ALONE, False)):
        for visitor, marks in table.items():
            yield from (_Name(mark, None, visitor, inside) for mark in marks)


def _grams(text: str) -> set[str]:
    return {text[i : i + 3] for i in range(len(text) - 2)}


# The letters of every browser's agent are the dearest place to file a name.
_ORDINARY = _grams(
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1 Edg/1"
    "(Macintosh; Intel Mac OS X; iPhone; CPU iPhone OS 1 like Mac OS X; Version/1 Mobile/15E148 Safari/"
    "(X11; Linux x86_64; Android 1; Build/; wv) Gecko/20100101 Firefox/1"
)


def _indexed(names: Iterable[_Name]) -> dict[str, tuple[_Name, ...]]:
    """File each name under the rarest three letters of its mark, so that an agent is held against few names.

    A mark shorter than three letters is filed under the empty text, which is held against every agent.
    """
    names = list(names)
    load = Counter(gram for name in names for gram in _grams(name.mark))
    index: dict[str, list[_Name]] = {}
    for name in names:
        key = min(_grams(name.mark), key=lambda gram: (gram in _ORDINARY, load[gram], gram), default="")
        index.setdefault(key, []).append(name)
    return {key: tuple(filed) for key, filed in index.items()}


def _strongest(visitors: Iterable[Visitor]) -> Visitor | None:
    return min(visitors, key=_STRENGTH.index, default=None)


def _is_browser(agent: str) -> bool:
    """Tell a complete browser agent that says nothing of a machine."""
    begins_so = _COMPLETE.match(agent) or _PLAIN_BROWSER.match(agent)
    return begins_so is not None and not _SAYS_MACHINE.search(agent)


_INDEX = _indexed([*_listed(), *_own()])


@lru_cache(maxsize=4096)
def _named(agent: str) -> Visitor:
    """Tell the class from the agent alone; whatever neither is a browser nor names itself is a tool."""
    browser = _is_browser(agent)
    matched = (
        name.visitor
        for gram in ("", *_grams(agent))
        for name in _INDEX.get(gram, ())
        if (name.inside or not browser)
        and name.mark in agent
        and (name.pattern is None or name.pattern.search(agent))
    )
    return _strongest(matched) or (Visitor.PERSON if browser else Visitor.TOOL)


_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
# HEAD and OPTIONS ask about a page without reading it; no browser sends them for a person who opens one.
_READING_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
# A person opens a document, or the page's own script asks for the person; a picture or a style is neither.
_READING_DESTINATIONS = frozenset({"", "document", "iframe", "frame", "empty"})


def _ahead_of_a_person(shape: Shape) -> bool:
    """Tell a browser that looks before its person does, or a piece of somebody else's page that asks."""
    foreign_script = shape.fetch_site == "cross-site" and shape.fetch_mode not in ("", "navigate")
    return (
        shape.ranged
        or foreign_script
        or shape.fetch_dest not in _READING_DESTINATIONS
        or _AHEAD.search(shape.purpose[:AGENT_LENGTH]) is not None
    )


def classify(shape: Shape) -> Visitor:
    """Tell who is at the door, first from the agent's name and then from the request's shape.

    Never raises, whatever the texts hold. The class by agent is cached; a name is believed only to withhold.
    """
    named = _named(shape.agent[:AGENT_LENGTH].strip())
    if named.is_machine:
        return named
    if shape.method not in _READING_METHODS:
        return Visitor.TOOL
    return Visitor.PREVIEW if _ahead_of_a_person(shape) else Visitor.PERSON


def network_of(address: str) -> str:
    """Give the network of an address as text: the /24 of IPv4, also if mapped into IPv6; the /64 of IPv6.

    A household or a phone commonly holds a whole /64. Raises ValueError naming what is not an address.
    """
    with suppress(OSError):
        # Most are; the library that takes both kinds needs ten times as long for it.
        first, second, third, _ = socket.inet_pton(socket.AF_INET, address)
        return f"{first}.{second}.{third}.0/24"
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        wanted = "want IPv4 like 203.0.113.7 or IPv6 like 2001:db8::7, without a port"
        raise ValueError(f"not an IP address: {address[:60]!r}; {wanted}") from None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(found), 64), strict=False))
        found = found.ipv4_mapped
    return f"{ipaddress.IPv4Address(int(found) & 0xFFFFFF00)}/24"
