"""Hours and people that a plan needs (the method, section 7; workload method: Talley 1961)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.errors import AmountTooLarge, BadArgument
from service.method.parameters import ResourceNorms
from service.method.plan.inputs import CONVERSIONS, Inputs
from service.method.plan.levers import STANDS_FOR
from service.method.segments.classes import CLASSES
from service.wording import say

MONTHS_A_YEAR = 12
MOST_HOURS = 1e13
LEAST_HOURS = 1.0
"""Somebody with less selling time a year is no seller."""
KINDS = ("contacts", "acquisition", "orders", "reactivation", "growth", "programmes")


@dataclass(frozen=True)
class Requirement:
    """`hours[kind]` and `orders[block]`: units × classes. FTE, deals at work and heads are per unit."""

    hours: Mapping[str, np.ndarray]
    orders: Mapping[str, np.ndarray]
    average_customers: np.ndarray
    work_in_progress: np.ndarray
    productive_hours: float
    simultaneous_deals: float

    @property
    def unit_hours(self) -> np.ndarray:
        total: np.ndarray = np.sum([part.sum(axis=1) for part in self.hours.values()], axis=0)
        return total

    @property
    def fte_hours(self) -> np.ndarray:
        """FTE by hours, per unit."""
        return self.unit_hours / self.productive_hours

    @property
    def fte_deals(self) -> np.ndarray:
        """FTE by deals that are worked on at once (Little's law), per unit."""
        return self.work_in_progress / self.simultaneous_deals

    @property
    def heads(self) -> list[int]:
        """Whole people per unit; a hair above a whole number, which is rounding, asks for nobody more."""
        needed = np.maximum(self.fte_hours, self.fte_deals)
        return [math.ceil(round(float(fte), 9)) for fte in needed]


def productive_hours(norms: ResourceNorms) -> float:
    """Selling hours of one full-time seller a year. BadArgument where the norms leave none."""
    days = norms.working_days - norms.leave - norms.sick - norms.training
    hours = days * norms.hours_a_day * norms.selling_share
    if hours < LEAST_HOURS:
        raise BadArgument("norms", say("These norms leave a seller {hours:g} selling hours a year.", hours=hours))
    return hours


def customers_at_end(inputs: Inputs) -> np.ndarray:
    """Nend: who stays, is won, comes back, and whose open deals are won; units × classes."""
    v = inputs.values
    left = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"])
    won: np.ndarray = v["leads"] * inputs.conversion * left / MONTHS_A_YEAR
    at_end: np.ndarray = inputs.stay + won + v["pool"] * v["reactivation_rate"] + v["open_wins"]
    return at_end


@np.errstate(over="ignore", invalid="ignore")  # what comes of it is refused below
def requirement(inputs: Inputs, norms: ResourceNorms) -> Requirement:
    """Hours by unit, class and kind of work for a plan with these inputs.

    Growth hours count GROW customers by their class. Orders are those of existing, new and reactivated customers.
    Programmes are those behind the levers of these inputs.
    AmountTooLarge where the inputs lead out of all bounds.
    """
    v = inputs.values
    won = v["leads"] * inputs.conversion
    left = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"])
    back = v["pool"] * v["reactivation_rate"]
    average = (v["customers"] + customers_at_end(inputs)) / 2
    buying = {"existing": inputs.stay, "new": won * left**2 / 288, "reactivated": back / 2}
    orders = {block: v["order_frequency"] * customers for block, customers in buying.items()}
    stages = np.array([norms.stage_hours[name] for name in CLASSES]).T
    reached = np.cumprod([np.ones_like(won), *(v[name] for name in CONVERSIONS[:-1])], axis=0)
    hours = {
        "contacts": average * _by_class(norms.contacts_a_year) * _by_class(norms.hours_a_contact),
        "acquisition": v["leads"] * sum(share * hours for share, hours in zip(reached, stages, strict=True)),
        "orders": sum(orders.values()) * norms.hours_an_order,
        "reactivation": v["pool"] * norms.hours_a_reactivation,
        "growth": v["grow_customers"] * norms.hours_a_grow_customer,
        "programmes": _programmes(inputs, norms),
    }
    in_work = (v["leads"] * v["conversion_1"] * v["cycle_months"]).sum(axis=1) / MONTHS_A_YEAR
    total = sum(float(part.sum()) for part in hours.values()) + float(average.sum()) + float(in_work.sum())
    if not total < MOST_HOURS:
        raise AmountTooLarge(say("The hours leave all bounds: check levers and norms."))
    return Requirement(hours, orders, average, in_work, productive_hours(norms), norms.simultaneous_deals)


def _programmes(inputs: Inputs, norms: ResourceNorms) -> np.ndarray:
    """Hours behind the levers that moved, evenly over units and over the classes that they move."""
    hours = np.zeros_like(inputs.values["customers"])
    for lever, taken in norms.programmes.items():
        moved = inputs.moved.get(STANDS_FOR.get(lever, (lever,))[0])
        if moved is not None and len(hours):
            hours += taken * moved / (moved.sum() * len(hours))
    return hours


def _by_class(norm: Mapping[str, float]) -> np.ndarray:
    return np.array([norm[name] for name in CLASSES])
