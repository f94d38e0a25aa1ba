"""What a register of deals tells a plan: conversions by cohort, the cycle, and what open deals are worth.

A cohort is the deals of new customers that were created in the window, as far as they are closed by its end: an open
deal has no end yet that it could be counted with.
"""

from collections.abc import Mapping, Sequence
from math import prod

import pandas as pd

from service.method.plan.inputs import CONVERSIONS, Evidence, Input
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


def of_open(deals: pd.DataFrame, abc_class: str, share: float, rates: Sequence[float]) -> dict[str, Input]:
    """Amounts and wins of a class's open deals with who does not buy, and its share of those without a class."""
    still = _open(deals)
    if not len(still):
        return {}
    terms: dict[str, float] = {}
    amount = worth = wins = 0.0
    for stage, rate in enumerate(rates):
        own = of_stage(deals, stage, abc_class, share)
        amounts = float((own["amount"] * own["share"]).sum()) / AMOUNT_SCALE
        terms |= {f"amount_{stage + 1}": amounts, f"rate_{stage + 1}": rate}
        amount += amounts
        worth += amounts * rate
        wins += float(own["share"].sum()) * rate
    n = len(still)
    products = " + ".join(f"amount_{place} * rate_{place}" for place in (1, 2, 3))
    return {
        "open_amount": Input(amount, "observed", n),
        "open_deals": Input(worth, "observed", n, Evidence(products, terms)),
        "open_wins": Input(wins, "observed", n),
    }


def each_open(
    deals: pd.DataFrame, shares: Mapping[str, float], rates: Mapping[str, Sequence[float]]
) -> list[tuple[float, float]]:
    """Amount and win rate of each open deal with who does not buy, of the largest where there are very many.

    A deal without a class has the rate of all classes by their shares.
    """
    still = _open(deals).nlargest(MOST_OPEN, "amount")
    mixed = [sum(shares[name] * rates[name][stage] for name in shares) for stage in range(3)]
    columns = (still[name].tolist() for name in ("amount", "abc_class", "stage"))
    return [
        (amount / AMOUNT_SCALE, rates.get(abc_class, mixed)[stage])
        for amount, abc_class, stage in zip(*columns, strict=True)
    ]


def of_stage(deals: pd.DataFrame, stage: int, abc_class: str, share: float) -> pd.DataFrame:
    """Open deals of a stage with who does not buy, each with the `share` of it that is the class's."""
    still = _open(deals)
    own = still[still["stage"] == stage]
    parts = own["abc_class"].map({abc_class: 1.0, "": share}).astype(float).fillna(0.0)
    return own.assign(share=parts)


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


def _open(deals: pd.DataFrame) -> pd.DataFrame:
    """Open deals with who does not buy."""
    return deals[(deals["outcome"] == "open") & ~deals["buys"]]


def _reached(deals: pd.DataFrame) -> Mapping[str, int]:
    return {step: len(reached(deals, step)) for step in REACHED}
