"""The customers of a stored segmentation, each with its classes, its segment and the figures behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlmodel import Field, SQLModel

from service.method.segments.cells import GROUPED, SUMMED, WORDS, Cells
from service.method.states import State
from service.store import customers, labels, results, salespeople
from service.store.columns import amount, number_key
from service.store.pages import later
from service.store.reach import GROUP, Reach
from service.store.relations import Relation
from service.store.subsidiaries import TABLE as SUBSIDIARY


class SegmentRow(SQLModel, table=True):
    """`owner` is the subsidiary that the segmentation belongs to, or the group. No foreign keys, as in `lines`."""

    __tablename__ = "segment_row"
    subsidiary_id: int = number_key()
    owner: int = number_key()
    segmentation: int = number_key()
    customer_id: int = number_key()
    scope: str = Field(max_length=120)
    value: int = amount()
    prior_value: int = amount()
    revenue: int = amount()
    prior_revenue: int = amount()
    margin: int = amount()
    orders: int = amount()
    quotes: int = amount()
    contacts: int = amount()
    hours: int = amount()
    abc_class: str = Field(max_length=1)
    prior_class: str = Field(max_length=1)
    raw_prior_class: str = Field(max_length=1)
    before: int = amount()
    scope_value: int = amount()
    floor_a: int | None = amount(default=None)
    floor_b: int | None = amount(default=None)
    potential_class: str = Field(max_length=1)
    effective_potential: int = amount()
    potential_assumed: bool
    potential_understated: bool
    potential_source: str = Field(max_length=16)
    potential_date: date | None = None
    state: str = Field(max_length=16)
    regularity: str = Field(max_length=1)
    segment: str = Field(max_length=8)
    days_since_order: int | None = None
    order_interval: int | None = amount(default=None)
    at_risk: bool | None = None
    set_class: str | None = Field(default=None, max_length=1)
    set_segment: str | None = Field(default=None, max_length=8)


TABLE: Table = SegmentRow.__table__  # type: ignore[attr-defined]


def _bought(rows: Any) -> Any:
    return case((rows.c.value > 0, rows.c.value), else_=0)


GAP = TABLE.c.effective_potential - _bought(TABLE)
_LAST = (customers.TABLE.c.code, TABLE.c.subsidiary_id)
FETCHED = 8_192
SORTS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "code": _LAST,
    "-value": (-TABLE.c.value, *_LAST),
    "-gap": (-GAP, *_LAST),
}
FILTERS: Mapping[str, ColumnElement[Any]] = {
    "abc_class": TABLE.c.abc_class,
    "segment": TABLE.c.segment,
    "effective_class": func.coalesce(TABLE.c.set_class, TABLE.c.abc_class),
    "effective_segment": func.coalesce(TABLE.c.set_segment, TABLE.c.segment),
    "potential_class": TABLE.c.potential_class,
    "state": TABLE.c.state,
    "at_risk": TABLE.c.at_risk,
    "scope": TABLE.c.scope,
    "salesperson": salespeople.TABLE.c.code,
}


def page(
    connection: Connection,
    reach: Reach,
    key: tuple[int, int],
    limit: int,
    after: tuple[Any, ...] | None,
    sort: str,
    filters: Mapping[str, Any],
) -> Sequence[Row[Any]]:
    """Customers of a segmentation (owner, number) in a named order, those after the cursor."""
    statement = _ordered(reach, key, sort, filters).limit(limit)
    if after is not None:
        statement = statement.where(later(SORTS[sort], after))
    return connection.execute(statement).all()


def each(
    connection: Connection, reach: Reach, key: tuple[int, int], sort: str, filters: Mapping[str, Any]
) -> Iterator[Row[Any]]:
    """The same without a limit, fetched as they are taken."""
    streamed = {"stream_results": True, "yield_per": FETCHED}
    yield from connection.execute(_ordered(reach, key, sort, filters), execution_options=streamed)


def _ordered(reach: Reach, key: tuple[int, int], sort: str, filters: Mapping[str, Any]) -> Any:
    statement = _described(reach, key).order_by(*SORTS[sort])
    for name, value in filters.items():
        statement = statement.where(FILTERS[name] == value)
    return statement


ENTITY: Mapping[str, ColumnElement[Any]] = {
    **FILTERS,
    **{name: TABLE.c[name] for name in ("regularity", "prior_class", "raw_prior_class", "potential_assumed")},
    **{name: TABLE.c[name] for name in ("potential_understated", "effective_potential", "days_since_order", "orders")},
    **{name: TABLE.c[name] for name in ("value", "prior_value", "revenue", "prior_revenue", "margin")},
    "gap": GAP,
    "subsidiary": SUBSIDIARY.c.code,
    "customer": customers.TABLE.c.code,
    "channel": labels.CHANNEL.c.code,
}
"""What a stored row says by itself, by the names of the contract."""


def relation(reach: Reach) -> Relation:
    """The customers of each subsidiary's newest segmentation, to be asked with conditions."""
    kept = results.SEGMENTATION.c
    newest = (
        select(kept.subsidiary_id, func.max(kept.number).label("number"))
        .where(reach.covers(kept.subsidiary_id), kept.subsidiary_id != GROUP)
        .group_by(kept.subsidiary_id)
        .subquery("newest")
    )
    own = and_(TABLE.c.subsidiary_id == newest.c.subsidiary_id, TABLE.c.owner == newest.c.subsidiary_id)
    rows = _worded(reach).join(newest, and_(own, TABLE.c.segmentation == newest.c.number))
    identifier = SUBSIDIARY.c.code + "." + cast(TABLE.c.segmentation, Text)
    columns = {**ENTITY, "segmentation": identifier, "name": reach.readable(customers.TABLE.c.name)}
    return Relation(rows, columns, (TABLE.c.subsidiary_id, customers.TABLE.c.code))


