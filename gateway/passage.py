"""How much of an article may be copied."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from gateway.policyparts import Contradiction, NumberOr, Part

WHOLE_ARTICLE = "article"


class CopyLimits(Part):
    """The limits of copying, all in Unicode code points.

    `total` is None where a reader may take as much in 24 hours as the article is long.
    """

    untouched_below: Annotated[
        int, Field(ge=0, le=10_000, description="the length from which copies are touched")
    ]
    passage: Annotated[int, Field(ge=0, le=1_000_000, description="the longest copy that is given whole")]
    total: Annotated[
        int | None,
        NumberOr(WHOLE_ARTICLE, 0, 100_000_000),
        Field(description="the most a reader may take of one article in 24 hours"),
    ]

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield a short copy that is longer than a passage, and a total that no single passage fits into."""
        if self.untouched_below > self.passage:
            wants = f"at most copying.passage ({self.passage})"
            yield Contradiction(("untouched_below",), str(self.untouched_below), wants)
        if self.total is not None and self.total < self.passage:
            wants = f"at least copying.passage ({self.passage})"
            yield Contradiction(("total",), str(self.total), wants)

    def total_of(self, characters: int) -> int:
        """Count what a reader may take in 24 hours of an article that is `characters` long."""
        return characters if self.total is None else self.total
