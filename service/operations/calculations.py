"""Data in, result out, nothing kept: the method on what the request brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from service.errors import BadArgument
from service.method.measures import MEASURES
from service.method.parameters import Parameters
from service.method.plan.inputs import CLOSING, CONVERSIONS, Evidence, Input, Inputs
from service.method.plan.statistics import by, defaults, migration
from service.method.segments import Segmentation, segment
from service.method.segments.classes import CLASSES
from service.operations import methods
from service.operations.validation import found_wrong
from service.values import AMOUNT_DECIMALS
from service.wording import say

GIVEN = "given"
UNIT = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Customers that went from a class to a class between the windows."""

    moves: Mapping[tuple[str, str], int]
    shrinkage: float | None


def parameters_with(changes: Mapping[str, Mapping[str, Any]]) -> Parameters:
    """The standard method with some values replaced, by group. BadArgument where a value cannot be."""
    document = methods.standard().model_dump(mode="json")
    for group, values in changes.items():
        document[group] |= values
    try:
        return Parameters.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadArgument("parameters", say("{place}: {message}.", place=name, message=found_wrong(first))) from error


def segmentation(rows: Sequence[Mapping[str, Any]], parameters: Parameters, months: int) -> Segmentation:
    """Segments of the rows: code, scope, channel, bought_before, potential (None: unknown) and exact amounts."""
    # None among exact amounts would turn all of them into floating point.
    known = [row["potential"] is not None for row in rows]
    frame = pd.DataFrame([{**row, "potential": row["potential"] or 0} for row in rows])
    measure = parameters.abc.measure
    frame = frame.assign(
        potential_known=known,
        value=frame[measure],
        prior_value=frame[f"prior_{measure}"],
    )
    amounts = [name for name in frame if name in MEASURES or str(name).startswith("prior_") or name == "contacts"]
    frame = frame.astype(dict.fromkeys([*amounts, "value"], "int64"))
    return segment(frame, parameters, months, np.zeros((len(frame), 0), dtype="int64"), [])


def inputs(classes: Mapping[str, Mapping[str, Input]], counts: Counts) -> Inputs:
    """Inputs of one unit from what is given per class; what is absent is the method's default."""
    standard = methods.standard().plan
    shrinkage = standard.shrinkage if counts.shrinkage is None else counts.shrinkage
    moved = migration(counts.moves, shrinkage)
    cells = {}
    for abc_class in CLASSES:
        given = classes.get(abc_class, {})
        cells[abc_class] = {**defaults(standard, abc_class), **moved.get(abc_class, {}), **given}
    return Inputs.of({UNIT: cells})


def of_class(
    customers: int,
    orders: float,
    revenue: float,
    months: int,
    conversions: Sequence[float] | None,
    open_deals: Sequence[tuple[float, float, int | None]],
    more: Mapping[str, float | None],
) -> dict[str, Input]:
    """Inputs of a class from sums: F and V from orders and revenue, amounts and wins expected of open deals.

    An open deal: amount, win rate, and the month of the plan in which it is expected to close, if any.
    """
    orders = round(orders, AMOUNT_DECIMALS)
    facts = {"orders": orders, "customers": customers, "months": months, "revenue": revenue}
    frequency = by("orders / customers * 12 / months" if customers else "0", facts)
    value = by("revenue / orders" if orders else "0", facts)
    gap = more["grow_gap"] or 0.0
    deals = {f"amount_{place}": amount for place, (amount, _, _) in enumerate(open_deals, start=1)}
    rates = {f"rate_{place}": rate for place, (_, rate, _) in enumerate(open_deals, start=1)}
    computed = {
        "order_frequency": Input(orders / customers * 12 / months if customers else 0.0, GIVEN, None, frequency),
        "value_per_order": Input(revenue / orders if orders else 0.0, GIVEN, None, value),
        "grow_gap": Input(gap * 12 / months, GIVEN, None, by("gap * 12 / months", {"gap": gap, "months": months})),
        "open_amount": _given(sum(deals.values()), " + ".join(deals), deals),
        "open_deals": _worth(list(enumerate(open_deals, start=1))),
        "open_wins": _given(sum(rates.values()), " + ".join(rates), rates),
    }
    for month, name in enumerate(CLOSING, start=1):
        own = [(place, deal) for place, deal in enumerate(open_deals, start=1) if deal[2] == month]
        if own:
            computed[name] = _worth(own)
    plain = {**more, "customers": customers}
    if conversions is not None:
        plain |= dict(zip(CONVERSIONS, conversions, strict=True))
    return {name: _given(value) for name, value in plain.items() if value is not None} | computed


def _worth(deals: Sequence[tuple[int, tuple[float, float, int | None]]]) -> Input:
    """Σ amount × win rate of deals, each with its number."""
    terms = {f"amount_{place}": amount for place, (amount, _, _) in deals}
    terms |= {f"rate_{place}": rate for place, (_, rate, _) in deals}
    products = " + ".join(f"amount_{place} * rate_{place}" for place, _ in deals)
    return _given(sum(amount * rate for _, (amount, rate, _) in deals), products, terms)


def _given(value: float, formula: str = "", facts: Mapping[str, float] | None = None) -> Input:
    return Input(float(value), GIVEN, None, Evidence(formula, facts or {}) if formula else None)
