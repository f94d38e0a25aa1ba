"""Levers: arguments of the plan that somebody can change. No lever = the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.errors import BadArgument
from service.method.parameters import LeverName
from service.method.plan.inputs import CLOSING, RETENTION, SHARES, Inputs
from service.method.segments.classes import CLASSES
from service.wording import Value, say

MONTHS_A_YEAR = 12
LEVERS: Mapping[LeverName, str] = {
    "customers": "Customers of the class at the start.",
    "retention": "Share of the class's customers who go on buying.",
    "order_frequency": "Orders per customer and year.",
    "value_per_order": "Revenue per order.",
    "price": "Change of prices.",
    "quantity": "Change of quantity an order.",
    "margin_rate": "Margin per unit of revenue.",
    "leads": "Leads a year.",
    "conversion_1": "Share of leads that get qualified.",
    "conversion_2": "Share of qualified leads that get an offer.",
    "conversion_3": "Share of offers that are won.",
    "cycle_months": "Months from lead to win.",
    "reactivation_rate": "Share of lost and dormant customers who buy again within a year.",
    "win_rate": "Share of the amount of open deals that is won.",
    "capture": "Share of the GROW customers' gap that is won within a year.",
}
CHANGES = ("price", "quantity")
"""Levers that are changes: multiplying one multiplies 1 + change."""
RATES = (*SHARES, "retention", "win_rate")
"""Levers between 0 and 1."""
STANDS_FOR = {"retention": RETENTION, "win_rate": ("open_deals", "open_wins", *CLOSING)}
"""Inputs that a lever moves, where it is none itself."""
Operation = Literal["set", "multiply", "add"]


@dataclass(frozen=True, slots=True)
class Lever:
    """`set` gives each unit and class this value, `multiply` and `add` change what it has.

    `abc_class` None: all classes. It works from month `start` of the plan on (1 is the first), and comes in evenly over
    `ramp` months: in the n-th of them n / ramp of the change is there. The value it leads to stays between `at_least`
    and `at_most`.
    """

    name: str
    operation: Operation
    value: float
    abc_class: str | None = None
    start: int = 1
    ramp: int = 0
    at_least: float | None = None
    at_most: float | None = None

    @property
    def shares(self) -> np.ndarray:
        """Which share of the change is there in each of the 12 months."""
        months = np.arange(1, MONTHS_A_YEAR + 1) - self.start + 1
        return np.clip(months / max(self.ramp, 1), 0, 1)


def apply(inputs: Inputs, levers: Sequence[Lever]) -> Inputs:
    """The inputs with the levers applied in order, marked as moved.

    Retention keeps its split over A, B, C. A share that is multiplied or added to stays between 0 and 1, a change of
    price or quantity at least −1, everything else but a margin rate at least 0; what is set beyond that is a
    BadArgument.
    """
    for lever in levers:
        inputs = _apply(inputs, lever)
    return inputs


def value_of(inputs: Inputs, lever: str) -> np.ndarray:
    """What a lever is, units × classes (× 12 months)."""
    if lever == "retention":
        return inputs.retention
    return inputs.win_rate if lever == "win_rate" else inputs.values[lever]


def with_value(inputs: Inputs, lever: str, new: np.ndarray) -> Inputs:
    """The inputs with another value of a lever, given for each unit and class."""
    return replace(inputs, values={**inputs.values, **_values(inputs, lever, value_of(inputs, lever), new)})


def _apply(inputs: Inputs, lever: Lever) -> Inputs:
    _check(lever)
    chosen = np.array([lever.abc_class in (None, abc_class) for abc_class in CLASSES])
    timed = not (lever.shares == 1).all()
    names = STANDS_FOR.get(lever.name, (lever.name,))
    if timed or any(inputs.values[name].ndim == 3 for name in names):
        inputs = inputs.by_month
        chosen = chosen[:, None]
    old = value_of(inputs, lever.name)
    new = _moved(old, lever)
    if timed:
        new = old + lever.shares * (new - old)
    values = {**inputs.values, **_values(inputs, lever.name, old, np.where(chosen, new, old))}
    flat = {name: value[:, :, 0] if value.shape[2:] == (1,) else value for name, value in values.items()}
    earlier = {name: inputs.moved.get(name, False) for name in names}
    return replace(inputs, values=flat, moved={**inputs.moved, **{n: earlier[n] | chosen.reshape(-1) for n in names}})


def _values(inputs: Inputs, name: str, old: np.ndarray, new: np.ndarray) -> dict[str, np.ndarray]:
    """The inputs that a lever stands for, at its new value."""
    if name == "retention":
        # Where nobody stayed there is no split to keep: who stays, stays in his class.
        own = np.eye(len(RETENTION)).reshape(len(RETENTION), 1, -1, *[1] * (old.ndim - 2))
        splits = [
            np.divide(inputs.values[one], old, out=own[place] * np.ones_like(old), where=old > 0)
            for place, one in enumerate(RETENTION)
        ]
        return {
            one: np.where(new == old, inputs.values[one], split * new)
            for one, split in zip(RETENTION, splits, strict=True)
        }
    if name == "win_rate":
        factor = np.divide(new, old, out=np.zeros_like(new), where=old != 0)
        amounts, wins = inputs.values["open_amount"], inputs.values["open_wins"]
        closing = {one: inputs.values[one] * factor for one in CLOSING}
        return {"open_deals": amounts * new, "open_wins": wins * factor, **closing}
    return {name: new}


def _moved(old: np.ndarray, lever: Lever) -> np.ndarray:
    """The value that the whole change leads to."""
    if lever.operation == "set":
        new = np.full_like(old, lever.value)
    elif lever.operation == "add":
        new = old + lever.value
    else:
        new = (1 + old) * lever.value - 1 if lever.name in CHANGES else old * lever.value
    least, most = _bounds(lever)
    moved: np.ndarray = np.clip(new, least, most)
    return moved


def _bounds(lever: Lever) -> tuple[float, float]:
    """The lever's own caps within what its kind of value can be."""
    least = -np.inf if lever.name == "margin_rate" else -1.0 if lever.name in CHANGES else 0.0
    most = 1.0 if lever.name in RATES else np.inf
    low = least if lever.at_least is None else max(least, lever.at_least)
    return low, most if lever.at_most is None else min(most, lever.at_most)


