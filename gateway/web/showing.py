"""What templates are handed: plain objects with just what a page says."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from markupsafe import Markup

from gateway.accounts import Account
from gateway.articles import Article, ArticleLine, Picture
from gateway.link import Gift
from gateway.policy import Policy
from gateway.web.speech import spoken
from gateway.web.state import state


@dataclass(frozen=True, slots=True)
class ShownTerms:
    """What gifts issued now allow; `readers` is None without a cap."""

    life_days: int
    readers: int | None
    unconfirmed: int


@dataclass(frozen=True, slots=True)
class ShownCopying:
    """Up to which lengths, in Unicode code points, a copy is left alone and given whole."""

    untouched_below: int
    passage: int


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """What every page says of the policy in force."""

    publisher: str
    zone: str
    licensing_email: str
    notice: str
    terms: ShownTerms
    copying: ShownCopying


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """Who is signed in."""

    id: int
    name: str
    email: str
    role: str
    plan_label: str


@dataclass(frozen=True, slots=True)
class ShownArticle:
    """An article for a page; the two texts are sanitised markup, empty where they are not to be shown."""

    id: int
    slug: str
    url: str
    headline: str
    standfirst: str
    byline: str
    section: str
    language: str
    published_at: datetime | None
    body_html: Markup
    first_paragraph: Markup
    copyright_holder: str
    copyright_notice: str
    free: bool
    picture: Picture | None

    def __hash__(self) -> int:
        """Hash little of it, for pages are kept by it and asked for at each answer; what is alike is compared whole."""
        return hash((self.id, self.headline))


@dataclass(frozen=True, slots=True)
class ShownGift:
    """A gift for a page, with its giver's name only where the giver wished it shown."""

    reference: str
    label: str
    note: str
    issued_at: datetime | Markup
    expires_at: datetime | Markup
    readers: int | None
    unconfirmed_bound: int
    confirmed: int
    unconfirmed: int
    revoked_at: datetime | None
    frozen_at: datetime | None
    spread: bool
    giver_shown: bool
    giver_name: str


def _show_policy(policy: Policy, language: str) -> ShownPolicy:
    return ShownPolicy(
        publisher=policy.publisher.name,
        zone=policy.publisher.zone,
        licensing_email=policy.publisher.licensing,
        notice=policy.notice_in(language),
        terms=ShownTerms(policy.gift.life.days, policy.gift.readers, policy.gift.unconfirmed),
        copying=ShownCopying(policy.copying.untouched_below, policy.copying.passage),
    )


def shown_policy() -> ShownPolicy:
    """Show the policy in force in the page's language."""
    runtime = state().runtime
    current = runtime.policies.in_force(runtime.clock())
    shown: dict[tuple[int, str], ShownPolicy] = state().shown_policies
    key = (current.version, spoken().language)
    if key not in shown:
        shown[key] = _show_policy(current.policy, key[1])
    return shown[key]


def shown_person(found: Account | None) -> ShownPerson | None:
    """Show who is signed in, with the plan's label as the policy in force has it."""
    if found is None:
        return None
    runtime = state().runtime
    plan = runtime.policies.in_force(runtime.clock()).policy.plans.get(found.plan or "")
    return ShownPerson(found.id, found.name, found.email, found.role, plan.label if plan else "")


def shown_article(article: Article, *, text: bool = False, gift_card: bool = False) -> ShownArticle:
    """Show an article; its text only with `text`, and on a gift card only a picture that may travel."""
    return _shown_article(article, state().settings.base_url, text=text, gift_card=gift_card)


@lru_cache(maxsize=512)
def _shown_article(article: Article, base_url: str, *, text: bool, gift_card: bool) -> ShownArticle:
    picture = article.pictures[0] if article.pictures else None
    if gift_card and (picture is None or not picture.travels):
        picture = None
    return ShownArticle(
        id=article.id,
        slug=article.slug,
        url=f"{base_url}/articles/{article.slug}",
        headline=article.headline,
        standfirst=article.standfirst,
        byline=article.byline,
        section=article.section,
        language=article.language or "en",
        published_at=article.published_at,
        body_html=_sanitised(article.body_html) if text else Markup(),
        first_paragraph=_sanitised(article.first_paragraph) if not gift_card else Markup(),
        copyright_holder=article.rights.copyright_holder,
        copyright_notice=article.rights.copyright_notice,
        free=article.rights.free,
        picture=_absolute(picture, base_url),
    )


def shown_line(line: ArticleLine) -> ShownArticle:
    """Show an article in a list."""
    return ShownArticle(
        id=line.id,
        slug=line.slug,
        url=article_url(line.slug),
        headline=line.headline,
        standfirst=line.standfirst,
        byline=line.byline,
        section=line.section,
        language=line.language or "en",
        published_at=line.published_at,
        body_html=Markup(),
        first_paragraph=Markup(),
        copyright_holder=line.rights.copyright_holder,
        copyright_notice=line.rights.copyright_notice,
        free=line.rights.free,
        picture=_absolute(line.picture, state().settings.base_url),
    )


def shown_gift(gift: Gift, giver: str = "") -> ShownGift:
    """Show a gift."""
    return ShownGift(
        reference=gift.reference,
        label=gift.label,
        note=gift.note,
        issued_at=gift.issued_at,
        expires_at=gift.expires_at,
        readers=gift.readers,
        unconfirmed_bound=gift.unconfirmed_bound,
        confirmed=gift.confirmed,
        unconfirmed=gift.unconfirmed,
        revoked_at=gift.revoked_at,
        frozen_at=gift.frozen_at,
        spread=gift.spread and gift.revoked_at is None,
        giver_shown=gift.giver_shown,
        giver_name=giver if gift.giver_shown else "",
    )


def article_url(slug: str) -> str:
    """Spell an article's own, absolute address."""
    return f"{state().settings.base_url}/articles/{slug}"


def gift_url(token: str) -> str:
    """Spell a gift link."""
    return f"{state().settings.base_url}/g/{token}"


def _absolute(picture: Picture | None, base_url: str) -> Picture | None:
    # Previews fetch pictures from elsewhere, so an address on this site must be whole. Our pages load nothing over
    # plain http, where anybody on the way could change it; the same address over TLS is what is asked instead.
    if picture is None:
        return None
    if picture.href.startswith("/"):
        return replace(picture, href=f"{base_url}{picture.href}")
    scheme, _, rest = picture.href.partition("://")
    return replace(picture, href=f"https://{rest}") if scheme.lower() == "http" else picture


def _sanitised(html: str) -> Markup:
    # Every body goes through gateway.articles.sanitise before it is stored.
    return Markup(html)  # noqa: S704
