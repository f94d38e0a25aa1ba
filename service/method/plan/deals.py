"""What a register of deals tells a plan: conversions by cohort, the cycle, and what open deals are worth.

A cohort is the deals of new customers that were created in the window, as far as they are closed by its end: an open
deal has no end yet that it could be counted with.
"""

from collections.abc import Mapping, Sequence
from math import prod

import pandas as pd

from service.method.plan.inputs import CLOSING, CONVERSIONS, Evidence, Input
from service.values import AMOUNT_SCALE

FEWEST = 5
"""Of fewer deals no share and no median is taken."""
MOST_OPEN = 1000
"""So many open deals are told one by one: the spread of a plan comes from the largest."""
COLUMNS = (
    "deal",
    "unit",
    "abc_class",
    "new_customer",
    "created_now",
    "closed_now",
    "outcome",
    "stage",
    "months",
    "buys",
    "amount",
    "closes",
)
REACHED = ("deals", "deals_qualified", "deals_offered", "deals_won")
ALL_CLASSES = "borrowed from all classes"


def of_cohort(own: pd.DataFrame, every: pd.DataFrame) -> dict[str, Input]:
    """Conversions and the cycle of a class's deals, of those of every class where the class has too few.

    Columns `COLUMNS`: `stage` 0 lead, 1 qualified, 2 offer, the last one entered by the window's end; `outcome` by then
    (open, won, lost); `months` from creation to the win; `created_now`, `closed_now`: within the window.
    """
    found: dict[str, Input] = {}
    for those, provenance in ((every, ALL_CLASSES), (own, "observed")):
        counts = _reached(those)
        for name, above, below in zip(CONVERSIONS, REACHED[1:], REACHED[:-1], strict=True):
            if counts["deals"] >= FEWEST and counts[below]:
                evidence = Evidence(f"{above} / {below}", {above: counts[above], below: counts[below]})
                found[name] = Input(counts[above] / counts[below], provenance, counts[below], evidence)
        won = won_now(those)
        if len(won) >= FEWEST:
            median = float(won["months"].median())
            evidence = Evidence("median_months", {"median_months": median})
            found["cycle_months"] = Input(median, provenance, len(won), evidence)
    return found


