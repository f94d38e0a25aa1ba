"""Figures of a question, exactly: indicators by any grouping and part of time, as ratios of sums."""

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument, MixedCurrencies, NoData
from service.method.catalogue import Indicator
from service.method.formulas import Formula
from service.method.indicators import UNAVAILABLE
from service.method.measures import MEASURES
from service.method.months import Window, month_text
from service.method.parameters import catalogue
from service.operations import dimensions, fiscal, methods, windows
from service.operations.quantities import Quantities, gather, lines, sellers, targets
from service.operations.quantities.scope import LOCAL, Scope
from service.store import cells, subsidiaries
from service.store import lines as stored
from service.store.cells import Bucket, Words
from service.store.reach import Reach
from service.wording import say

MOST_ROWS = 100_000
Compare = Literal["prior", "prior_year", "plan", "target"]


@dataclass(frozen=True, slots=True)
class Question:
    """`indicators` empty: all that the method version has; `subsidiaries` empty: all within reach; `currency` an ISO
    code or "local"; `filters`: dimension → words; `method` None: the version valid at the window's end."""

    indicators: tuple[str, ...]
    group_by: tuple[str, ...]
    first: str | None
    last: str | None
    currency: str
    subsidiaries: tuple[str, ...]
    period: str | None = None
    rates: Literal["actual", "constant"] = "actual"
    compare: Compare | None = None
    filters: Mapping[str, tuple[str, ...]] | None = None
    totals: bool = False
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """An indicator of a group and bucket, exactly; `reason` where there is no value."""

    value: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    n: Fraction | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is understood: `labels` name the buckets, `time` is their kind, `data` what is stored."""

    indicators: tuple[Indicator, ...]
    scope: Scope
    time: str
    labels: tuple[str, ...]
    window: Window
    data: Window
    year_start: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What was computed: cells by indicator, group and place of the bucket, and the groups in their order."""

    scope: Scope
    groups: tuple[Words, ...]
    cells: Mapping[tuple[str, Words, int], Cell]
    quantities: Quantities


def ask(caller: Caller, question: Question) -> Asked:
    """Understand a question; what it names must exist and be within reach."""
    words, time = _grouping(question.group_by)
    reach, rows = _within(caller, question.subsidiaries)
    year_start = fiscal.year_start(caller, question.subsidiaries)
    data = stored.periods(caller.connection, reach)
    window = windows.resolve(question.first, question.last, data, question.period, year_start)
    assert data is not None  # noqa: S101 - resolve refuses where there are no data
    parameters = methods.get(caller, question.method, window.last)
    known = catalogue(parameters)
    indicators = tuple(_indicator(known, name) for name in question.indicators or known)
    used = sorted({row.currency for row in rows})
    if question.currency == LOCAL and len(used) > 1 and "subsidiary" not in words:
        raise MixedCurrencies(
            say("The subsidiaries report in {used}. Group by subsidiary, or name one currency=.", used=", ".join(used))
        )
    parts = dimensions.parts(window, time, year_start)
    buckets = [Bucket(now, now.prior) for _, now in parts]
    filters = {name: tuple(asked) for name, asked in (question.filters or {}).items() if asked}
    constant = question.rates == "constant"
    scope = Scope(caller, reach, rows, parameters, words, filters, buckets, window.last, question.currency, constant)
    return Asked(indicators, scope, time, tuple(label for label, _ in parts), window, data, year_start)


def figures(asked: Asked, scope: Scope, compare: Compare | None = None, also: Collection[Words] = ()) -> Figures:
    """Each indicator of each group and bucket of the question's scope, or of another.

    Groups are those with a line, a seller, a target: without gaps; `also` names more of them.
    """
    names = {name for one in asked.indicators for name in (*one.parsed.names, one.n)}
    groups = _groups(scope, asked.indicators, compare)
    _refuse_too_many(len(groups) * len(scope.buckets) * len(asked.indicators))
    found = gather(scope, names)
    ordered = tuple(sorted({*groups, *found.groups, *also}))
    _refuse_too_many(len(ordered) * len(scope.buckets) * len(asked.indicators))
    cells = {}
    for place, bucket in enumerate(scope.buckets):
        early = begin(asked.data) if len(bucket.now) > 1 and bucket.now.first < asked.data.first else None
        for group in ordered:
            values = found.of(group, place)
            for one in asked.indicators:
                cells[one.id, group, place] = cell(one, values, found.reasons, early)
    return Figures(scope, ordered, cells, found)


