"""A plan's hours by month, and the people to hire for it (the method, section 7)."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from service.errors import AmountTooLarge
from service.method.parameters import ResourceNorms
from service.method.plan.blocks import BLOCKS, MONTHS_A_YEAR, Plan
from service.method.plan.inputs import Inputs
from service.method.resources import Requirement, customers_at_end
from service.wording import say

MOST_HIRES = 1000
PROGRAMMES = "programmes"
SERVED_BY = {"existing": "contacts", "new": "acquisition", "reactivated": "reactivation", "grown": "growth"}
"""Block → the kind of work that brings it, beside its orders. Open deals close without further hours."""


def monthly_hours(inputs: Inputs, needed: Requirement, planned: Plan, norms: ResourceNorms) -> dict[str, np.ndarray]:
    """The hours of each kind of work by month, units × classes × 12: they add up to those of the year.

    Contacts go with the customers, from those at the start evenly to those at the end; orders with the planned months
    of their block; the rest comes evenly.
    """
    even = np.full(MONTHS_A_YEAR, 1 / MONTHS_A_YEAR)
    start, end = inputs.values["customers"][..., None], customers_at_end(inputs)[..., None]
    shapes = {"contacts": _shares(start + (end - start) * (np.arange(MONTHS_A_YEAR) + 0.5) / MONTHS_A_YEAR)}
    months = {kind: hours[..., None] * shapes.get(kind, even) for kind, hours in needed.hours.items()}
    months["orders"] = sum(_orders(needed, planned, norms).values())
    return months


def _orders(needed: Requirement, planned: Plan, norms: ResourceNorms) -> dict[str, np.ndarray]:
    """The hours of each block's orders by month: they come with its money."""
    return {
        block: (orders * norms.hours_an_order)[..., None] * _shares(planned.months[block])
        for block, orders in needed.orders.items()
    }


def _shares(weights: np.ndarray) -> np.ndarray:
    """The last axis as shares of its sum, even ones where there is nothing."""
    total = weights.sum(axis=-1, keepdims=True)
    even = np.full_like(weights, 1 / weights.shape[-1])
    shares: np.ndarray = np.divide(weights, total, out=even, where=total != 0)
    return shares


def ramped(ramp: Sequence[float], months: int) -> float:
    """What a seller is worth who began so many months ago, of a full one; 0 before he begins."""
    if months < 0:
        return 0.0
    return ramp[months] if months < len(ramp) else 1.0


def hire_capacity(ramp: Sequence[float], start: int) -> float:
    """FTE-years in a year of somebody who begins in its month `start`, 0 to 11; before it where less than 0."""
    return sum(ramped(ramp, month - start) for month in range(MONTHS_A_YEAR)) / MONTHS_A_YEAR


def hires(gap: Sequence[float], ramp: Sequence[float]) -> list[int]:
    """The months in which people must begin so that no month's gap (FTE) stays: the fewest, each as late as may be.

    Months count from the first of the gap; those before it are less than 0. AmountTooLarge where more people are
    missing than are hired one by one.
    """
    most = math.ceil(round(max(gap, default=0), 9))
    if most > MOST_HIRES:
        raise AmountTooLarge(
            say("{most} people are missing, more than {limit}: check plan and norms.", most=most, limit=MOST_HIRES)
        )
    found = []
    for already in range(most):
        own = [min(1.0, short - already) for short in gap]
        latest = [
            max(start for start in range(month - len(ramp), month + 1) if ramped(ramp, month - start) >= short - 1e-9)
            for month, short in enumerate(own)
            if round(short, 9) > 0
        ]
        found.append(min(latest))
    return found


def block_hours(inputs: Inputs, needed: Requirement, planned: Plan, norms: ResourceNorms) -> Mapping[str, np.ndarray]:
    """The hours that each block of a plan takes by month, its kind of work and its orders, and those of programmes:
    units × classes × 12."""
    kinds, orders = monthly_hours(inputs, needed, planned, norms), _orders(needed, planned, norms)
    nothing = np.zeros_like(kinds["contacts"])
    found = {block: kinds.get(SERVED_BY.get(block, ""), nothing) + orders.get(block, nothing) for block in BLOCKS}
    return {**found, PROGRAMMES: kinds[PROGRAMMES]}
