"""Which levers of a kept plan to work on first."""

from math import isnan
from typing import Any

from service.access.keys import Caller
from service.method.plan.levers import LEVERS
from service.method.plan.scenarios import elasticities
from service.method.plan.steps import Step, steps
from service.operations import keeping, methods
from service.operations.plans import read_inputs
from service.store import results
from service.values import round_money, round_ratio


def levers(caller: Caller, identifier: str) -> dict[str, Any]:
    """By margin an hour; apart those without recorded effort, and those without a step that peers have shown."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    season = keeping.summary(row)["season"]
    units, inputs = read_inputs(caller, home, row)
    found = steps(inputs, season, methods.version(caller, row.method).parameters.resources)
    elastic = {name: float(values[1].sum()) for name, values in elasticities(inputs, season).items()}
    told = [_told(one, elastic[one.lever]) for one in found]
    stepped = {one.lever for one in found}
    return {
        "units": len(units),
        "priced": [one for one in told if one["margin_per_hour"] is not None],
        "unpriced": [one for one in told if one["margin_per_hour"] is None],
        "without_step": [name for name in LEVERS if name not in stepped],
    }


def _told(one: Step, elasticity: float) -> dict[str, Any]:
    return {
        "lever": one.lever,
        "meaning": LEVERS[one.lever],
        "elasticity": None if isnan(elasticity) else round_ratio(elasticity),  # a plan without margin has none
        "units": one.units,
        "gain": round_money(one.gain),
        "hours": round_ratio(one.hours),
        "margin_per_hour": None if one.index is None else round_ratio(one.index),
        "three_year_gain": round_money(one.three_year_gain),
        "three_year_hours": round_ratio(one.three_year_hours),
    }
