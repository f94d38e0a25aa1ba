"""Registers: orders, deals and activities as a CRM has them, one row each, and what they were before corrections."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Index, Row, Table, select
from sqlmodel import Field, SQLModel

from service.store import columns, segments
from service.store.reach import Reach


class _RegisterFields(SQLModel):
    subsidiary_id: int = columns.number_key()
    id: str = columns.code(primary_key=True)
    customer_id: int
    salesperson_id: int


class OrderFields(_RegisterFields):
    date: dt.date
    credit_shares: str = Field(max_length=1000)
    channel_id: int
    product_group_id: int
    amount: int = columns.amount()
    margin: int = columns.amount()
    revision: int = columns.amount()


class SalesOrder(OrderFields, table=True):
    __tablename__ = "sales_order"
    __table_args__ = (Index("ix_sales_order_revision", "subsidiary_id", "revision"),)


class SalesOrderHistory(OrderFields, table=True):
    __tablename__ = "sales_order_history"
    until_revision: int = columns.revision_key()


class DealFields(_RegisterFields):
    channel_id: int
    abc_class: str = Field(max_length=1)
    created: dt.date
    amount: int = columns.amount()
    new_customer: int
    stages: str = Field(max_length=2000)
    outcome: str = Field(max_length=8)
    closed: dt.date | None = None
    expected_close: dt.date | None = None
    revision: int = columns.amount()


class Deal(DealFields, table=True):
    __table_args__ = (Index("ix_deal_revision", "subsidiary_id", "revision"),)


class DealHistory(DealFields, table=True):
    __tablename__ = "deal_history"
    until_revision: int = columns.revision_key()


class ActivityFields(_RegisterFields):
    date: dt.date
    deal: str = columns.code()
    type: str = Field(max_length=120)
    hours: int = columns.amount()
    revision: int = columns.amount()


class Activity(ActivityFields, table=True):
    __table_args__ = (Index("ix_activity_revision", "subsidiary_id", "revision"),)


class ActivityHistory(ActivityFields, table=True):
    __tablename__ = "activity_history"
    until_revision: int = columns.revision_key()


def _pair(table: Any, history: Any) -> tuple[Table, Table]:
    return table.__table__, history.__table__


TABLES: Mapping[str, tuple[Table, Table]] = {
    "orders": _pair(SalesOrder, SalesOrderHistory),
    "deals": _pair(Deal, DealHistory),
    "activities": _pair(Activity, ActivityHistory),
}
"""Of each register's form: its table and that table's history."""


def order_days(connection: Connection, reach: Reach, segmentation: int, abc_class: str) -> Sequence[Row[Any]]:
    """Customer and day of the orders, credit notes apart, of a segmentation's class in the one subsidiary in reach."""
    order, row = SalesOrder.__table__.c, segments.TABLE.c  # type: ignore[attr-defined]
    of_class = select(row.customer_id).where(
        row.subsidiary_id == reach.one, row.segmentation == segmentation, row.abc_class == abc_class
    )
    statement = select(order.customer_id, order.date).where(
        order.subsidiary_id == reach.one, order.amount > 0, order.customer_id.in_(of_class)
    )
    return connection.execute(statement.distinct()).all()
