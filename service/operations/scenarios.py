"""What the levers of a plan do: the difference to its baseline split over them, and how the plan answers to each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.access.keys import Caller
from service.errors import BadArgument
from service.method.money import closed
from service.method.plan import scenarios
from service.method.plan.blocks import Spread
from service.method.plan.inputs import Inputs
from service.method.plan.levers import LEVERS, Lever, apply
from service.method.segments.classes import CLASSES
from service.operations import keeping, references
from service.operations.plans import read_baseline, told
from service.store import results
from service.values import (
    AMOUNT_SCALE,
    amount_text,
    parse_amount,
    round_ratio,
    smallest_coin,
    to_decimal,
)

FIGURES = ("revenue", "margin")


def described(caller: Caller, identifier: str) -> dict[str, Any]:
    """A kept plan beside its baseline, what each of its levers adds, and the elasticity of every lever."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    _, baseline, levers = read_baseline(caller, home, row)
    first = kept
    if kept.get("baseline") is not None:
        first = keeping.summary(keeping.get(caller, home, results.PLAN, kept["baseline"]))
    differences = [parse_amount(kept[name]) - parse_amount(first[name]) for name in FIGURES]
    parts, reason = contributions(baseline, levers, kept["season"], "blocks", differences, smallest_coin(row.currency))
    return {
        "baseline": baseline_id(row.subsidiary, kept),
        **{name: kept[name] for name in FIGURES},
        **{f"baseline_{name}": first[name] for name in FIGURES},
        "contributions": parts,
        "not_split": reason,
        "elasticities": elasticities(apply(baseline, levers), kept["season"], "blocks"),
    }


def beside(caller: Caller, identifier: str) -> dict[str, Any]:
    """A plan and the scenarios that were kept beside it."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    items = []
    for other in results.after(caller.connection, home, results.PLAN, row.number):
        found = keeping.summary(other)
        if found.get("baseline") == row.number:
            items.append(
                {
                    "plan": references.write(other.subsidiary, other.number),
                    "levers": found["levers"],
                    "fresh": other.data_revision == other.newest,
                    **{name: found[name] for name in FIGURES},
                    **{
                        f"{name}_difference": amount_text(parse_amount(found[name]) - parse_amount(kept[name]))
                        for name in FIGURES
                    },
                }
            )
    return {"baseline": identifier, **{name: kept[name] for name in FIGURES}, "items": items}


def baseline_id(subsidiary: str, kept: dict[str, Any]) -> str | None:
    """Of a scenario the id of its baseline."""
    number = kept.get("baseline")
    return None if number is None else references.write(subsidiary, number)


def contributions(
    baseline: Inputs,
    levers: Sequence[Lever],
    season: Sequence[float],
    spread: Spread,
    differences: Sequence[int],
    step: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """What each lever adds, in whole steps that add up to the differences; or why they are not split."""
    try:
        parts = scenarios.split(baseline, levers, season, spread)
    except BadArgument as refusal:
        return [], str(refusal.detail)
    keys = [f"{place:02d}" for place in range(len(levers))]
    exact = {
        name: closed(total // step, (parts[:, column] * AMOUNT_SCALE / step).tolist(), keys) if levers else []
        for column, (name, total) in enumerate(zip(FIGURES, differences, strict=True))
    }
    return [
        {**told(lever), **{name: to_decimal(exact[name][place] * step) for name in FIGURES}}
        for place, lever in enumerate(levers)
    ], None


def elasticities(inputs: Inputs, season: Sequence[float], spread: Spread) -> list[dict[str, Any]]:
    """By lever and class; null where the plan's own figure is 0."""
    found = scenarios.elasticities(inputs, season, spread)
    return [
        {
            "lever": lever,
            "meaning": meaning,
            "abc_class": abc_class,
            **{name: _ratio(found[lever][place, column]) for place, name in enumerate(FIGURES)},
        }
        for lever, meaning in LEVERS.items()
        for column, abc_class in enumerate(CLASSES)
    ]


def _ratio(value: float) -> Any:
    return None if np.isnan(value) else round_ratio(float(value))
