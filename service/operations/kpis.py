"""Indicators by any grouping, as ratios of sums, in local currency or in one for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument, MixedCurrencies, NoData
from service.method.counting import Group, empty, quantities
from service.method.indicators import UNAVAILABLE, Indicator
from service.method.measures import MEASURES
from service.method.money import convert
from service.method.months import Window
from service.method.parameters import catalogue
from service.operations import dimensions, fiscal, methods, windows
from service.operations.currencies import Rates, converted
from service.operations.segments import window_text
from service.store import customers, lines, subsidiaries
from service.store.reach import Reach
from service.values import amount_text, round_money, round_ratio

LOCAL = "local"
MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Question:
    """`indicators` empty: all that the method version has; `subsidiaries` empty: all within reach; `currency` an ISO
    code or "local"; `method` None: the version valid at the window's end."""

    indicators: tuple[str, ...]
    group_by: tuple[str, ...]
    first: str | None
    last: str | None
    currency: str
    subsidiaries: tuple[str, ...]
    period: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Cells with their group, in one currency or each in its own."""

    cells: pd.DataFrame
    potentials: Mapping[int, int]
    currency_of: Mapping[Group, str]


def answer(caller: Caller, question: Question) -> dict[str, Any]:
    """Tidy rows, a row per group, period and indicator; the window and the control totals."""
    words, time = _grouping(question.group_by)
    reach, rows = _within(caller, question.subsidiaries)
    year_start = fiscal.year_start(caller, question.subsidiaries)
    data = lines.periods(caller.connection, reach)
    window = windows.resolve(question.first, question.last, data, question.period, year_start)
    parameters = methods.get(caller, question.method, window.last)
    known = catalogue(parameters)
    asked = [_indicator(known, name) for name in question.indicators or known]
    facts = _facts(caller, reach, rows, question.currency, words, window, asked)
    buckets = _buckets(window, time)
    groups = sorted({*facts.cells["group"]})
    if len(groups) * len(buckets) * len(asked) > MOST_ROWS:
        raise BadArgument("group_by", f"This would be more than {MOST_ROWS} rows: ask for less at once.")
    employed = dimensions.employment(caller, reach) if _needs_fte(asked) else []
    share = Fraction(parameters.potential.default_wallet_share)
    items = []
    for label, bucket in buckets:
        found = quantities(facts.cells, bucket, facts.potentials, share)
        for group in groups:
            values = {**found.get(group, empty(bucket)), "fte": _fte(employed, words, group, bucket)}
            head = dict(zip(words, group, strict=True)) | ({time: label} if time else {})
            items += [{**head, **_value(one, values, facts.currency_of[group])} for one in asked]
    return {"window": window_text(window), "method": parameters.id, "items": items, "control": _control(facts, window)}


def _indicator(known: Mapping[str, Indicator], name: str) -> Indicator:
    if name in UNAVAILABLE:
        raise BadArgument("indicators", f"The indicator {name} has no values. {UNAVAILABLE[name].reason}")
    if name not in known:
        raise BadArgument("indicators", f"There is no indicator {name!r}; there are {', '.join(known)}.")
    return known[name]


def _grouping(group_by: Sequence[str]) -> tuple[tuple[str, ...], str]:
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


def _within(caller: Caller, codes: Sequence[str]) -> tuple[Reach, Sequence[Row[Any]]]:
    """The subsidiaries asked for: all within reach, or those named, of which each must be within reach."""
    if codes:
        rows: Sequence[Row[Any]] = [subsidiaries.get(caller.connection, caller.reach, code) for code in codes]
    else:
        rows = subsidiaries.listed(caller.connection, caller.reach)
    if not rows:
        raise NoData("There is no subsidiary within reach.")
    return caller.reach.narrowed([row.id for row in rows]), rows


def _facts(
    caller: Caller,
    reach: Reach,
    rows: Sequence[Row[Any]],
    currency: str,
    words: tuple[str, ...],
    window: Window,
    asked: Sequence[Indicator],
) -> Facts:
    currencies = {row.id: row.currency for row in rows}
    several = len(set(currencies.values())) > 1
    if currency == LOCAL and several and "subsidiary" not in words:
        used = ", ".join(sorted(set(currencies.values())))
        raise MixedCurrencies(f"The subsidiaries report in {used}. Group by subsidiary, or name one currency=.")
    cells = lines.monthly(caller.connection, reach, window.last, dimensions.id_columns(words))
    portfolio = customers.portfolio(caller.connection, reach)
    potentials = _potentials(portfolio)
    if currency != LOCAL:
        rates = Rates.into(caller.connection, currency)
        needed = {"revenue"} | {name for one in asked for name in one.parsed.names}
        money = [name for name, measure in MEASURES.items() if measure.kind == "money" and name in needed]
        cells = converted(cells, currencies, rates, money)
        rates.require([(one, window.last) for one in currencies.values()])
        potentials = {
            key: convert(amount, rates.of(currencies[key[0]], window.last)) for key, amount in potentials.items()
        }
    found = dimensions.words(caller, reach, words, cells, portfolio, window.last)
    groups = list(zip(*found.values(), strict=True)) if words else [()] * len(cells)
    keys = list(zip(cells["subsidiary_id"].tolist(), cells["customer_id"].tolist(), strict=True))
    # Customers of all subsidiaries get one number each; 0 stays "not attributed".
    numbers = {key: place for place, key in enumerate(sorted({key for key in keys if key[1]}), start=1)}
    frame = cells.assign(
        group=pd.Series(groups, dtype=object), customer=[numbers.get(key, 0) for key in keys], month=cells["period"]
    )
    owner = dict(zip(groups, cells["subsidiary_id"].tolist(), strict=True))
    currency_of = {group: currencies[number] if currency == LOCAL else currency for group, number in owner.items()}
    return Facts(frame, {numbers[key]: amount for key, amount in potentials.items() if key in numbers}, currency_of)


def _potentials(portfolio: pd.DataFrame) -> dict[tuple[int, int], int]:
    known = portfolio[portfolio["potential_known"]]
    keys = zip(known["subsidiary_id"].tolist(), known["id"].tolist(), strict=True)
    return dict(zip(keys, known["potential"].tolist(), strict=True))


def _buckets(window: Window, time: str) -> list[tuple[str, Window]]:
    """The parts of the window that lie in one month, quarter or year, with their names."""
    if not time:
        return [("", window)]
    parts: dict[str, list[int]] = {}
    for month in window.months:
        parts.setdefault(dimensions.TIMES[time](month), []).append(month)
    return [(label, Window(months[0], months[-1])) for label, months in parts.items()]


def _needs_fte(asked: Sequence[Indicator]) -> bool:
    return any("fte" in one.parsed.names for one in asked)


def _fte(
    employed: Sequence[dimensions.Employed], words: Sequence[str], group: Group, window: Window
) -> Fraction | None:
    """Average FTE of a group; None where the grouping cuts across sellers."""
    if not dimensions.OF_SELLER.issuperset(words):
        return None
    own = [one for one in employed if all(one.words[w] == value for w, value in zip(words, group, strict=True))]
    return sum((one.in_window(window) for one in own), Fraction(0))


def _value(indicator: Indicator, values: Mapping[str, Fraction | None], currency: str) -> dict[str, Any]:
    outcome = indicator.parsed.evaluate(values)
    money = indicator.unit.startswith("money")
    n = values[indicator.n]
    shown = None
    if outcome.value is not None:
        shown = f"{(round_money if money else round_ratio)(outcome.value).normalize():f}"
    return {
        "indicator": indicator.id,
        "value": shown,
        "unit": indicator.unit,
        "currency": currency if money else None,
        "n": None if n is None else float(round_ratio(n)),
        "reason": outcome.reason,
    }


def _control(facts: Facts, window: Window) -> list[dict[str, str]]:
    """Revenue of the window by currency: total = attributed to customers + unattributed."""
    now = facts.cells[facts.cells["month"].between(window.first, window.last)]
    currency = now["group"].map(facts.currency_of)
    control = []
    for one in sorted(set(facts.currency_of.values())):
        part = now[currency == one]
        total, known = int(part["revenue"].sum()), int(part[part["customer"] != 0]["revenue"].sum())
        control.append(
            {
                "currency": one,
                "revenue": amount_text(total),
                "attributed": amount_text(known),
                "unattributed": amount_text(total - known),
            }
        )
    return control
