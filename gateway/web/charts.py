"""Charts drawn on the server: bars of a span with a line for the span before, in SVG that names no colour and no font."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 72
GAP = 0.25  # Of a bar's place.


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to be drawn; `line` is a path's text, empty where there was nothing before; `top` is the scale's end."""

    bars: tuple[Bar, ...]
    line: str
    top: int
    width: int = WIDTH
    height: int = HEIGHT


def bars(values: Sequence[int], before: Sequence[int] = ()) -> Chart:
    """Draw a bar for each value, and a line through as many values as there were before, to one scale from zero."""
    top = max((*values, *before), default=0)
    place = WIDTH / max(len(values), 1)
    drawn = tuple(
        Bar(
            round((number + GAP / 2) * place, 2),
            _y(value, top),
            round(place * (1 - GAP), 2),
            _rise(value, top),
        )
        for number, value in enumerate(values)
        if value
    )
    points = [
        f"{(number + 0.5) * place:.2f} {_y(value, top)}" for number, value in enumerate(before[: len(values)])
    ]
    return Chart(drawn, f"M{'L'.join(points)}" if any(before) else "", top)


def share(value: int, whole: int) -> Bar:
    """Draw a part of a whole as one lying bar, as wide as the drawing where it is all of it."""
    return Bar(0, 0, round(WIDTH * value / whole, 2) if whole else 0, HEIGHT)


def _rise(value: int, top: int) -> float:
    # What is there is seen, however little it is beside the rest.
    return max(round(HEIGHT * value / top, 2), 1.5) if value and top else 0


def _y(value: int, top: int) -> float:
    return round(HEIGHT - _rise(value, top), 2)
