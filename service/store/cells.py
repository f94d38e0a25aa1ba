"""Cells: the lines, or their sums in another currency, with what a grouping and filters need of them.

An amount in another currency is rounded once, at (subsidiary, customer, month), and shared by the cells there, so that
every roll-up is the sum of its parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    and_,
    case,
    cast,
    extract,
    func,
    not_,
    select,
)

from service.method.measures import MEASURES
from service.method.months import Window
from service.store import customers, lines, salespeople, subsidiaries
from service.store.database import exchanged, exchanged_down, exchanged_rest, given
from service.store.labels import NOBODY
from service.store.nouns import NOUNS
from service.store.reach import Reach

OF_LINE = ("salesperson", "channel", "product_group")
OF_CUSTOMER = ("industry", "region")
OF_CLASSES = ("abc_class", "potential_class", "segment", "state")
OF_SUBSIDIARY = {"subsidiary": "code", "country": "country"}
DIMENSIONS = ("subsidiary", "country", "team", *OF_LINE, *OF_CUSTOMER, *OF_CLASSES)
_LINE = lines.TABLE
_CUSTOMER = customers.TABLE
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A window, and the window that it is compared with."""

    now: Window
    before: Window


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates (10⁻¹²) by subsidiary and month. `own`: the months' own, where those of now are others.

    `of_stock`: subsidiary → rate of amounts that are no flow of a month.
    """

    subsidiaries: Sequence[int]
    months: Sequence[int]
    now: Sequence[int]
    own: Sequence[int] | None
    of_stock: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """Which lines, and how they fall apart: up to month `until`, by `words`, only those that fit all `filters`.

    `classes`: subsidiary_id, customer_id and a column for each of OF_CLASSES, where words or filters name one.
    `left_out`: the lines that do not fit the filters instead.
    """

    until: int
    words: Words
    filters: Mapping[str, Sequence[str]]
    classes: Mapping[str, Sequence[Any]]
    rates: Rates | None = None
    left_out: bool = False

    @property
    def named(self) -> Words:
        return tuple(dict.fromkeys((*self.words, *self.filters)))

    @property
    def ids(self) -> Words:
        """The columns of a line that must be kept apart, in the order in which they share what rounding leaves."""
        needed = {"salesperson" if name == "team" else name for name in self.named}
        return tuple(f"{name}_id" for name in OF_LINE if name in needed)

    @property
    def own(self) -> bool:
        """Whether amounts of a month have a second rate, its own."""
        return self.rates is not None and self.rates.own is not None


_KEYS = ("subsidiary_id", "customer_id", "period")
_IDS = tuple(f"{name}_id" for name in OF_LINE)


def group_keys(cut: Cut) -> list[str]:
    """Columns of a cell by which its group is known, beside the subsidiary and the customer."""
    return [f"{name}_id" if name in OF_LINE else name for name in cut.words if name in (*OF_LINE, "team")]


def of_lines(connection: Connection, reach: Reach, cut: Cut, names: Sequence[str], first: int | None) -> FromClause:
    """Lines, or their sums in another currency, as far as they fit the filters: _KEYS, ids, team, and the measures."""
    credited = "credited_revenue" in names
    ids = [name for name in _IDS if name in cut.ids or (credited and name == "salesperson_id")]
    measures = list(dict.fromkeys("revenue" if name == "credited_revenue" else name for name in names))
    condition = [reach.covers(_LINE.c.subsidiary_id), _LINE.c.period <= cut.until]
    if first is not None:
        condition.append(_LINE.c.period >= first)
    rows: Any = _LINE
    if cut.rates is not None:
        rows = _converted(connection, cut.rates, ids, measures, condition)
        condition = []
    columns = [rows.c[name] for name in (*_KEYS, *ids)]
    for mark in ("", "own_") if cut.own else ("",):
        columns += [rows.c[f"{mark}{name}"] for name in measures]
        if credited:
            named = case((rows.c.salesperson_id != NOBODY, rows.c[f"{mark}revenue"]), else_=0)
            columns.append(named.label(f"{mark}credited_revenue"))
    statement = select(*columns).where(*condition)
    words: dict[str, ColumnElement[Any]] = {}
    if "team" in cut.named:
        statement, words["team"] = _with_team(statement, reach, rows)
        statement = statement.add_columns(words["team"].label("team"))
    others = [name for name in cut.filters if name != "team"]
    statement, found = worded(connection, statement, rows, others, cut.classes)
    words |= found
    if cut.filters:
        fits = and_(*(words[name].in_(list(asked)) for name, asked in cut.filters.items()))
        statement = statement.where(not_(fits) if cut.left_out else fits)
    cells: FromClause = statement.subquery("cells") if cut.rates is None else statement.cte("cells")
    return cells


def _converted(
    connection: Connection, rates: Rates, ids: Sequence[str], measures: Sequence[str], condition: Sequence[Any]
) -> FromClause:
    """The lines' sums by _KEYS and ids, money at the rates of now, and as `own_…` at those of the months."""
    keys = [_LINE.c[name] for name in (*_KEYS, *ids)]
    totals = [whole_sum(_LINE.c[name]).label(name) for name in measures]
    part = select(*keys, *totals).where(*condition).group_by(*keys).subquery("amounts")
    columns: dict[str, Any] = {"subsidiary_id": rates.subsidiaries, "period": rates.months, "now": rates.now}
    if rates.own is not None:
        columns["own"] = rates.own
    known = given(connection, "rates", **columns)
    whose = (known.c.subsidiary_id == part.c.subsidiary_id) & (known.c.period == part.c.period)
    statement = select(*(part.c[name] for name in (*_KEYS, *ids)))
    for mark, rate in (("", "now"), ("own_", "own")):
        if rate in columns:
            amounts = {
                name: _shared(part, ids, part.c[name], known.c[rate])
                if MEASURES[name].kind == "money"
                else part.c[name]
                for name in measures
            }
            statement = statement.add_columns(*(amount.label(f"{mark}{name}") for name, amount in amounts.items()))
    return statement.join_from(part, known, whose).subquery("converted")


