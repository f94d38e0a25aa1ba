"""How far a year may end from its plan by chance alone: customers, wins and deals that come or not, independently.

By the formula and the normal law, and by simulation. What the plan assumes (rates, worths) is taken as right; grown
business is taken as planned. The spread is that of the year's formulas, without season.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt

import numpy as np

from service.errors import AmountTooLarge
from service.method.plan.blocks import LARGEST
from service.method.plan.inputs import RETENTION, Inputs

MONTHS_A_YEAR = 12
MOST_SAMPLES = 1_000_000
"""So many numbers of a kind are drawn: cells × draws."""
MOST_OF_A_KIND = 1e12
"""So many customers, leads or lost ones of a class are still drawn."""
_SUMMED = 24
"""So many uniform numbers are added one by one; more of them are normal."""
_Z10 = 1.2815515655446004
"""The normal law has a tenth of its cases beyond so many standard deviations."""
Deals = Sequence[tuple[float, float]]
"""Open deals: amount and win rate."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What a law says: standard deviation, tenth, fiftieth and ninetieth percentile, probability of the target."""

    standard_deviation: float
    p10: float
    p50: float
    p90: float
    probability: float | None


def standard_deviation(inputs: Inputs, deals: Deals) -> float:
    """Σ_k [N r(1−r)(FV')² + W(FV')²((12−c)/12)³/3 + Pool(ρ/3−ρ²/4)(FV')²] + Σ a²p(1−p)."""
    flat = inputs.average
    v, kept, rate = flat.values, flat.retention, flat.values["reactivation_rate"]
    left = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) / MONTHS_A_YEAR
    times = v["customers"] * kept * (1 - kept) + v["leads"] * flat.conversion * left**3 / 3
    times = times + v["pool"] * (rate / 3 - rate**2 / 4)
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused here
        squares = float((times * (v["order_frequency"] * flat.order_value) ** 2).sum())
    found = squares + sum(amount**2 * share * (1 - share) for amount, share in deals)
    if not found < LARGEST**2:
        raise AmountTooLarge("The spread leaves the range of amounts: check orders, revenue and levers.")
    return sqrt(found)


def normal(planned: float, deviation: float, target: float | None) -> Spread:
    """By the normal law around the plan."""
    probability = None
    if target is not None:
        probability = float(planned >= target)
        if deviation > 0:
            probability = (1 + erf((planned - target) / deviation / sqrt(2))) / 2
    return Spread(deviation, planned - _Z10 * deviation, planned, planned + _Z10 * deviation, probability)


def simulated(
    inputs: Inputs, deals: Deals, planned: float, target: float | None, draws: int, seed: int
) -> Spread | None:
    """By so many simulated years around the plan; None where that would be too many numbers to draw."""
    counts = [inputs.average.values[name] for name in ("customers", "leads", "pool")]
    if counts[0].size * draws > MOST_SAMPLES or max(float(count.max()) for count in counts) > MOST_OF_A_KIND:
        return None
    years = planned + _deviations(inputs.average, deals, draws, np.random.default_rng(seed))
    p10, p50, p90 = (float(value) for value in np.percentile(years, [10, 50, 90]))
    probability = None if target is None else float((years >= target).mean())
    return Spread(float(years.std()), p10, p50, p90, probability)


def _deviations(inputs: Inputs, deals: Deals, draws: int, random: np.random.Generator) -> np.ndarray:
    """Simulated years less what is expected of them."""
    v = {name: value.reshape(-1) for name, value in inputs.values.items()}
    worth = (inputs.values["order_frequency"] * inputs.order_value).reshape(-1)
    left = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) / MONTHS_A_YEAR
    won = v["leads"] * inputs.conversion.reshape(-1) * left
    wins = _fractions(random.poisson(won, (draws, len(won))), random)
    pool = np.rint(v["pool"])
    back = _fractions(random.binomial(pool.astype("int64"), v["reactivation_rate"], (draws, len(pool))), random)
    back_mean = pool * v["reactivation_rate"] / 2
    years: np.ndarray = _existing(inputs, draws, random)
    years += (wins - won / 2) @ (left * worth)
    years += (back - back_mean) @ (worth * np.divide(v["pool"], pool, out=np.ones_like(pool), where=pool > 0))
    if deals:
        amounts, shares = (np.array(part) for part in zip(*deals, strict=True))
        years += (random.binomial(1, shares, (draws, len(deals))) - shares) @ amounts
    return years


def _existing(inputs: Inputs, draws: int, random: np.random.Generator) -> np.ndarray:
    """Of each class's customers so many move to each class, and bring its worth; less what is expected."""
    worth = inputs.values["order_frequency"] * inputs.order_value
    shares = np.stack([inputs.values[name] for name in RETENTION], axis=2)
    customers = inputs.values["customers"]
    whole = np.rint(customers)
    lost = np.maximum(0, 1 - shares.sum(axis=2, keepdims=True))
    moved = random.multinomial(whole.astype("int64"), np.concatenate([shares, lost], axis=2), (draws, *whole.shape))
    scale = np.divide(customers, whole, out=np.ones_like(customers), where=whole > 0)
    deviation = moved[..., : len(RETENTION)] - whole[:, :, None] * shares
    years: np.ndarray = np.einsum("dujk,uk,uj->d", deviation, worth, scale)
    return years


def _fractions(counts: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """For each count the sum of so many numbers, uniform between 0 and 1; of many the normal law of their sum."""
    sums = np.where(counts > _SUMMED, counts / 2 + np.sqrt(counts / 12) * random.standard_normal(counts.shape), 0.0)
    few = np.where(counts > _SUMMED, 0, counts)
    for place in range(int(few.max(initial=0))):
        sums += np.where(few > place, random.random(counts.shape), 0.0)
    return sums
