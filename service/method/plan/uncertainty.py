"""How far a year may end from its plan by chance alone: customers, wins and deals that come or not, independently.

By the formula and the normal law, and by simulation. What the plan assumes (rates, worths) is taken as right; grown
business is taken as planned. The spread is that of the year's formulas, without season.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import erf, sqrt

import numpy as np

from service.errors import AmountTooLarge
from service.method.plan.blocks import LARGEST
from service.method.plan.deals import Open
from service.method.plan.inputs import RETENTION, Inputs
from service.wording import say

MONTHS_A_YEAR = 12
MOST_SAMPLES = 10_000_000
"""So many numbers of a kind are drawn: (cells + open deals) × draws."""
AT_ONCE = 1_000_000
"""So many of them at once: the units go by in blocks."""
MOST_OF_A_KIND = 1e12
"""So many customers, leads or lost ones of a class are still drawn."""
_SUMMED = 24
"""So many uniform numbers are added one by one; more of them are normal."""
_Z10 = 1.2815515655446004
"""The normal law has a tenth of its cases beyond so many standard deviations."""
Deals = Sequence[Open]
"""Open deals; the place of one that is of no unit is the number of units."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What a law says: standard deviation, tenth, fiftieth and ninetieth percentile, probability of the target."""

    standard_deviation: float
    p10: float
    p50: float
    p90: float
    probability: float | None


def standard_deviation(inputs: Inputs, deals: Deals) -> float:
    """Of the whole plan: the units are independent."""
    return sqrt(variances(inputs, deals).sum())


def variances(inputs: Inputs, deals: Deals) -> np.ndarray:
    """Of each unit, and last of the deals of none:
    Σ_k [N r(1−r)(FV')² + W(FV')²((12−c)/12)³/3 + Pool(ρ/3−ρ²/4)(FV')²] + Σ a²p(1−p)."""
    flat = inputs.average
    v, kept, rate = flat.values, flat.retention, flat.values["reactivation_rate"]
    left = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) / MONTHS_A_YEAR
    times = v["customers"] * kept * (1 - kept) + v["leads"] * flat.conversion * left**3 / 3
    times = times + v["pool"] * (rate / 3 - rate**2 / 4)
    found = np.zeros(len(times) + 1)
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused here
        found[:-1] = (times * (v["order_frequency"] * flat.order_value) ** 2).sum(axis=1)
        for amount, share, place in deals:
            found[place] += amount**2 * share * (1 - share)
        total = float(found.sum())
    if not total < LARGEST**2:
        raise AmountTooLarge(say("The spread leaves the range of amounts: check orders, revenue and levers."))
    return found


def normal(planned: float, deviation: float, target: float | None) -> Spread:
    """By the normal law around the plan."""
    probability = None
    if target is not None:
        probability = float(planned >= target)
        if deviation > 0:
            probability = (1 + erf((planned - target) / deviation / sqrt(2))) / 2
    return Spread(deviation, planned - _Z10 * deviation, planned, planned + _Z10 * deviation, probability)


def simulated(
    inputs: Inputs, deals: Deals, planned: Sequence[float], target: float | None, draws: int, seed: int
) -> tuple[Spread, list[Spread]] | None:
    """By so many simulated years around the plan, `planned` by unit: the whole, which the target is of, and each unit.

    None where that would be too many numbers to draw.
    """
    flat = inputs.average
    counts = [flat.values[name] for name in ("customers", "leads", "pool")]
    samples = (counts[0].size + len(deals)) * draws
    if samples > MOST_SAMPLES or max(float(count.max(initial=0)) for count in counts) > MOST_OF_A_KIND:
        return None
    around = np.array(planned, dtype="float64")
    random = np.random.default_rng(seed)
    whole = np.full(draws, around.sum())
    whole += _won([one for one in deals if one[-1] == len(around)], draws, random)
    units: list[Spread] = []
    for years in by_unit(flat, deals, draws, random):
        whole += years.sum(axis=0)
        units += _spreads(years + around[len(units) : len(units) + len(years)].reshape(-1, 1))
    probability = None if target is None else float((whole >= target).mean())
    return replace(_spreads(whole[None])[0], probability=probability), units