def curve(connection: Connection, reach: Reach, key: tuple[int, int]) -> Iterator[Any]:
    """Scope, class and value of customers with more than nothing, by falling value; fetched as they are taken."""
    c = TABLE.c
    statement = select(c.scope, c.abc_class, c.value).where(*_of(reach, key, TABLE), c.value > 0)
    ordered = statement.order_by(-c.value, c.subsidiary_id, c.customer_id)
    yield from connection.execute(ordered, execution_options={"stream_results": True, "yield_per": FETCHED})


def largest(connection: Connection, reach: Reach, key: tuple[int, int], limit: int) -> Sequence[Any]:
    """Code, effective segment, value and potential of the customers with the largest potential."""
    c, k = TABLE.c, customers.TABLE.c
    own = (k.subsidiary_id == c.subsidiary_id) & (k.id == c.customer_id)
    segment = FILTERS["effective_segment"].label("segment")
    statement = select(k.code, segment, c.value, c.effective_potential).join(customers.TABLE, own)
    ordered = statement.where(*_of(reach, key, TABLE)).order_by(-c.effective_potential, *_LAST)
    return connection.execute(ordered.limit(limit)).all()


def sums(connection: Connection, reach: Reach, key: tuple[int, int], names: Iterable[str]) -> Sequence[Any]:
    """By scope: the floors, how many customers, their revenue, and the sizes of the amounts named, added up."""
    c = TABLE.c
    sizes = [func.sum(func.abs(c[name])).label(f"{name}_size") for name in names]
    floors = [func.max(c[name]).label(name) for name in ("floor_a", "floor_b")]
    statement = select(c.scope, *floors, func.count().label("customers"), _sum(c.revenue).label("revenue"), *sizes)
    return connection.execute(statement.where(*_of(reach, key, TABLE)).group_by(c.scope).order_by(c.scope)).all()


def cells(connection: Connection, reach: Reach, key: tuple[int, int], months: int) -> Cells:
    """A segmentation added up, from which every table of it is a sum."""
    c, mine = TABLE.c, _of(reach, key, TABLE)
    now, prior, retained = c.revenue > 0, c.prior_revenue > 0, c.state == State.RETAINED.value
    change = c.revenue - c.prior_revenue
    added = {
        **{name: c[name] for name in SUMMED},
        "customers": 1,
        "active": case((now, 1), else_=0),
        "bought": case((prior, 1), else_=0),
        "kept": case((and_(now, prior), 1), else_=0),
        "bought_value": _bought(TABLE),
        "active_value": case((now, _bought(TABLE)), else_=0),
        "active_potential": case((now, c.effective_potential), else_=0),
        "start": case((prior, c.prior_revenue), else_=0),
        "contraction": case((and_(retained, change < 0), change), else_=0),
        "expansion": case((and_(retained, change > 0), change), else_=0),
        "credit_notes": case((c.revenue < 0, c.revenue), else_=0),
    }
    words = [c[name] for name in WORDS]
    totals = [_sum(number).label(name) for name, number in added.items()]
    rows = connection.execute(select(*words, *totals).where(*mine).group_by(*words)).mappings().all()
    positive = select(*(c[name] for name in GROUPED), c.value).where(*mine, c.value > 0).order_by(c.value)
    return Cells([dict(row) for row in rows], [tuple(row) for row in connection.execute(positive)], months)


_COMPARED = ("abc_class", "segment", "potential_class", "state", "effective_class", "effective_segment")


