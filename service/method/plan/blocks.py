"""The five blocks of a plan, by month (the method, section 6). Estimates in binary64, money in units of currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.errors import AmountTooLarge
from service.method.plan.inputs import Inputs

MONTHS_A_YEAR = 12
BLOCKS = ("existing", "new", "reactivated", "carried_over", "grown")
LARGEST = 1e14
"""A plan is below this, in units of currency."""
Spread = Literal["blocks", "season"]


@dataclass(frozen=True)
class Plan:
    """`months[block]` is an array units × classes × 12; `margin_rate` units × classes.

    A block's year is the sum of its months.
    """

    months: Mapping[str, np.ndarray]
    margin_rate: np.ndarray

    def year(self, block: str) -> np.ndarray:
        """Units × classes."""
        total: np.ndarray = self.months[block].sum(axis=2)
        return total

    @property
    def revenue(self) -> float:
        return float(sum(self.year(block).sum() for block in BLOCKS))

    @property
    def margin(self) -> float:
        return float(sum((self.year(block) * self.margin_rate).sum() for block in BLOCKS))


@np.errstate(over="ignore", invalid="ignore")  # what comes of it is refused below
def plan(inputs: Inputs, season: Sequence[float], spread: Spread = "blocks") -> Plan:
    """The plan for 12 months with these seasonal indices.

    `blocks`: each block comes as its customers do: new ones after the cycle, reactivated ones evenly over the year. The
    year of new and reactivated business then weighs the months by their season. `season`: the year's formulas, each
    block's year spread by the season alone. AmountTooLarge where the inputs lead out of the range of amounts.
    """
    index = np.asarray(season, dtype="float64")
    v = inputs.values
    worth = v["order_frequency"] * inputs.order_value
    won = v["leads"] * inputs.conversion
    back = v["pool"] * v["reactivation_rate"]
    existing = (inputs.stay * worth)[:, :, None] / MONTHS_A_YEAR * index
    grown = (v["grow_gap"] * v["capture"] * inputs.retention)[:, :, None] / MONTHS_A_YEAR * index
    if spread == "season":
        theta = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) ** 2 / 288
        new = (won * theta * worth)[:, :, None] / MONTHS_A_YEAR * index
        reactivated = (back / 2 * worth)[:, :, None] / MONTHS_A_YEAR * index
        carried = v["open_deals"][:, :, None] / MONTHS_A_YEAR * index
    else:
        monthly = worth[:, :, None] / MONTHS_A_YEAR * index
        new = _new_customers(won, v["cycle_months"]) * monthly
        reactivated = back[:, :, None] * (np.arange(1, 13) - 0.5) / MONTHS_A_YEAR * monthly
        carried = _carried(v["open_deals"], v["cycle_months"])
    months = {"existing": existing, "new": new, "reactivated": reactivated, "carried_over": carried, "grown": grown}
    if not sum(float(np.abs(part).sum()) for part in months.values()) < LARGEST:
        raise AmountTooLarge("The plan leaves the range of amounts: check orders, revenue and the season.")
    return Plan(months, v["margin_rate"])


def _new_customers(won: np.ndarray, cycle: np.ndarray) -> np.ndarray:
    """Average new customers in each month, units × classes × 12: wins come evenly after the cycle."""
    month = np.arange(1, 13)
    since = np.maximum(0, month - cycle[:, :, None])
    before = np.maximum(0, month - 1 - cycle[:, :, None])
    customers: np.ndarray = won[:, :, None] / MONTHS_A_YEAR * 0.5 * (since**2 - before**2)
    return customers


def _carried(amount: np.ndarray, cycle: np.ndarray) -> np.ndarray:
    """Open deals close evenly over the first ⌈cycle⌉ months, in the first month where there is no cycle."""
    length = np.clip(np.ceil(cycle), 1, MONTHS_A_YEAR)[:, :, None]
    return np.where(np.arange(1, 13) <= length, amount[:, :, None] / length, 0.0)
