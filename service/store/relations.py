"""Stored tables that can be asked with conditions, in an order, page by page, whatever their size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Boolean, ColumnElement, Connection, Date, Float, Integer, Select, func, select, tuple_

from service.store.conditions import Condition, after, in_sql, names_in, ordered
from service.store.exports import kind_of
from service.store.pages import later


@dataclass(frozen=True, slots=True)
class Relation:
    """`rows`: from where, joined and within reach. `columns` by the names of the table. `key`: the order of the rows,
    none of whose columns is ever null. `alone`: the same rows of a long table without what they are joined with, for
    conditions on `own` columns."""

    rows: Select[Any]
    columns: Mapping[str, ColumnElement[Any]]
    key: tuple[ColumnElement[Any], ...]
    alone: Select[Any] | None = None
    own: frozenset[str] = frozenset()


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
    terms = [(ordered(relation.columns[name], dialect), descending) for name, descending in asked.order]
    wanted = [relation.columns[name].label(name) for name in asked.names]
    places = [term for term, _ in terms] + list(relation.key)
    statement = relation.rows.with_only_columns(*wanted, *(one.label(f"place_{n}") for n, one in enumerate(places)))
    statement = _where(statement, relation, asked.condition)
    statement = statement.order_by(
        *(term.desc().nulls_last() if descending else term.asc().nulls_first() for term, descending in terms),
        *relation.key,
    )
    values = None
    if asked.after is not None:
        values = [_value(one, value, nullable=n < len(terms)) for n, (one, value) in enumerate(_pairs(places, asked))]
        beyond = after([*terms, *((one, False) for one in relation.key)], values) if terms else None
        statement = statement.where(later(relation.key, values) if beyond is None else beyond)
    last = _last(connection, relation, asked, values, limit)
    if last is not None:
        statement = statement.where(tuple_(*relation.key) <= tuple_(*last))
    rows = connection.execute(statement.limit(limit + 1).offset(asked.skip or None)).all()
    shown = rows[:limit]
    columns = zip(*(row[: len(wanted)] for row in shown), strict=True) if shown else [()] * len(wanted)
    schema = pa.schema([pa.field(one.name, kind_of(one.type)) for one in wanted])
    made = [pa.array(values, one.type) for values, one in zip(columns, schema, strict=True)]
    following = tuple(shown[-1][len(wanted) :]) if len(rows) > limit else None
    return pa.RecordBatch.from_arrays(made, schema=schema), following


def _last(
    connection: Connection, relation: Relation, asked: Asked, after_key: Sequence[Any] | None, limit: int
) -> Sequence[Any] | None:
    """The key of the last row that a page needs, found in the index of a long table; None: to the end.

    PostgreSQL takes what follows a key for few rows, and would join and sort all of them for each page.
    """
    if relation.alone is None or asked.order or not names_in(asked.condition) <= relation.own:
        return None
    statement = _where(relation.alone.with_only_columns(*relation.key), relation, asked.condition)
    if after_key is not None:
        statement = statement.where(later(relation.key, after_key))
    return connection.execute(statement.order_by(*relation.key).limit(1).offset(asked.skip + limit)).one_or_none()


def count(connection: Connection, relation: Relation, condition: Condition | None) -> int:
    """How many rows fit the condition."""
    alone = relation.alone if names_in(condition) <= relation.own else None
    source = relation.rows if alone is None else alone
    rows = _where(source.with_only_columns(relation.key[0]), relation, condition).subquery()
    return connection.execute(select(func.count()).select_from(rows)).scalar_one()


def _where(statement: Select[Any], relation: Relation, condition: Condition | None) -> Select[Any]:
    return statement if condition is None else statement.where(in_sql(condition, relation.columns))


def _pairs(places: Sequence[ColumnElement[Any]], asked: Asked) -> list[tuple[ColumnElement[Any], Any]]:
    return list(zip(places, asked.after or (), strict=True))


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
