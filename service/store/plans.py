"""Lines and inputs of a stored plan: for each unit (salesperson × channel, `""` for all) and class."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    ForeignKeyConstraint,
    Row,
    Select,
    Table,
    Text,
    cast,
    func,
    insert,
    select,
)
from sqlmodel import Field, SQLModel

from service.method.months import Window
from service.store.columns import amount, code, number_key
from service.store.pages import later
from service.store.reach import Reach
from service.store.relations import Relation
from service.store.subsidiaries import TABLE as SUBSIDIARY


class PlanLine(SQLModel, table=True):
    """What one block of one class of one unit brings in one month. Money in ten-thousandths."""

    __tablename__ = "plan_line"
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id", "plan"], ["plan.subsidiary_id", "plan.number"]),)
    subsidiary_id: int = number_key()
    plan: int = number_key()
    salesperson: str = code(primary_key=True)
    channel: str = code(120, primary_key=True)
    abc_class: str = code(1, primary_key=True)
    block: str = code(16, primary_key=True)
    period: int = number_key()
    revenue: int = amount()
    margin: int = amount()


class PlanInput(SQLModel, table=True):
    """One number that a plan was computed from, and where it comes from."""

    __tablename__ = "plan_input"
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id", "plan"], ["plan.subsidiary_id", "plan.number"]),)
    subsidiary_id: int = number_key()
    plan: int = number_key()
    salesperson: str = code(primary_key=True)
    channel: str = code(120, primary_key=True)
    abc_class: str = code(1, primary_key=True)
    name: str = code(32, primary_key=True)
    value: float
    provenance: str = Field(max_length=200)
    n: int | None
    evidence: str | None = Field(sa_type=Text)


class PlanDecision(SQLModel, table=True):
    """That a plan was approved or superseded: when, by which key, against which state of the data. Never changed."""

    __tablename__ = "plan_decision"
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id", "plan"], ["plan.subsidiary_id", "plan.number"]),)
    subsidiary_id: int = number_key()
    plan: int = number_key()
    status: str = Field(max_length=10, primary_key=True)
    first: int
    """First month of the plan."""
    decided_at: datetime
    key_id: str = Field(max_length=32)
    data_revision: int = amount()
    successor: int | None
    """Number of the plan that took its place."""
    note: str = Field(max_length=1000)


DECISION: Table = PlanDecision.__table__  # type: ignore[attr-defined]
LINE: Table = PlanLine.__table__  # type: ignore[attr-defined]
INPUT: Table = PlanInput.__table__  # type: ignore[attr-defined]
LINE_ORDER = ("salesperson", "channel", "abc_class", "block", "period")
INPUT_ORDER = ("salesperson", "channel", "abc_class", "name")


def page(
    connection: Connection,
    reach: Reach,
    table: Table,
    order: Sequence[str],
    plan: int,
    limit: int | None = None,
    after: tuple[Any, ...] | None = None,
) -> Sequence[Row[Any]]:
    """Lines or inputs of a plan of the one subsidiary in reach, in this order, those after the cursor."""
    condition = (table.c.subsidiary_id == reach.one) & (table.c.plan == plan)
    columns = [table.c[name] for name in order]
    statement = select(table).where(condition).order_by(*columns).limit(limit)
    if after is not None:
        statement = statement.where(later(columns, after))
    return connection.execute(statement).all()


def relation(reach: Reach) -> Relation:
    """The lines of all plans, to be asked with conditions."""
    rows = select(LINE.c.plan).join(SUBSIDIARY, SUBSIDIARY.c.id == LINE.c.subsidiary_id)
    columns = {
        "subsidiary": SUBSIDIARY.c.code,
        "plan": SUBSIDIARY.c.code + "." + cast(LINE.c.plan, Text),
        "currency": SUBSIDIARY.c.currency,
        **{name: LINE.c[name] for name in (*LINE_ORDER, "revenue", "margin")},
    }
    key = (LINE.c.subsidiary_id, LINE.c.plan, *(LINE.c[name] for name in LINE_ORDER))
    return Relation(rows.where(reach.covers(LINE.c.subsidiary_id)), columns, key)


def of_months(connection: Connection, reach: Reach, window: Window) -> Sequence[Row[Any]]:
    """What plans bring in these months, by unit, class and month: of each subsidiary and month the newest plan's."""
    months = LINE.c.period.between(window.first, window.last)
    covered = (
        select(LINE.c.subsidiary_id, LINE.c.period, func.max(LINE.c.plan).label("plan"))
        .where(reach.covers(LINE.c.subsidiary_id), months)
        .group_by(LINE.c.subsidiary_id, LINE.c.period)
        .subquery("covered")
    )
    newest = (
        (covered.c.subsidiary_id == LINE.c.subsidiary_id)
        & (covered.c.period == LINE.c.period)
        & (covered.c.plan == LINE.c.plan)
    )
    keys = (LINE.c.subsidiary_id, LINE.c.plan, LINE.c.salesperson, LINE.c.channel, LINE.c.abc_class, LINE.c.period)
    sums = (cast(func.sum(LINE.c[name]), BigInteger).label(name) for name in ("revenue", "margin"))
    return connection.execute(select(*keys, *sums).join_from(LINE, covered, newest).group_by(*keys)).all()


