import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import AmountTooLarge
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.inputs import Input, Inputs
from service.method.resources import KINDS, requirement
from service.method.staffing import PROGRAMMES, block_hours, hire_capacity, hires, monthly_hours, ramped
from tests.method.frames import PARAMETERS

NORMS = PARAMETERS.resources
RAMP = NORMS.ramp
EXAMPLE = json.loads((Path(__file__).parents[1] / "worked_example.json").read_text(encoding="utf-8"))
SEASON = [0.5, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1.5, 1.5]


def inputs(**values: float) -> Inputs:
    cell = {
        "customers": 10,
        "to_A": 0.8,
        "order_frequency": 5,
        "value_per_order": 100,
        "margin_rate": 0.3,
        "leads": 12,
        "conversion_1": 0.5,
        "conversion_2": 0.5,
        "conversion_3": 0.5,
        "cycle_months": 3,
        "pool": 4,
        "reactivation_rate": 0.25,
        "grow_customers": 2,
        "grow_gap": 1000,
        "capture": 0.2,
    }
    named = {name: Input(value, "given") for name, value in (cell | values).items()}
    return Inputs.of({"": {"A": named}})


def test_hours_by_month_add_up_to_those_of_the_year() -> None:
    one = inputs()
    needed = requirement(one, NORMS)
    found = monthly_hours(one, needed, plan(one, SEASON), NORMS)
    assert set(found) == set(KINDS)
    for kind in KINDS:
        assert found[kind].sum(axis=2) == pytest.approx(needed.hours[kind])
    assert found["acquisition"][0, 0].tolist() == pytest.approx([needed.hours["acquisition"][0, 0] / 12] * 12)
    assert (np.diff(found["contacts"][0, 0]) > 0).all(), "10 customers become 10.125"
    assert found["orders"][0, 0, 11] > found["orders"][0, 0, 0]


def test_without_customers_and_orders_there_are_no_hours() -> None:
    one = inputs(customers=0, leads=0, pool=0, grow_customers=0)
    found = monthly_hours(one, requirement(one, NORMS), plan(one, SEASON), NORMS)
    assert {float(hours.sum()) for hours in found.values()} == {0.0}


def test_the_hours_of_blocks_are_those_of_the_kinds() -> None:
    one = inputs()
    needed = requirement(one, NORMS)
    found = block_hours(one, needed, plan(one, SEASON), NORMS)
    assert set(found) == {*BLOCKS, PROGRAMMES}
    assert sum(float(one.sum()) for one in found.values()) == pytest.approx(float(needed.unit_hours.sum()))
    assert not found["carried_over"].any()


def test_the_capacity_of_hires_of_the_literature() -> None:
    expected = EXAMPLE["expected"]["hire_effective_fte_years_started_month_1_4_7_10"]
    assert [round(hire_capacity(RAMP, start), 6) for start in (0, 3, 6, 9)] == expected
    assert hire_capacity(RAMP, -4) == 1
    assert hire_capacity(RAMP, 12) == 0
    assert hire_capacity((), 0) == 1


@pytest.mark.parametrize(
    "gap, expected",
    [
        ([0] * 12, []),
        ([-3.0, -1.0], []),
        ([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], [2]),
        ([0, 0, 0, 0, 0, 0, 0.5, 1], [3]),
        ([0, 0, 0, 0, 0, 0, 0.5, 0.5], [4]),
        ([1.0, 1.0], [-4]),
        ([0, 0, 0, 0, 0, 1.2], [1, 4]),
        ([1 + 1e-12] * 2, [-4]),
    ],
)
def test_the_fewest_hires_as_late_as_may_be(gap: list[float], expected: list[int]) -> None:
    assert hires(gap, RAMP) == expected


def test_more_people_than_can_be_hired_are_refused() -> None:
    with pytest.raises(AmountTooLarge, match="1001 people"):
        hires([1000.5], RAMP)


@given(st.lists(st.floats(-2, 6), min_size=1, max_size=24), st.lists(st.floats(0, 1), max_size=6))
def test_hires_cover_every_gap_and_none_is_needless(gap: list[float], ramp: list[float]) -> None:
    ramp = sorted(ramp)
    found = hires(gap, ramp)
    for month, short in enumerate(gap):
        assert sum(ramped(ramp, month - start) for start in found) >= short - 1e-6
    assert len(found) <= max(0, max(gap) + 1)
