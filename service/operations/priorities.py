"""Which customers of a subsidiary to work on first."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NoData
from service.method.priorities import GROW, WIN, Candidate, Priority, class_of, ranked
from service.method.segments.table import class_table
from service.operations import keeping, methods, references, segmentations
from service.store import results, segments, subsidiaries
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, round_money, round_ratio
from service.wording import say

MONTHS_A_YEAR = 12


def customers(
    caller: Caller, subsidiary: str, salesperson: str | None, hours: float | None, limit: int | None
) -> dict[str, Any]:
    """By the newest segmentation. NoData where there is none."""
    newest, rows, found = _ranked(caller, subsidiary, salesperson, hours)
    return {
        "segmentation": references.write(newest.subsidiary, newest.number),
        "currency": newest.currency,
        "fresh": newest.data_revision == newest.newest,
        "at_risk_known": any(row.at_risk is not None for row in rows.values()),
        "customers": len(found),
        "hours_taken": round_ratio(sum(one.hours for one in found if one.taken)),
        "items": [
            {"name": rows[one.code].name, "salesperson": rows[one.code].salesperson, **told(one)}
            for one in found[:limit]
        ],
    }


def next_step(caller: Caller, subsidiary: str, customer: str) -> dict[str, Any] | None:
    """The customer's place in that order, from 1, and what it says of him; None where he is not in it."""
    _, _, found = _ranked(caller, subsidiary, None, None)
    return next(({"rank": rank, **told(one)} for rank, one in enumerate(found, 1) if one.code == customer), None)


def _ranked(
    caller: Caller, subsidiary: str, salesperson: str | None, hours: float | None
) -> tuple[Row[Any], dict[str, Row[Any]], list[Priority]]:
    """The newest segmentation, its customers who may be worked on, and their order."""
    home = caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, subsidiary).id])
    newest = results.newest(caller.connection, home, results.SEGMENTATION)
    if newest is None:
        raise NoData(
            say(
                "Customers of {subsidiary} are not segmented yet. Ask POST /v1/segmentations first.",
                subsidiary=subsidiary,
            )
        )
    kept = segmentations.get(caller, home, newest.number)
    parameters = methods.version(caller, newest.method).parameters
    rows = _rows(caller, home, kept.key, salesperson)
    table = _class_table(caller, kept)
    rates = _of_classes(table, "margin_rate")
    stay = {
        name: parameters.plan.default_retention if one is None else one
        for name, one in _of_classes(table, "retention").items()
    }
    candidates = [_candidate(row, rates, stay, MONTHS_A_YEAR / kept.months) for row in rows.values()]
    found = ranked(candidates, parameters.priorities, parameters.resources.hours_a_reactivation, hours)
    return newest, rows, found


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


def _rows(caller: Caller, home: Reach, segmentation: tuple[int, int], salesperson: str | None) -> dict[str, Row[Any]]:
    """Customers to be grown or won, and those of class A, by code."""
    found = {}
    for name, value in (("segment", GROW), ("segment", WIN), ("abc_class", "A")):
        filters = {name: value} | ({} if salesperson is None else {"salesperson": salesperson})
        for row in segments.each(caller.connection, home, segmentation, "code", filters):
            found[row.customer] = row
    return found


def _class_table(caller: Caller, kept: segmentations.Kept) -> Sequence[Mapping[str, Any]]:
    cells = segmentations.cells(caller, kept)
    table: Sequence[Mapping[str, Any]] = keeping.summary(kept.row)["classes"] if cells is None else class_table(cells)
    return table


def _of_classes(table: Sequence[Mapping[str, Any]], name: str) -> dict[str, float | None]:
    rows = [row for row in table if not row["scope"] and row["segment"] is None]
    return {row["abc_class"]: None if row[name] is None else float(row[name]) for row in rows}


def _candidate(
    row: Row[Any],
    rates: Mapping[str, float | None],
    stay: Mapping[str, float],
    yearly: float,
) -> Candidate:
    name = class_of(row.abc_class, row.potential_class)
    gap, potential, revenue = (
        amount / AMOUNT_SCALE * yearly for amount in (row.gap, row.effective_potential, row.revenue)
    )
    rate = rates[name] if rates[name] is not None else rates["all"]
    return Candidate(row.customer, row.segment, gap, potential, revenue, rate, stay[name], bool(row.at_risk))
