"""Plans of several subsidiaries for the same year, added up in one currency."""

from typing import Any

from service.access.keys import Caller
from service.errors import MissingRate
from service.method.money import convert
from service.method.months import month_text
from service.operations import approvals, references, windows
from service.operations.currencies import ONE, Rates
from service.store import plans, subsidiaries
from service.values import amount_text, to_rate

FIGURES = ("revenue", "margin")
Sums = dict[str, int]


def totals(caller: Caller, begins: str, currency: str) -> dict[str, Any]:
    """Of all subsidiaries within reach: the plan that begins in this month, approved, else the newest baseline.

    Each month's amount is converted once, at the newest rate by the plan's first month; all sums are of these.
    BadArgument where it is no month; MissingRate where a currency has no rate by then.
    """
    first = windows.month("from", begins) or 0
    rates = Rates.into(caller.connection, currency)
    rows, without = [], []
    by_country: dict[str, Sums] = {}
    whole = dict.fromkeys(FIGURES, 0)
    for subsidiary in subsidiaries.listed(caller.connection, caller.reach):
        home = caller.reach.narrowed([subsidiary.id])
        plan = approvals.standing(caller, home, first)
        if plan is None:
            without.append(subsidiary.code)
            continue
        rate, month = _rate(rates, subsidiary.currency, first)
        local, converted = dict.fromkeys(FIGURES, 0), dict.fromkeys(FIGURES, 0)
        for line in plans.by_month(caller.connection, home, plan.number):
            for figure in FIGURES:
                local[figure] += getattr(line, figure)
                converted[figure] += convert(getattr(line, figure), rate)
        of_country = by_country.setdefault(subsidiary.country, dict.fromkeys(FIGURES, 0))
        for figure in FIGURES:
            of_country[figure] += converted[figure]
            whole[figure] += converted[figure]
        status = approvals.told(caller, [plan])[plan.subsidiary_id, plan.number]["status"]
        rows.append(
            {
                "subsidiary": subsidiary.code,
                "country": subsidiary.country,
                "plan": references.write(subsidiary.code, plan.number),
                "status": status,
                "fresh": plan.data_revision == plan.newest,
                "currency_local": subsidiary.currency,
                **{f"{figure}_local": amount_text(local[figure]) for figure in FIGURES},
                "rate": f"{to_rate(rate).normalize():f}",
                "rate_month": None if month is None else month_text(month),
                **_told(converted),
            }
        )
    countries = [{"country": country, **_told(sums)} for country, sums in sorted(by_country.items())]
    return {"currency": currency, **_told(whole), "countries": countries, "subsidiaries": rows, "without_plan": without}


def _told(sums: Sums) -> dict[str, str]:
    return {figure: amount_text(sums[figure]) for figure in FIGURES}


def _rate(rates: Rates, currency: str, first: int) -> tuple[int, int | None]:
    """The newest rate by a month, and its own month; of the reference itself 1."""
    if currency == rates.reference:
        return ONE, None
    months = [month for known, month in rates.known if known == currency and month <= first]
    if not months:
        raise MissingRate(currency, rates.reference, [month_text(first)])
    return rates.of(currency, max(months)), max(months)
