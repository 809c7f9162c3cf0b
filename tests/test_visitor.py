"""Who is at the door: machines that say so are known, people are not taken for them, and nothing raises."""

import re
import time
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from gateway import visitor
from gateway.visitor import NOT_MACHINES, Shape, Visitor, classify, network_of

PAGE = (Path(__file__).parents[1] / "docs" / "visitors.md").read_text(encoding="utf-8")

LISTED = [(entry, agent) for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WEBVIEW = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A.230803.041; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Version/4.0 Chrome/126.0.6478.122 Mobile Safari/537.36"
)
CHROME = f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36"

IMESSAGE = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1"
    " Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
)
CARDYB = (
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Bluesky Cardyb/1.1;"
    " +mailto:support@bsky.app) Chrome/W.X.Y.Z Safari/537.36"
)

DESKTOP = [
    CHROME,
    f"{CHROME} Edg/126.0.0.0",
    f"{CHROME} OPR/111.0.0.0",
    f"{CHROME} Vivaldi/6.8.3381.44",
    f"{CHROME} Avast/126.0.0.0",
    f"{CHROME},gzip(gfe)",
    f"{MAC} Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15 Ddg/17.5",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (Windows NT 10.0; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Goanna/6.7 Firefox/102.0 PaleMoon/33.1.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Epiphany/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/6.7.0 Chrome/118.0.5993.220 Safari/537.36",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; WOW64; Trident/4.0; SLCC2; .NET CLR 2.0.50727)",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Win64; x64; Trident/6.0)",
    "Mozilla/5.0 (compatible; Konqueror/4.5; FreeBSD) KHTML/4.5.4 (like Gecko)",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/95.0.150 Chrome/89.0.4389.150 Safari/537.36",
]
MOBILE = [
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1",
    f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
    f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15",
    f"{IPHONE} GSA/323.0.647062479 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148",
    "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
    "Mozilla/5.0 (Linux; Android 9; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 5.0.2; HTC Butterfly 2 Build/LRX22G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.116 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/112.5.1 like Chrome/112.0.5615.213 Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 8.1.0; zh-cn; V1818A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/66.0.3359.126 MQQBrowser/9.6 Mobile Safari/537.36",
    "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.348; U; en) Presto/2.5.25 Version/10.54",
    "BlackBerry9000/4.6.0.167 Profile/MIDP-2.0 Configuration/CLDC-1.1 VendorID/102",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36",
    "Mozilla/5.0 (PlayStation 5 5.10) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
]
IN_APP = [
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/467.1.0.35.108;FBBV/607057613;FBDV/iPhone15,2;FBMD/iPhone;FBSN/iOS;FBSV/17.5.1]",
    f"{WEBVIEW} [FB_IAB/FB4A;FBAV/468.0.0.59.73;]",
    f"{WEBVIEW} [FB_IAB/Orca-Android;FBAV/459.0.0.39.109;]",
    f"{IPHONE} Mobile/15E148 Instagram 335.1.8.26.85 (iPhone15,2; iOS 17_5_1; en_GB; en; scale=3.00; 1179x2556; 608432520)",
    f"{WEBVIEW} Instagram 336.0.0.35.90 Android (34/14; 420dpi; 1080x2400; Google; Pixel 8; shiba; en_GB; 609775464)",
    f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.29.4967",
    f"{WEBVIEW} [LinkedInApp]",
    f"{IPHONE} Mobile/15E148 WhatsApp/2.24.13.79",
    f"{WEBVIEW} WhatsApp/2.24.13.77 A",
    f"{IPHONE} Mobile/15E148 Viber/22.6.1",
    f"{WEBVIEW} Viber/22.6.3.0",
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1 Twitter for iPhone/10.47",
    f"{WEBVIEW} Snapchat/12.94.0.38",
    f"{WEBVIEW} [Pinterest/Android]",
    f"{WEBVIEW} trill_350103 JsSdk/1.0 NetType/WIFI Channel/googleplay AppName/musical_ly ByteLocale/en BytedanceWebview/d8a21c6",
    f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/en",
    f"{IPHONE} Mobile/15E148 Safari Line/14.9.1",
    f"{WEBVIEW};KAKAOTALK 2410310",
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/605.1 NAVER(inapp; search; 2000; 12.8.4; 15PRO)",
    f"{WEBVIEW} Telegram-Android/10.14.5 (Google Pixel 8; Android 14; SDK 34; HIGH)",
    f"{IPHONE} Mobile/15E148 QRCode/1.0",
    f"{WEBVIEW} Feedly/94.0.1",
    f"{MAC} Slack/4.38.125 Chrome/126.0.6478.36 Electron/31.0.1 Safari/537.36 Sonic Slack_SSB/4.38.125",
    f"{WINDOWS} Teams/1.7.00.13456 Chrome/114.0.5735.289 Electron/25.9.8 Safari/537.36 Teams-Electron",
    f"{WINDOWS} Teams/24152.412.2958.916 Edg/126.0.0.0 Chrome/126.0.0.0 Safari/537.36",
    f"{MAC} discord/0.0.309 Chrome/120.0.6099.291 Electron/28.2.10 Safari/537.36",
    f"{MAC} Notion/3.11.1 Chrome/126.0.6478.61 Electron/31.1.0 Safari/537.36",
    f"{WINDOWS} Mattermost/5.8.1 Chrome/124.0.6367.207 Electron/30.0.6 Safari/537.36",
    f"{WINDOWS} Signal/7.13.0 Chrome/124.0.6367.119 Electron/30.0.3 Safari/537.36",
    f"{WINDOWS} Viber/22.6.0 Chrome/118.0.5993.220 Safari/537.36",
]
TEXT = [
    "Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.1.1k",
    "w3m/0.5.3+git20230121",
    "Emacs-w3m/1.4.632 w3m/0.5.3",
    "Links (2.29; Linux 6.1.0-21-amd64 x86_64; GNU C 12.2; text)",
    "ELinks/0.16.1.1 (textmode; Linux 6.1.0 x86_64; 158x40-2)",
    "Dillo/3.1.0",
    "NetSurf/3.11 (Linux; x86_64)",
    "edbrowse/3.8.9",
    "URL/Emacs Emacs/29.3 (X11; x86_64-pc-linux-gnu)",
]


