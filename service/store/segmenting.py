"""Segmenting in the database: one statement from lines to stored rows, the same on SQLite and PostgreSQL.

It computes what `service.method.segments` computes, in whole numbers; a test compares both row by row. Where a class
is cut by floors (`value ≥ floor`), that is exact whatever the rule: equal values share a class.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
)

from service.method.parameters import Parameters
from service.method.segments.classes import limits, of_curve
from service.method.segments.lapse import AT_RISK_FROM
from service.method.segments.regularity import FEWEST_QUARTERS, factor
from service.method.states import State
from service.store import labels, overrides, registers, segments
from service.store.customer_sums import (
    SCOPES,
    Terms,
    at_least,
    of_customers,
    same_customer,
    scaled,
    summed,
    whole_quarters,
)
from service.store.database import day_number, in_sets, load
from service.store.reach import Reach
from service.values import AMOUNT_SCALE


def write(connection: Connection, reach: Reach, owner: int, number: int, terms: Terms) -> None:
    """Compute and store the rows of a segmentation of all subsidiaries in reach."""
    in_sets(connection)
    floors = _curve_floors(connection, reach, terms) if terms.parameters.abc.rule == "computed" else None
    statement = _rows(reach, owner, number, terms, floors)
    names = [column.name for column in segments.TABLE.columns]
    connection.execute(insert(segments.TABLE).from_select(names, statement))
    if floors is not None:
        floors.drop(connection)


def _base(reach: Reach, terms: Terms) -> Any:
    """A row per customer: the sums of both windows, the sum of the values above his in his scope, whether he bought
    earlier, and his potential."""
    sums = of_customers(reach, terms)
    return select(sums, _above(sums, sums.c.value, terms).label("before")).cte("base")


def _rows(reach: Reach, owner: int, number: int, terms: Terms, curve: Table | None) -> Any:
    base = _base(reach, terms)
    parameters = terms.parameters
    floors, raw = (_floors(base, value, terms, curve) for value in ("value", "prior_value"))
    b, f = base.c, floors.c
    joined: Any = base.outerjoin(floors, _of_scope(b, f, terms))
    joined = joined.outerjoin(raw, _of_scope(b, raw.c, terms))
    abc_class = _class(b.value, b.value, f.floor_a, f.floor_b)
    bought = at_least(b.value, 0)
    guessed = scaled(bought, 1 / Fraction(parameters.potential.default_wallet_share))
    effective = case((b.potential.is_(None), guessed), else_=at_least(b.potential, bought))
    level = (
        select(
            base,
            f.floor_a,
            f.floor_b,
            func.coalesce(f.total, 0).label("scope_value"),
            abc_class.label("abc_class"),
            _class(b.prior_value, b.prior_value, f.floor_a, f.floor_b).label("prior_class"),
            _class(b.prior_value, b.prior_value, raw.c.floor_a, raw.c.floor_b).label("raw_prior_class"),
            bought.label("bought"),
            effective.label("effective_potential"),
        )
        .select_from(joined)
        .subquery("classed")
    )
    return _told(level, owner, number, terms)


def _told(level: Any, owner: int, number: int, terms: Terms) -> Any:
    """The rows as they are stored, by key."""
    c, parameters = level.c, terms.parameters
    joined, channel = level, None
    scope: Any = literal("")
    if parameters.abc.scope in SCOPES:
        named = SCOPES[parameters.abc.scope][1].alias("named")
        joined = joined.join(named, and_(named.c.subsidiary_id == c.subsidiary_id, named.c.id == c.scope_id))
        scope = named.c.code
    if parameters.potential.limits:
        channel = labels.CHANNEL.alias("channel_of")
        joined = joined.join(channel, and_(channel.c.subsidiary_id == c.subsidiary_id, channel.c.id == c.channel_id))
    potential_class = _class(c.effective_potential, c.effective_potential, *_potential_floors(c, channel, terms))
    words = {
        "subsidiary_id": c.subsidiary_id,
        "owner": literal(owner, Integer),
        "segmentation": literal(number, Integer),
        "customer_id": c.customer_id,
        "scope": scope,
        "potential_class": potential_class,
        "potential_assumed": c.potential.is_(None),
        "potential_understated": func.coalesce(c.bought > c.potential, false()),
        "state": _state(c),
        "regularity": _regularity(c, terms),
        "segment": _segment(c, potential_class, parameters),
        "days_since_order": null(),
        "order_interval": null(),
        "at_risk": null(),
    }
    if terms.registers:
        joined, lapses = _with_lapses(joined, c, terms)
        words |= lapses
    standing = overrides.TABLE
    same = and_(standing.c.subsidiary_id == c.subsidiary_id, standing.c.customer_id == c.customer_id)
    joined = joined.outerjoin(standing, and_(same, overrides.holds(terms.window.last)))
    words |= {"set_class": standing.c.abc_class, "set_segment": standing.c.segment}
    columns = [cast(words.get(one.name, c.get(one.name)), one.type).label(one.name) for one in segments.TABLE.columns]
    return select(*columns).select_from(joined).order_by(c.subsidiary_id, c.customer_id)


def _above(rows: Any, value: Any, terms: Terms) -> Any:
    """The sum of the positive values strictly greater, in the same scope."""
    scope = None if terms.currency is not None else (rows.c.subsidiary_id, rows.c.scope_id)
    above = func.sum(at_least(value, 0)).over(partition_by=scope, order_by=value.desc(), range_=(None, -1))
    return func.coalesce(cast(above, BigInteger), 0)


def _ranked(base: Any, value: str, terms: Terms) -> Any:
    """Positive values of a window with the sum of those above."""
    amount = base.c[value]
    above = base.c.before if value == "value" else _above(base, amount, terms)
    columns = (base.c.subsidiary_id, base.c.scope_id, amount.label("value"), above.label("before"))
    return select(*columns).where(amount > 0).cte(f"ranked_{value}")


def _floors(base: Any, value: str, terms: Terms, curve: Table | None) -> Any:
    """Of each scope the sum of its positive values and the floors of its classes."""
    abc, keys = terms.parameters.abc, [] if terms.currency is not None else ["subsidiary_id", "scope_id"]
    if abc.rule == "floors":
        fixed = limits(*abc.floors, len(terms.window))
        total = summed(at_least(base.c[value], 0)).label("total")
        ends = [literal(fixed.a, BigInteger).label("floor_a"), literal(fixed.b, BigInteger).label("floor_b")]
        columns = [base.c[key] for key in keys]
        return select(*columns, total, *ends).group_by(*columns).cte(f"floors_{value}")
    ranked = _ranked(base, value, terms)
    columns = [ranked.c[key] for key in keys]
    if curve is not None:
        same = and_(curve.c.of == value, *(ranked.c[key] == curve.c[key] for key in keys))
        ends = [func.max(curve.c[floor]).label(floor) for floor in ("floor_a", "floor_b")]
        found = select(*columns, summed(ranked.c.value).label("total"), *ends).select_from(ranked.join(curve, same))
        return found.group_by(*columns).cte(f"floors_{value}")
    totals = select(*columns, summed(ranked.c.value).label("total")).group_by(*columns).cte(f"totals_{value}")
    same = and_(true(), *(ranked.c[key] == totals.c[key] for key in keys))
    ends = [
        func.min(ranked.c.value).filter(ranked.c.before < _share(totals.c.total, share)).label(floor)
        for floor, share in (("floor_a", abc.a), ("floor_b", abc.b))
    ]
    found = select(*columns, func.max(totals.c.total).label("total"), *ends).select_from(ranked.join(totals, same))
    return found.group_by(*columns).cte(f"floors_{value}")


def _of_scope(base: Any, floors: Any, terms: Terms) -> Any:
    if terms.currency is not None:
        return true()
    return and_(base.subsidiary_id == floors.subsidiary_id, base.scope_id == floors.scope_id)


def _curve_floors(connection: Connection, reach: Reach, terms: Terms) -> Table:
    """The floors that the curve of each scope and window gives, in a temporary table: only Python finds them."""
    base = _base(reach, terms)
    keys = [literal(0, Integer)] * 2 if terms.currency is not None else [base.c.subsidiary_id, base.c.scope_id]
    columns = [Column(name, BigInteger) for name in ("subsidiary_id", "scope_id", "floor_a", "floor_b")]
    table = Table("curve_floor", MetaData(), Column("of", String(16)), *columns, prefixes=["TEMPORARY"])
    table.create(connection)
    found: list[dict[str, Any]] = []
    for value in ("value", "prior_value"):
        positive = select(*keys, base.c[value]).where(base.c[value] > 0).order_by(base.c[value].desc())
        ranked: dict[tuple[int, int], list[int]] = {}
        rows: Any = connection.execute(positive)
        for subsidiary, scope, amount in rows:
            ranked.setdefault((subsidiary, scope), []).append(amount)
        for (subsidiary, scope), values in ranked.items():
            key = {"of": value, "subsidiary_id": subsidiary, "scope_id": scope}
            floors = of_curve(values)
            found.append(key | {"floor_a": floors.a, "floor_b": floors.b})
    if found:
        load(connection, table, pa.Table.from_pylist(found))
    return table


def _state(c: Any) -> Any:
    now, prior = c.revenue > 0, c.prior_revenue > 0
    cases = [
        (and_(now, prior), State.RETAINED),
        (and_(now, c.bought_before), State.REACTIVATED),
        (now, State.NEW),
        (prior, State.LOST),
        (c.bought_before, State.DORMANT),
    ]
    return case(*((condition, state.value) for condition, state in cases), else_=State.PROSPECT.value)


def _regularity(c: Any, terms: Terms) -> Any:
    """See `method.segments.regularity`: the same additions in the same order."""
    count, limit = len(terms.season), terms.parameters.regularity
    since = [c.get(f"since_{place}", c.revenue) for place in range(len(whole_quarters(terms)))]
    quarters = [one - later for one, later in pairwise([*since, 0])]
    even = [
        cast(quarter, Double) / literal(float(index), Double)
        for quarter, index in zip(quarters, terms.season, strict=False)
    ]
    cases = []
    for first in range(count - FEWEST_QUARTERS + 1):
        total = squares = even[first]
        squares = even[first] * even[first]
        for one in even[first + 1 :]:
            total, squares = total + one, squares + one * one
        spread, whole = literal(float(count - first), Double) * squares, total * total
        words = case(
            (total <= literal(0.0, Double), ""),
            (spread <= literal(factor(limit.x), Double) * whole, "X"),
            (spread <= literal(factor(limit.y), Double) * whole, "Y"),
            else_="Z",
        )
        cases.append((quarters[first] > 0, words))
    return case(*cases, else_="") if cases else literal("")


def _segment(c: Any, potential_class: Any, parameters: Parameters) -> Any:
    limit = parameters.segments
    strong, actual = potential_class.in_(["A", "B"]), c.abc_class.in_(["A", "B"])
    low = c.bought < _share(c.effective_potential, limit.grow_wallet_share_below)
    enough = c.effective_potential - c.bought >= int(limit.grow_gap_at_least * AMOUNT_SCALE)
    return case(
        (c.value <= 0, case((strong, "WIN"), else_="LIMIT")),
        (and_(strong, low, enough), "GROW"),
        (or_(strong, actual), "KEEP"),
        else_="LIMIT",
    )


def _potential_floors(c: Any, channel: Any, terms: Terms) -> tuple[Any, Any]:
    """From where a potential is A and B: by the limits of the channel, else by the frozen floors of the scope."""
    declared = terms.parameters.potential.limits
    months = len(terms.window)
    bounds = {name: limits(one.A, one.B, months) for name, one in declared.items()}
    others = bounds.pop("*", None)
    found = []
    for name, frozen in (("a", c.floor_a), ("b", c.floor_b)):
        rest = frozen if others is None else literal(getattr(others, name), BigInteger)
        cases = [(channel.c.code == word, literal(getattr(one, name), BigInteger)) for word, one in bounds.items()]
        found.append(case(*cases, else_=rest) if cases else rest)
    return found[0], found[1]


def _with_lapses(joined: Any, c: Any, terms: Terms) -> tuple[Any, dict[str, Any]]:
    """Days since the last order and the usual interval, from the register of orders."""
    order = registers.TABLES["orders"][0].c
    day = day_number(order.date)
    days = (
        select(order.subsidiary_id, order.customer_id, day.label("day"))
        .where(order.subsidiary_id.in_(terms.registers), order.amount >= 0, day <= terms.end)
        .distinct()
        .cte("order_days")
    )
    customer = (days.c.subsidiary_id, days.c.customer_id)
    step = days.c.day - func.lag(days.c.day).over(partition_by=customer, order_by=days.c.day)
    steps = select(*customer, step.label("step")).subquery()
    whose = (steps.c.subsidiary_id, steps.c.customer_id)
    place = func.row_number().over(partition_by=whose, order_by=steps.c.step)
    size = func.count().over(partition_by=whose)
    placed = select(steps, place.label("place"), size.label("size")).where(steps.c.step.is_not(None)).subquery()
    middle = placed.c.place.in_([(placed.c.size + 1) // 2, placed.c.size // 2 + 1])
    # The middle one, or both middle ones: their sum is twice the median.
    twice: Any = func.min(placed.c.step) + func.max(placed.c.step)
    of = (placed.c.subsidiary_id, placed.c.customer_id)
    usual = select(*of, cast(twice, BigInteger).label("twice")).where(middle).group_by(*of).cte("usual")
    last = select(*customer, func.max(days.c.day).label("day")).group_by(*customer).cte("last_order")
    joined = joined.outerjoin(last, same_customer(c, last.c)).outerjoin(usual, same_customer(c, usual.c))
    since = terms.end - last.c.day
    twice = func.coalesce(usual.c.twice, 0)
    allowed = at_least(twice, terms.parameters.lapse.minimum_days)
    return joined, {
        "days_since_order": since,
        "order_interval": usual.c.twice * (AMOUNT_SCALE // 2),
        "at_risk": since * AT_RISK_FROM.denominator > allowed * AT_RISK_FROM.numerator,
    }


def _class(value: Any, measured: Any, floor_a: Any, floor_b: Any) -> Any:
    return case((value <= 0, "N"), (measured >= floor_a, "A"), (measured >= floor_b, "B"), else_="C")


def _share(total: Any, share: Decimal) -> Any:
    """⌈share · total⌉ without leaving 64 bits: shares have at most 9 decimals."""
    part, whole = Fraction(share).numerator, Fraction(share).denominator
    return part * (total // whole) + (part * (total % whole) + whole - 1) // whole
