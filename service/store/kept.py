"""Where the rows of each form are kept, and which of them a data revision wrote."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, func, select

from service.store import customers, exchange_rates, lines, registers, salespeople, targets
from service.store.reach import Reach

TABLES: Mapping[str, tuple[Table, Table]] = {
    "customers": (customers.TABLE, customers.HISTORY),
    "salespeople": (salespeople.EMPLOYMENT, salespeople.HISTORY),
    "statistics": (lines.TABLE, lines.HISTORY),
    "exchange-rates": (exchange_rates.TABLE, exchange_rates.HISTORY),
    "targets": (targets.TABLE, targets.HISTORY),
    **registers.TABLES,
}
"""Of each form: the table that its rows go to, and the history that they move to when they are replaced."""


def rows(connection: Connection, reach: Reach, form: str, revision: int) -> tuple[int, int]:
    """How many rows a revision of the one subsidiary (or the group) wrote that stand now, and that were replaced."""
    now, replaced = (_count(connection, reach, table, revision) for table in TABLES[form])
    return now, replaced


def _count(connection: Connection, reach: Reach, table: Table, revision: int) -> int:
    statement = select(func.count()).select_from(table).where(table.c.revision == revision)
    if "subsidiary_id" in table.c:  # exchange rates are the group's
        statement = statement.where(table.c.subsidiary_id == reach.one)
    number: int = connection.execute(statement).scalar_one()
    return number