def seen(agent: str, method: str = "GET", **said: str) -> Visitor:
    """Classify a request that sends this agent and whatever else it says."""
    return classify(Shape(agent, method, **said))


def test_every_agent_of_the_public_list_is_a_machine_but_for_the_argued_browsers() -> None:
    people = [(entry["pattern"], agent) for entry, agent in LISTED if not seen(agent).is_machine]
    assert len(LISTED) > 2000
    assert {pattern for pattern, _ in people} == NOT_MACHINES
    assert all(visitor._COMPLETE.match(agent) for _, agent in people)


def test_the_argued_exceptions_are_argued_on_the_page() -> None:
    for pattern in NOT_MACHINES:
        plain = pattern.replace("\\", "")
        assert f"| `{plain}` |" in PAGE


def test_the_index_holds_an_agent_against_every_name_whose_mark_it_bears() -> None:
    names = list(visitor._listed())
    for _, agent in LISTED:
        held = {name for gram in ("", *visitor._grams(agent)) for name in visitor._INDEX.get(gram, ())}
        assert {name for name in names if name.mark in agent} <= held, agent


def test_a_pattern_of_the_list_never_matches_without_the_mark_it_is_filed_under() -> None:
    patterns = [(name.pattern, name.mark) for name in visitor._listed() if name.pattern]
    assert len(patterns) > 20
    for _, agent in LISTED:
        for pattern, mark in patterns:
            assert mark in agent or not pattern.search(agent), (pattern, mark, agent)


