"""Indicators as tidy rows, in local currency or in one for all, beside what they compare with, and a control block."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.method.catalogue import Indicator
from service.method.measures import MEASURES
from service.method.months import Window
from service.operations import dimensions
from service.operations.figures import Asked, Cell, Compare, Figures, Question, ask, begin, cell, figures, summed
from service.operations.quantities import plan, targets
from service.operations.quantities.scope import LOCAL, Found, Scope
from service.operations.segments import window_text
from service.store.cells import Bucket, Words
from service.values import round_money, round_ratio, to_decimal


def answer(caller: Caller, question: Question) -> dict[str, Any]:
    """Tidy rows, a row per group, period and indicator; the window and the control totals."""
    asked = ask(caller, question)
    found = figures(asked, asked.scope, question.compare)
    items = list(_rows(asked, found, question.compare, total=False if question.totals else None))
    if question.totals:
        for whole in _wholes(asked.scope):
            items += _rows(asked, figures(asked, whole, question.compare), question.compare, total=True)
    return {
        "window": window_text(asked.window),
        "method": asked.scope.parameters.id,
        "items": items,
        "control": _control(asked),
        **({"fiscal_year_start": asked.year_start} if asked.time in dimensions.FISCAL else {}),
    }


def _wholes(scope: Scope) -> Iterator[Scope]:
    """What the totals are of: all subsidiaries in one currency, each currency by itself."""
    by_currency: dict[str, list[Row[Any]]] = {}
    for row in scope.rows:
        by_currency.setdefault(row.currency if scope.currency == LOCAL else scope.currency, []).append(row)
    for _, rows in sorted(by_currency.items()):
        yield scope.other(words=(), rows=rows, reach=scope.reach.narrowed([row.id for row in rows]))


def _rows(asked: Asked, found: Figures, compare: Compare | None, *, total: bool | None) -> Iterator[dict[str, Any]]:
    """Rows by period, group and indicator. `total` marks whether they are totals, whose words are empty."""
    scope, words, time = found.scope, asked.scope.words, asked.time
    local = _local(asked, found)
    other = None if compare is None else _compared(asked, scope, compare)
    currency_of = _currencies(scope)
    mark = {} if total is None else {"total": total}
    nothing = [""] * len(words)
    for place, label in enumerate(asked.labels):
        for group in found.groups:
            head = dict(zip(words, nothing if total else group, strict=True)) | mark
            head |= {time: label} if time else {}
            for one in asked.indicators:
                own_cell = found.cells[one.id, group, place]
                row = head | _told(one, own_cell, currency_of(group) if _is_money(one) else None)
                if scope.currency != LOCAL:
                    own = currency_of(group, own=True) if _is_money(one) else None
                    row |= _side_by_side(one, own_cell, local[one.id, group, place] if own else None, own, scope, place)
                if other is not None:
                    row |= _beside(one, own_cell, *other(one, group, place))
                yield row


def _is_money(one: Indicator) -> bool:
    return one.unit.startswith("money")


def _told(one: Indicator, cell: Cell, currency: str | None) -> dict[str, Any]:
    return {
        "indicator": one.id,
        "value": shown(one, cell.value),
        "unit": one.unit,
        "currency": currency,
        "n": None if cell.n is None else float(round_ratio(cell.n)),
        "numerator": ratio_text(cell.numerator),
        "denominator": ratio_text(cell.denominator),
        "reason": cell.reason,
    }


def shown(one: Indicator, value: Fraction | None) -> str | None:
    """A value as answers carry it: money with 4 decimals, everything else with 6."""
    return None if value is None else _plain((round_money if _is_money(one) else round_ratio)(value))


def ratio_text(value: Fraction | None) -> str | None:
    """A number without a unit as answers carry it."""
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


def _local(asked: Asked, found: Figures) -> Mapping[tuple[str, Words, int], Cell]:
    """The indicators in money once more, in local currency."""
    scope = found.scope
    money = tuple(one for one in asked.indicators if _is_money(one))
    if scope.currency == LOCAL or not money:
        return {}
    local = scope.other(currency=LOCAL, constant=False)
    return figures(replace(asked, indicators=money), local, also=found.groups).cells


def _side_by_side(
    one: Indicator, cell: Cell, local: Cell | None, own: str | None, scope: Scope, place: int
) -> dict[str, Any]:
    """The local amount beside the converted one, and the rate between them: the month's, or what several make."""
    if not _is_money(one):
        return {}
    bucket = scope.buckets[place]
    source = bucket.before if scope.constant else bucket.now
    told: dict[str, Any] = {
        "value_local": None if local is None else shown(one, local.value),
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


def _compared(asked: Asked, scope: Scope, compare: Compare) -> Any:
    """(indicator, group, place) → the value to compare with, and why there is none."""
    if compare in ("plan", "target"):
        return _outside(scope, asked.indicators, compare)
    windows_before = [
        bucket.before if compare == "prior" else Window(bucket.now.first - 12, bucket.now.last - 12)
        for bucket in scope.buckets
    ]
    buckets = [Bucket(window, window.prior) for window in windows_before]
    before = figures(asked, scope.other(buckets=buckets, constant=False))

    def earlier(one: Indicator, group: Words, place: int) -> tuple[Fraction | None, str | None]:
        if windows_before[place].first < asked.data.first:
            return None, begin(asked.data)
        known = before.cells.get((one.id, group, place))
        known = known or cell(one, before.quantities.of(group, place), before.quantities.reasons)
        return known.value, known.reason

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
    if cell.value is None or value is None:
        return {
            "compare_value": shown(one, value),
            "difference": None,
            "ratio": None,
            "compare_reason": reason or cell.reason,
        }
    return {
        "compare_value": shown(one, value),
        "difference": shown(one, cell.value - value),
        "ratio": ratio_text(cell.value / value) if value else None,
        "compare_reason": None if value else "the value to compare with is 0",
    }


def _control(asked: Asked) -> list[dict[str, Any]]:
    """Revenue of the window by currency: ledger = attributed + unattributed = groups + left out by filters."""
    scope, window = asked.scope, asked.window
    groups = _by_currency(scope, window, summed(asked.indicators))
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
    for series, rows in scope.sums(summed):
        own = {
            month for place in series.places for month in scope.buckets[place].now.months if month in window
        } - counted
        counted |= own
        for row in rows:
            if row.month in own:
                currency = scope.currencies[row.subsidiary_id] if scope.currency == LOCAL else scope.currency
                key = (currency, row.attributed)
                found[key] = found.get(key, 0) + row.now["revenue"]
    return found
