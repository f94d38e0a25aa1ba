"""Statistics lines: the facts everything is calculated from, and what they were before corrections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Index,
    Row,
    Select,
    Table,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    union,
    union_all,
    update,
)

from service.method.measures import MEASURES
from service.method.months import Window
from service.store import customers, revisions, submissions
from service.store.columns import amount, number_key, revision_key
from service.store.exports import batches
from service.store.measured import Measured
from service.store.nouns import NOUNS, with_codes
from service.store.pages import later
from service.store.reach import Reach
from service.store.relations import Long, Relation
from service.store.subsidiaries import TABLE as SUBSIDIARY


class LineFields(Measured):
    subsidiary_id: int = number_key()
    period: int = number_key()
    customer_id: int = number_key()
    salesperson_id: int = number_key()
    channel_id: int = number_key()
    product_group_id: int = number_key()
    feed: int = number_key()
    revision: int = amount()


class Line(LineFields, table=True):
    # No foreign keys: rows are written in sets, by the lock's holder, with numbers just read from these very tables;
    # checking each again takes three times as long as storing it.
    __table_args__ = (Index("ix_line_customer", "subsidiary_id", "customer_id", "period"),)


class LineHistory(LineFields, table=True):
    __tablename__ = "line_history"
    until_revision: int = revision_key()


TABLE: Table = Line.__table__  # type: ignore[attr-defined]
HISTORY: Table = LineHistory.__table__  # type: ignore[attr-defined]
_NATURAL_KEY = (
    TABLE.c.subsidiary_id,
    TABLE.c.period,
    TABLE.c.customer_id,
    TABLE.c.salesperson_id,
    TABLE.c.channel_id,
    TABLE.c.product_group_id,
    TABLE.c.feed,
)
BY_LINES = 0
FEEDS: Mapping[int, str] = {BY_LINES: "statistics", 1: "orders", 2: "deals", 3: "activities"}
"""Where a line comes from: the form that handed it in, or the register it was derived from. Their measures differ."""


def periods(connection: Connection, reach: Reach) -> Window | None:
    """The first and last month that has a line; None where there is none."""
    ends = select(func.min(TABLE.c.period).label("first"), func.max(TABLE.c.period).label("last"))
    if reach.subsidiaries is None:
        parts = [ends]
    else:  # each by its own: two looks into the key, where all together would read every line
        parts = [ends.where(TABLE.c.subsidiary_id == number) for number in sorted(reach.subsidiaries)] or [
            ends.where(false())
        ]
    each = union_all(*parts).subquery("ends")
    first, last = connection.execute(select(func.min(each.c.first), func.max(each.c.last))).one()
    return None if first is None else Window(first, last)


def months(connection: Connection, reach: Reach, until: int) -> list[tuple[int, int]]:
    """(subsidiary, month) of every month with a line, up to a month."""
    statement = select(TABLE.c.subsidiary_id, TABLE.c.period).distinct()
    condition = (reach.covers(TABLE.c.subsidiary_id), TABLE.c.period <= until)
    rows = connection.execute(statement.where(*condition).order_by(TABLE.c.subsidiary_id, TABLE.c.period))
    return [(row.subsidiary_id, row.period) for row in rows]


def logged_months(connection: Connection, reach: Reach, window: Window) -> set[tuple[int, int, int]]:
    """(subsidiary, seller, month) for which lines have hours."""
    statement = select(TABLE.c.subsidiary_id, TABLE.c.salesperson_id, TABLE.c.period).distinct()
    condition = (reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last))
    return {tuple(row) for row in connection.execute(statement.where(*condition, TABLE.c.hours > 0))}


def monthly(
    connection: Connection, reach: Reach, until: int, by: Sequence[str] = (), measures: Sequence[str] = tuple(MEASURES)
) -> pd.DataFrame:
    """Sums of the measures per (subsidiary_id, customer_id, period, and the id columns in `by`) up to a month.

    All columns are int64; measures are ten-thousandths.
    """
    keys = ["subsidiary_id", "customer_id", "period", *by]
    sums = [cast(func.sum(TABLE.c[name]), BigInteger).label(name) for name in measures]
    statement = (
        select(*(TABLE.c[key] for key in keys), *sums)
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period <= until)
        .group_by(*(TABLE.c[key] for key in keys))
        .order_by(*(TABLE.c[key] for key in keys))
    )
    rows = connection.execute(statement).all()
    return pd.DataFrame(rows, columns=[*keys, *measures]).astype("int64")


def sums(connection: Connection, reach: Reach, window: Window, measure: str, by: Sequence[str]) -> Sequence[Row[Any]]:
    """`amount`: the measure's sums over the window per (subsidiary_id, period, and the id columns in `by`)."""
    keys = [TABLE.c[name] for name in ("subsidiary_id", "period", *by)]
    statement: Select[Any] = select(*keys, _sum(TABLE.c[measure]).label("amount")).group_by(*keys)
    return connection.execute(
        statement.where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last))
    ).all()


