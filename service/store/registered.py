"""Reading the rows of registers and targets back, with the codes of what they point to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from service.store import customers, labels, salespeople
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY

_CODES = {
    "customer": customers.TABLE,
    "salesperson": salespeople.TABLE,
    "channel": labels.CHANNEL,
    "product_group": labels.PRODUCT_GROUP,
}


def page(
    connection: Connection, reach: Reach, table: Table, limit: int, after: Sequence[Any] | None
) -> Sequence[Row[Any]]:
    """Rows of one of these tables by key, at most `limit`, those after the cursor."""
    order = list(table.primary_key.columns)
    statement = select(table, SUBSIDIARY.c.code.label("subsidiary"), SUBSIDIARY.c.currency)
    statement = statement.join(SUBSIDIARY, SUBSIDIARY.c.id == table.c.subsidiary_id)
    for word, named in _CODES.items():
        if f"{word}_id" in table.c:
            same = (named.c.subsidiary_id == table.c.subsidiary_id) & (named.c.id == table.c[f"{word}_id"])
            statement = statement.join(named, same).add_columns(named.c.code.label(word))
    statement = statement.where(reach.covers(table.c.subsidiary_id)).order_by(*order).limit(limit)
    if after is not None:
        statement = statement.where(later(order, after))
    return connection.execute(statement).all()


def key_of(table: Table, row: Row[Any]) -> list[Any]:
    """The key of a row, for a cursor."""
    return [getattr(row, column.name) for column in table.primary_key.columns]
