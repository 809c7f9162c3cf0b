"""Who and what takes part in an act, and how the log names them."""

from dataclasses import dataclass

from gateway.guard import By


@dataclass(frozen=True, slots=True)
class Parties:
    """Who and what takes part in an act, as far as it has them.

    `networks` are the names of one network under this month's key and the last one's; `subscriber` gives in an act
    of giving and reads in an act of reading.
    """

    reader: bytes | None = None
    networks: tuple[bytes, ...] = ()
    gift: int | None = None
    reference: str = ""
    subscriber: int | None = None
    article: int | None = None

    @property
    def names(self) -> dict[By, tuple[str, ...]]:
        """How the log names them, by what a rule counts for; of a network, this month's name comes first."""
        found: dict[By, tuple[str, ...]] = {}
        if self.reader is not None:
            found[By.READER] = (f"reader:{self.reader[:8].hex()}",)
        if self.networks:
            found[By.NETWORK] = tuple(f"network:{network.hex()}" for network in self.networks)
        if self.reference:
            found[By.LINK] = (f"gift:{self.reference}",)
        if self.subscriber is not None:
            found[By.SUBSCRIBER] = (f"account:{self.subscriber}",)
        if self.article is not None:
            found[By.ARTICLE] = (f"article:{self.article}",)
        return found
