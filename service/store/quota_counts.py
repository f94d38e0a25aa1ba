"""What keys used of their quotas, minute by minute: the sums over all processes. Nothing here outlives its minute."""

from collections.abc import Collection, Mapping

from sqlalchemy import BigInteger, Connection, Table, delete, select, tuple_
from sqlmodel import Field, SQLModel

from service.store.columns import number_key
from service.store.database import added_up

Counter = tuple[str, str, int]
"""Whose, of what, and in which minute since 1970."""


class QuotaCount(SQLModel, table=True):
    __tablename__ = "quota_count"
    principal: str = Field(primary_key=True, max_length=32)
    kind: str = Field(primary_key=True, max_length=16)
    minute: int = number_key()
    total: int = Field(sa_type=BigInteger)


TABLE: Table = QuotaCount.__table__  # type: ignore[attr-defined]
_KEY = tuple_(TABLE.c.principal, TABLE.c.kind, TABLE.c.minute)


def add(connection: Connection, amounts: Mapping[Counter, int]) -> dict[Counter, int]:
    """Add to counters; what they come to, with what other processes added."""
    names = ("principal", "kind", "minute", "total")
    # In the order of their keys: two processes that add to the same counters wait for each other, and no longer.
    rows = [dict(zip(names, (*counter, amounts[counter]), strict=True)) for counter in sorted(amounts)]
    return {(row.principal, row.kind, row.minute): row.total for row in added_up(connection, TABLE, rows, "total")}


def totals(connection: Connection, counters: Collection[Counter]) -> dict[Counter, int]:
    """What counters come to; those that nobody added to are left out."""
    rows = connection.execute(select(TABLE).where(_KEY.in_(sorted(counters))))
    return {(row.principal, row.kind, row.minute): row.total for row in rows}


def forget(connection: Connection, minute: int) -> None:
    """Drop what was counted before a minute."""
    connection.execute(delete(TABLE).where(TABLE.c.minute < minute))