def cell(
    one: Indicator, values: Mapping[str, Fraction | None], reasons: Mapping[str, str], early: str | None = None
) -> Cell:
    """An indicator over these quantities; `early` is why it has none."""
    n = values[one.n]
    if early is not None:
        return Cell(None, None, None, n, early)
    unknown = next((reasons[name] for name in sorted(one.parsed.names) if name in reasons), None)
    if unknown is not None:
        return Cell(None, None, None, n, unknown)
    outcome = one.parsed.evaluate(values)
    sides = _sides(one.parsed)
    if sides is None:
        return Cell(outcome.value, outcome.value, None, n, outcome.reason)
    above, below = (side.evaluate(values).value for side in sides)
    return Cell(outcome.value, above, below, n, outcome.reason)


@lru_cache(maxsize=1024)
def _sides(formula: Formula) -> tuple[Formula, Formula] | None:
    """Numerator and denominator, where the formula's last step is a division."""
    match ast.parse(formula.text, mode="eval").body:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return Formula.parse(ast.unparse(left)), Formula.parse(ast.unparse(right))
    return None


def _indicator(known: Mapping[str, Indicator], name: str) -> Indicator:
    if name in UNAVAILABLE:
        raise BadArgument(
            "indicators",
            say("The indicator {name} has no values. {reason}", name=name, reason=UNAVAILABLE[name].reason),
        )
    if name not in known:
        raise BadArgument(
            "indicators", say("There is no indicator {name!r}; there are {known}.", name=name, known=", ".join(known))
        )
    return known[name]


def _grouping(group_by: Sequence[str]) -> tuple[Words, str]:
    """The dimensions, and the word of time ("" for the whole window)."""
    known = (*dimensions.DIMENSIONS, *dimensions.TIMES)
    for name in group_by:
        if name not in known:
            raise BadArgument(
                "group_by", say("There is no grouping {name!r}; there are {known}.", name=name, known=", ".join(known))
            )
    times = [name for name in dict.fromkeys(group_by) if name in dimensions.TIMES]
    if len(times) > 1:
        raise BadArgument("group_by", say("Only one of {times} at once.", times=", ".join(times)))
    words = tuple(name for name in dict.fromkeys(group_by) if name in dimensions.DIMENSIONS)
    return words, times[0] if times else ""


def _within(caller: Caller, codes: Sequence[str]) -> tuple[Reach, Sequence[Row[Any]]]:
    """The subsidiaries asked for: all within reach, or those named, of which each must be within reach."""
    if codes:
        rows: Sequence[Row[Any]] = [subsidiaries.get(caller.connection, caller.reach, code) for code in codes]
    else:
        rows = subsidiaries.listed(caller.connection, caller.reach)
    if not rows:
        raise NoData(say("There is no subsidiary within reach."))
    return caller.reach.narrowed([row.id for row in rows]), rows


def _refuse_too_many(rows: int) -> None:
    if rows > MOST_ROWS:
        raise BadArgument("group_by", say("This would be more than {most} rows: ask for less at once.", most=MOST_ROWS))


def _groups(scope: Scope, asked: Sequence[Indicator], compare: Compare | None) -> set[Words]:
    """Groups that exist, whether or not they have a figure."""
    found = {row.words for _, rows in scope.sums(summed(asked)) for row in rows}
    if set(scope.words) <= {*cells.OF_SUBSIDIARY}:
        homes = (
            (scope.group(scope.homes[row.id]) for row in scope.rows) if scope.named <= {*cells.OF_SUBSIDIARY} else ()
        )
        found |= {group for group in homes if group is not None}
    if not {"salesperson", "team"}.isdisjoint(scope.words) and scope.named <= dimensions.OF_SELLER:
        found |= sellers.groups(scope)
    if compare == "target" and scope.named <= targets.DIMENSIONS:
        found |= {group for group, _ in targets.measured(scope, tuple(MEASURES))}
    return found or ({()} if not scope.words else set())


def summed(asked: Sequence[Indicator]) -> list[str]:
    """What is added up over lines for these indicators."""
    names = {name for one in asked for name in (*one.parsed.names, one.n)}
    return lines.measures(frozenset(names) & lines.NAMES)


def begin(data: Window) -> str:
    """Why there is no value: a window goes back too far."""
    return f"the window begins before the data, which begin in {month_text(data.first)}"
