"""Why a number of a kept plan is what it is."""

from decimal import Decimal
from typing import Any

import numpy as np

from service.access.keys import Caller
from service.method.months import parse_month
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.explanation import Story
from service.method.plan.levers import apply
from service.method.segments.classes import CLASSES
from service.operations import keeping
from service.operations.observations import Unit
from service.operations.plans import read_baseline
from service.store import plans, results
from service.store.reach import Reach
from service.values import minor_units

OBSERVED = "ratio to the centred moving average over complete years"
EVEN = "fewer than two complete years: every month counts the same"


def explained(caller: Caller, identifier: str, number: str, most: int) -> dict[str, Any]:
    """The number of the plan, what it rests on, and the units that these name."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    units, baseline, levers = read_baseline(caller, home, row)
    inputs = apply(baseline, levers)
    story = Story(
        inputs,
        levers,
        plan(inputs, kept["season"]),
        kept["season"],
        OBSERVED if kept["season_observed"] else EVEN,
        "blocks",
        [month["period"] for month in kept["months"]],
        Decimal(1).scaleb(-minor_units(row.currency)),
        _lines(caller, home, row.number, units, parse_month(kept["first"])),
    )
    numbers, complete = story.explain(number, most)
    named = sorted(
        {int(word[1:]) for one in numbers for word in one.number.split(".") if word[0] == "u" and word[1:].isdigit()}
    )
    return {
        "numbers": numbers,
        "complete": complete,
        "units": [
            {"unit": f"u{place}", "salesperson": units[place - 1][0], "channel": units[place - 1][1]} for place in named
        ],
    }


def _lines(caller: Caller, home: Reach, number: int, units: list[Unit], first: int) -> dict[str, np.ndarray]:
    """The plan's stored lines: units × classes × blocks × 12."""
    shape = (len(units), len(CLASSES), len(BLOCKS), 12)
    found = {"revenue": np.zeros(shape, dtype="int64"), "margin": np.zeros(shape, dtype="int64")}
    places = {unit: place for place, unit in enumerate(units)}
    for row in plans.page(caller.connection, home, plans.LINE, plans.LINE_ORDER, number):
        place = (places[row.salesperson, row.channel], CLASSES.index(row.abc_class), BLOCKS.index(row.block))
        found["revenue"][(*place, row.period - first)] = row.revenue
        found["margin"][(*place, row.period - first)] = row.margin
    return found