def revenue_by_month(reach: Reach, first: Any, last: Any, customers: Any) -> Select[Any]:
    """The statement of positive revenue per (customer_id, period) from a month to a month, of these customers."""
    revenue = cast(func.sum(TABLE.c.revenue), BigInteger)
    return (
        select(TABLE.c.customer_id, TABLE.c.period, revenue.label("revenue"))
        .where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(first, last))
        .where(TABLE.c.customer_id.in_(customers))
        .group_by(TABLE.c.customer_id, TABLE.c.period)
        .having(revenue > 0)
    )


def of_feed(connection: Connection, reach: Reach, feed: int, measures: Sequence[str]) -> dict[str, Any]:
    """How many lines of a feed have a number in one of these measures, their first and last month, and the sums."""
    sums = [cast(func.coalesce(func.sum(TABLE.c[name]), 0), BigInteger).label(name) for name in measures]
    first, last = func.min(TABLE.c.period).label("first"), func.max(TABLE.c.period).label("last")
    statement = select(func.count().label("lines"), first, last, *sums).where(*_with(reach, feed, measures))
    return dict(connection.execute(statement).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def empty(connection: Connection, reach: Reach, feed: int, measures: Sequence[str], revision: int) -> None:
    """Take these measures out of the lines of a feed; a line with nothing left goes. The history keeps them."""
    condition = _with(reach, feed, measures)
    former = select(*TABLE.columns, literal(revision, BigInteger)).where(*condition)
    names = [*(column.name for column in TABLE.columns), "until_revision"]
    connection.execute(insert(HISTORY).from_select(names, former))
    connection.execute(update(TABLE).where(*condition).values({**dict.fromkeys(measures, 0), "revision": revision}))
    nothing = [TABLE.c[name] == 0 for name in MEASURES]
    connection.execute(delete(TABLE).where(*_of(reach, feed), TABLE.c.revision == revision, *nothing))


def remove(connection: Connection, reach: Reach, feed: int, revision: int) -> None:
    """Remove all lines of a feed. The history keeps them."""
    former = select(*TABLE.columns, literal(revision, BigInteger)).where(*_of(reach, feed))
    names = [*(column.name for column in TABLE.columns), "until_revision"]
    connection.execute(insert(HISTORY).from_select(names, former))
    connection.execute(delete(TABLE).where(*_of(reach, feed)))


def _of(reach: Reach, feed: int) -> tuple[Any, ...]:
    return TABLE.c.subsidiary_id == reach.one, TABLE.c.feed == feed


def _with(reach: Reach, feed: int, measures: Sequence[str]) -> tuple[Any, ...]:
    return (*_of(reach, feed), or_(*(TABLE.c[name] != 0 for name in measures)))


def changed_months(connection: Connection, reach: Reach, revision: int) -> set[int]:
    """Months in which a data revision of the one subsidiary in reach wrote or replaced a line."""
    written = select(TABLE.c.period).where(TABLE.c.subsidiary_id == reach.one, TABLE.c.revision == revision)
    replaced = select(HISTORY.c.period).where(
        HISTORY.c.subsidiary_id == reach.one, HISTORY.c.until_revision == revision
    )
    return set(connection.execute(union(written, replaced)).scalars())


def totals(connection: Connection, reach: Reach, window: Window, customer: int | None = None) -> dict[str, int]:
    """Sums of all measures over the window, of all lines or of a customer of the one subsidiary in reach."""
    sums = [cast(func.coalesce(func.sum(TABLE.c[name]), 0), BigInteger).label(name) for name in MEASURES]
    statement = select(*sums).where(
        reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last)
    )
    if customer is not None:
        statement = statement.where(TABLE.c.customer_id == customer)
    return dict(connection.execute(statement).one()._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def coverage(connection: Connection, reach: Reach, window: Window) -> Sequence[Row[Any]]:
    """What each month with a line holds: subsidiary_id, period, and for each measure four columns.

    `revenue` is the sum, `revenue_lines` how many lines have a value other than 0, `revenue_attributed` and
    `revenue_unattributed` the sums of lines with and without a customer, each summed by itself.
    """
    known = TABLE.c.customer_id != customers.UNATTRIBUTED
    sums = []
    for name in MEASURES:
        value = TABLE.c[name]
        sums += [
            _sum(value).label(name),
            _sum(case((value != 0, 1), else_=0)).label(f"{name}_lines"),
            _sum(case((known, value), else_=0)).label(f"{name}_attributed"),
            _sum(case((known, 0), else_=value)).label(f"{name}_unattributed"),
        ]
    keys = (TABLE.c.subsidiary_id, TABLE.c.period)
    statement = select(*keys, *sums).group_by(*keys).order_by(*keys)
    return connection.execute(
        statement.where(reach.covers(TABLE.c.subsidiary_id), TABLE.c.period.between(window.first, window.last))
    ).all()


def _sum(value: Any) -> Any:
    return cast(func.sum(value), BigInteger)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: from first to last month, with these codes, as they were known at a moment."""

    months: tuple[int | None, int | None] = (None, None)
    codes: Mapping[str, str | None] = field(default_factory=dict)
    as_of: datetime | None = None


def page(
    connection: Connection, reach: Reach, limit: int, after: tuple[int, ...] | None, asked: Asked
) -> Sequence[Row[Any]]:
    """Lines with their codes by natural key, at most `limit`, those after the cursor."""
    line = _asked(reach, asked)
    found = select(line).where(*_conditions(reach, line, asked)).order_by(*_key(line)).limit(limit)
    if after is not None:
        found = found.where(later(_key(line), after))
    some = found.subquery("found")
    return connection.execute(_with_words(select(some), some)).all()


def each(connection: Connection, reach: Reach, asked: Asked) -> Iterator[pa.RecordBatch]:
    """The same without a limit, in batches: the codes, `period`, `currency`, `feed` as a word, and the measures."""
    line = _asked(reach, asked)
    columns = (line.c.period, _feed(line).label("feed"), *(line.c[name] for name in MEASURES))
    return batches(connection, _with_words(select(*columns).where(*_conditions(reach, line, asked)), line))


def _asked(reach: Reach, asked: Asked) -> Any:
    return TABLE if asked.as_of is None else _known_at(reach, asked.as_of)


def _key(line: Any) -> list[Any]:
    return [line.c[column.name] for column in _NATURAL_KEY]


def _with_words(statement: Select[Any], line: Any) -> Select[Any]:
    statement = statement.add_columns(SUBSIDIARY.c.code.label("subsidiary"), SUBSIDIARY.c.currency)
    statement = statement.join(SUBSIDIARY, SUBSIDIARY.c.id == line.c.subsidiary_id)
    return with_codes(statement, line).order_by(*_key(line))


def _conditions(reach: Reach, line: Any, asked: Asked) -> list[ColumnElement[bool]]:
    first, last = asked.months
    found = [reach.covers(line.c.subsidiary_id)]
    if first is not None:
        found.append(line.c.period >= first)
    if last is not None:
        found.append(line.c.period <= last)
    for noun, code in asked.codes.items():
        if code is not None:
            number, numbers = _numbers(reach, line, noun)
            found.append(number.in_(numbers.where(NOUNS[noun].c.code == code)))
    return found


def _numbers(reach: Reach, line: Any, noun: str) -> tuple[Any, Select[Any]]:
    """The number that a line has a noun by, and those that it can be."""
    named = NOUNS[noun]
    numbers = select(named.c.subsidiary_id, named.c.id).where(reach.covers(named.c.subsidiary_id))
    return tuple_(line.c.subsidiary_id, line.c[f"{noun}_id"]), numbers.correlate(None)


def _known_at(reach: Reach, moment: datetime) -> Any:
    """Lines as they stood at a moment: of each key the state that ended first after it, or the one that stands."""
    newest = revisions.newest_at(reach, moment).subquery()
    names = [column.name for column in TABLE.columns]
    parts = []
    for state in (TABLE, HISTORY):
        known = select(*(state.c[name] for name in names))
        known = known.join(newest, newest.c.subsidiary_id == state.c.subsidiary_id)
        ended = HISTORY.alias("ended")
        same = [ended.c[column.name] == state.c[column.name] for column in _NATURAL_KEY]
        since = [ended.c.until_revision > newest.c.revision]
        if state is HISTORY:
            known = known.where(HISTORY.c.until_revision > newest.c.revision)
            since.append(ended.c.until_revision < HISTORY.c.until_revision)
        gone = _removed_meanwhile(state, newest)
        same_since = exists().where(*same, *since)
        parts.append(known.where(state.c.revision <= newest.c.revision, not_(same_since), not_(gone)))
    return union_all(*parts).subquery()


def _removed_meanwhile(state: Table, newest: Any) -> Any:
    """A state that had been removed by then, and came back only later, as the removal was withdrawn."""
    removed, log, taken_back = HISTORY.alias("removed"), revisions.TABLE, submissions.TABLE
    return exists().where(
        *(removed.c[column.name] == state.c[column.name] for column in _NATURAL_KEY),
        removed.c.revision == state.c.revision,
        removed.c.until_revision <= newest.c.revision,
        log.c.subsidiary_id == removed.c.subsidiary_id,
        log.c.revision == removed.c.until_revision,
        log.c.action == "submission",
        taken_back.c.subsidiary_id == log.c.subsidiary_id,
        taken_back.c.number == log.c.submission,
        taken_back.c.withdrawn_revision > newest.c.revision,
    )


def relation(reach: Reach) -> Relation:
    """All lines, to be asked with conditions."""
    within, joined = reach.covers(TABLE.c.subsidiary_id), _around(TABLE)
    subsidiaries = TABLE.c.subsidiary_id, select(SUBSIDIARY.c.id).where(reach.covers(SUBSIDIARY.c.id))
    words = {noun: _numbers(reach, TABLE, noun) for noun in NOUNS}
    words |= dict.fromkeys(("subsidiary", "currency"), subsidiaries)
    return replace(joined, rows=joined.rows.where(within), long=Long(select(TABLE).where(within), words, _around))


def _around(line: Any) -> Relation:
    """The relation of these lines."""
    columns = {
        "subsidiary": SUBSIDIARY.c.code,
        "period": line.c.period,
        **{noun: named.c.code for noun, named in NOUNS.items()},
        "currency": SUBSIDIARY.c.currency,
        "feed": _feed(line),
        **{name: line.c[name] for name in MEASURES},
    }
    rows = with_codes(select(line.c.subsidiary_id).join(SUBSIDIARY, SUBSIDIARY.c.id == line.c.subsidiary_id), line)
    return Relation(rows, columns, tuple(_key(line)))


def _feed(line: Any) -> Any:
    return case(*((line.c.feed == number, name) for number, name in FEEDS.items()), else_="")


def key_of(row: Row[Any]) -> list[int]:
    """The natural key of a line, for a cursor."""
    return [getattr(row, column.name) for column in _NATURAL_KEY]
