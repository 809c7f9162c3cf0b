"""The figures of the desk: every sealed entry counted once, kept up as rebuilt, and as a count by hand says."""

from datetime import date

from sqlalchemy import select

from gateway.figures import Figure, Row, Split
from gateway.keeping import rolling
from gateway.models import rollup
from tests.house import House
from tests.sealed import SealedLog


def counted(house: House) -> dict[Row, int]:
    """Read every row of the rollups."""
    with house.runtime.database.reading() as connection:
        rows = connection.execute(select(rollup))
        return {Row(*row[:4]): row[4] for row in rows}


def test_thin(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    issued = house.gift(house.subscriber(), house.article())
    house.claim(issued)
    sealed_log.sealer.beat()
    assert counted(house)[Row(Split.WHOLE, Figure.ISSUED, date(2026, 3, 10), "")] == 1
    before = counted(house)
    assert rolling.check(house.runtime, lambda _: None).differences == ()
    rolling.rebuild(house.runtime, lambda _: None)
    assert counted(house) == before
