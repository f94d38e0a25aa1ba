"""A target from above, spread over the units of a kept plan."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from service.access.keys import Caller
from service.errors import BadArgument
from service.method.parameters import ResourceNorms
from service.method.plan.allocation import Allocation, Candidate, allocate
from service.method.plan.inputs import Inputs
from service.method.resources import requirement
from service.operations import dimensions, keeping, methods
from service.operations.observations import Unit, unit_name
from service.operations.plans import months_of, read_inputs
from service.operations.requirements import present
from service.store import results
from service.values import AMOUNT_SCALE, amount_text, parse_amount, smallest_coin
from service.wording import say


def of_plan(caller: Caller, identifier: str, target: int, caps: Mapping[Unit, int]) -> dict[str, Any]:
    """The plan's units with what each is given; `caps` (ten-thousandths) replace a unit's headroom as its cap.

    BadArgument where a cap names no unit of the plan, or an amount is no whole number of the currency's smallest coin.
    """
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    units, inputs = read_inputs(caller, home, row)
    strangers = set(caps) - set(units)
    if strangers:
        raise BadArgument("caps", say("The plan has no unit {strangers!r}.", strangers="/".join(min(strangers))))
    step = smallest_coin(row.currency)
    if target % step:
        raise BadArgument(
            "target",
            say(
                "{target} is no whole number of the smallest coin of {currency}.",
                target=amount_text(target),
                currency=row.currency,
            ),
        )
    there = present(dimensions.employment(caller, home), units, kept["by"], months_of(kept))
    fte = np.array([np.nan if one is None else float(one) for one in there])
    planned = {(one["salesperson"], one["channel"]): parse_amount(one["revenue"]) for one in kept["units"]}
    revenue = np.array([planned[unit] / AMOUNT_SCALE for unit in units])
    norms = methods.version(caller, row.method).parameters.resources
    rooms = _headroom(inputs.average, revenue, fte, norms)
    coins = [int(room * AMOUNT_SCALE / step) for room in rooms.tolist()]
    candidates = [
        Candidate(unit_name(unit), planned[unit] // step, room, caps.get(unit, room * step) // step)
        for unit, room in zip(units, coins, strict=True)
    ]
    found = allocate(candidates, target // step)
    words = [{"salesperson": unit[0], "channel": unit[1]} for unit in units]
    return {"target": amount_text(target), **told(candidates, found, step, words)}


def told(candidates: list[Candidate], found: Allocation, step: int, words: list[dict[str, Any]]) -> dict[str, Any]:
    """As answers carry it; amounts of the candidates are in steps of so many ten-thousandths."""
    rows = [
        {
            **word,
            "planned": amount_text(one.planned * step),
            "headroom": amount_text(one.headroom * step),
            "cap": amount_text(one.cap * step),
            "extra": amount_text(extra * step),
            "allocated": amount_text((one.planned + extra) * step),
        }
        for word, one, extra in zip(words, candidates, found.extra, strict=True)
    ]
    return {
        "planned": amount_text(sum(one.planned for one in candidates) * step),
        "unplaced": amount_text(found.unplaced * step),
        "units": rows,
    }


def _headroom(inputs: Inputs, revenue: np.ndarray, fte: np.ndarray, norms: ResourceNorms) -> np.ndarray:
    """By unit the smaller of the gap that is not planned yet, and spare hours × revenue per hour; nan FTE: the gap."""
    v = inputs.values
    gap = (v["grow_gap"] * (1 - v["capture"] * inputs.retention)).sum(axis=1)
    needed = requirement(inputs, norms)
    per_hour = np.divide(revenue, needed.unit_hours, out=np.zeros_like(revenue), where=needed.unit_hours > 0)
    spare = np.maximum(fte * needed.productive_hours - needed.unit_hours, 0) * per_hour
    room: np.ndarray = np.maximum(np.fmin(gap, spare), 0)
    return room
