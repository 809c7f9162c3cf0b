"""The table that a measurement prints."""

from dataclasses import dataclass

from bench.measuring import Spread

HEAD = ("flow", "database", "gifts", "a request", "ratio (quartiles)", "want", "")
WIDTHS = (6, 11, 10, 12, 22, 9, 0)
SLOWER_AT_MOST = 1.2


@dataclass(frozen=True, slots=True)
class Row:
    """One result: a share of the yardstick's speed, or with `slower` how many times the time at fewer gifts."""

    flow: str
    database: str
    gifts: int
    milliseconds: float
    spread: Spread
    want: float
    slower: bool = False

    @property
    def reached(self) -> bool:
        """Whether the median is where it should be."""
        return self.spread.median <= self.want if self.slower else self.spread.median >= self.want

    def line(self) -> str:
        """Write the row."""
        spread = f"{self.spread.median:.3f} ({self.spread.low:.3f}–{self.spread.high:.3f})"
        want = f"{'≤' if self.slower else '≥'} {self.want:g}{'×' if self.slower else ''}"
        gifts = f"{self.gifts:,}"
        time = f"{self.milliseconds:.2f} ms"
        return _line(self.flow, self.database, gifts, time, spread, want, self._verdict())

    def _verdict(self) -> str:
        if self.reached:
            return "reached"
        return f"short by {abs(self.spread.median - self.want) / self.want:.0%}"


def head() -> str:
    """Write the table's head."""
    return _line(*HEAD)


def _line(*cells: str) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()
