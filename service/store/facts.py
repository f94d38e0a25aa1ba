"""Sums, states and counts of customers by any grouping and window, computed where the lines are.

A line's month is summed with its customer's other lines of the same group; what his group's months add up to says
whether he buys. States are those of the group's own lines.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    FromClause,
    RowMapping,
    and_,
    case,
    cast,
    func,
    select,
)

from service.method.months import Window
from service.store import customers, lines, registers
from service.store.cells import (
    LATEST,
    OF_CLASSES,
    OF_CUSTOMER,
    Bucket,
    Cut,
    Words,
    group_keys,
    of_lines,
    same_customer,
    whole_sum,
    worded,
)
from service.store.database import day_number, exchanged, given, products, whole
from service.store.reach import Reach

_LINE = lines.TABLE
_CUSTOMER = customers.TABLE
_MOST_FIGURES = 600
"""So many figures a statement asks for at once: databases limit the columns of an answer."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What the lines of a group and month add up to. `own`: the same at the month's own rates."""

    subsidiary_id: int
    month: int
    words: Words
    attributed: bool
    now: Mapping[str, int]
    own: Mapping[str, int]


def sums(connection: Connection, reach: Reach, cut: Cut, months: Window, names: Sequence[str]) -> list[Sums]:
    """Sums of these measures; `credited_revenue` is the revenue of lines that name a seller.

    Lines that name a customer and those that name none are kept apart.
    """
    cells = of_lines(connection, reach, cut, names, months.first)
    columns = [*names, *(f"own_{name}" for name in names if cut.own)]
    known = case((cells.c.customer_id != customers.UNATTRIBUTED, 1), else_=0)
    keys = [cells.c.subsidiary_id, cells.c.period, known, *(cells.c[name] for name in group_keys(cut))]
    early = [name for name in cut.words if name in (*OF_CUSTOMER, *OF_CLASSES)]
    totals = [whole_sum(cells.c[name]).label(name) for name in columns]
    statement = select(*keys[:2], known.label("known"), *keys[3:], *totals)
    statement, words = worded(connection, statement, cells, early, cut.classes)
    statement = statement.add_columns(*(column.label(f"word_{name}") for name, column in words.items()))
    parts = statement.group_by(*keys, *words.values()).subquery("parts")
    late = [name for name in cut.words if name not in early]
    outer, words = worded(connection, select(parts), parts, late, {})
    outer = outer.add_columns(*(column.label(f"word_{name}") for name, column in words.items()))
    return [_told(row, cut, names) for row in connection.execute(outer).mappings()]


def _told(row: RowMapping, cut: Cut, names: Sequence[str]) -> Sums:
    now = {name: whole(row[name]) for name in names}
    own = {name: whole(row[f"own_{name}"]) for name in names} if cut.own else now
    words = tuple(row[f"word_{name}"] for name in cut.words)
    return Sums(row["subsidiary_id"], row["period"], words, bool(row["known"]), now, own)


