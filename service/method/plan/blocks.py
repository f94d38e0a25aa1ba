"""The five blocks of a plan, by month (the method, section 6). Estimates in binary64, money in units of currency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.errors import AmountTooLarge
from service.method.plan.inputs import CLOSING, RETENTION, Inputs

MONTHS_A_YEAR = 12
BLOCKS = ("existing", "new", "reactivated", "carried_over", "grown")
LARGEST = 1e14
"""A plan is below this, in units of currency."""
Spread = Literal["blocks", "season"]


@dataclass(frozen=True)
class Plan:
    """`months[block]` is an array units × classes × 12; `margin_rate` units × classes × 12, or × 1 for all months.

    A block's year is the sum of its months.
    """

    months: Mapping[str, np.ndarray]
    margin_rate: np.ndarray

    def year(self, block: str) -> np.ndarray:
        """Units × classes."""
        total: np.ndarray = self.months[block].sum(axis=2)
        return total

    def margins(self, block: str) -> np.ndarray:
        """Margin by month, units × classes × 12."""
        margin: np.ndarray = self.months[block] * self.margin_rate
        return margin

    def margin_year(self, block: str) -> np.ndarray:
        """Units × classes."""
        if self.margin_rate.shape[2] == 1:
            flat: np.ndarray = self.year(block) * self.margin_rate[:, :, 0]
            return flat
        total: np.ndarray = self.margins(block).sum(axis=2)
        return total

    @property
    def revenue(self) -> float:
        return float(sum(self.year(block).sum() for block in BLOCKS))

    @property
    def margin(self) -> float:
        return float(sum(self.margin_year(block).sum() for block in BLOCKS))


@np.errstate(over="ignore", invalid="ignore")  # what comes of it is refused below
def plan(inputs: Inputs, season: Sequence[float], spread: Spread = "blocks") -> Plan:
    """The plan for 12 months with these seasonal indices.

    `blocks`: each block comes as its customers do: new ones after the cycle, reactivated ones evenly over the year. The
    year of new and reactivated business then weighs the months by their season. `season`: the year's formulas, each
    block's year spread by the season alone. Where a lever moves within the year, each month has its own inputs.
    AmountTooLarge where the inputs lead out of the range of amounts.
    """
    index = np.asarray(season, dtype="float64")
    inputs = inputs.by_month
    v = inputs.values
    worth = v["order_frequency"] * inputs.order_value
    monthly = worth / MONTHS_A_YEAR * index
    won = v["leads"] * inputs.conversion
    back = v["pool"] * v["reactivation_rate"]
    existing = inputs.stay * worth / MONTHS_A_YEAR * index
    grown = v["grow_gap"] * v["capture"] * inputs.retention / MONTHS_A_YEAR * index
    if spread == "season":
        theta = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) ** 2 / 288
        new = won * theta * monthly
        reactivated = back / 2 * monthly
        carried = v["open_deals"] / MONTHS_A_YEAR * index
    else:
        new = new_customers(won, v["cycle_months"]) * monthly
        reactivated = returned(back) * monthly
        length = closing_months(v["cycle_months"])
        carried = np.where(np.arange(1, 13) <= length, inputs.undated / length, 0.0) + closing(inputs)
    months = {"existing": existing, "new": new, "reactivated": reactivated, "carried_over": carried, "grown": grown}
    if not sum(float(np.abs(part).sum()) for part in months.values()) < LARGEST:
        raise AmountTooLarge("The plan leaves the range of amounts: check orders, revenue and the season.")
    return Plan(months, v["margin_rate"])


def by_origin(inputs: Inputs, season: Sequence[float], weight: np.ndarray) -> np.ndarray:
    """Existing business × a weight of the class they will be in, by the class customers come from.

    Units × classes × 12.
    """
    inputs = inputs.by_month
    v = inputs.values
    monthly = v["order_frequency"] * inputs.order_value / MONTHS_A_YEAR * np.asarray(season, dtype="float64")
    monthly = monthly * weight
    each = sum(v[name] * monthly[:, [column], :] for column, name in enumerate(RETENTION))
    origin: np.ndarray = v["customers"] * each
    return origin


def by_cycle(inputs: Inputs, season: Sequence[float], spread: Spread = "blocks") -> np.ndarray:
    """Cycle × the derivative of new business by it, units × classes × 12."""
    inputs = inputs.by_month
    v = inputs.values
    won, cycle = v["leads"] * inputs.conversion, v["cycle_months"]
    monthly = v["order_frequency"] * inputs.order_value / MONTHS_A_YEAR * np.asarray(season, dtype="float64")
    if spread == "season":
        fewer: np.ndarray = -won * cycle * np.maximum(0, MONTHS_A_YEAR - cycle) / 144
    else:
        fewer = -new_customers(won * cycle, cycle, lambda months: np.maximum(0, months))
    effect: np.ndarray = fewer * monthly
    return effect


def _accrued(months: np.ndarray) -> np.ndarray:
    """Customer months that one win a month brings within so many months."""
    accrued: np.ndarray = np.maximum(0, months) ** 2 / 2
    return accrued


def new_customers(
    won: np.ndarray, cycle: np.ndarray, accrued: Callable[[np.ndarray], np.ndarray] = _accrued
) -> np.ndarray:
    """Average new customers in each month, units × classes × 12: wins come evenly after the cycle.

    Where leads, conversions or cycle differ by month, each month's leads come after their own cycle.
    """
    month = np.arange(1, 13)
    if won.shape[2] == 1 and cycle.shape[2] == 1:
        since = month - cycle
        customers: np.ndarray = won / MONTHS_A_YEAR * (accrued(since) - accrued(since - 1))
        return customers
    won, cycle, _ = np.broadcast_arrays(won, cycle, np.zeros((1, 1, MONTHS_A_YEAR)))
    customers = np.zeros(won.shape)
    for place in range(MONTHS_A_YEAR):
        since = month - place - cycle[:, :, [place]]
        part = accrued(since) - 2 * accrued(since - 1) + accrued(since - 2)
        customers += won[:, :, [place]] / MONTHS_A_YEAR * part
    return customers


def returned(back: np.ndarray) -> np.ndarray:
    """Average customers who came back, units × classes × 12: evenly over the year."""
    monthly = np.broadcast_to(back, (*back.shape[:2], MONTHS_A_YEAR)) / MONTHS_A_YEAR
    customers: np.ndarray = np.cumsum(monthly, axis=2) - monthly / 2
    return customers


def closing(inputs: Inputs) -> np.ndarray:
    """Worth of the open deals that are expected to close in each month, units × classes × 12, of inputs by month."""
    months = [inputs.values[name] for name in CLOSING]
    columns = [month[:, :, min(place, month.shape[2] - 1)] for place, month in enumerate(months)]
    return np.stack(columns, axis=2)


def closing_months(cycle: np.ndarray) -> np.ndarray:
    """Open deals without a month close evenly over the first ⌈cycle⌉ ones, in the first where there is no cycle."""
    length: np.ndarray = np.clip(np.ceil(cycle[:, :, :1]), 1, MONTHS_A_YEAR)
    return length