def _check(lever: Lever) -> None:
    if lever.name not in LEVERS:
        raise BadArgument(
            "lever", say("There is no lever {name!r}; there are {levers}.", name=lever.name, levers=", ".join(LEVERS))
        )
    if lever.abc_class not in (None, *CLASSES):
        raise BadArgument(
            "abc_class",
            say(
                "A plan has no class {abc_class!r}; it has {classes}.",
                abc_class=lever.abc_class,
                classes=", ".join(CLASSES),
            ),
        )
    if not 1 <= lever.start <= MONTHS_A_YEAR or not 0 <= lever.ramp <= MONTHS_A_YEAR:
        raise BadArgument(
            "start", say("A lever starts in one of the plan's months 1 to 12 and takes at most 12 to come in.")
        )
    low, high = _bounds(lever)
    if low > high:
        raise BadArgument(
            "at_most",
            say("{name} cannot be at least {low:g} and at most {high:g}.", name=lever.name, low=low, high=high),
        )
    if lever.operation == "add" or lever.name == "margin_rate":
        return
    is_change = lever.name in CHANGES and lever.operation == "set"
    least = -1 if is_change else 0
    if lever.value < least:
        named: dict[str, Value] = {"name": lever.name, "value": lever.value, "least": least}
        if lever.operation == "set":
            raise BadArgument("value", say("{name} cannot be set to {value:g}: {least} is the least.", **named))
        raise BadArgument("value", say("{name} cannot be multiplied by {value:g}: {least} is the least.", **named))
    if lever.operation == "set" and lever.name in RATES and lever.value > 1:
        raise BadArgument(
            "value",
            say("{name} is a share: it cannot be set to {value:g}, above 1.", name=lever.name, value=lever.value),
        )
