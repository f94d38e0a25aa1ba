"""Channels and product groups: words that statistics use, numbered on first sight. `""` (not attributed) is 0."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, UniqueConstraint, insert, select
from sqlmodel import SQLModel

from service.store.bulk import next_number
from service.store.columns import code, number_key, subsidiary_key
from service.store.reach import Reach


class Channel(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("subsidiary_id", "code"),)
    subsidiary_id: int = subsidiary_key()
    id: int = number_key()
    code: str = code(120)


class ProductGroup(SQLModel, table=True):
    __tablename__ = "product_group"
    __table_args__ = (UniqueConstraint("subsidiary_id", "code"),)
    subsidiary_id: int = subsidiary_key()
    id: int = number_key()
    code: str = code(120)


CHANNEL: Table = Channel.__table__  # type: ignore[attr-defined]
PRODUCT_GROUP: Table = ProductGroup.__table__  # type: ignore[attr-defined]
NOBODY = 0
"""The number of what is not attributed."""


def numbers(connection: Connection, reach: Reach, table: Table) -> dict[str, int]:
    """Code → number, of the one subsidiary in reach. Serves customers and salespeople too."""
    rows = connection.execute(select(table.c.code, table.c.id).where(table.c.subsidiary_id == reach.one))
    return {row.code: row.id for row in rows}


def codes(connection: Connection, reach: Reach, table: Table) -> dict[tuple[int, int], str]:
    """(subsidiary_id, number) → code, of all within reach. Serves customers and salespeople too."""
    statement = select(table.c.subsidiary_id, table.c.id, table.c.code).where(reach.covers(table.c.subsidiary_id))
    return {(row.subsidiary_id, row.id): row.code for row in connection.execute(statement)}


def ensure(connection: Connection, reach: Reach, table: Table, codes: Iterable[str]) -> dict[str, int]:
    """The same, after giving a number to each code that has none yet. The subsidiary must be locked for writing."""
    known = numbers(connection, reach, table)
    new = sorted(set(codes) - known.keys())
    if new:
        first = next_number(connection, table.c.id, table.c.subsidiary_id == reach.one)
        rows: list[dict[str, Any]] = [
            {"subsidiary_id": reach.one, "id": first + place, "code": code} for place, code in enumerate(new)
        ]
        connection.execute(insert(table), rows)
        known |= {row["code"]: row["id"] for row in rows}
    return known