def _spreads(years: np.ndarray) -> list[Spread]:
    """Of rows of simulated years."""
    percentiles = np.percentile(years, [10, 50, 90], axis=1)
    rows = np.vstack([years.std(axis=1), percentiles]).T.tolist()
    return [Spread(deviation, p10, p50, p90, None) for deviation, p10, p50, p90 in rows]


def by_unit(inputs: Inputs, deals: Deals, draws: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Simulated years less what is expected of them, units × draws, block of units by block: of `average` inputs."""
    count, columns = inputs.values["customers"].shape
    size = max(1, AT_ONCE // (columns * draws))
    for start in range(0, count, size):
        block = slice(start, start + size)
        years = _customers(inputs.only(block), draws, random)
        for place in sorted({place for *_, place in deals if start <= place < start + len(years)}):
            years[place - start] += _won([one for one in deals if one[-1] == place], draws, random)
        yield years


def _customers(inputs: Inputs, draws: int, random: np.random.Generator) -> np.ndarray:
    """Customers who stay, move or leave, who are won, and who come back: units × draws."""
    v = inputs.values
    worth = v["order_frequency"] * inputs.order_value
    shape = (*worth.shape, draws)
    left = np.maximum(0, MONTHS_A_YEAR - v["cycle_months"]) / MONTHS_A_YEAR
    won = v["leads"] * inputs.conversion * left
    wins = _fractions(random.poisson(won[..., None], shape), random)
    years = _summed(wins - won[..., None] / 2, left * worth)
    pool = np.rint(v["pool"])
    back = random.binomial(pool.astype("int64")[..., None], v["reactivation_rate"][..., None], shape)
    mean = pool * v["reactivation_rate"] / 2
    years += _summed(_fractions(back, random) - mean[..., None], worth * _scale(v["pool"], pool))
    customers = np.rint(v["customers"])
    shares = np.stack([v[name] for name in RETENTION], axis=2)
    lost = np.maximum(0, 1 - shares.sum(axis=2, keepdims=True))
    ways = np.concatenate([shares, lost], axis=2)[:, :, None, :]
    moved = random.multinomial(customers.astype("int64")[..., None], ways, shape)[..., : len(RETENTION)]
    brought = (moved @ worth[:, None, :, None])[..., 0] - (customers * (shares @ worth[:, :, None])[..., 0])[..., None]
    years += _summed(brought, _scale(v["customers"], customers))
    return years


def _summed(figures: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Σ over the classes of figure × weight, units × draws."""
    total: np.ndarray = (weights[:, None, :] @ figures)[:, 0]
    return total


def _scale(exact: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """What each of a whole number of customers stands for."""
    scale: np.ndarray = np.divide(exact, whole, out=np.ones_like(whole), where=whole > 0)
    return scale


def _won(deals: Deals, draws: int, random: np.random.Generator) -> np.ndarray:
    """What open deals bring in each year, less what is expected of them."""
    years = np.zeros(draws)
    size = max(1, AT_ONCE // draws)
    for start in range(0, len(deals), size):
        amounts, shares, _ = (np.array(part) for part in zip(*deals[start : start + size], strict=True))
        years += amounts @ ((random.random((len(amounts), draws)) < shares[:, None]) - shares[:, None])
    return years


def _fractions(counts: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """For each count the sum of so many numbers, uniform between 0 and 1; of many the normal law of their sum."""
    many = counts > _SUMMED
    ends = np.cumsum(np.where(many, 0, counts).reshape(-1))
    running = np.concatenate([[0.0], np.cumsum(random.random(int(ends[-1])))])
    sums: np.ndarray = np.diff(running[ends], prepend=0.0).reshape(counts.shape)
    sums[many] = counts[many] / 2 + np.sqrt(counts[many] / 12) * random.standard_normal(int(many.sum()))
    return sums
