"""Indicators by any grouping, as ratios of sums, in local currency or in one for all, beside what they compare with."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument, MixedCurrencies, NoData
from service.method.formulas import Formula, Outcome
from service.method.indicators import INDICATORS, Indicator
from service.method.measures import MEASURES
from service.method.months import Window, month_text
from service.operations import dimensions, fiscal, methods, windows
from service.operations.quantities import Quantities, gather, lines, plan, sellers, targets
from service.operations.quantities.scope import LOCAL, Found, Scope
from service.operations.segments import window_text
from service.store import facts, subsidiaries
from service.store import lines as stored
from service.store.facts import Bucket, Words
from service.store.reach import Reach
from service.values import round_money, round_ratio, to_decimal

MOST_ROWS = 100_000
Compare = Literal["prior", "prior_year", "plan", "target"]
Places = Mapping[tuple[Words, int], Fraction]


@dataclass(frozen=True, slots=True)
class Question:
    """`subsidiaries` empty: all within reach; `currency` an ISO code or "local"; `filters`: dimension → words."""

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


@dataclass(frozen=True, slots=True)
class Cell:
    """An indicator of a group and bucket, exactly; `reason` where there is no value."""

    value: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    n: Fraction | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What was computed: cells by indicator, group and place of the bucket, and the groups in their order."""

    scope: Scope
    labels: tuple[str, ...]
    groups: tuple[Words, ...]
    cells: Mapping[tuple[str, Words, int], Cell]
    quantities: Quantities


def answer(caller: Caller, question: Question) -> dict[str, Any]:
    """Tidy rows, a row per group, period and indicator; the window and the control totals."""
    asked = [_indicator(name) for name in question.indicators]
    words, time = _grouping(question.group_by)
    scope, window, labels, data = _scope(caller, question, words, time)
    found = figures(scope, asked, labels, data, question.compare)
    items = list(_rows(found, asked, time, question.compare, data, total=False if question.totals else None))
    if question.totals:
        for whole in _wholes(scope):
            total = figures(whole, asked, labels, data, question.compare)
            items += _rows(total, asked, time, question.compare, data, total=True, grouping=words)
    start = fiscal.year_start(caller, question.subsidiaries)
    return {
        "window": window_text(window),
        "items": items,
        "control": _control(scope, window, asked),
        **({"fiscal_year_start": start} if time in dimensions.FISCAL else {}),
    }


def figures(
    scope: Scope, asked: Sequence[Indicator], labels: Sequence[str], data: Window, compare: Compare | None = None
) -> Figures:
    """Each indicator of each group and bucket. Groups are those with a line, a seller, a target: without gaps."""
    names = {name for one in asked for name in (*one.parsed.names, one.n)}
    groups = _groups(scope, asked, compare)
    _refuse_too_many(len(groups) * len(scope.buckets) * len(asked))
    found = gather(scope, names)
    ordered = tuple(sorted(groups | found.groups))
    _refuse_too_many(len(ordered) * len(scope.buckets) * len(asked))
    cells = {}
    for place, bucket in enumerate(scope.buckets):
        early = len(bucket.now) > 1 and bucket.now.first < data.first
        for group in ordered:
            values = found.of(group, place)
            for one in asked:
                cells[one.id, group, place] = _cell(one, values, found.reasons, _begin(data) if early else None)
    return Figures(scope, tuple(labels), ordered, cells, found)


def _cell(one: Indicator, values: Mapping[str, Fraction | None], reasons: Mapping[str, str], early: str | None) -> Cell:
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


def _indicator(name: str) -> Indicator:
    if name not in INDICATORS:
        raise BadArgument("indicators", f"There is no indicator {name!r}; there are {', '.join(INDICATORS)}.")
    return INDICATORS[name]


def _grouping(group_by: Sequence[str]) -> tuple[Words, str]:
    """The dimensions, and the word of time ("" for the whole window)."""
    known = (*dimensions.DIMENSIONS, *dimensions.TIMES)
    for name in group_by:
        if name not in known:
            raise BadArgument("group_by", f"There is no grouping {name!r}; there are {', '.join(known)}.")
    times = [name for name in dict.fromkeys(group_by) if name in dimensions.TIMES]
    if len(times) > 1:
        raise BadArgument("group_by", f"Only one of {', '.join(times)} at once.")
    words = tuple(name for name in dict.fromkeys(group_by) if name in dimensions.DIMENSIONS)
    return words, times[0] if times else ""


