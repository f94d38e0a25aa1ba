"""The customers of a stored segmentation, each with its classes, its segment and the figures behind them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, ForeignKeyConstraint, Row, Table, bindparam, select
from sqlmodel import Field, SQLModel

from service.store import customers, labels, salespeople
from service.store.columns import amount, number_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class SegmentRow(SQLModel, table=True):
    __tablename__ = "segment_row"
    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "segmentation"], ["segmentation.subsidiary_id", "segmentation.number"]),
        ForeignKeyConstraint(["subsidiary_id", "customer_id"], ["customer.subsidiary_id", "customer.id"]),
    )
    subsidiary_id: int = number_key()
    segmentation: int = number_key()
    customer_id: int = number_key()
    scope: str = Field(max_length=120)
    value: int = amount()
    prior_value: int = amount()
    revenue: int = amount()
    margin: int = amount()
    orders: int = amount()
    abc_class: str = Field(max_length=1)
    prior_class: str = Field(max_length=1)
    raw_prior_class: str = Field(max_length=1)
    before: int = amount()
    to_next_class: int | None = amount(default=None)
    scope_value: int = amount()
    potential_class: str = Field(max_length=1)
    effective_potential: int = amount()
    potential_assumed: bool
    potential_understated: bool
    gap: int = amount()
    state: str = Field(max_length=16)
    regularity: str = Field(max_length=1)
    segment: str = Field(max_length=8)


TABLE: Table = SegmentRow.__table__  # type: ignore[attr-defined]
SORTS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "code": (customers.TABLE.c.code,),
    "-value": (-TABLE.c.value, customers.TABLE.c.code),
    "-gap": (-TABLE.c.gap, customers.TABLE.c.code),
}
FILTERS: Mapping[str, ColumnElement[Any]] = {
    "abc_class": TABLE.c.abc_class,
    "segment": TABLE.c.segment,
    "state": TABLE.c.state,
    "scope": TABLE.c.scope,
    "salesperson": salespeople.TABLE.c.code,
}

_OF_CUSTOMER = select(TABLE).where(
    TABLE.c.subsidiary_id == bindparam("subsidiary"),
    TABLE.c.segmentation == bindparam("segmentation"),
    TABLE.c.customer_id == bindparam("customer"),
)


def page(
    connection: Connection,
    reach: Reach,
    segmentation: int,
    limit: int,
    after: tuple[Any, ...] | None,
    sort: str,
    filters: Mapping[str, str],
) -> Sequence[Row[Any]]:
    """Customers of a segmentation of the one subsidiary in reach, in a named order, those after the cursor.

    Each row has `sort_key`'s columns last, for the cursor of the next page.
    """
    order = SORTS[sort]
    statement = _described(reach).where(TABLE.c.segmentation == segmentation).order_by(*order).limit(limit)
    for name, value in filters.items():
        statement = statement.where(FILTERS[name] == value)
    if after is not None:
        statement = statement.where(later(order, after))
    return connection.execute(statement).all()


def of_customer(connection: Connection, reach: Reach, segmentation: int, customer: int) -> Row[Any] | None:
    """One customer's row of a segmentation of the one subsidiary in reach."""
    key = {"subsidiary": reach.one, "segmentation": segmentation, "customer": customer}
    return connection.execute(_OF_CUSTOMER, key).one_or_none()


def _described(reach: Reach) -> Any:
    c, s, k = customers.TABLE.c, salespeople.TABLE.c, labels.CHANNEL.c
    return (
        select(
            TABLE,
            SUBSIDIARY.c.code.label("subsidiary"),
            c.code.label("customer"),
            c.name,
            s.code.label("salesperson"),
            k.code.label("channel"),
        )
        .join(SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id)
        .join(customers.TABLE, (c.subsidiary_id == TABLE.c.subsidiary_id) & (c.id == TABLE.c.customer_id))
        .join(salespeople.TABLE, (s.subsidiary_id == TABLE.c.subsidiary_id) & (s.id == c.salesperson_id))
        .join(labels.CHANNEL, (k.subsidiary_id == TABLE.c.subsidiary_id) & (k.id == c.channel_id))
        .where(reach.covers(TABLE.c.subsidiary_id))
    )
