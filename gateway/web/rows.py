"""Parts of an address that name a row: what no row can be called is not asked for, since a database need not take it."""

import re
from typing import Final

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from gateway.web.apidocument import REFERENCE_PATTERN

LARGEST: Final = 2**53 - 1


class Row(IntegerConverter):
    """A row's number."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, min=1, max=LARGEST)


class Reference(BaseConverter):
    """A gift's public reference."""

    regex = REFERENCE_PATTERN.removeprefix("^").removesuffix("$")


class Network(BaseConverter):
    """The name of a network in one month."""

    regex = "[0-9a-f]{32}"


def install(app: Flask) -> None:
    """Let the addresses of `app` say `<row:…>`, `<reference:…>` and `<network:…>`."""
    app.url_map.converters |= {"row": Row, "reference": Reference, "network": Network}


def asked_row(text: str) -> int:
    """Read a number that is asked for as a row's: 0, which none has, for what none can have; raises ValueError."""
    number = int(text)
    return number if 1 <= number <= LARGEST else 0


def row(text: str) -> int:
    """Read a row's number from a query; raises ValueError for what is none."""
    if not re.fullmatch(r"[0-9]{1,16}", text) or not 1 <= int(text) <= LARGEST:
        raise ValueError(text)
    return int(text)