def _shared(part: FromClause, ids: Sequence[str], amount: Any, rate: Any) -> Any:
    """An amount at a rate; parts of one (subsidiary, customer, month) share its conversion by largest remainder."""
    if not ids:
        return exchanged(amount, rate)
    keys = [part.c[name] for name in _KEYS]
    down, rest = exchanged_down(amount, rate), exchanged_rest(amount, rate)
    together = cast(func.sum(amount).over(partition_by=keys), BigInteger)
    left = exchanged(together, rate) - cast(func.sum(down).over(partition_by=keys), BigInteger)
    place = func.row_number().over(partition_by=keys, order_by=[rest.desc(), *(part.c[name] for name in ids)])
    return down + case((place <= left, 1), else_=0)


def _with_team(statement: Any, reach: Reach, rows: Any) -> tuple[Any, ColumnElement[Any]]:
    """The team of a line's seller in its month: of his newest span that has begun by then, else of his first."""
    span = salespeople.EMPLOYMENT
    begun = extract("year", span.c.start) * 12 + extract("month", span.c.start) - 1
    own: Any = {"partition_by": [span.c.subsidiary_id, span.c.salesperson_id], "order_by": span.c.start}
    spans = (
        select(
            span.c.subsidiary_id,
            span.c.salesperson_id,
            span.c.team,
            case((func.row_number().over(**own) == 1, 0), else_=begun).label("since"),
            func.coalesce(func.lead(begun).over(**own), LATEST).label("until"),
        )
        .where(reach.covers(span.c.subsidiary_id))
        .subquery("teams")
    )
    same = (spans.c.subsidiary_id == rows.c.subsidiary_id) & (spans.c.salesperson_id == rows.c.salesperson_id)
    then = (spans.c.since <= rows.c.period) & (rows.c.period < spans.c.until)
    return statement.outerjoin(spans, and_(same, then)), func.coalesce(spans.c.team, "")


LATEST = 1_000_000


def worded(
    connection: Connection, statement: Any, rows: Any, names: Sequence[str], classes: Mapping[str, Sequence[Any]]
) -> tuple[Any, dict[str, ColumnElement[Any]]]:
    """The statement over these rows joined with what words stand in, and the column of each word."""
    found: dict[str, ColumnElement[Any]] = {}
    if any(name in OF_SUBSIDIARY for name in names):
        own = subsidiaries.TABLE.alias("named_subsidiary")
        statement = statement.join(own, own.c.id == rows.c.subsidiary_id)
        found |= {name: own.c[column] for name, column in OF_SUBSIDIARY.items() if name in names}
    for name in names:
        if name in OF_LINE:
            noun = NOUNS[name].alias(f"named_{name}")
            same = (noun.c.subsidiary_id == rows.c.subsidiary_id) & (noun.c.id == rows.c[f"{name}_id"])
            statement = statement.join(noun, same)
            found[name] = noun.c.code
    if any(name in OF_CUSTOMER for name in names):
        person = _CUSTOMER.alias("named_customer")
        statement = statement.outerjoin(person, same_customer(person, rows))
        found |= {name: func.coalesce(person.c[name], "") for name in OF_CUSTOMER if name in names}
    if any(name in OF_CLASSES for name in names):
        known = given(connection, "classes", OF_CLASSES, **classes)
        statement = statement.outerjoin(known, same_customer(known, rows, "customer_id"))
        found |= {name: func.coalesce(known.c[name], "") for name in OF_CLASSES if name in names}
    found |= {"team": rows.c.team} if "team" in names else {}
    return statement, {name: found[name] for name in names}


def same_customer(one: Any, rows: Any, name: str = "id") -> ColumnElement[bool]:
    return and_(one.c.subsidiary_id == rows.c.subsidiary_id, one.c[name] == rows.c.customer_id)


def whole_sum(value: Any) -> Any:
    return cast(func.coalesce(func.sum(value), 0), BigInteger)
