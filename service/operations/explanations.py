"""Why a number of a kept plan is what it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from service.access.keys import Caller
from service.method.months import parse_month
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.explained import Explained
from service.method.plan.explanation import Story
from service.method.plan.levers import apply
from service.method.segments.classes import CLASSES
from service.operations.evidence import Fact, Facts
from service.operations.observations import Unit
from service.store import plans
from service.store.reach import Reach
from service.values import minor_units

MOST_WALKED = 2000
"""So many numbers are gone through for their facts, even where fewer are told."""
MOST_COUNTED = 200
"""So many facts of an explanation are followed to what they were counted over; each by itself can be asked for."""
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """A fact with the largest of what it was counted over, and the first of the lines of each."""

    fact: Fact
    items: list[tuple[Item, list[Item]]]


OBSERVED = "ratio to the centred moving average over complete years"
EVEN = "fewer than two complete years: every month counts the same"


def explained(caller: Caller, identifier: str, number: str, most: int, shown: int) -> dict[str, Any]:
    """The number of the plan, what it rests on, the units that these name, and what each fact was counted over: so many
    customers, months of the funnel or deals, and so many lines of each."""
    facts = Facts.of(caller, identifier)
    row, kept, units = facts.row, facts.kept, facts.units
    inputs = apply(facts.baseline, facts.levers)
    story = Story(
        inputs,
        facts.levers,
        plan(inputs, kept["season"]),
        kept["season"],
        OBSERVED if kept["season_observed"] else EVEN,
        "blocks",
        [month["period"] for month in kept["months"]],
        Decimal(1).scaleb(-minor_units(row.currency)),
        _lines(caller, facts.home, row.number, units, parse_month(kept["first"])),
    )
    walked, whole = story.explain(number, max(most, MOST_WALKED) if shown else most)
    numbers, complete = walked[:most], whole and len(walked) <= most
    named = sorted(
        {int(word[1:]) for one in numbers for word in one.number.split(".") if word[0] == "u" and word[1:].isdigit()}
    )
    return {
        "numbers": numbers,
        "complete": complete,
        "facts": facts,
        "fresh": facts.fresh,
        "counted": _counted(facts, walked, shown) if shown else {},
        "units": [
            {"unit": f"u{place}", "salesperson": units[place - 1][0], "channel": units[place - 1][1]} for place in named
        ],
    }


def _counted(facts: Facts, numbers: list[Explained], shown: int) -> dict[str, Counted]:
    """By the number of each fact, of the first MOST_COUNTED."""
    found: dict[str, Counted] = {}
    for one in numbers:
        fact = None if one.formula or len(found) == MOST_COUNTED else facts.find(one.number)
        if fact is not None:
            items = facts.rows(fact, 0, shown)
            found[one.number] = Counted(fact, [(item, facts.lines(fact, item, shown)) for item in items])
    return found


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
