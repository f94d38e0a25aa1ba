"""From statistics to the inputs of a plan: observed where there are data, else borrowed from the whole subsidiary, else
the method's default. Every input says which. Conversions are those of the cohorts of a register of deals where it has
enough of them, else ratios of the funnel's sums.

Choices where the method is silent: leads of a line with a customer count in his class (actual A, B, C, else potential
class), leads without a customer are spread over the classes like the window's new customers, or like its customers
where none is new; leads are never invented: without a funnel there are none. A window of m months counts 12/m times in
orders, leads and the gap to grow into; shares (retention, conversions, reactivation) are as the window has them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from service.method.parameters import PlanParameters
from service.method.plan.deals import ALL_CLASSES, of_cohort, of_open, win_rates
from service.method.plan.inputs import CONVERSIONS, RETENTION, Evidence, Input, Inputs
from service.method.segments.classes import CLASSES
from service.method.states import POOL, State
from service.values import AMOUNT_SCALE

MONTHS_A_YEAR = 12
FUNNEL = ("leads", "qualified", "offers", "wins")
OF_PARENT = "borrowed from the whole subsidiary"
OF_PARENT_CLASSES = "borrowed from all classes of the whole subsidiary"
_LOWEST = {"A": 0.0, "B": 0.0, "C": 1.0}
"""Where nobody tells of which class new customers are."""

Cells = dict[str, dict[str, Input]]


def derive(
    customers: pd.DataFrame,
    funnel: pd.DataFrame,
    deals: pd.DataFrame,
    units: Sequence[str],
    parameters: PlanParameters,
    months: int,
    first: int,
    *,
    prior_complete: bool,
) -> Inputs:
    """Inputs per unit and class of a plan that begins with the month `first`.

    `customers`: unit, abc_class, prior_class (frozen floors), last_class, state, segment (text), revenue, margin,
    orders, gap (ten-thousandths). `funnel`: unit, abc_class ("" where no customer is named) and the funnel's counts
    (ten-thousandths). `deals`: columns as `deals.of_cohort` has them, none without a
    register. `prior_complete`: whether the data reach back over the whole prior window.
    """
    whole = _observed(customers, funnel, parameters, months, prior_complete=prior_complete)
    rates = win_rates(deals, parameters.conversions)
    for abc_class, inputs in whole.items():
        inputs.update(of_cohort(deals[deals["abc_class"] == abc_class], deals))
    portfolios, funnels = dict(iter(customers.groupby("unit"))), dict(iter(funnel.groupby("unit")))
    registers = dict(iter(deals.groupby("unit")))
    found = {}
    for unit in units:
        own, steps = portfolios.get(unit, customers.iloc[:0]), funnels.get(unit, funnel.iloc[:0])
        cells = _observed(own, steps, parameters, months, prior_complete=prior_complete, parent=customers)
        register = registers.get(unit, deals.iloc[:0])
        shares = lead_shares(own, customers)
        for abc_class, inputs in cells.items():
            inputs.update(of_cohort(register[register["abc_class"] == abc_class], register))
            inputs.update(of_open(register, abc_class, shares[abc_class], rates[abc_class], first))
        found[unit] = {
            abc_class: _completed(cells[abc_class], whole[abc_class], parameters, abc_class) for abc_class in CLASSES
        }
    return Inputs.of(found)


def _observed(
    customers: pd.DataFrame,
    funnel: pd.DataFrame,
    parameters: PlanParameters,
    months: int,
    *,
    prior_complete: bool,
    parent: pd.DataFrame | None = None,
) -> Cells:
    """What these customers and this funnel tell by themselves; names without data are absent."""
    steps = _funnel_by_class(customers, funnel, customers if parent is None else parent)
    cells: Cells = {abc_class: {} for abc_class in CLASSES}
    for abc_class, inputs in cells.items():
        own = customers[customers["abc_class"] == abc_class]
        inputs.update(_of_class(own, months))
        inputs.update(_of_pool(customers[customers["last_class"] == abc_class], prior_complete=prior_complete))
        inputs.update(_of_funnel(steps[abc_class], months))
    if prior_complete:
        counts = customers.groupby(["prior_class", "abc_class"]).size().to_dict()
        for abc_class, shares in migration(counts, parameters.shrinkage).items():
            cells[abc_class].update(shares)
    return cells


def _of_class(own: pd.DataFrame, months: int) -> dict[str, Input]:
    count, orders, revenue = len(own), int(own["orders"].sum()), int(own["revenue"].sum())
    grow = own[own["segment"] == "GROW"]
    found = {
        "customers": Input(count, "observed", count),
        "grow_customers": Input(len(grow), "observed", count),
        "grow_gap": Input(
            int(grow["gap"].sum()) * MONTHS_A_YEAR / (months * AMOUNT_SCALE),
            "observed",
            len(grow),
            Evidence("gap * 12 / months", {"gap": int(grow["gap"].sum()) / AMOUNT_SCALE, "months": months}),
        ),
    }
    facts = {
        "customers": count,
        "orders": orders / AMOUNT_SCALE,
        "revenue": revenue / AMOUNT_SCALE,
        "margin": int(own["margin"].sum()) / AMOUNT_SCALE,
        "months": months,
    }
    if orders > 0:
        yearly = orders / AMOUNT_SCALE / count * MONTHS_A_YEAR / months
        found["order_frequency"] = Input(yearly, "observed", count, by("orders / customers * 12 / months", facts))
        found["value_per_order"] = Input(
            revenue / orders, "observed", orders // AMOUNT_SCALE, by("revenue / orders", facts)
        )
    elif count:
        # Without counts of orders a customer's year is one order.
        found["order_frequency"] = Input(1.0, "default", count)
        value = revenue / AMOUNT_SCALE / count * MONTHS_A_YEAR / months
        found["value_per_order"] = Input(value, "observed", count, by("revenue / customers * 12 / months", facts))
    if revenue > 0:
        rate = int(own["margin"].sum()) / revenue
        found["margin_rate"] = Input(rate, "observed", count, by("margin / revenue", facts))
    return found


def by(formula: str, facts: Mapping[str, float]) -> Evidence:
    """The formula and those of the facts that it names."""
    names = set(re.findall(r"[a-z_]+", formula))
    return Evidence(formula, {name: value for name, value in facts.items() if name in names})


def _of_pool(last_in_class: pd.DataFrame, *, prior_complete: bool) -> dict[str, Input]:
    """The pool at the window's end, and the rate at which the pool at its start came back."""
    state = last_in_class["state"]
    pool = int(state.isin(POOL).sum())
    returned = int((state == State.REACTIVATED.value).sum())
    before = returned + int((state == State.DORMANT.value).sum())
    found = {"pool": Input(pool, "observed", pool)}
    if prior_complete and before:
        facts = {"returned": returned, "dormant": before - returned}
        evidence = Evidence("returned / (returned + dormant)", facts)
        found["reactivation_rate"] = Input(returned / before, "observed", before, evidence)
    return found