def of_customers(
    connection: Connection, reach: Reach, cut: Cut, buckets: Sequence[Bucket], names: Sequence[str]
) -> dict[tuple[Words, int], dict[str, int]]:
    """(words, place of the bucket) → these figures of COUNTS, of groups with a customer who has or had a line."""
    alone = _of_customers_by_window(connection, reach, cut, buckets, names)
    if alone is not None:
        return alone
    found: dict[tuple[Words, int], dict[str, int]] = {}
    counted = [name for name in names if name in COUNTS]
    size = max(_MOST_FIGURES // (len(names) + 2), 1)
    for start in range(0, len(buckets), size):
        part = buckets[start : start + size]
        people = _people(connection, reach, cut, part, names)
        persons = [_Person(people, place, bucket) for place, bucket in enumerate(part)]
        figures = [COUNTS[name](one).label(f"{name}_{n}") for n, one in enumerate(persons) for name in counted]
        for words, row in _collect(connection, cut, people, figures) if counted else ():
            for place in range(len(part)):
                found[words, start + place] = {name: whole(row[f"{name}_{place}"]) for name in counted}
        for words, ranked in _ranked(connection, cut, people, len(part)) if "ranked_sum" in names else ():
            for place, value in enumerate(ranked):
                found.setdefault((words, start + place), {})["ranked_sum"] = value
    return found


def _apart(windows: Collection[Window]) -> bool:
    """Whether no month is in two windows."""
    return len({month for window in windows for month in window.months}) == sum(len(window) for window in windows)


def _of_windows(
    connection: Connection, reach: Reach, cut: Cut, windows: Collection[Window], names: Collection[str]
) -> dict[tuple[Words, int], dict[str, int]]:
    """(words, first month of the window) → these figures of COUNTS, of groups with a customer who has a line in it.

    For windows apart and figures that nothing before them changes. The customers of each are rows of their own, in the
    order in which lines are stored, so that PostgreSQL adds them up as it reads: a third of the time that all windows
    side by side take.
    """
    cells = of_lines(connection, reach, cut, ["revenue"], min(window.first for window in windows))
    month = cells.c.period
    begun: Any = month
    if any(len(window) > 1 for window in windows):
        begun = case(*((month.between(window.first, window.last), window.first) for window in windows))
    order = [cells.c.subsidiary_id, begun.label("begun"), cells.c.customer_id]
    groups = [cells.c[name] for name in group_keys(cut)]
    asked = [cells.c.customer_id != customers.UNATTRIBUTED, begun.in_([window.first for window in windows])]
    ordered = select(*order, *groups, cells.c.revenue).where(*asked).order_by(*order).subquery("ordered")
    keys = [column for column in ordered.c if column.name != "revenue"]
    people = select(*keys, whole_sum(ordered.c.revenue).label("now_0")).group_by(*keys).subquery("people")
    window = next(iter(windows))  # none of these figures asks for its days
    figures = [COUNTS[name](_Person(people, 0, Bucket(window, window))).label(name) for name in names]
    found = _collect(connection, cut, people, figures, people.c.begun)
    return {(words, row["begun"]): {name: whole(row[name]) for name in names} for words, row in found}


def _of_customers_by_window(
    connection: Connection, reach: Reach, cut: Cut, buckets: Sequence[Bucket], names: Sequence[str]
) -> dict[tuple[Words, int], dict[str, int]] | None:
    """What `of_customers` answers, where each figure is of one window alone and the windows are apart; else None."""
    if not _OF_ONE_WINDOW.keys() >= set(names) or cut.own:
        return None
    sources = {name: _OF_ONE_WINDOW[name] for name in names}
    windows = {getattr(bucket, which) for bucket in buckets for _, which in sources.values()}
    if not _apart(windows):
        return None
    read = _of_windows(connection, reach, cut, windows, {figure for figure, _ in sources.values()})
    found: dict[tuple[Words, int], dict[str, int]] = {}
    for words in {words for words, _ in read}:
        for place, bucket in enumerate(buckets):
            own = {which: read.get((words, getattr(bucket, which).first), {}) for which in ("now", "before")}
            found[words, place] = {name: own[which].get(figure, 0) for name, (figure, which) in sources.items()}
    return found


def _contact_days(reach: Reach, until: int) -> Any:
    """Statement of the days (`toordinal`) of contacts with customers up to a day."""
    activity = registers.TABLES["activities"][0]
    day = day_number(activity.c.date)
    return select(activity.c.subsidiary_id, activity.c.customer_id, day.label("day")).where(
        reach.covers(activity.c.subsidiary_id), activity.c.customer_id != customers.UNATTRIBUTED, day <= until
    )


_OF_ONE_WINDOW = {
    "active": ("active", "now"),
    "active_before": ("active", "before"),
    "positive_revenue": ("positive_revenue", "now"),
    "revenue_before": ("positive_revenue", "before"),
    "sum_of_squares": ("sum_of_squares", "now"),
    "largest_revenue": ("largest_revenue", "now"),
}
"""Figures that are another's of the bucket's window or the one before it, whatever is in the other."""
_OF_HISTORY = frozenset(("new", "reactivated", "dormant", "new_hours"))
_OF_CONTACTS = frozenset(("contacted", "contact_age"))


def _people(
    connection: Connection, reach: Reach, cut: Cut, buckets: Sequence[Bucket], names: Sequence[str]
) -> FromClause:
    """A row per group and customer: for each bucket what he brought in it and before, and when he first bought."""
    history = not _OF_HISTORY.isdisjoint(names)
    first = None if history else min(bucket.before.first for bucket in buckets)
    hours = ["hours"] if "new_hours" in names else []
    cells = of_lines(connection, reach, cut, ["revenue", *hours], first)
    keys = ["subsidiary_id", "customer_id", *group_keys(cut)]
    revenue, month = cells.c.revenue, cells.c.period
    own = cells.c.own_revenue if cut.own else revenue
    pieces = _pieces(buckets)
    columns = [_within(revenue, month, piece).label(f"now_{number}") for number, piece in enumerate(pieces)]
    if cut.own:
        columns += [_within(own, month, piece).label(f"own_{number}") for number, piece in enumerate(pieces)]
    columns += [
        _within(cells.c.hours, month, bucket.now).label(f"hours_{n}") for n, bucket in enumerate(buckets) if hours
    ]
    if history:
        columns.append(func.min(month).filter(own > 0).label("bought"))
        columns.append(func.min(month).filter(own < 0).label("returned"))
    grouped = [cells.c[name] for name in keys]
    wide = (select(*grouped, *columns).where(cells.c.customer_id != customers.UNATTRIBUTED).group_by(*grouped)).cte(
        "wide"
    )
    told = [wide.c[name] for name in keys]
    before = "own" if cut.own else "now"
    for place, bucket in enumerate(buckets):
        told.append(_total(wide, "now", pieces, bucket.now).label(f"now_{place}"))
        told.append(_total(wide, before, pieces, bucket.before).label(f"before_{place}"))
        if hours:
            told.append(wide.c[f"hours_{place}"])
    statement: Any = select(*told)
    if history:
        statement = _with_first(statement, wide, cells, own, keys)
    if "known_potential" in names:
        statement = _with_potential(connection, cut, statement, wide)
    if not _OF_CONTACTS.isdisjoint(names):
        statement = _with_contacts(statement, wide, reach, buckets)
    return statement.subquery("people")  # type: ignore[no-any-return]


def _pieces(buckets: Sequence[Bucket]) -> list[Window]:
    """The months of all windows cut at every window's end, so that each window is a sum of pieces."""
    windows = [window for bucket in buckets for window in (bucket.now, bucket.before)]
    cuts = sorted({window.first for window in windows} | {window.last + 1 for window in windows})
    return [Window(first, after - 1) for first, after in pairwise(cuts)]


def _within(amount: Any, month: Any, window: Window) -> Any:
    return cast(func.coalesce(func.sum(amount).filter(month.between(window.first, window.last)), 0), BigInteger)


def _total(wide: FromClause, name: str, pieces: Sequence[Window], window: Window) -> Any:
    return reduce(add, (wide.c[f"{name}_{n}"] for n, piece in enumerate(pieces) if piece.first in window))


def _with_first(statement: Any, wide: FromClause, cells: FromClause, own: Any, keys: Sequence[str]) -> Any:
    """Adds `first`: the first month whose net revenue was positive.

    That is the month of the first positive line, unless a negative one came no later: only for such customers are the
    months added up.
    """
    doubtful = wide.c.returned <= wide.c.bought
    # As an equality, of which PostgreSQL expects few rows: it looks their lines up, and does not sort all lines.
    few = case((doubtful, 1), else_=0) == 1
    asked = select(*(wide.c[name] for name in keys)).where(few).subquery("doubtful")
    same = and_(*(asked.c[name] == cells.c[name] for name in keys))
    grouped = [*(cells.c[name] for name in keys), cells.c.period]
    months = select(*grouped).join_from(cells, asked, same).group_by(*grouped).having(func.sum(own) > 0)
    bought = months.subquery("bought")
    whose = [bought.c[name] for name in keys]
    exact = select(*whose, func.min(bought.c.period).label("first")).group_by(*whose).subquery("exact")
    same = and_(*(exact.c[name] == wide.c[name] for name in keys))
    first = case((doubtful, exact.c.first), else_=wide.c.bought)
    return statement.add_columns(func.coalesce(first, LATEST).label("first")).outerjoin(exact, same)


def _with_contacts(statement: Any, wide: FromClause, reach: Reach, buckets: Sequence[Bucket]) -> Any:
    """Adds the day of the last contact up to each bucket's end; null where there was none."""
    ends = [_last_day(bucket.now) for bucket in buckets]
    contact = _contact_days(reach, max(ends)).subquery("days")
    last = [func.max(contact.c.day).filter(contact.c.day <= end).label(f"contact_{n}") for n, end in enumerate(ends)]
    whose = [contact.c.subsidiary_id, contact.c.customer_id]
    contacts = select(*whose, *last).group_by(*whose).subquery("contacts")
    statement = statement.add_columns(*(contacts.c[f"contact_{n}"] for n in range(len(ends))))
    return statement.outerjoin(contacts, same_customer(contacts, wide, "customer_id"))


def _with_potential(connection: Connection, cut: Cut, statement: Any, wide: FromClause) -> Any:
    """Adds `potential`, a year's, at the rate of stocks; null where it is not known."""
    statement = statement.outerjoin(_CUSTOMER, same_customer(_CUSTOMER, wide))
    if cut.rates is None:
        return statement.add_columns(_CUSTOMER.c.potential)
    stock = cut.rates.of_stock
    rates = given(connection, "stock_rates", subsidiary_id=list(stock), rate=list(stock.values()))
    statement = statement.join(rates, rates.c.subsidiary_id == wide.c.subsidiary_id)
    converted = exchanged(_CUSTOMER.c.potential, rates.c.rate)
    known = case((_CUSTOMER.c.potential.is_not(None), converted))
    return statement.add_columns(known.label("potential"))


def _collect(
    connection: Connection,
    cut: Cut,
    people: FromClause,
    figures: Sequence[Any],
    *apart: Any,
) -> Iterator[tuple[Words, RowMapping]]:
    """These aggregates over the customers of each group, and of each value of what else keeps them apart."""
    statement, words = worded(connection, select(*figures, *apart).select_from(people), people, cut.words, cut.classes)
    labelled = [column.label(f"word_{name}") for name, column in words.items()]
    for row in connection.execute(statement.add_columns(*labelled).group_by(*words.values(), *apart)).mappings():
        yield tuple(row[f"word_{name}"] for name in cut.words), row


def _ranked(connection: Connection, cut: Cut, people: FromClause, count: int) -> Iterator[tuple[Words, list[int]]]:
    """Of each group, for each bucket: the sum of what customers who buy bring times rank, 1 for the smallest."""
    statement, words = worded(connection, select().select_from(people), people, cut.words, cut.classes)
    labelled = [column.label(f"word_{name}") for name, column in words.items()]
    for place in range(count):
        now = people.c[f"now_{place}"]
        rank = func.row_number().over(partition_by=list(words.values()) or None, order_by=now)
        statement = statement.add_columns(now, rank.label(f"rank_{place}"))
    ranks = statement.add_columns(*labelled).subquery("ranks")
    figures: list[Any] = []
    for place in range(count):
        now = ranks.c[f"now_{place}"]
        buys = case((now > 0, now), else_=0)
        # Whoever does not buy ranks below all who do.
        figures += [products(buys, ranks.c[f"rank_{place}"]), func.count().filter(now <= 0), whole_sum(buys)]
    own = [ranks.c[f"word_{name}"] for name in cut.words]
    for row in connection.execute(select(*own, *figures).group_by(*own)):
        told = row[len(own) :]
        parts = (told[3 * place : 3 * place + 3] for place in range(count))
        yield tuple(row[: len(own)]), [whole(ranked) - below * whole(total) for ranked, below, total in parts]


def _last_day(window: Window) -> int:
    return window.days[1].toordinal()


class _Person:
    """The columns of a customer for one bucket."""

    def __init__(self, people: Any, place: int, bucket: Bucket) -> None:
        self.now = people.c[f"now_{place}"]
        self.buys = self.now > 0
        self._people, self._place, self._bucket = people, place, bucket

    @property
    def before(self) -> Any:
        return self._people.c[f"before_{self._place}"]

    @property
    def bought(self) -> Any:
        return self.before > 0

    @property
    def earlier(self) -> Any:
        return self._people.c.first < self._bucket.before.first

    @property
    def hours(self) -> Any:
        return self._people.c[f"hours_{self._place}"]

    @property
    def contact(self) -> Any:
        return self._people.c[f"contact_{self._place}"]

    @property
    def known_potential(self) -> Any:
        return self._people.c.potential.is_not(None)

    @property
    def potential(self) -> Any:
        """Twelve times the effective potential of the window's months."""
        return _larger(self._people.c.potential * len(self._bucket.now), self.now * 12)

    @property
    def end(self) -> int:
        return _last_day(self._bucket.now)


def _count(*conditions: Any) -> Any:
    return func.count().filter(and_(*conditions))


def _sum_of(value: Any, *conditions: Any) -> Any:
    return cast(func.coalesce(func.sum(value).filter(and_(*conditions)), 0), BigInteger)


def _larger(left: Any, right: Any) -> Any:
    return case((left > right, left), else_=right)


COUNTS: Mapping[str, Any] = {
    "active": lambda one: _count(one.buys),
    "active_before": lambda one: _count(one.bought),
    "retained": lambda one: _count(one.buys, one.bought),
    "new": lambda one: _count(one.buys, one.before <= 0, ~one.earlier),
    "lost": lambda one: _count(one.now <= 0, one.bought),
    "reactivated": lambda one: _count(one.buys, one.before <= 0, one.earlier),
    "dormant": lambda one: _count(one.now <= 0, one.before <= 0, one.earlier),
    "positive_revenue": lambda one: _sum_of(one.now, one.buys),
    "revenue_before": lambda one: _sum_of(one.before, one.bought),
    "revenue_lost": lambda one: _sum_of(one.before, one.now <= 0, one.bought),
    "revenue_contracted": lambda one: _sum_of(one.before - one.now, one.buys, one.bought, one.now < one.before),
    "revenue_expanded": lambda one: _sum_of(one.now - one.before, one.buys, one.bought, one.now > one.before),
    "known_potential": lambda one: _sum_of(one.potential, one.buys, one.known_potential),
    "revenue_of_unknown": lambda one: _sum_of(one.now, one.buys, ~one.known_potential),
    "sum_of_squares": lambda one: products(*[case((one.buys, one.now), else_=0)] * 2),
    "largest_revenue": lambda one: func.coalesce(func.max(one.now).filter(one.buys), 0),
    "new_hours": lambda one: _sum_of(one.hours, one.buys, one.before <= 0, ~one.earlier),
    "contacted": lambda one: _count(one.buys, one.contact.is_not(None)),
    "contact_age": lambda one: _sum_of(one.end - one.contact, one.buys, one.contact.is_not(None)),
}
"""What can be counted of a group's customers. `known_potential` is twelve times that of the customers who buy."""