def test_a_plain_name_of_the_list_is_what_its_pattern_matches() -> None:
    plain = {name.mark for name in visitor._listed() if name.pattern is None}
    for entry in CRAWLER_USER_AGENTS_DATA:
        found = re.search(entry["pattern"], " ".join(entry["instances"]))
        if found and visitor._LITERAL.fullmatch(entry["pattern"]) and entry["pattern"] not in NOT_MACHINES:
            assert found[0] in plain


@pytest.mark.parametrize("agent", DESKTOP + MOBILE + IN_APP + TEXT)
def test_a_person_is_a_person(agent: str) -> None:
    assert seen(agent) is Visitor.PERSON


def test_the_corpus_of_people_is_wide() -> None:
    people = DESKTOP + MOBILE + IN_APP + TEXT
    assert len(set(people)) == len(people) >= 60


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("", Visitor.TOOL),
        ("   ", Visitor.TOOL),
        ("Mozilla/5.0", Visitor.TOOL),
        ("Mozilla/5.0 (compatible)", Visitor.TOOL),
        ("curl/8.7.1", Visitor.TOOL),
        ("Wget/1.24.5", Visitor.TOOL),
        ("python-requests/2.32.3", Visitor.TOOL),
        ("python-httpx/0.27.0", Visitor.TOOL),
        ("Go-http-client/2.0", Visitor.TOOL),
        ("Java/17.0.11", Visitor.TOOL),
        ("PostmanRuntime/7.39.0", Visitor.TOOL),
        ("Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A.240505.005)", Visitor.TOOL),
        ("NewsApp/41 CFNetwork/1494.0.7 Darwin/23.4.0", Visitor.TOOL),
        (f"{WINDOWS} HeadlessChrome/126.0.0.0 Safari/537.36", Visitor.TOOL),
        (f"{WINDOWS} HeadlessEdg/126.0.0.0 Safari/537.36", Visitor.TOOL),
        (f"{CHROME} Cypress/13.12.0", Visitor.TOOL),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/24.1.0", Visitor.TOOL),
        (
            "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-GB) AppleWebKit WindowsPowerShell/5.1.22621",
            Visitor.TOOL,
        ),
        (f"{CHROME} (compatible; SomethingNew/0.1; +https://new.example/robot)", Visitor.TOOL),
        (f"{CHROME} NobodyKnowsThisBot/2", Visitor.TOOL),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Visitor.TOOL),
        ("WhatsApp/2.23.20.0", Visitor.PREVIEW),
        ("WhatsApp/2.23.20.0 A", Visitor.PREVIEW),
        ("Viber", Visitor.PREVIEW),
        ("TelegramBot (like TwitterBot)", Visitor.PREVIEW),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Visitor.PREVIEW),
        ("facebookexternalhit/1.1;line-poker/1.0", Visitor.PREVIEW),
        ("facebookexternalhit/1.1; kakaotalk-scrap/1.0", Visitor.PREVIEW),
        (IMESSAGE, Visitor.PREVIEW),
        (CARDYB, Visitor.PREVIEW),
        ("web:app.bsky:v0.0.1 (by support@bsky.app)", Visitor.PREVIEW),
        ("Google-Chat-Unfurler", Visitor.PREVIEW),
        (
            f"{CHROME} Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)",
            Visitor.PREVIEW,
        ),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", Visitor.PREVIEW),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)", Visitor.PREVIEW),
        ("Mattermost/9.8", Visitor.PREVIEW),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.2; +https://openai.com/gptbot",
            Visitor.AI_CRAWLER,
        ),
        (f"{CHROME} ChatGPT-User", Visitor.AI_CRAWLER),
        ("Claude-User (claude-code/1.0; +https://support.anthropic.com/)", Visitor.AI_CRAWLER),
        ("CCBot/2.0 (https://commoncrawl.org/faq/)", Visitor.AI_CRAWLER),
        ("Mozilla/5.0 (compatible; GoogleOther)", Visitor.AI_CRAWLER),
        ("LAIONDownloader/1", Visitor.AI_CRAWLER),
        (f"{CHROME} Manus-User/1.0", Visitor.AI_CRAWLER),
        ("BarracudaCentral", Visitor.SCANNER),
        (f"{CHROME} Barracuda Sentinel (EE)", Visitor.SCANNER),
        ("proofpoint-urldefense", Visitor.SCANNER),
        ("Mimecast/1.0", Visitor.SCANNER),
        (f"{CHROME} (compatible; Google-Safety; +http://www.google.com/bot.html)", Visitor.SCANNER),
        ("Mozilla/5.0 zgrab/0.x", Visitor.SCANNER),
    ],
)
def test_a_machine_that_says_so_is_known(agent: str, expected: Visitor) -> None:
    assert seen(agent) is expected