def _scope(
    caller: Caller, question: Question, words: Words, time: str
) -> tuple[Scope, Window, tuple[str, ...], Window]:
    reach, rows = _within(caller, question.subsidiaries)
    start = fiscal.year_start(caller, question.subsidiaries)
    data = stored.periods(caller.connection, reach)
    window = windows.resolve(question.first, question.last, data, question.period, start)
    assert data is not None  # noqa: S101 - resolve refuses where there are no data
    used = sorted({row.currency for row in rows})
    if question.currency == LOCAL and len(used) > 1 and "subsidiary" not in words:
        raise MixedCurrencies(
            f"The subsidiaries report in {', '.join(used)}. Group by subsidiary, or name one currency=."
        )
    parts = dimensions.parts(window, time, start)
    buckets = [Bucket(now, now.prior) for _, now in parts]
    filters = {name: tuple(asked) for name, asked in (question.filters or {}).items() if asked}
    constant = question.rates == "constant"
    method = methods.standard()
    scope = Scope(caller, reach, rows, method, words, filters, buckets, window.last, question.currency, constant)
    return scope, window, tuple(label for label, _ in parts), data


def _within(caller: Caller, codes: Sequence[str]) -> tuple[Reach, Sequence[Row[Any]]]:
    """The subsidiaries asked for: all within reach, or those named, of which each must be within reach."""
    if codes:
        rows: Sequence[Row[Any]] = [subsidiaries.get(caller.connection, caller.reach, code) for code in codes]
    else:
        rows = subsidiaries.listed(caller.connection, caller.reach)
    if not rows:
        raise NoData("There is no subsidiary within reach.")
    return caller.reach.narrowed([row.id for row in rows]), rows


def _refuse_too_many(rows: int) -> None:
    if rows > MOST_ROWS:
        raise BadArgument("group_by", f"This would be more than {MOST_ROWS} rows: ask for less at once.")


def _groups(scope: Scope, asked: Sequence[Indicator], compare: Compare | None) -> set[Words]:
    """Groups that exist, whether or not they have a figure."""
    found = {row.words for _, rows in scope.sums(_summed(asked)) for row in rows}
    if set(scope.words) <= {*facts.OF_SUBSIDIARY}:
        homes = (
            (scope.group(scope.homes[row.id]) for row in scope.rows) if scope.named <= {*facts.OF_SUBSIDIARY} else ()
        )
        found |= {group for group in homes if group is not None}
    if not {"salesperson", "team"}.isdisjoint(scope.words) and scope.named <= dimensions.OF_SELLER:
        found |= sellers.groups(scope)
    if compare == "target" and scope.named <= targets.DIMENSIONS:
        found |= {group for group, _ in targets.measured(scope, tuple(MEASURES))}
    return found or ({()} if not scope.words else set())


def _summed(asked: Sequence[Indicator]) -> list[str]:
    names = {name for one in asked for name in (*one.parsed.names, one.n)}
    return lines.measures(frozenset(names) & lines.NAMES)


def _wholes(scope: Scope) -> Iterator[Scope]:
    """What the totals are of: all subsidiaries in one currency, each currency by itself."""
    by_currency: dict[str, list[Row[Any]]] = {}
    for row in scope.rows:
        by_currency.setdefault(row.currency if scope.currency == LOCAL else scope.currency, []).append(row)
    for _, rows in sorted(by_currency.items()):
        yield scope.other(words=(), rows=rows, reach=scope.reach.narrowed([row.id for row in rows]))


def _begin(data: Window) -> str:
    return f"the window begins before the data, which begin in {month_text(data.first)}"