def win_rates(deals: pd.DataFrame, conversions: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """By class and stage the share that is won of those who reached it, of all classes together; from the method's
    conversions of the class where too few did."""
    counts = _reached(deals)
    return {
        name: [
            counts["deals_won"] / counts[reached] if counts[reached] >= FEWEST else prod(own[place:])
            for place, reached in enumerate(REACHED[:-1])
        ]
        for name, own in conversions.items()
    }


def of_open(deals: pd.DataFrame, abc_class: str, share: float, rates: Sequence[float], first: int) -> dict[str, Input]:
    """Amounts and wins of a class's open deals with who does not buy, and its share of those without a class; apart
    those that are expected to close in a month of the plan, which begins with `first`."""
    still = still_open(deals, first)
    if not len(still):
        return {}
    stages = [of_stage(still, stage, abc_class, share) for stage in range(len(rates))]
    amount = sum(float((own["amount"] * own["share"]).sum()) for own in stages) / AMOUNT_SCALE
    wins = sum(float(own["share"].sum()) * rate for own, rate in zip(stages, rates, strict=True))
    found = {
        "open_amount": Input(amount, "observed", len(still)),
        "open_deals": _worth(stages, rates, len(still)),
        "open_wins": Input(wins, "observed", len(still)),
    }
    for month in sorted({*still["month"].tolist()} - {0}):
        of_month = [own[own["month"] == month] for own in stages]
        found[CLOSING[month - 1]] = _worth(of_month, rates, int((still["month"] == month).sum()))
    return found


def _worth(stages: Sequence[pd.DataFrame], rates: Sequence[float], n: int) -> Input:
    """Σ over the stages of amount × win rate."""
    amounts = [float((own["amount"] * own["share"]).sum()) / AMOUNT_SCALE for own in stages]
    terms: dict[str, float] = {}
    for place, (amount, rate) in enumerate(zip(amounts, rates, strict=True), start=1):
        terms |= {f"amount_{place}": amount, f"rate_{place}": rate}
    products = " + ".join(f"amount_{place} * rate_{place}" for place in range(1, len(rates) + 1))
    worth = sum(amount * rate for amount, rate in zip(amounts, rates, strict=True))
    return Input(worth, "observed", n, Evidence(products, terms))


Open = tuple[float, float, int]
"""Of an open deal its amount, its win rate and the place of its unit."""


def each_open(
    deals: pd.DataFrame,
    shares: Mapping[str, float],
    rates: Mapping[str, Sequence[float]],
    first: int,
    units: Sequence[str],
) -> list[Open]:
    """Each open deal with who does not buy, the largest where there are very many.

    A deal without a class has the rate of all classes by their shares.
    """
    still = still_open(deals, first).nlargest(MOST_OPEN, "amount")
    mixed = [sum(shares[name] * rates[name][stage] for name in shares) for stage in range(3)]
    columns = (still[name].tolist() for name in ("amount", "abc_class", "stage", "unit"))
    return [
        (amount / AMOUNT_SCALE, rates.get(abc_class, mixed)[stage], units.index(unit))
        for amount, abc_class, stage, unit in zip(*columns, strict=True)
    ]


def worth_of_customers(
    deals: pd.DataFrame,
    shares: Mapping[str, float],
    rates: Mapping[str, Sequence[float]],
    lengths: Mapping[str, int],
    first: int,
) -> dict[str, dict[str, list[float]]]:
    """Customer ("": none) → class → what his open deals are worth in each of 12 months.

    `shares`: of which class the deals are that have none; `lengths`: over how many months the deals of a class close
    that are not expected in a month of the plan, which begins with `first`.
    """
    found: dict[str, dict[str, list[float]]] = {}
    columns = ("customer", "abc_class", "stage", "month", "amount")
    still = still_open(deals, first)
    for customer, abc_class, stage, month, amount in zip(*(still[name].tolist() for name in columns), strict=True):
        own = found.setdefault(customer, {name: [0.0] * 12 for name in rates})
        for name, share in ({abc_class: 1.0} if abc_class in rates else shares).items():
            worth = amount / AMOUNT_SCALE * share * rates[name][stage]
            months = [month - 1] if month else range(lengths[name])
            for place in months:
                own[name][place] += worth / len(months)
    return found


def of_stage(still: pd.DataFrame, stage: int, abc_class: str, share: float) -> pd.DataFrame:
    """Those of a stage among open deals, each with the `share` of it that is the class's."""
    own = still[still["stage"] == stage]
    parts = own["abc_class"].map({abc_class: 1.0, "": share}).astype(float).fillna(0.0)
    return own.assign(share=parts)


def still_open(deals: pd.DataFrame, first: int) -> pd.DataFrame:
    """Open deals with who does not buy, but those expected to close after the year of a plan that begins with `first`.

    `month`: of the plan, 1 to 12, in which one is expected to close; 0 where none is known.
    """
    own = deals[(deals["outcome"] == "open") & ~deals["buys"] & (deals["closes"] < first + 12)]
    return own.assign(month=(own["closes"] - first + 1).clip(lower=0))


def reached(deals: pd.DataFrame, step: str) -> pd.DataFrame:
    """The deals of the cohort that reached one of the steps REACHED; who won is taken to have passed them all."""
    cohort = deals[deals["new_customer"] & deals["created_now"] & (deals["outcome"] != "open")]
    won = cohort["outcome"] == "won"
    if step == REACHED[-1]:
        return cohort[won]
    return cohort[won | (cohort["stage"] >= REACHED.index(step))]


def won_now(deals: pd.DataFrame) -> pd.DataFrame:
    """Deals of new customers that were won in the window."""
    return deals[deals["new_customer"] & (deals["outcome"] == "won") & deals["closed_now"]]


def _reached(deals: pd.DataFrame) -> Mapping[str, int]:
    return {step: len(reached(deals, step)) for step in REACHED}