@pytest.mark.parametrize(
    ("tag", "expected"), [("ai-crawler", Visitor.AI_CRAWLER), ("social-preview", Visitor.PREVIEW)]
)
def test_a_tag_of_the_list_gives_its_class_unless_a_stronger_name_stands_beside_it(
    tag: str, expected: Visitor
) -> None:
    strength = [Visitor.AI_CRAWLER, Visitor.SCANNER, Visitor.PREVIEW, Visitor.TOOL]
    agents = [
        agent
        for entry in CRAWLER_USER_AGENTS_DATA
        if tag in entry["tags"] and entry["pattern"] not in NOT_MACHINES
        for agent in entry["instances"]
    ]
    assert len(agents) > 50
    for agent in agents:
        assert strength.index(seen(agent)) <= strength.index(expected), agent


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PROPFIND", "TRACE", "get", ""])
def test_no_person_asks_by_head_or_a_stranger_method(method: str) -> None:
    assert seen(CHROME, method) is Visitor.TOOL


@pytest.mark.parametrize(
    "purpose",
    ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip", "Prefetch", "preview", " prefetch"],
)
def test_a_browser_that_fetches_ahead_is_a_preview(purpose: str) -> None:
    assert seen(CHROME, purpose=purpose) is Visitor.PREVIEW


def test_an_unknown_purpose_changes_nothing() -> None:
    assert seen(CHROME, purpose="reading") is Visitor.PERSON


@pytest.mark.parametrize(
    "destination", ["image", "script", "style", "video", "object", "embed", "serviceworker"]
)
def test_a_piece_of_a_page_is_no_person(destination: str) -> None:
    assert seen(CHROME, fetch_mode="no-cors", fetch_dest=destination) is Visitor.PREVIEW


def test_the_script_of_another_site_is_no_person_but_our_own_is() -> None:
    foreign = {"fetch_mode": "cors", "fetch_dest": "empty", "fetch_site": "cross-site"}
    assert seen(CHROME, **foreign) is Visitor.PREVIEW
    assert seen(CHROME, "POST", **foreign | {"fetch_site": "same-origin"}) is Visitor.PERSON


