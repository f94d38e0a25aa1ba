"""(e) A plan of many units with eight levers, its Shapley split and the simulation of each unit, beside the formulas
written out in plain numpy.

    python benchmarks/plan.py [--units 10000] [--draws 10000] [--rounds 5] [--part plan] [--part shapley]
        [--part simulation] [--part growth]

Both sides compute the same arrays, units × 3 classes × 12 months; that they agree is checked before anything is timed.
The split evaluates the plan for each of the 256 sets of levers on both sides. `simulation`: so many years of each unit,
and their P10, P50 and P90; both sides draw from the same laws, as many units at once as the memory takes (minutes with
all units: `--units 1000` is a first look). `growth`: the exponent with which the plan's time grows from an eighth of
the units to all. Times are those of the processor, so other work on the machine does not count.
"""

import argparse
import math
import statistics
import sys
import time
from itertools import combinations

import numpy as np
from running import ROOT

sys.path.insert(0, ROOT)
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.inputs import INPUTS, RETENTION, Inputs
from service.method.plan.levers import Lever, apply
from service.method.plan.scenarios import split
from service.method.plan.uncertainty import by_unit

SEASON = np.array([0.5, 0.8, 0.9, 1, 1, 1, 1, 1.1, 1.1, 1.2, 1.2, 1.2])
FACTORS = {
    "customers": 1.01,
    "order_frequency": 1.02,
    "value_per_order": 1.03,
    "margin_rate": 1.05,
    "leads": 1.1,
    "conversion_1": 1.04,
    "reactivation_rate": 1.06,
    "capture": 1.07,
}
PARTS = ("plan", "shapley", "simulation", "growth")
LEVERS = [Lever(name, "multiply", factor) for name, factor in FACTORS.items()]


def made(units: int) -> dict[str, np.ndarray]:
    """Inputs of so many units."""
    random = np.random.default_rng(7)
    ranges = {
        "customers": (5, 50),
        "order_frequency": (1, 12),
        "value_per_order": (100, 9000),
        "margin_rate": (0.1, 0.4),
        "leads": (0, 40),
        "cycle_months": (0.5, 10),
        "pool": (0, 20),
        "open_amount": (0, 9000),
        "open_deals": (0, 3000),
        "open_wins": (0, 2),
        "grow_customers": (0, 9),
        "grow_gap": (0, 50_000),
    }
    values = {name: np.zeros((units, 3)) for name in INPUTS}
    for name in (*RETENTION, "conversion_1", "conversion_2", "conversion_3", "reactivation_rate", "capture"):
        values[name] = random.uniform(0.05, 0.3, (units, 3))
    return values | {name: random.uniform(*ends, (units, 3)) for name, ends in ranges.items()}


def of_product(values: dict[str, np.ndarray]) -> Inputs:
    """The same as the product holds them; nobody asks here where a number comes from."""
    return Inputs([str(place) for place in range(len(values["leads"]))], values, {})


def by_product(inputs: Inputs) -> tuple[float, float]:
    found = plan(apply(inputs, LEVERS), SEASON)
    return found.revenue, found.margin


def by_hand(values: dict[str, np.ndarray], levers=tuple(FACTORS)) -> tuple[float, float]:
    v = dict(values)
    for name in levers:
        v[name] = v[name] * FACTORS[name]
    v = {name: value[:, :, None] for name, value in v.items()}
    worth = v["order_frequency"] * v["value_per_order"] * (1 + v["price"]) * (1 + v["quantity"])
    monthly = worth / 12 * SEASON
    stay = np.stack([(v["customers"] * v[name]).sum(axis=1) for name in RETENTION], axis=1)
    kept = v["to_A"] + v["to_B"] + v["to_C"]
    won = v["leads"] * v["conversion_1"] * v["conversion_2"] * v["conversion_3"]
    month = np.arange(1, 13)
    since = month - v["cycle_months"]
    new = won / 12 * (np.maximum(0, since) ** 2 - np.maximum(0, since - 1) ** 2) / 2 * monthly
    back = v["pool"] * v["reactivation_rate"] * (month - 0.5) / 12 * monthly
    length = np.clip(np.ceil(v["cycle_months"]), 1, 12)
    carried = np.where(month <= length, v["open_deals"] / length, 0)
    grown = v["grow_gap"] * v["capture"] * kept / 12 * SEASON
    blocks = [stay * monthly, new, back, carried, grown]
    return float(sum(one.sum() for one in blocks)), float(sum((one * v["margin_rate"]).sum() for one in blocks))


def split_by_hand(values: dict[str, np.ndarray]) -> np.ndarray:
    names = tuple(FACTORS)
    worth = {
        present: np.array(by_hand(values, present))
        for size in range(len(names) + 1)
        for present in combinations(names, size)
    }
    found = []
    for name in names:
        total = np.zeros(2)
        for present, figures in worth.items():
            if name not in present:
                size = len(present)
                weight = math.factorial(size) * math.factorial(len(names) - size - 1) / math.factorial(len(names))
                with_it = tuple(one for one in names if one in present or one == name)
                total += weight * (worth[with_it] - figures)
        found.append(total)
    return np.array(found)


