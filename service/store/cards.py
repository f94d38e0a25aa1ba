"""A customer's card in one statement: who he is, the newest segmentation of his subsidiary, and his row in it.

A CRM reads it whenever somebody opens a customer, so it does without the summary of the segmentation, which is large.
"""

from collections import namedtuple
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, select

from service.store import customers, labels, salespeople, segments
from service.store.reach import BUILT, Reach
from service.store.results import SEGMENTATION
from service.store.subsidiaries import TABLE as SUBSIDIARY

Part = Any
"""A row of which each column is an attribute."""
_HEAD = ("subsidiary_id", "number", "method", "data_revision", "parameters")


def card(
    connection: Connection, reach: Reach, subsidiary: str, code: str
) -> tuple[Part, Part | None, Part | None] | None:
    """The customer; the segmentation (its key, method, parameters, data revision); his row in it. None: not there."""
    statement, (customer, head, row) = _statement(reach)
    found = connection.execute(statement, {"subsidiary": subsidiary, "code": code}).one_or_none()
    if found is None:
        return None
    values = tuple(found)
    of_head = len(customer._fields)
    of_row = of_head + len(head._fields)
    newest, his = head._make(values[of_head:of_row]), row._make(values[of_row:])
    return (
        customer._make(values[:of_head]),
        None if newest.number is None else newest,
        None if his.abc_class is None else his,
    )


@lru_cache(BUILT)
def _statement(reach: Reach) -> tuple[Select[Any], Sequence[Any]]:
    rows = segments.TABLE
    customer = [
        *reach.shown(*customers.TABLE.c),
        SUBSIDIARY.c.code.label("subsidiary"),
        SUBSIDIARY.c.currency,
        SUBSIDIARY.c.data_revision,
        _code(salespeople.TABLE, customers.TABLE.c.salesperson_id).label("salesperson"),
        _code(labels.CHANNEL, customers.TABLE.c.channel_id).label("channel"),
    ]
    head = [SEGMENTATION.c[name] for name in _HEAD]
    row = [column for column in rows.c if column.name not in ("subsidiary_id", "owner", "segmentation", "customer_id")]
    row.append(segments.GAP.label("gap"))
    other = SEGMENTATION.alias("other")
    newest = select(func.max(other.c.number)).where(other.c.subsidiary_id == customers.TABLE.c.subsidiary_id)
    of_subsidiary = and_(
        SEGMENTATION.c.subsidiary_id == customers.TABLE.c.subsidiary_id,
        SEGMENTATION.c.number == newest.correlate(customers.TABLE).scalar_subquery(),
    )
    of_customer = and_(
        rows.c.subsidiary_id == SEGMENTATION.c.subsidiary_id,
        rows.c.owner == SEGMENTATION.c.subsidiary_id,
        rows.c.segmentation == SEGMENTATION.c.number,
        rows.c.customer_id == customers.TABLE.c.id,
    )
    parts = [
        namedtuple("Part", [column.name for column in columns])  # noqa: PYI024 - its names are those of the columns
        for columns in (customer, head, row)
    ]
    joined = (
        select(*customer, *head, *row)
        .join_from(customers.TABLE, SUBSIDIARY, SUBSIDIARY.c.id == customers.TABLE.c.subsidiary_id)
        .outerjoin(SEGMENTATION, of_subsidiary)
        .outerjoin(rows, of_customer)
        .where(
            reach.covers(customers.TABLE.c.subsidiary_id),
            customers.TABLE.c.id != customers.UNATTRIBUTED,
            SUBSIDIARY.c.code == bindparam("subsidiary"),
            customers.TABLE.c.code == bindparam("code"),
        )
    )
    return joined, parts


def _code(noun: Any, number: Any) -> Any:
    """As a query of its own: PostgreSQL plans it at once, while two more tables in the join triple its planning."""
    own = (noun.c.subsidiary_id == customers.TABLE.c.subsidiary_id) & (noun.c.id == number)
    return select(noun.c.code).where(own).scalar_subquery()
