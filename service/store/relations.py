"""Stored tables that can be asked with conditions, in an order, page by page, whatever their size."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Boolean, ColumnElement, Connection, Date, Float, FromClause, Integer, Select, Tuple, func, select

from service.store.conditions import Condition, Met, after, in_sql, of_rows, ordered
from service.store.exports import kind_of
from service.store.pages import later


@dataclass(frozen=True, slots=True)
class Relation:
    """`rows`: from where, joined and within reach. `columns` by the names of the table. `key`: the order of the rows,
    none of whose columns is ever null."""

    rows: Select[Any]
    columns: Mapping[str, ColumnElement[Any]]
    key: tuple[ColumnElement[Any], ...]
    long: "Long | None" = None


@dataclass(frozen=True, slots=True)
class Long:
    """A long table by itself, in which a page is found before its rows are joined with anything: asked for both at
    once, PostgreSQL joins and sorts many times what a page needs.

    `rows`: all of its columns, within reach. `words`: the columns of the relation that a row has by number → that
    number, and the select of the numbers that it can be. `around`: the relation of some of the rows.
    """

    rows: Select[Any]
    words: Mapping[str, tuple[ColumnElement[Any], Select[Any]]]
    around: Callable[[FromClause], Relation]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows and columns of a table, in which order: (column, whether descending)."""

    names: tuple[str, ...]
    condition: Condition | None = None
    order: tuple[tuple[str, bool], ...] = ()
    skip: int = 0
    after: tuple[Any, ...] | None = field(default=None)
    """The place of the row before the first, as `page` gave it out."""


def page(
    connection: Connection, relation: Relation, asked: Asked, limit: int
) -> tuple[pa.RecordBatch, tuple[Any, ...] | None]:
    """At most `limit` rows, and the place of the last of them if there are more.

    Without an order of its own the rows are found by the key, so that every page costs the same. ValueError where
    `after` is no place in this order.
    """
    dialect = connection.dialect.name
    if relation.long is None or any(name in relation.long.words for name, _ in asked.order):
        statement = _part(relation.rows, relation, asked, dialect, of_rows)
    else:
        found = _part(relation.long.rows, relation, asked, dialect, _by_number(connection, relation.long))
        relation = relation.long.around(found.limit(limit + 1).offset(asked.skip or None).subquery("found"))
        statement, asked = _sorted(relation.rows, relation, asked, dialect), replace(asked, skip=0)
    wanted = [relation.columns[name].label(name) for name in asked.names]
    places = [*(term for term, _ in _terms(relation, asked, dialect)), *relation.key]
    statement = statement.with_only_columns(*wanted, *(one.label(f"place_{n}") for n, one in enumerate(places)))
    rows = connection.execute(statement.limit(limit + 1).offset(asked.skip or None)).all()
    shown = rows[:limit]
    columns = zip(*(row[: len(wanted)] for row in shown), strict=True) if shown else [()] * len(wanted)
    schema = pa.schema([pa.field(one.name, kind_of(one.type)) for one in wanted])
    made = [pa.array(values, one.type) for values, one in zip(columns, schema, strict=True)]
    following = tuple(shown[-1][len(wanted) :]) if len(rows) > limit else None
    return pa.RecordBatch.from_arrays(made, schema=schema), following


def count(connection: Connection, relation: Relation, condition: Condition | None) -> int:
    """How many rows fit the condition."""
    long = relation.long
    statement = (relation.rows if long is None else long.rows).with_only_columns(relation.key[0])
    if condition is not None:
        met = of_rows if long is None else _by_number(connection, long)
        statement = statement.where(in_sql(condition, relation.columns, met))
    return connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()


def _by_number(connection: Connection, long: Long) -> Met:
    """How a condition on words is one on the rows of a long table, which have them by number."""

    def met(name: str, found: ColumnElement[bool]) -> ColumnElement[bool]:
        if name not in long.words:
            return found
        number, numbers = long.words[name]
        numbers = numbers.where(found)
        if isinstance(number, Tuple):
            return number.in_(numbers)
        # Subsidiaries: PostgreSQL looks numbers up in the key, but would go through all rows for a query's.
        return number.in_(connection.execute(numbers).scalars().all())

    return met


def _part(statement: Select[Any], relation: Relation, asked: Asked, dialect: str, met: Met) -> Select[Any]:
    """The rows that fit the condition and come after the place, in their order."""
    if asked.condition is not None:
        statement = statement.where(in_sql(asked.condition, relation.columns, met))
    if asked.after is not None:
        terms = _terms(relation, asked, dialect)
        places = [*(term for term, _ in terms), *relation.key]
        pairs = enumerate(zip(places, asked.after, strict=True))
        values = [_value(one, value, nullable=n < len(terms)) for n, (one, value) in pairs]
        beyond = after([*terms, *((one, False) for one in relation.key)], values) if terms else None
        statement = statement.where(later(relation.key, values) if beyond is None else beyond)
    return _sorted(statement, relation, asked, dialect)


def _sorted(statement: Select[Any], relation: Relation, asked: Asked, dialect: str) -> Select[Any]:
    return statement.order_by(
        *(
            term.desc().nulls_last() if descending else term.asc().nulls_first()
            for term, descending in _terms(relation, asked, dialect)
        ),
        *relation.key,
    )


def _terms(relation: Relation, asked: Asked, dialect: str) -> list[tuple[ColumnElement[Any], bool]]:
    return [(ordered(relation.columns[name], dialect), descending) for name, descending in asked.order]


def _value(element: ColumnElement[Any], value: Any, *, nullable: bool) -> Any:
    """A value of a place, checked to be of the column's type."""
    if value is None and nullable:
        return None
    if isinstance(element.type, Date):
        return value if isinstance(value, date) else date.fromisoformat(value)
    kinds: tuple[tuple[type[Any], tuple[type[Any], ...]], ...] = (
        (Boolean, (bool,)),
        (Integer, (int,)),
        (Float, (float, int)),
    )
    allowed = next((ours for theirs, ours in kinds if isinstance(element.type, theirs)), (str,))
    if type(value) not in allowed:
        raise ValueError(value)
    return value
