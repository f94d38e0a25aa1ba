"""What is counted for a fact is what the fact was computed from, whatever the customers, leads and deals."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.plan.evidence import Observed, counted
from service.method.plan.inputs import Input
from service.method.plan.statistics import derive
from service.method.segments.classes import CLASSES
from service.method.states import State
from tests.method.frames import PARAMETERS
from tests.method.test_plan import FIRST, customers, funnel, register

UNIT = st.sampled_from(["u", "v"])
CLASS = st.sampled_from([*CLASSES, "N"])
SMALL = st.integers(0, 20)
CUSTOMER = st.fixed_dictionaries(
    {
        "unit": UNIT,
        "abc_class": CLASS,
        "prior_class": CLASS,
        "last_class": CLASS,
        "state": st.sampled_from([state.value for state in State]),
        "segment": st.sampled_from(["KEEP", "GROW"]),
        "revenue": SMALL,
        "margin": SMALL,
        "orders": SMALL,
        "gap": SMALL,
    }
)
STEP = st.fixed_dictionaries(
    {"unit": UNIT, "abc_class": st.sampled_from([*CLASSES, ""]), "leads": SMALL, "qualified": SMALL, "offers": SMALL}
)
DEAL = st.fixed_dictionaries(
    {
        "unit": UNIT,
        "abc_class": st.sampled_from([*CLASSES, ""]),
        "new_customer": st.booleans(),
        "created_now": st.booleans(),
        "closed_now": st.booleans(),
        "outcome": st.sampled_from(["open", "won", "lost"]),
        "stage": st.integers(0, 2),
        "months": st.integers(0, 20).map(float),
        "buys": st.booleans(),
        "amount": SMALL,
        "closes": st.sampled_from([0, FIRST - 1, FIRST, FIRST + 3, FIRST + 12]),
    }
)
PEOPLE, STEPS = st.lists(CUSTOMER, min_size=1, max_size=12), st.lists(STEP, max_size=6)


@given(people=PEOPLE, steps=STEPS, sales=st.lists(DEAL, max_size=25), months=st.sampled_from([6, 12]))
def test_every_fact_is_what_is_counted(people: Any, steps: Any, sales: Any, months: int) -> None:
    observed = Observed(customers(people), funnel([{"wins": 1, **step} for step in steps]), register(sales))
    frames = (observed.customers, observed.funnel, observed.deals)
    inputs = derive(*frames, ["u", "v"], PARAMETERS.plan, months, FIRST, prior_complete=True)
    for name, rows in inputs.sources.items():
        for unit, cells in zip(["u", "v"], rows, strict=True):
            for abc_class, found in zip(CLASSES, cells, strict=True):
                _holds(observed, unit, abc_class, name, found)


def _holds(observed: Observed, unit: str, abc_class: str, name: str, found: Input) -> None:
    for fact, value in () if found.evidence is None else found.evidence.terms.items():
        what = counted(observed, unit, abc_class, name, fact, found.provenance, FIRST)
        if what.how == "given":
            assert fact in ("months", "shrinkage") or fact.startswith("rate_")
            assert (what.value, len(what.rows)) == (None, 0)
        else:
            assert what.value == pytest.approx(value)


def test_a_cohort_its_median_and_the_rate_of_a_stage() -> None:
    sales = [{"months": months, "stage": 2} for months in (1.0, 2.0, 14.0, 20.0, 30.0)]
    still = [{"outcome": "open", "closed_now": False, "stage": 2, "amount": 40, "abc_class": ""}]
    observed = Observed(customers([{"revenue": 100}]), funnel([]), register([*sales, *still]))
    frames = (observed.customers, observed.funnel, observed.deals)
    inputs = derive(*frames, ["u"], PARAMETERS.plan, 12, FIRST, prior_complete=True)
    told = {
        (name, fact): counted(observed, "u", "A", name, fact, inputs.sources[name][0][0].provenance, FIRST)
        for name, fact in (
            ("cycle_months", "median_months"),
            ("conversion_1", "deals_qualified"),
            ("open_deals", "amount_3"),
            ("open_deals", "rate_3"),
        )
    }
    assert [(one.how, len(one.rows), one.value) for one in told.values()] == [
        ("median", 5, 14),
        ("sum", 5, 5),
        ("sum", 1, 40),
        ("mean", 5, 1),
    ]
    borrowed = inputs.sources["conversion_1"][0][1]
    assert borrowed.provenance == "borrowed from all classes"
    assert counted(observed, "u", "B", "conversion_1", "deals", borrowed.provenance, FIRST).value == 5