def by_unit(connection: Connection, reach: Reach, plan: int) -> Sequence[Row[Any]]:
    """Sums of revenue and margin of a plan of the one subsidiary in reach, by unit, class and month."""
    keys = [LINE.c[name] for name in LINE_ORDER if name != "block"]
    sums = (cast(func.sum(LINE.c[name]), BigInteger).label(name) for name in ("revenue", "margin"))
    own = (LINE.c.subsidiary_id == reach.one, LINE.c.plan == plan)
    statement: Select[Any] = select(*keys, *sums).where(*own).group_by(*keys).order_by(*keys)
    return connection.execute(statement).all()


def beginning(connection: Connection, reach: Reach, first: int | None) -> Sequence[int]:
    """Numbers of the plans of the one subsidiary in reach that begin in this month (None: in any), the newest first."""
    c = LINE.c
    begun = select(c.plan).where(c.subsidiary_id == reach.one).group_by(c.plan)
    if first is not None:
        begun = begun.having(func.min(c.period) == first)
    return connection.execute(begun.order_by(c.plan.desc())).scalars().all()


def decisions(connection: Connection, reach: Reach, plans: Collection[tuple[int, int]]) -> Sequence[Row[Any]]:
    """What was decided about these plans (subsidiary, number), oldest first."""
    c = DECISION.c
    numbers = sorted({number for _, number in plans})
    condition = reach.narrowed({subsidiary for subsidiary, _ in plans}).covers(c.subsidiary_id) & c.plan.in_(numbers)
    return connection.execute(select(DECISION).where(condition).order_by(c.decided_at, c.status)).all()


def approved(connection: Connection, reach: Reach, first: int | None = None) -> Row[Any] | None:
    """The approval that holds for the plans of the one subsidiary that begin in this month; None: in the last one."""
    statement = _approved(reach)
    if first is not None:
        statement = statement.where(DECISION.c.first == first)
    return connection.execute(statement.limit(1)).one_or_none()


def all_approved(connection: Connection, reach: Reach) -> Sequence[Row[Any]]:
    """The approvals that hold for plans of the one subsidiary, those of the last month first."""
    return connection.execute(_approved(reach)).all()


def _approved(reach: Reach) -> Select[Any]:
    c, gone = DECISION.c, DECISION.alias("gone")
    superseded = select(gone.c.plan).where(gone.c.subsidiary_id == reach.one, gone.c.status == "superseded")
    statement = select(DECISION).where(c.subsidiary_id == reach.one, c.status == "approved", c.plan.not_in(superseded))
    return statement.order_by(c.first.desc())


def decide(connection: Connection, reach: Reach, values: dict[str, Any]) -> None:
    """Record a decision about a plan of the one subsidiary in reach, which must be locked for writing."""
    connection.execute(insert(DECISION).values(values | {"subsidiary_id": reach.one}))
