"""What one article allows at one instant: reading, giving, and which of its pictures may travel."""

from dataclasses import dataclass
from datetime import datetime

from gateway.decision import Decision, Deny, Permit, Reason


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights one article carries; instants are aware UTC, None where nothing was stated."""

    giftable: bool = True
    not_giftable_because: str = ""
    free: bool = False
    embargo_until: datetime | None = None
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    copyright_holder: str = ""
    copyright_notice: str = ""

    def reading(self, now: datetime) -> Decision:
        """Decide whether anybody at all may be shown this article's text at `now`."""
        if self.withdrawn_at is not None and self.withdrawn_at <= now:
            return Deny(Reason.ARTICLE_WITHDRAWN, since=self.withdrawn_at)
        if self.embargo_until is not None and now < self.embargo_until:
            return Deny(Reason.ARTICLE_EMBARGOED, until=self.embargo_until)
        if self.expires_at is not None and self.expires_at <= now:
            return Deny(Reason.ARTICLE_EXPIRED, since=self.expires_at)
        return Permit()

    def giving(self, now: datetime) -> Decision:
        """Decide whether gifts of this article may be issued, and its open gifts read, at `now`.

        A free article needs no gift and is refused with `article:free`, which costs nobody anything.
        """
        reading = self.reading(now)
        if isinstance(reading, Deny):
            return reading
        if self.free:
            return Deny(Reason.ARTICLE_FREE)
        if not self.giftable:
            because = {"because": self.not_giftable_because} if self.not_giftable_because else {}
            return Deny(Reason.ARTICLE_NOT_GIFTABLE, detail=because)
        return Permit()
