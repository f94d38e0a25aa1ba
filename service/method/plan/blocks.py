"""The five blocks of a plan, by month (the method, section 6). Estimates in binary64, money in units of currency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from service.errors import AmountTooLarge
from service.method.plan.inputs import CLOSING, RETENTION, Inputs
from service.wording import say

MONTHS_A_YEAR = 12
BLOCKS = ("existing", "new", "reactivated", "carried_over", "grown")
AT_ONCE = 1024
"""So many units are computed at once: their arrays stay in the cache."""
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

    @cached_property
    def _years(self) -> Mapping[str, np.ndarray]:
        return {block: months @ np.ones(MONTHS_A_YEAR) for block, months in self.months.items()}

    def year(self, block: str) -> np.ndarray:
        """Units × classes."""
        return self._years[block]

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
    inputs = inputs.by_month
    shape = (*inputs.values["customers"].shape[:2], MONTHS_A_YEAR)
    months, total = {block: np.empty(shape) for block in BLOCKS}, 0.0
    for start in range(0, shape[0], AT_ONCE):
        units = slice(start, start + AT_ONCE)
        parts = {block: months[block][units] for block in BLOCKS}
        _fill(parts, inputs.only(units), np.asarray(season, dtype="float64"), spread)
        total += sum(float(np.abs(part).sum()) for part in parts.values())
    if not total < LARGEST:
        raise AmountTooLarge(say("The plan leaves the range of amounts: check orders, revenue and the season."))
    return Plan(months, inputs.values["margin_rate"])


def _fill(months: Mapping[str, np.ndarray], inputs: Inputs, index: np.ndarray, spread: Spread) -> None:
    """Compute the blocks of these units by month, of inputs by month, in place: such arrays are dear to make."""
    v = inputs.values
    monthly = v["order_frequency"] * inputs.order_value / MONTHS_A_YEAR
    won = v["leads"] * inputs.conversion
    back = v["pool"] * v["reactivation_rate"]
    np.multiply(inputs.stay * monthly, index, out=months["existing"])
    np.multiply(v["grow_gap"] * v["capture"] * inputs.retention / MONTHS_A_YEAR, index, out=months["grown"])
    if spread == "season":
        theta = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) ** 2 / 288
        np.multiply(won * theta * monthly, index, out=months["new"])
        np.multiply(back / 2 * monthly, index, out=months["reactivated"])
        np.multiply(v["open_deals"] / MONTHS_A_YEAR, index, out=months["carried_over"])
        return
    for block, customers in (("new", new_customers(won, v["cycle_months"])), ("reactivated", returned(back))):
        np.multiply(customers, monthly, out=months[block])
        months[block] *= index
    length = closing_months(v["cycle_months"])
    np.multiply(np.arange(1, 13) <= length, inputs.undated / length, out=months["carried_over"])
    months["carried_over"] += closing(inputs)


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
    if won.shape[2] == 1 and cycle.shape[2] == 1:
        customers: np.ndarray = np.diff(accrued(np.arange(13) - cycle), axis=2)
        customers *= won / MONTHS_A_YEAR
        return customers
    month = np.arange(1, 13)
    won, cycle, _ = np.broadcast_arrays(won, cycle, np.zeros((1, 1, MONTHS_A_YEAR)))
    customers = np.zeros(won.shape)
    for place in range(MONTHS_A_YEAR):
        since = month - place - cycle[:, :, [place]]
        part = accrued(since) - 2 * accrued(since - 1) + accrued(since - 2)
        customers += won[:, :, [place]] / MONTHS_A_YEAR * part
    return customers


def returned(back: np.ndarray) -> np.ndarray:
    """Average customers who came back, units × classes × 12: evenly over the year."""
    if back.shape[2] == 1:
        evenly: np.ndarray = back * ((np.arange(1, 13) - 0.5) / MONTHS_A_YEAR)
        return evenly
    monthly = back / MONTHS_A_YEAR
    customers: np.ndarray = np.cumsum(monthly, axis=2) - monthly / 2
    return customers


def closing(inputs: Inputs) -> np.ndarray:
    """Worth of the open deals that are expected to close in each month, units × classes × 12, of inputs by month; a
    single 0 where none is."""
    months = [inputs.values[name] for name in CLOSING]
    if not any(month.any() for month in months):
        return np.zeros(1)
    columns = [month[:, :, min(place, month.shape[2] - 1)] for place, month in enumerate(months)]
    return np.stack(columns, axis=2)


def closing_months(cycle: np.ndarray) -> np.ndarray:
    """Open deals without a month close evenly over the first ⌈cycle⌉ ones, in the first where there is no cycle."""
    length: np.ndarray = np.clip(np.ceil(cycle[:, :, :1]), 1, MONTHS_A_YEAR)
    return length
