"""How sure a plan is."""

from dataclasses import asdict
from typing import Any

from service.access.keys import Caller
from service.method.plan import uncertainty
from service.method.plan.inputs import Inputs
from service.method.plan.levers import apply
from service.operations import keeping
from service.operations.plans import read_baseline
from service.store import results
from service.values import parse_amount, round_money, round_ratio, to_decimal


def of_plan(caller: Caller, identifier: str, target: float | None, draws: int, seed: int) -> dict[str, Any]:
    """A kept plan's year by both laws."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    planned = to_decimal(parse_amount(kept["revenue"]))
    _, baseline, levers = read_baseline(caller, home, row)
    inputs = apply(baseline, levers)
    # Levers move the win rates of all deals together.
    before, now = (float(one.average.values["open_deals"].sum()) for one in (baseline, inputs))
    factor = now / before if before else 1.0
    deals = [(amount, min(1.0, rate * factor)) for amount, rate, *_ in kept.get("open_deals", ())]
    return {"revenue": planned, "laws": laws(inputs, deals, float(planned), target, draws, seed)}


def laws(
    inputs: Inputs, deals: uncertainty.Deals, planned: float, target: float | None, draws: int, seed: int
) -> list[dict[str, Any]]:
    """The normal law, and the simulation unless that would be too large."""
    deviation = uncertainty.standard_deviation(inputs, deals)
    found = {
        "normal": uncertainty.normal(planned, deviation, target),
        "simulation": uncertainty.simulated(inputs, deals, planned, target, draws, seed),
    }
    return [{"law": law, **_told(spread)} for law, spread in found.items() if spread is not None]


def _told(spread: uncertainty.Spread) -> dict[str, Any]:
    money = {name: value for name, value in asdict(spread).items() if name != "probability"}
    rounded = {name: round_money(value) for name, value in money.items()}
    return {**rounded, "probability": None if spread.probability is None else round_ratio(spread.probability)}
