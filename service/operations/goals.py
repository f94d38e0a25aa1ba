"""Ways for a kept plan to reach a target."""

from collections.abc import Sequence
from typing import Any

from service.access.keys import Caller
from service.method.plan.ways import Aim, Mover, ways
from service.operations import keeping, methods
from service.operations.plans import read_inputs
from service.store import results
from service.values import round_money, round_ratio


def reach(caller: Caller, identifier: str, aim: Aim, movers: Sequence[Mover]) -> dict[str, Any]:
    """The plan as it is, and each way with what its levers are multiplied by."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    _, inputs = read_inputs(caller, home, row)
    found = ways(inputs, kept["season"], methods.version(caller, row.method).parameters.resources, aim, movers)
    return {
        "baseline": kept[aim.measure],
        "ways": [
            {
                "reachable": one.reachable,
                "reached": round_money(one.reached),
                "missing": round_money(one.missing),
                "hours": round_ratio(one.hours),
                "moves": [
                    {
                        "lever": mover.lever,
                        "abc_class": mover.abc_class,
                        "cap": mover.cap,
                        "multiplier": round_ratio(multiplier),
                        "exact_multiplier": multiplier,
                        "fraction": round_ratio(fraction),
                    }
                    for mover, multiplier, fraction in zip(movers, one.multipliers, one.fractions, strict=True)
                ],
            }
            for one in found
        ],
    }