def changes(
    connection: Connection,
    reach: Reach,
    keys: tuple[tuple[int, int], tuple[int, int]],
    limits_word: str,
    page: tuple[int | None, tuple[Any, ...] | None],
) -> Sequence[Row[Any]]:
    """Customers whose words differ between two segmentations (the newer one first), by code, those after the cursor.

    `limits_word` names why a class moved that the value alone did not move.
    """
    limit, after = page
    moved = _moved(reach, keys, limits_word)
    c = customers.TABLE.c
    order = (c.code, moved.c.subsidiary_id)
    statement: Select[Any] = (
        select(moved, c.code.label("customer"), *reach.shown(c.name), SUBSIDIARY.c.code.label("subsidiary"))
        .join(customers.TABLE, (c.subsidiary_id == moved.c.subsidiary_id) & (c.id == moved.c.customer_id))
        .join(SUBSIDIARY, SUBSIDIARY.c.id == moved.c.subsidiary_id)
        .order_by(*order)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(later(order, after))
    return connection.execute(statement).all()


def change_counts(
    connection: Connection, reach: Reach, keys: tuple[tuple[int, int], tuple[int, int]], limits_word: str
) -> tuple[dict[str, int], dict[str, int]]:
    """How many customers differ for each reason, and in each word."""
    moved = _moved(reach, keys, limits_word)
    differ = [_sum(case((_differ(moved, name), 1), else_=0)) for name in _COMPARED]
    rows = connection.execute(select(moved.c.why, func.count(), *differ).group_by(moved.c.why)).all()
    words = {name: sum(row[2 + place] for row in rows) for place, name in enumerate(_COMPARED)}
    return {row[0]: row[1] for row in rows}, words


def _moved(reach: Reach, keys: tuple[tuple[int, int], tuple[int, int]], limits_word: str) -> Any:
    new, old = TABLE.alias("new"), TABLE.alias("old")
    of_new, of_old = _of(reach, keys[0], new), _of(reach, keys[1], old)
    same = (new.c.subsidiary_id == old.c.subsidiary_id) & (new.c.customer_id == old.c.customer_id)
    sides = [*_side(new, "to"), *_side(old, "from")]
    why = _why(new.c, old.c, limits_word).label("why")
    left = select(new.c.subsidiary_id, new.c.customer_id, why, *sides)
    left = left.select_from(new.outerjoin(old, and_(same, *of_old))).where(*of_new)
    gone = select(old.c.subsidiary_id, old.c.customer_id, why, *sides)
    gone = gone.select_from(old.outerjoin(new, and_(same, *of_new))).where(*of_old, new.c.customer_id.is_(None))
    pairs = union_all(left, gone).subquery("pairs")
    return select(pairs).where(or_(*(_differ(pairs, name) for name in _COMPARED))).subquery("moved")


def _side(rows: Any, side: str) -> list[Any]:
    effective = {"effective_class": ("set_class", "abc_class"), "effective_segment": ("set_segment", "segment")}
    words = [rows.c[name].label(f"{side}_{name}") for name in _COMPARED if name not in effective]
    words += [func.coalesce(*(rows.c[one] for one in pair)).label(f"{side}_{name}") for name, pair in effective.items()]
    return [*words, rows.c.value.label(f"{side}_value"), rows.c.effective_potential.label(f"{side}_potential")]


def _differ(pairs: Any, name: str) -> Any:
    return func.coalesce(pairs.c[f"from_{name}"], "") != func.coalesce(pairs.c[f"to_{name}"], "")


def _why(new: Any, old: Any, limits_word: str) -> Any:
    """The first reason that fits, see `docs/method.md`, Changes between two segmentations."""
    by_old_limits = case(
        (new.value <= 0, "N"), (new.value >= old.floor_a, "A"), (new.value >= old.floor_b, "B"), else_="C"
    )
    declared = and_(new.potential_assumed.is_(False), new.potential_understated.is_(False))
    potential = and_(new.effective_potential != old.effective_potential, declared)
    value = or_(new.value != old.value, new.effective_potential != old.effective_potential)
    return case(
        (old.customer_id.is_(None), "appeared"),
        (new.customer_id.is_(None), "gone"),
        (new.abc_class != old.abc_class, case((by_old_limits == new.abc_class, "value"), else_=limits_word)),
        (new.state != old.state, "value"),
        (
            or_(new.potential_class != old.potential_class, new.segment != old.segment),
            case((potential, "potential"), (value, "value"), else_=limits_word),
        ),
        else_="override",
    )


def _of(reach: Reach, key: tuple[int, int], rows: Any) -> tuple[Any, ...]:
    owner, number = key
    return reach.covers(rows.c.subsidiary_id), rows.c.owner == owner, rows.c.segmentation == number


def _sum(number: Any) -> Any:
    return cast(func.coalesce(func.sum(number), 0), BigInteger)


def _described(reach: Reach, key: tuple[int, int]) -> Any:
    return _worded(reach).where(*_of(reach, key, TABLE))


def _worded(reach: Reach) -> Any:
    c, s, k = customers.TABLE.c, salespeople.TABLE.c, labels.CHANNEL.c
    return (
        select(
            TABLE,
            GAP.label("gap"),
            SUBSIDIARY.c.code.label("subsidiary"),
            c.code.label("customer"),
            *reach.shown(c.name),
            s.code.label("salesperson"),
            k.code.label("channel"),
        )
        .join(SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id)
        .join(customers.TABLE, (c.subsidiary_id == TABLE.c.subsidiary_id) & (c.id == TABLE.c.customer_id))
        .join(salespeople.TABLE, (s.subsidiary_id == TABLE.c.subsidiary_id) & (s.id == c.salesperson_id))
        .join(labels.CHANNEL, (k.subsidiary_id == TABLE.c.subsidiary_id) & (k.id == c.channel_id))
        .where(reach.covers(TABLE.c.subsidiary_id))
    )
