"""The shapes of the API: what it takes, strictly, and what it answers; the OpenAPI document is made from them."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.decision import Reason
from gateway.sharing.wording import LABEL_LENGTH, NOTE_LENGTH

# The largest whole number that every program reads exactly from JSON (RFC 8785, 3.2.2.3); no row has one as large.
LARGEST = 2**53 - 1
PAGE_SIZES = (1, 100)
REASONS = tuple(reason.value for reason in Reason)

State = Literal["open", "needs_fresh_link", "read_up", "expired", "revoked", "frozen", "closed", "free"]


def _digits(value: object) -> int:
    # Python would take " 1_000 " for a number too; an address has one spelling of each.
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,18}", value):
        return int(value)
    raise PydanticCustomError("digits", "want a whole number")


def _whole(value: object) -> object:
    # JSON knows one kind of number: 7.0 is the whole number 7, and some languages write it so.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _line_ends(value: object) -> object:
    # Two characters on some systems, and one in the note that is kept.
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _reasons(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"enum": list(REASONS)}, {"pattern": "^http:[45][0-9]{2}$"}]


class Asked(BaseModel):
    """Something asked for: nothing is converted, nothing unknown let in."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class GiftWish(Asked):
    """The article to give, by its number or its slug, and how."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["article_id"]}, {"required": ["slug"]}]}
    )

    article_id: Annotated[int, Field(ge=1, le=LARGEST), BeforeValidator(_whole)] = Field(
        0, description="The article's number.", json_schema_extra=_without_default
    )
    slug: str = Field(
        "",
        pattern="^[a-z0-9-]{1,120}$",
        description="The last part of the article's address, in place of its number.",
        json_schema_extra=_without_default,
    )
    separate: bool = Field(
        False,
        description="Whether to make a link of its own, for one credit, though one for the article is open.",
    )
    label: str = Field(
        "",
        max_length=LABEL_LENGTH,
        pattern=r"^[^\u0000-\u001f\u007f]*$",
        description="For whom the link is; only the giver sees it.",
    )
    note: Annotated[str, BeforeValidator(_line_ends)] = Field(
        "",
        max_length=NOTE_LENGTH,
        pattern=r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$",
        description="Plain words for the card, without addresses.",
    )
    show_name: bool = Field(True, description="Whether the card names the giver.")

    @model_validator(mode="after")
    def _names_one_article(self) -> Self:
        if ("article_id" in self.model_fields_set) == ("slug" in self.model_fields_set):
            raise PydanticCustomError("article", "want either article_id or slug")
        return self


class PageAsked(Asked):
    """Which page of a list."""

    before: Annotated[int, Field(ge=1, le=LARGEST), BeforeValidator(_digits)] = Field(
        LARGEST,
        description="Where the page before ended: its `older`.",
        json_schema_extra=_without_default,
    )
    limit: Annotated[int, Field(ge=PAGE_SIZES[0], le=PAGE_SIZES[1]), BeforeValidator(_digits)] = Field(
        20, description="How many at most."
    )


class KeyHeader(BaseModel):
    """The key that makes a retry the same act."""

    key: str = Field(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,200}$",
        description="Drawn by the caller for this one act, such as a UUID; kept 24 hours per account. "
        "A retry with the same key and body is answered as the first time; with another body it is refused.",
    )


class Answered(BaseModel):
    """Something answered; every key is always there."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Allowance(Answered):
    """The gifts of one calendar month."""

    limit: int = Field(ge=0, description="All there is this month: the plan's number and what was granted.")
    used: int = Field(ge=0)
    remaining: int = Field(ge=0)
    granted: int = Field(ge=0, description="How much of the limit was granted by the publisher.")
    renews_at: datetime = Field(description="When the next month begins, UTC.")
    zone: str = Field(description="The IANA zone whose calendar counts.")


class Article(Answered):
    """An article, as far as a list of gifts says."""

    id: int
    slug: str
    headline: str
    url: str = Field(description="The article's own address.")


class Gift(Answered):
    """A gift, and what became of it."""

    reference: str = Field(description="Eight characters that name the gift and open nothing.")
    article: Article
    url: str | None = Field(description="The gift link; null where it would not open.")
    label: str
    note: str
    issued_at: datetime
    expires_at: datetime
    readers: int | None = Field(description="How many may read by this link; null without a cap.")
    unconfirmed_bound: int = Field(
        description="How many devices may have opened it before a person's input confirmed the reading."
    )
    opened: int = Field(ge=0, description="Devices that opened it and have not confirmed a reading.")
    read: int = Field(ge=0, description="Devices on which a person reads.")
    state: State
    reason: str | None = Field(description="Why the link is shut; null while it is open.")
    credit_returned: bool


class GiftAnswer(Answered):
    """A gift after an act, and what is left of the month."""

    gift: Gift
    allowance: Allowance | None = Field(description="Null for an account without a plan.")


class GiftList(Answered):
    """One page of gifts, newest first."""

    gifts: list[Gift]
    allowance: Allowance | None
    older: int | None = Field(description="Give it as `before` for the next page; null at the end.")


class Terms(Answered):
    """What a gift issued now would allow."""

    expires_at: datetime
    readers: int | None
    unconfirmed_bound: int


class Sharing(Answered):
    """What sharing an article would mean just now."""

    article: Article
    may_give: bool
    reason: str | None = Field(description="Why not; null where it may be given.")
    since: datetime | None
    until: datetime | None
    allowance: Allowance | None
    open_gift: Gift | None = Field(description="The open gift that giving it again would hand back, free.")
    terms: Terms


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str = Field(
        description="The reason, stable for programs: one of ours, or `http:` and the status.",
        json_schema_extra=_reasons,
    )
    request_id: str = Field("", description="Names this request in the publisher's log.")
    since: datetime | None = Field(None, json_schema_extra=_without_default)
    until: datetime | None = Field(None, json_schema_extra=_without_default)
    about: dict[str, str | int] = Field({}, description="Figures that belong to the reason.")