@pytest.mark.parametrize("site", ["", "none", "cross-site", "same-site", "same-origin"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_opened_from_anywhere_is_a_person(method: str, site: str) -> None:
    assert (
        seen(CHROME, method, fetch_mode="navigate", fetch_dest="document", fetch_site=site) is Visitor.PERSON
    )


def test_who_asks_for_a_part_of_a_page_is_a_preview() -> None:
    assert classify(Shape(CHROME, "GET", ranged=True)) is Visitor.PREVIEW


def test_the_name_is_stronger_than_the_shape() -> None:
    assert seen("CCBot/2.0", purpose="prefetch") is Visitor.AI_CRAWLER


@given(
    base=st.sampled_from(DESKTOP + MOBILE + IN_APP),
    name=st.sampled_from(["GPTBot/1.2", "Barracuda", "facebookexternalhit/1.1", "python-requests/2.32"]),
)
def test_a_forged_machine_name_only_ever_withholds(base: str, name: str) -> None:
    assert seen(f"{base} {name}").is_machine
    assert seen(f"{name} {base}").is_machine


anything = st.text()
fragments = st.lists(
    st.sampled_from(
        ["Mozilla/5.0 (", ") ", "AppleWebKit", "Gecko", "bot", "Spider", "compatible;", "WhatsApp/2", "\0"]
    )
).map("".join)


@given(
    st.builds(Shape, anything | fragments, anything, anything, anything, anything, anything, st.booleans())
)
def test_whatever_is_sent_gets_one_class_and_the_same_again(shape: Shape) -> None:
    first = classify(shape)
    assert first is classify(shape)
    visitor._named.cache_clear()
    assert classify(shape) is first


@given(
    st.lists(st.sampled_from([*"abc /;("]), max_size=5).map("".join),
    st.sampled_from(["agent", "purpose", "fetch_dest"]),
)
def test_a_header_of_a_megabyte_costs_next_to_nothing(piece: str, field: str) -> None:
    huge = ((piece or "Spider") * 1_000_000)[:1_000_000]
    shape = Shape(**{"agent": CHROME, "method": "GET", field: huge})
    began = time.process_time()
    classify(shape)
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    "piece", ["Spider", "ContextualBot", "Current", "Mozilla/5.0 (", "bot", "MIDPNokia", "http"]
)
def test_an_agent_made_to_be_dear_stays_cheap(piece: str) -> None:
    agent = (piece * 1024)[: visitor.AGENT_LENGTH]
    began = time.process_time()
    visitor._named.__wrapped__(agent)
    assert time.process_time() - began < 0.05


def test_no_agent_of_the_list_or_of_a_person_is_cut() -> None:
    agents = [agent for _, agent in LISTED] + DESKTOP + MOBILE + IN_APP + TEXT
    assert max(map(len, agents)) <= visitor.AGENT_LENGTH


def test_the_memory_of_agents_is_bounded_in_number_and_length() -> None:
    visitor._named.cache_clear()
    for number in range(5000):
        seen(f"{CHROME} {number}" + "x" * 100_000)
    assert visitor._named.cache_info().currsize <= 4096
    visitor._named.cache_clear()


def test_only_a_person_is_no_machine() -> None:
    assert [kind for kind in Visitor if not kind.is_machine] == [Visitor.PERSON]


def test_the_page_about_visitors_names_every_class_and_no_other() -> None:
    table = PAGE.split("## The classes")[1].split("##")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [kind.value for kind in Visitor]


def test_the_page_about_visitors_argues_every_tag_with_the_class_it_gets() -> None:
    table = PAGE.split("## The tags")[1].split("\n## ")[0]
    told = dict(re.findall(r"^\| `([\w-]+)` \| `(\w+)`", table, re.MULTILINE))
    used = {tag for entry in CRAWLER_USER_AGENTS_DATA for tag in entry["tags"]}
    assert told == {tag: visitor._TAGS.get(tag, Visitor.TOOL).value for tag in used}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("0.0.0.0", "0.0.0.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("::ffff:cb00:714d", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_an_address_is_told_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.ip_addresses())
def test_a_network_holds_its_address_and_names_itself(address) -> None:
    network = network_of(str(address))
    base, length = network.split("/")
    assert network_of(base) == network
    assert length == ("24" if "." in network else "64")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "203.0.113.7:443",
        "[2001:db8::7]",
        "203.0.113.0/24",
        " 203.0.113.7",
        "1" * 10_000,
        "٣.0.0.1",
    ],
)
def test_what_is_no_address_is_named_in_the_error(address: str) -> None:
    with pytest.raises(ValueError, match="not an IP address") as failure:
        network_of(address)
    assert repr(address[:60]) in str(failure.value)
    assert len(str(failure.value)) < 200