def simulated_by_product(inputs: Inputs, draws: int) -> np.ndarray:
    """P10, P50 and P90 by unit, around the plan."""
    years = by_unit(inputs, [], draws, np.random.default_rng(5))
    return np.concatenate([np.percentile(block, [10, 50, 90], axis=1) for block in years], axis=1)


def simulated_by_hand(values: dict[str, np.ndarray], draws: int, at_once: int = 30) -> np.ndarray:
    random = np.random.default_rng(6)
    found = []
    for start in range(0, len(values["leads"]), at_once):
        v = {name: value[start : start + at_once] for name, value in values.items()}
        shape = (*v["leads"].shape, draws)
        worth = v["order_frequency"] * v["value_per_order"] * (1 + v["price"]) * (1 + v["quantity"])
        shares = np.stack([v[name] for name in RETENTION], axis=2)
        ways = np.concatenate([shares, 1 - shares.sum(axis=2, keepdims=True)], axis=2)
        there = np.rint(v["customers"]).astype(int)
        moved = random.multinomial(there[:, :, None], ways[:, :, None, :], shape)[..., :3]
        scale = (v["customers"] / np.maximum(there, 1))[:, :, None, None]
        gained = (moved - there[:, :, None, None] * shares[:, :, None, :]) * scale * worth[:, None, None, :]
        years = gained.sum(axis=(1, 3))
        left = np.maximum(0, 12 - v["cycle_months"]) / 12
        won = v["leads"] * v["conversion_1"] * v["conversion_2"] * v["conversion_3"] * left
        pool = np.rint(v["pool"])
        back = random.binomial(pool.astype(int)[:, :, None], v["reactivation_rate"][:, :, None], shape)
        scale = np.divide(v["pool"], pool, out=np.ones_like(pool), where=pool > 0)
        for counts, mean, weight in (
            (random.poisson(won[:, :, None], shape), won / 2, left * worth),
            (back, pool * v["reactivation_rate"] / 2, worth * scale),
        ):
            sums = np.zeros(shape)
            for place in range(counts.max()):
                sums += np.where(counts > place, random.random(shape), 0)
            years += ((sums - mean[:, :, None]) * weight[:, :, None]).sum(axis=1)
        found.append(np.percentile(years, [10, 50, 90], axis=1))
    return np.concatenate(found, axis=1)


def seconds(work, given) -> float:
    start = time.process_time()  # what else the machine does is not counted
    work(given)
    return time.process_time() - start


def compare(name: str, ours, theirs, given: tuple, rounds: int) -> None:
    times = [(seconds(ours, given[0]), seconds(theirs, given[1])) for _ in range(rounds)]
    for side, column in zip(("kontor", "numpy"), zip(*times, strict=True), strict=True):
        print(f"  {side:7} min {min(column):.4f}  median {statistics.median(column):.4f} s  ({rounds} runs)")
    ratio = statistics.median(one / other for one, other in times)
    print(f"  {name}: kontor / numpy = {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--draws", type=int, default=10_000)
    asked = parser.parse_args()
    parts = asked.part or PARTS
    values = made(asked.units)
    inputs = of_product(values)
    np.testing.assert_allclose(by_product(inputs), by_hand(values), rtol=1e-12)
    print(f"{asked.units} units x 3 classes x 12 months, {len(LEVERS)} levers, {len(BLOCKS)} blocks")
    if "plan" in parts:
        compare("plan", by_product, by_hand, (inputs, values), asked.rounds)
    if "shapley" in parts:
        ours = split(inputs, LEVERS, SEASON)
        np.testing.assert_allclose(ours, split_by_hand(values), rtol=1e-7)
        difference = np.array(by_product(inputs)) - np.array(by_hand(values, ()))
        np.testing.assert_allclose(ours.sum(axis=0), difference, rtol=1e-9)
        compare("shapley", lambda own: split(own, LEVERS, SEASON), split_by_hand, (inputs, values), 1)
    if "simulation" in parts:
        few = of_product({name: value[:50] for name, value in values.items()}), {n: v[:50] for n, v in values.items()}
        ours, theirs = simulated_by_product(few[0], 20_000), simulated_by_hand(few[1], 20_000)
        width = (theirs[2] - theirs[0])[None]
        np.testing.assert_allclose(ours / width, theirs / width, atol=0.06)
        compare(
            f"simulation, {asked.draws} years of each unit",
            lambda own: simulated_by_product(own, asked.draws),
            lambda own: simulated_by_hand(own, asked.draws),
            (inputs, values),
            1,
        )
    if "growth" in parts:
        small = of_product(made(asked.units // 8))
        times = [(seconds(by_product, small), seconds(by_product, inputs)) for _ in range(4 * asked.rounds)]
        exponent = math.log(min(two for _, two in times) / min(one for one, _ in times)) / math.log(8)
        print(f"  growth with units: exponent {exponent:.2f}")


if __name__ == "__main__":
    main()