def _of_funnel(steps: Mapping[str, float], months: int) -> dict[str, Input]:
    """Leads a year and conversions as ratios of the window's sums; wins of earlier leads may exceed 1, which is cut."""
    if not steps["leads"]:
        return {}
    evidence = by("leads * 12 / months", {**steps, "months": months})
    found = {"leads": Input(steps["leads"] * MONTHS_A_YEAR / months, "observed", round(steps["leads"]), evidence)}
    for name, above, below in zip(CONVERSIONS, FUNNEL[1:], FUNNEL[:-1], strict=True):
        if steps[below]:
            evidence = by(f"min(1, {above} / {below})", steps)
            found[name] = Input(min(steps[above] / steps[below], 1.0), "observed", round(steps[below]), evidence)
    return found


def _funnel_by_class(
    customers: pd.DataFrame, funnel: pd.DataFrame, parent: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Sums of the funnel's counts by class, those without a customer spread."""
    sums = funnel.groupby("abc_class")[list(FUNNEL)].sum() / AMOUNT_SCALE
    shares = lead_shares(customers, parent)
    found = {}
    for abc_class in CLASSES:
        found[abc_class] = {
            name: float(sums[name].get(abc_class, 0.0)) + float(sums[name].get("", 0.0)) * shares[abc_class]
            for name in FUNNEL
        }
    return found


def lead_shares(own: pd.DataFrame, customers: pd.DataFrame) -> Mapping[str, float]:
    """Of which class the leads and deals of a unit are that name none: like its own customers, else like all."""
    return _shares(own) or new_shares(customers)


def new_shares(customers: pd.DataFrame) -> Mapping[str, float]:
    """Of which class new customers are: like the window's, else like all, else of the lowest."""
    return _shares(customers) or _LOWEST


def _shares(customers: pd.DataFrame) -> dict[str, float]:
    """Shares of the classes among new customers, else among all; empty where there is none."""
    for part in (customers[customers["state"] == State.NEW.value], customers):
        counts = {abc_class: int((part["abc_class"] == abc_class).sum()) for abc_class in CLASSES}
        if sum(counts.values()):
            return {abc_class: count / sum(counts.values()) for abc_class, count in counts.items()}
    return {}


def migration(counts: Mapping[Any, int], shrinkage: float) -> Cells:
    """Shares of each class that will be A, B, C: retention shrunk to the pooled one, the split as observed.

    `counts`: (prior class, class) → customers, frozen floors. A class that tells nothing is absent.
    """
    table = {j: [int(counts.get((j, k), 0)) for k in CLASSES] for j in CLASSES}
    there = {j: sum(table[j]) + int(counts.get((j, "N"), 0)) for j in CLASSES}
    total, stayed = sum(there.values()), sum(sum(row) for row in table.values())
    found: Cells = {}
    for own, (j, row) in enumerate(table.items()):
        if not there[j] + (shrinkage if total else 0):
            continue
        kept = sum(row)
        retention = (kept + shrinkage * (stayed / total if total else 0.0)) / (there[j] + shrinkage)
        split = [count / kept for count in row] if kept else [1.0 if place == own else 0.0 for place in range(3)]
        word = "shrunk" if shrinkage else "observed"
        facts = {"kept": kept, "there": there[j], "shrinkage": shrinkage, "all_kept": stayed, "all_there": total}
        found[j] = {
            name: Input(retention * share, word, there[j], _of_migration({**facts, "moved": row[place]}, share))
            for place, (name, share) in enumerate(zip(RETENTION, split, strict=True))
        }
    return found


def _of_migration(facts: Mapping[str, float], share: float) -> Evidence:
    """The formula that holds for these counts: without anybody who stayed the split is that of the class itself."""
    split = "moved / kept" if facts["kept"] else f"{share:g}"
    if not facts["shrinkage"]:
        return by(f"kept / there * {split}", facts)
    return by(f"(kept + shrinkage * all_kept / all_there) / (there + shrinkage) * {split}", facts)


def _completed(
    own: Mapping[str, Input], whole: Mapping[str, Input], parameters: PlanParameters, abc_class: str
) -> dict[str, Input]:
    """The unit's own inputs, those of the whole where it has none, the method's where nobody has."""
    borrowed = {
        name: replace(found, provenance=OF_PARENT_CLASSES if found.provenance == ALL_CLASSES else OF_PARENT)
        for name, found in whole.items()
        if name != "leads" and found.provenance != "default"
    }
    return {**defaults(parameters, abc_class), **borrowed, **own}


def defaults(parameters: PlanParameters, abc_class: str) -> dict[str, Input]:
    """What the method says of a class that tells nothing."""
    stay = {name: parameters.default_retention if name == f"to_{abc_class}" else 0.0 for name in RETENTION}
    conversions = dict(zip(CONVERSIONS, parameters.conversions[abc_class], strict=True))
    by_class = {
        name: getattr(parameters, name)[abc_class]
        for name in ("cycle_months", "reactivation_rate", "capture", "price", "quantity")
    }
    nothing = dict.fromkeys(("leads", "order_frequency", "value_per_order", "margin_rate"), 0.0)
    return {name: Input(value, "default") for name, value in {**nothing, **stay, **conversions, **by_class}.items()}
