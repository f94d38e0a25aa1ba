"""Which customers of a subsidiary to work on first."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NoData
from service.method.months import Window, parse_month
from service.method.priorities import GROW, WIN, Candidate, Priority, at_risk, class_of, ranked
from service.operations import keeping, methods, references
from service.store import lines, registers, results, segments, subsidiaries
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, round_money, round_ratio

MONTHS_A_YEAR = 12
_ALL = 2**31 - 1


def customers(
    caller: Caller, subsidiary: str, salesperson: str | None, hours: float | None, limit: int
) -> dict[str, Any]:
    """By the newest segmentation. NoData where there is none."""
    home = caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, subsidiary).id])
    newest = results.newest(caller.connection, home, results.SEGMENTATION)
    if newest is None:
        raise NoData(f"Customers of {subsidiary} are not segmented yet. Ask POST /v1/segmentations first.")
    kept = keeping.summary(newest)
    parameters = methods.get(newest.method)
    rows = _rows(caller, home, newest.number, salesperson)
    risky = _at_risk(caller, home, newest.number, parameters.priorities.minimum_lapse)
    window = Window(*(parse_month(kept["head"]["window"][end]) for end in ("first", "last")))
    rates = _of_classes(kept, "margin_rate")
    stay = {
        name: parameters.plan.default_retention if one is None else one
        for name, one in _of_classes(kept, "retention").items()
    }
    candidates = [_candidate(row, rates, stay, MONTHS_A_YEAR / len(window), risky) for row in rows.values()]
    found = ranked(candidates, parameters.priorities, parameters.resources.hours_a_reactivation, hours)
    return {
        "segmentation": references.write(newest.subsidiary, newest.number),
        "currency": newest.currency,
        "fresh": newest.data_revision == newest.newest,
        "at_risk_known": risky is not None,
        "customers": len(found),
        "hours_taken": round_ratio(sum(one.hours for one in found if one.taken)),
        "items": [
            {"name": rows[one.code].name, "salesperson": rows[one.code].salesperson, **told(one)}
            for one in found[:limit]
        ],
    }


def told(one: Priority) -> dict[str, Any]:
    """As answers carry it."""
    return {
        "customer": one.code,
        "reason": one.reason,
        "gain": round_money(one.gain),
        "three_year_gain": round_money(one.three_year_gain),
        "hours": round_ratio(one.hours),
        "margin_per_hour": None if one.index is None else round_ratio(one.index),
        "taken": one.taken,
    }


def _rows(caller: Caller, home: Reach, segmentation: int, salesperson: str | None) -> dict[str, Row[Any]]:
    """Customers to be grown or won, and those of class A, by code."""
    found = {}
    for name, value in (("segment", GROW), ("segment", WIN), ("abc_class", "A")):
        filters = {name: value} | ({} if salesperson is None else {"salesperson": salesperson})
        for row in segments.page(caller.connection, home, segmentation, _ALL, None, "code", filters):
            found[row.customer] = row
    return found


def _at_risk(caller: Caller, home: Reach, segmentation: int, lapse: int) -> set[int] | None:
    """Customers of class A at risk; None where no order is known by its date. As of the end of the data, or today."""
    data = lines.periods(caller.connection, home)
    days = registers.order_days(caller.connection, home, segmentation, "A")
    if not days or data is None:
        return None
    year, month = data.last // MONTHS_A_YEAR, data.last % MONTHS_A_YEAR + 1
    today = min(caller.now.date(), date(year, month, monthrange(year, month)[1]))
    dates: dict[int, list[date]] = {}
    for row in days:
        dates.setdefault(row.customer_id, []).append(row.date)
    return {number for number, own in dates.items() if at_risk(own, today, lapse)}


def _of_classes(kept: Mapping[str, Any], name: str) -> dict[str, float | None]:
    rows = [row for row in kept["classes"] if not row["scope"] and row["segment"] is None]
    return {row["abc_class"]: None if row[name] is None else float(row[name]) for row in rows}


def _candidate(
    row: Row[Any],
    rates: Mapping[str, float | None],
    stay: Mapping[str, float],
    yearly: float,
    risky: set[int] | None,
) -> Candidate:
    name = class_of(row.abc_class, row.potential_class)
    gap, potential, revenue = (
        amount / AMOUNT_SCALE * yearly for amount in (row.gap, row.effective_potential, row.revenue)
    )
    known = risky is not None and row.customer_id in risky
    rate = rates[name] if rates[name] is not None else rates["all"]
    return Candidate(row.customer, row.segment, gap, potential, revenue, rate, stay[name], known)
