"""Plans of several subsidiaries for the same year, added up in one currency."""

from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import MissingRate
from service.method.money import convert
from service.method.months import month_text
from service.operations import approvals, references, windows
from service.operations.currencies import ONE, Rates
from service.operations.observations import UNIT_WORDS
from service.store import plans, subsidiaries
from service.values import amount_text, to_rate

FIGURES = ("revenue", "margin")
Sums = dict[str, int]
NAMES = (*(f"{figure}_local" for figure in FIGURES), *FIGURES)


def totals(caller: Caller, begins: str, currency: str) -> dict[str, Any]:
    """Of all subsidiaries within reach: the plan that begins in this month, approved, else the newest baseline.

    Each amount of a unit, class and month is converted once, at the newest rate by the plan's first month; all sums are
    of these. BadArgument where it is no month; MissingRate where a currency has no rate by then.
    """
    first = windows.month("from", begins) or 0
    rates = Rates.into(caller.connection, currency)
    without, rows, units = [], [], []
    by_country, by_class, by_month = _Groups(), _Groups(), _Groups()
    for subsidiary in subsidiaries.listed(caller.connection, caller.reach):
        home = caller.reach.narrowed([subsidiary.id])
        plan = approvals.standing(caller, home, first)
        if plan is None:
            without.append(subsidiary.code)
            continue
        rate, rate_month = _rate(rates, subsidiary.currency, first)
        by_unit = _Groups()
        for line in plans.by_unit(caller.connection, home, plan.number):
            amounts = _amounts(line, rate)
            by_unit.add((line.salesperson, line.channel), amounts)
            by_country.add(subsidiary.country, amounts)
            by_class.add(line.abc_class, amounts)
            by_month.add(month_text(line.period), amounts)
        rows.append({**_described(caller, subsidiary, plan), **_told_rate(rate, rate_month), **_told(by_unit.whole)})
        units += [
            {"subsidiary": subsidiary.code, **dict(zip(UNIT_WORDS, unit, strict=True)), **_told(sums)}
            for unit, sums in by_unit.sums.items()
        ]
    return {
        "currency": currency,
        **_in_currency(by_country.whole),
        "countries": by_country.told("country"),
        "classes": by_class.told("abc_class"),
        "months": by_month.told("period"),
        "subsidiaries": rows,
        "units": units,
        "without_plan": without,
    }


class _Groups:
    """Sums by anything, in the order of the first row of each."""

    def __init__(self) -> None:
        self.sums: dict[Any, Sums] = {}

    def add(self, key: Any, amounts: Sums) -> None:
        sums = self.sums.setdefault(key, dict.fromkeys(NAMES, 0))
        for name, amount in amounts.items():
            sums[name] += amount

    @property
    def whole(self) -> Sums:
        return {name: sum(sums[name] for sums in self.sums.values()) for name in NAMES}

    def told(self, word: str) -> list[dict[str, Any]]:
        """In the currency asked for, which alone all have in common."""
        return [{word: key, **_in_currency(sums)} for key, sums in sorted(self.sums.items())]


def _amounts(line: Row[Any], rate: int) -> Sums:
    local = {f"{figure}_local": getattr(line, figure) for figure in FIGURES}
    return {**local, **{figure: convert(getattr(line, figure), rate) for figure in FIGURES}}


def _described(caller: Caller, subsidiary: Row[Any], plan: Row[Any]) -> dict[str, Any]:
    return {
        "subsidiary": subsidiary.code,
        "country": subsidiary.country,
        "plan": references.write(subsidiary.code, plan.number),
        "status": approvals.told(caller, [plan])[plan.subsidiary_id, plan.number]["status"],
        "fresh": plan.data_revision == plan.newest,
        "currency_local": subsidiary.currency,
    }


def _told_rate(rate: int, month: int | None) -> dict[str, Any]:
    return {"rate": f"{to_rate(rate).normalize():f}", "rate_month": None if month is None else month_text(month)}


def _told(sums: Sums) -> dict[str, str]:
    return {name: amount_text(amount) for name, amount in sums.items()}


def _in_currency(sums: Sums) -> dict[str, str]:
    return {figure: amount_text(sums[figure]) for figure in FIGURES}


def _rate(rates: Rates, currency: str, first: int) -> tuple[int, int | None]:
    """The newest rate by a month, and its own month; of the reference itself 1."""
    if currency == rates.reference:
        return ONE, None
    months = [month for known, month in rates.known if known == currency and month <= first]
    if not months:
        raise MissingRate(currency, rates.reference, [month_text(first)])
    return rates.of(currency, max(months)), max(months)