def _rows(
    found: Figures,
    asked: Sequence[Indicator],
    time: str,
    compare: Compare | None,
    data: Window,
    *,
    total: bool | None,
    grouping: Words | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows by period, group and indicator. `total` marks whether they are totals, `grouping` what these leave empty."""
    scope = found.scope
    words = scope.words if grouping is None else grouping
    local = _local(found, asked, data)
    other = None if compare is None else _compared(found, asked, compare, data)
    currency_of = _currencies(scope)
    mark = {} if total is None else {"total": total}
    for place, label in enumerate(found.labels):
        for group in found.groups:
            head = dict(zip(words, group or [""] * len(words), strict=True)) | ({time: label} if time else {}) | mark
            for one in asked:
                cell = found.cells[one.id, group, place]
                row = head | _told(one, cell, currency_of(group) if _is_money(one) else None)
                if scope.currency != LOCAL:
                    own = currency_of(group, own=True) if _is_money(one) else None
                    row |= _side_by_side(one, cell, local[one.id, group, place] if own else None, own, scope, place)
                if other is not None:
                    row |= _beside(one, cell, *other(one, group, place))
                yield row


def _is_money(one: Indicator) -> bool:
    return one.unit.startswith("money")


def _told(one: Indicator, cell: Cell, currency: str | None) -> dict[str, Any]:
    return {
        "indicator": one.id,
        "value": _shown(one, cell.value),
        "unit": one.unit,
        "currency": currency,
        "n": None if cell.n is None else float(round_ratio(cell.n)),
        "numerator": _ratio(cell.numerator),
        "denominator": _ratio(cell.denominator),
        "reason": cell.reason,
    }


def _shown(one: Indicator, value: Fraction | None) -> str | None:
    return None if value is None else _plain((round_money if _is_money(one) else round_ratio)(value))


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else _plain(round_ratio(value))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _currencies(scope: Scope) -> Any:
    """The currency of a group's amounts; with `own` the local one of its subsidiaries, None where it has several."""
    rows: Sequence[Any] = scope.rows
    by_code: dict[str, str] = {row.code: row.currency for row in rows}
    by_country: dict[str, set[str]] = {}
    for row in scope.rows:
        by_country.setdefault(row.country, set()).add(row.currency)
    several = len(set(by_code.values())) > 1

    def currency_of(group: Words, *, own: bool = False) -> str | None:
        if not own and scope.currency != LOCAL:
            return scope.currency
        if not several:
            return next(iter(by_code.values()))
        words = dict(zip(scope.words, group, strict=True))
        if "subsidiary" in words:
            return by_code[words["subsidiary"]]
        found = by_country.get(words.get("country", ""), set())
        return next(iter(found)) if len(found) == 1 else None

    return currency_of


def _local(found: Figures, asked: Sequence[Indicator], data: Window) -> Mapping[tuple[str, Words, int], Cell]:
    """The indicators in money once more, in local currency."""
    scope = found.scope
    money = [one for one in asked if _is_money(one)]
    if scope.currency == LOCAL or not money:
        return {}
    own = scope.other(currency=LOCAL, constant=False)
    return figures(own, money, found.labels, data).cells


def _side_by_side(
    one: Indicator, cell: Cell, local: Cell | None, own: str | None, scope: Scope, place: int
) -> dict[str, Any]:
    """The local amount beside the converted one, and the rate between them: the month's, or what several make."""
    if not _is_money(one):
        return {}
    bucket = scope.buckets[place]
    source = bucket.before if scope.constant else bucket.now
    told: dict[str, Any] = {
        "value_local": None if local is None else _shown(one, local.value),
        "currency_local": own,
        "rate": None,
        "rate_type": None,
        "rate_months": None,
    }
    if own is None or scope.rates is None or local is None:
        return told
    several = len(source) > 1 and own != scope.currency
    rate = None
    if not several:
        rate = Fraction(scope.rates.of(own, source.last), 10**12)
    elif local.value and cell.value is not None:
        rate = cell.value / local.value
    return told | {
        "rate": None if rate is None else f"{round(rate * 10**12) / Decimal(10**12):f}",
        "rate_type": "weighted_average" if several else "month_average",
        "rate_months": str(source),
    }


def _compared(found: Figures, asked: Sequence[Indicator], compare: Compare, data: Window) -> Any:
    """(indicator, group, place) → the value to compare with, and why there is none."""
    scope = found.scope
    if compare in ("plan", "target"):
        return _outside(scope, asked, compare)
    windows_before = [
        bucket.before if compare == "prior" else Window(bucket.now.first - 12, bucket.now.last - 12)
        for bucket in scope.buckets
    ]
    buckets = [Bucket(window, window.prior) for window in windows_before]
    before = figures(scope.other(buckets=buckets, constant=False), asked, found.labels, data)

    def earlier(one: Indicator, group: Words, place: int) -> tuple[Fraction | None, str | None]:
        if windows_before[place].first < data.first:
            return None, _begin(data)
        cell = before.cells.get((one.id, group, place))
        if cell is None:
            cell = _cell(one, before.quantities.of(group, place), before.quantities.reasons, None)
        return cell.value, cell.reason

    return earlier


def _outside(scope: Scope, asked: Sequence[Indicator], compare: Compare) -> Any:
    """What targets or the newest plans say of indicators that are a measure."""
    known = targets.DIMENSIONS if compare == "target" else plan.DIMENSIONS
    across = sorted(scope.named - known)
    measures = [one.parsed.text for one in asked if one.parsed.text in MEASURES]
    said: Found = {}
    if not across and measures:
        said = targets.measured(scope, measures) if compare == "target" else plan.planned(scope)

    def outside(one: Indicator, group: Words, place: int) -> tuple[Fraction | None, str | None]:
        if across:
            return None, f"a {compare} does not fall apart by {', '.join(across)}"
        value = said.get((group, place), {}).get(one.parsed.text)
        return (
            value,
            None if value is not None else f"there is no {compare} of {one.id} for this group and these months",
        )

    return outside


def _beside(one: Indicator, cell: Cell, value: Fraction | None, reason: str | None) -> dict[str, Any]:
    known = cell.value is not None and value is not None
    difference = cell.value - value if cell.value is not None and value is not None else None
    ratio = Outcome(None, reason)
    if cell.value is not None and value is not None:
        ratio = Outcome(cell.value / value, None) if value else Outcome(None, "the value to compare with is 0")
    return {
        "compare_value": _shown(one, value),
        "difference": _shown(one, difference),
        "ratio": _ratio(ratio.value),
        "compare_reason": ratio.reason if known or value is None else cell.reason,
    }


def _control(scope: Scope, window: Window, asked: Sequence[Indicator]) -> list[dict[str, Any]]:
    """Revenue of the window by currency: ledger = attributed + unattributed = groups + left out by filters."""
    groups = _by_currency(scope, window, _summed(asked))
    ledger, left_out = groups, {}
    if scope.filters:
        ledger = _by_currency(scope.other(words=(), filters={}), window, ["revenue"])
        left_out = _by_currency(scope.other(left_out=True), window, ["revenue"])
    currencies = {row.currency for row in scope.rows} if scope.currency == LOCAL else {scope.currency}
    control = []
    for currency in sorted(currencies):
        attributed, unattributed = ledger.get((currency, True), 0), ledger.get((currency, False), 0)
        control.append(
            {
                "currency": currency,
                "revenue": to_decimal(attributed + unattributed),
                "attributed": to_decimal(attributed),
                "unattributed": to_decimal(unattributed),
                "groups": to_decimal(sum(groups.get((currency, known), 0) for known in (True, False))),
                "filtered_out": to_decimal(sum(left_out.get((currency, known), 0) for known in (True, False))),
            }
        )
    return control


def _by_currency(scope: Scope, window: Window, summed: Sequence[str]) -> dict[tuple[str, bool], int]:
    """Revenue of the window by currency, of lines that name a customer and of those that name none."""
    found: dict[tuple[str, bool], int] = {}
    counted: set[int] = set()
    for places, rows in scope.sums(summed):
        own = {month for place in places for month in scope.buckets[place].now.months if month in window} - counted
        counted |= own
        for row in rows:
            if row.month in own:
                currency = scope.currencies[row.subsidiary_id] if scope.currency == LOCAL else scope.currency
                key = (currency, row.attributed)
                found[key] = found.get(key, 0) + row.now["revenue"]
    return found
