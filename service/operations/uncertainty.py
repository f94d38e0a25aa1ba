"""How sure a plan is."""

from collections.abc import Sequence
from dataclasses import asdict
from math import sqrt
from typing import Any

from service.access.keys import Caller
from service.method.plan import uncertainty
from service.method.plan.inputs import Inputs
from service.method.plan.levers import apply
from service.operations import keeping
from service.operations.observations import UNIT_WORDS
from service.operations.plans import read_baseline
from service.store import results
from service.values import amount_text, parse_amount, round_money, round_ratio, to_decimal


def of_plan(caller: Caller, identifier: str, target: float | None, draws: int, seed: int) -> dict[str, Any]:
    """A kept plan's year by both laws, and that of each of its units."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    units, baseline, levers = read_baseline(caller, home, row)
    inputs = apply(baseline, levers)
    # Levers move the win rates of all deals together.
    before, now = (float(one.average.values["open_deals"].sum()) for one in (baseline, inputs))
    factor = now / before if before else 1.0
    # A plan from before deals had units has them as a whole.
    deals = [(*deal, len(units))[:3] for deal in kept.get("open_deals", ())]
    deals = [(amount, min(1.0, rate * factor), place) for amount, rate, place in deals]
    planned = {(one["salesperson"], one["channel"]): parse_amount(one["revenue"]) for one in kept["units"]}
    amounts = [planned[unit] for unit in units]
    whole, by_unit = laws(inputs, deals, [float(to_decimal(one)) for one in amounts], target, draws, seed)
    return {
        "revenue": to_decimal(parse_amount(kept["revenue"])),
        "laws": whole,
        "units": [
            {**dict(zip(UNIT_WORDS, unit, strict=True)), "revenue": amount_text(amount), "laws": own}
            for unit, amount, own in zip(units, amounts, by_unit, strict=True)
        ],
    }


Laws = list[dict[str, Any]]


def laws(
    inputs: Inputs, deals: uncertainty.Deals, planned: Sequence[float], target: float | None, draws: int, seed: int
) -> tuple[Laws, list[Laws]]:
    """Of the whole and of each unit, `planned` by unit: the normal law, and the simulation unless that is too large."""
    variances = uncertainty.variances(inputs, deals).tolist()
    whole = [("normal", uncertainty.normal(sum(planned), sqrt(sum(variances)), target))]
    units = [
        [("normal", uncertainty.normal(own, sqrt(variance), None))]
        for own, variance in zip(planned, variances, strict=False)  # the last one is of no unit
    ]
    simulated = uncertainty.simulated(inputs, deals, planned, target, draws, seed)
    if simulated is not None:
        whole.append(("simulation", simulated[0]))
        for own, spread in zip(units, simulated[1], strict=True):
            own.append(("simulation", spread))
    return _told(whole), [_told(own) for own in units]


def _told(spreads: Sequence[tuple[str, uncertainty.Spread]]) -> Laws:
    found = []
    for law, spread in spreads:
        money = {name: round_money(value) for name, value in asdict(spread).items() if name != "probability"}
        probability = None if spread.probability is None else round_ratio(spread.probability)
        found.append({"law": law, **money, "probability": probability})
    return found
