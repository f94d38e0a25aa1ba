"""Levers: arguments of the plan that somebody can change. No lever = the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.errors import BadArgument
from service.method.plan.inputs import CONVERSIONS, RETENTION, SHARES, Input, Inputs
from service.method.segments.classes import CLASSES

LEVERS = (
    "retention",
    "order_frequency",
    "value_per_order",
    "price",
    "quantity",
    "margin_rate",
    "leads",
    *CONVERSIONS,
    "cycle_months",
    "reactivation_rate",
    "capture",
)
CHANGES = ("price", "quantity")
"""Levers that are changes: multiplying one multiplies 1 + change."""


@dataclass(frozen=True, slots=True)
class Lever:
    """`set` gives each unit and class this value, `multiply` multiplies what it has. `abc_class` None: all classes."""

    name: str
    operation: Literal["set", "multiply"]
    value: float
    abc_class: str | None = None


def apply(inputs: Inputs, levers: Sequence[Lever]) -> Inputs:
    """The inputs with the levers applied in order, marked "set by lever".

    Retention keeps its split over A, B, C. A share that is multiplied stays at most 1; one that is set outside 0 to 1,
    and anything negative but a change of price, quantity or a margin rate, is a BadArgument.
    """
    for lever in levers:
        inputs = _apply(inputs, lever)
    return inputs


def _apply(inputs: Inputs, lever: Lever) -> Inputs:
    _check(lever)
    chosen = np.array([lever.abc_class in (None, abc_class) for abc_class in CLASSES])
    if lever.name == "retention":
        return _with_retention(inputs, lever, chosen)
    old = inputs.values[lever.name]
    return _replaced(inputs, lever.name, np.where(chosen, _moved(old, lever), old), chosen)


def _moved(old: np.ndarray, lever: Lever) -> np.ndarray:
    if lever.operation == "set":
        return np.full_like(old, lever.value)
    if lever.name in CHANGES:
        return (1 + old) * lever.value - 1
    moved = old * lever.value
    return np.minimum(moved, 1.0) if lever.name in SHARES else moved


def _with_retention(inputs: Inputs, lever: Lever, chosen: np.ndarray) -> Inputs:
    old = inputs.retention
    new = np.minimum(_moved(old, lever), 1.0)
    for name in RETENTION:
        own = float(RETENTION.index(name))
        # Where nobody stayed there is no split to keep: who stays, stays in his class.
        share = np.divide(inputs.values[name], old, out=(np.arange(3) == own) * np.ones_like(old), where=old > 0)
        inputs = _replaced(inputs, name, np.where(chosen, share * new, inputs.values[name]), chosen)
    return inputs


def _replaced(inputs: Inputs, name: str, values: np.ndarray, chosen: np.ndarray) -> Inputs:
    sources = [
        [
            Input(float(values[place, column]), "set by lever") if chosen[column] else cell
            for column, cell in enumerate(row)
        ]
        for place, row in enumerate(inputs.sources[name])
    ]
    return replace(inputs, values={**inputs.values, name: values}, sources={**inputs.sources, name: sources})


def _check(lever: Lever) -> None:
    if lever.name not in LEVERS:
        raise BadArgument("lever", f"There is no lever {lever.name!r}; there are {', '.join(LEVERS)}.")
    if lever.abc_class not in (None, *CLASSES):
        raise BadArgument("abc_class", f"A plan has no class {lever.abc_class!r}; it has {', '.join(CLASSES)}.")
    is_change = lever.name in CHANGES and lever.operation == "set"
    least = -1 if is_change else 0
    if lever.value < least and lever.name != "margin_rate":
        done = "set to" if lever.operation == "set" else "multiplied by"
        raise BadArgument("value", f"{lever.name} cannot be {done} {lever.value:g}: {least} is the least.")
    if lever.operation == "set" and lever.name in (*SHARES, "retention") and lever.value > 1:
        raise BadArgument("value", f"{lever.name} is a share: it cannot be set to {lever.value:g}, above 1.")
