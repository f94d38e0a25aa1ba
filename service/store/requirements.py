"""Lines of stored resource requirements: hours by unit, class, kind of work and month."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Row, Table, Text, cast, select
from sqlmodel import SQLModel

from service.store.columns import amount, code, number_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.relations import Relation
from service.store.subsidiaries import TABLE as SUBSIDIARY


class RequirementLine(SQLModel, table=True):
    __tablename__ = "requirement_line"
    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "requirement"], ["requirement.subsidiary_id", "requirement.number"]),
    )
    subsidiary_id: int = number_key()
    requirement: int = number_key()
    salesperson: str = code(primary_key=True)
    channel: str = code(120, primary_key=True)
    abc_class: str = code(1, primary_key=True)
    kind: str = code(16, primary_key=True)
    hours: int = amount()


TABLE: Table = RequirementLine.__table__  # type: ignore[attr-defined]
ORDER = ("salesperson", "channel", "abc_class", "kind")


def relation(reach: Reach) -> Relation:
    """The lines of all requirements, to be asked with conditions."""
    rows = select(TABLE.c.requirement).join(SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id)
    columns = {
        "subsidiary": SUBSIDIARY.c.code,
        "requirement": SUBSIDIARY.c.code + "." + cast(TABLE.c.requirement, Text),
        **{name: TABLE.c[name] for name in (*ORDER, "hours")},
    }
    key = (TABLE.c.subsidiary_id, TABLE.c.requirement, *(TABLE.c[name] for name in ORDER))
    return Relation(rows.where(reach.covers(TABLE.c.subsidiary_id)), columns, key)


def page(
    connection: Connection, reach: Reach, requirement: int, limit: int | None, after: tuple[Any, ...] | None
) -> Sequence[Row[Any]]:
    """Lines of a requirement of the one subsidiary in reach, those after the cursor."""
    columns = [TABLE.c[name] for name in ORDER]
    condition = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.requirement == requirement)
    statement = select(TABLE).where(condition).order_by(*columns).limit(limit)
    if after is not None:
        statement = statement.where(later(columns, after))
    return connection.execute(statement).all()
