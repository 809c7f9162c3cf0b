"""`gateway rollups`, as an operator types it: the status tells whether the figures are those of the log."""

from sqlalchemy import text

from gateway.settings import read_settings
from gateway.store.engine import open_database
from tests.commands import Terminal


def test_an_operator_checks_the_figures_and_counts_them_anew(terminal: Terminal) -> None:
    assert "0 entries were counted" in terminal.done("rollups", "check")
    terminal.done("jobs", "run", "--once")
    agreed = terminal.done("rollups", "check")
    assert agreed.startswith("the figures are those of the log: ")
    database = open_database(read_settings().database)
    with database.transaction() as connection:
        wrong = "INSERT INTO rollup (split, figure, day, name, count) VALUES ('plan', 'issued', '2026-03-10', 'gold', 7)"
        connection.execute(text(wrong))
    database.close()
    said = terminal.type("rollups", "check")
    assert said.status == 1
    assert "2026-03-10 issued plan gold: the figures say 7, the log 0" in said.out
    assert "gateway rollups rebuild" in said.out
    assert "entries were counted" in terminal.done("rollups", "rebuild")
    assert terminal.done("rollups", "check") == agreed
