"""Which lever to work on first (the method, section 8): margin that an hour brings on a step that peers have shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.method.parameters import LeverName, ResourceNorms
from service.method.plan.blocks import plan
from service.method.plan.inputs import CLOSING, CONVERSIONS, Inputs
from service.method.plan.levers import LEVERS, value_of, with_value
from service.method.resources import customers_at_end, requirement

YEARS = 3
BEST_QUARTER = 0.75
LEAST_HOURS = 1e-6
"""Less is rounding: no effort is recorded for the lever."""
PRICE = "price"
_RESTS_ON: Mapping[str, str] = {
    "leads": "leads",
    **dict.fromkeys(CONVERSIONS, "leads"),
    "cycle_months": "leads",
    "reactivation_rate": "pool",
    "win_rate": "open_amount",
    "capture": "grow_gap",
}
"""A unit's value of a lever says something where it has some of this; else where it has customers of the class."""


@dataclass(frozen=True, slots=True)
class Step:
    """What half the way to the best quarter of the peers brings and takes, in the plan's year and over three years."""

    lever: LeverName
    units: int
    gain: float
    hours: float
    three_year_gain: float
    three_year_hours: float

    @property
    def index(self) -> float | None:
        """Margin per hour of the plan's year; None where no effort is recorded."""
        return self.gain / self.hours if self.hours > LEAST_HOURS else None


def steps(inputs: Inputs, season: Sequence[float], norms: ResourceNorms) -> list[Step]:
    """A step for each lever in which some unit is behind the best quarter of its peers, the units of the plan.

    Best by margin an hour first; those without recorded effort last, by what they bring over three years. Customers are
    a state and no lever of this kind. A price brings margin at 100 %. A step takes the programme of its lever too.
    """
    flat = inputs.average
    base = _years(flat, season, norms)
    found = []
    for lever in LEVERS:
        old, new = _stepped(flat, lever)
        moved = int((new != old).any(axis=1).sum())
        if moved and lever != "customers":
            gains, hours = _difference(lever, _years(with_value(flat, lever, new), season, norms), base)
            hours = [one + norms.programmes.get(lever, 0.0) for one in hours]
            found.append(Step(lever, moved, gains[0], hours[0], sum(gains), sum(hours)))
    return sorted(found, key=lambda one: (one.index is None, -(one.index or 0.0), -one.three_year_gain, one.lever))


def _stepped(inputs: Inputs, lever: str) -> tuple[np.ndarray, np.ndarray]:
    """The lever as it is and half-way to the best quarter, units × classes."""
    old = value_of(inputs, lever)
    known = inputs.values[_RESTS_ON.get(lever, "customers")] > 0
    share = 1 - BEST_QUARTER if lever == "cycle_months" else BEST_QUARTER
    new = old.copy()
    for column in range(old.shape[1]):
        peers = known[:, column]
        if not peers.any():
            continue
        best = np.quantile(old[peers, column], share)
        behind = peers & ((old[:, column] > best) if lever == "cycle_months" else (old[:, column] < best))
        new[behind, column] = (old[behind, column] + best) / 2
    return old, new


Years = list[tuple[float, float, float]]
"""Revenue, margin, hours of each year."""


def _years(inputs: Inputs, season: Sequence[float], norms: ResourceNorms) -> Years:
    """The plan's year and the next two: each begins with the customers that the one before ends with."""
    found = []
    for _ in range(YEARS):
        year = plan(inputs, season)
        found.append((year.revenue, year.margin, float(requirement(inputs, norms).unit_hours.sum())))
        nothing = np.zeros_like(inputs.values["open_deals"])
        closed = dict.fromkeys(("open_amount", "open_deals", "open_wins", *CLOSING), nothing)
        inputs = replace(inputs, values={**inputs.values, **closed, "customers": customers_at_end(inputs)})
    return found


def _difference(lever: str, moved: Years, base: Years) -> tuple[list[float], list[float]]:
    figure = 0 if lever == PRICE else 1
    gains = [now[figure] - then[figure] for now, then in zip(moved, base, strict=True)]
    return gains, [now[2] - then[2] for now, then in zip(moved, base, strict=True)]
