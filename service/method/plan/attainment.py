"""A plan against what came: re-forecasts, and the deviation split over customers, their orders and their value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.method.money import closed
from service.method.plan.blocks import LARGEST, MONTHS_A_YEAR, Plan, by_origin, closing_months
from service.method.plan.inputs import Inputs
from service.method.segments.classes import CLASSES
from service.method.variance import factors, split_product

EFFECTS = ("customers", "frequency", "value")
NOBODY = "N"
"""Those who were in no class when the plan was made: new, reactivated and won customers."""
Sums = tuple[float, float, float]
"""Customers, orders, revenue."""


@dataclass(frozen=True, slots=True)
class Reforecast:
    """The year if it goes on as planned, at the same ratio to the plan, or in between.

    None: nothing was planned, or so little that what came of it leaves the range of amounts.
    """

    additive: float
    ratio: float | None
    blend: float | None


def reforecast(planned: Sequence[float], actual: Sequence[float], weight: float) -> Reforecast:
    """From the plan's 12 months and the actual of its first ones; the blend takes the ratio by this weight."""
    so_far, left = sum(planned[: len(actual)]), sum(planned[len(actual) :])
    additive = sum(actual) + left
    if not so_far:
        return Reforecast(additive, None, None)
    ratio = sum(actual) + left * sum(actual) / so_far
    if not abs(ratio) < LARGEST:
        return Reforecast(additive, None, None)
    return Reforecast(additive, ratio, (1 - weight) * additive + weight * ratio)


def planned_sums(inputs: Inputs, found: Plan, season: Sequence[float], months: int) -> dict[str, Sums]:
    """What the first months are to bring by the class that customers were in: of all units together.

    Customers of a class are those who stay; what is grown counts as their value. NOBODY: who is won or comes back by
    then, and open deals as one order each.
    """
    deep = inputs.by_month
    v, value = deep.values, deep.order_value
    per_order = np.divide(1.0, value, out=np.zeros_like(value), where=value != 0)
    upto = np.s_[:, :, :months]
    revenue = by_origin(inputs, season, np.ones_like(value))[upto] + found.months["grown"][upto]
    orders = by_origin(inputs, season, per_order)[upto]
    stay = inputs.average.values["customers"] * inputs.average.retention
    sums = {
        name: (float(stay[:, column].sum()), float(orders[:, column].sum()), float(revenue[:, column].sum()))
        for column, name in enumerate(CLASSES)
    }
    closing = closing_months(v["cycle_months"])
    wins = float((v["open_wins"] * np.minimum(months, closing) / closing).mean(axis=2).sum())
    won = v["leads"] * deep.conversion * np.maximum(0, months - v["cycle_months"]) / MONTHS_A_YEAR
    back = v["pool"] * v["reactivation_rate"] * months / MONTHS_A_YEAR
    buying = found.months["new"] + found.months["reactivated"]
    newly = float((buying + found.months["carried_over"])[upto].sum())
    people = float(won.mean(axis=2).sum() + back.mean(axis=2).sum()) + wins
    sums[NOBODY] = (people, float((buying * per_order)[upto].sum()) + wins, newly)
    return sums


def deviation(planned: Mapping[str, Sums], actual: Mapping[str, Sums], scale: int) -> dict[str, dict[str, int]]:
    """By class what was planned, what came, and the effects of customers, frequency and value, in whole 1/scale.

    The planned revenue adds up to its rounded total, and the effects of a class to its difference, exactly.
    """
    names = list(planned)
    total = round(sum(planned[name][2] for name in names) * scale)
    plans = closed(total, [planned[name][2] * scale for name in names], names)
    found = {}
    for name, plan in zip(names, plans, strict=True):
        came = round(actual[name][2] * scale)
        parts = split_product(*factors(planned[name], actual[name]))
        whole = closed(came - plan, [part * scale for part in parts], EFFECTS)
        found[name] = {"planned": plan, "actual": came, **dict(zip(EFFECTS, whole, strict=True))}
    return found
