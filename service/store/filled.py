"""How many rows of a form have something in each column: what a CRM fills, and since when."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Date, Row, String, case, func, literal, select, true
from sqlmodel import AutoString

from service.store import customers, kept
from service.store.reach import Reach

_TIMES = {
    "statistics": "period",
    "targets": "period",
    "exchange-rates": "period",
    "orders": "date",
    "deals": "created",
    "activities": "date",
}


def dated(form: str) -> bool:
    """Whether its rows belong to a day or month."""
    return form in _TIMES


def by_time(connection: Connection, reach: Reach, form: str, names: Sequence[str], currency: str) -> Sequence[Row[Any]]:
    """`time` (month number, or day), `rows`, and per column the rows in which it is filled, of the one subsidiary in
    reach; a form without time in one row. Of exchange rates, which are the group's, those of the currency.

    Not filled: null, "", and 0 where a column may not be null, since absent cells of it are stored so.
    """
    table = kept.TABLES[form][0]
    time = table.c[_TIMES[form]] if dated(form) else literal(0)
    counts = [func.sum(case((_filled(table.c[name]), 1), else_=0)).label(f"filled_{name}") for name in names]
    statement = select(time.label("time"), func.count().label("rows"), *counts).select_from(table)
    own = table.c.subsidiary_id == reach.one if "subsidiary_id" in table.c else table.c.currency == currency
    if table is customers.TABLE:  # whom lines without a customer name
        own &= table.c.id != customers.UNATTRIBUTED
    statement = statement.where(own).order_by("time")
    return connection.execute(statement.group_by(time) if dated(form) else statement).all()


def column_of(form: str, name: str) -> str:
    """The stored column of a form's column: what points to something is stored as its number."""
    table = kept.TABLES[form][0]
    if form == "salespeople" and name == "code":
        return "salesperson_id"
    return name if name in table.c else f"{name}_id"


def _filled(column: Column[Any]) -> ColumnElement[bool]:
    if column.nullable:
        return column.is_not(None)
    if isinstance(column.type, String | AutoString):
        return column != ""
    return true() if isinstance(column.type, Date) else column != 0
