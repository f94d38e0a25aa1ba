"""What holds of every plan, whatever it is computed from."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from service.method.plan import blocks, goal
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.inputs import Input, Inputs
from service.method.plan.levers import LEVERS, Lever, apply

SHARE = st.floats(0, 1)
CELL = st.fixed_dictionaries(
    {
        "customers": st.floats(0, 500),
        "order_frequency": st.floats(0, 50),
        "value_per_order": st.floats(0, 10_000),
        "price": st.floats(-0.5, 0.5),
        "quantity": st.floats(-0.5, 0.5),
        "margin_rate": st.floats(-0.2, 0.9),
        "to_A": st.floats(0, 0.3),
        "to_B": st.floats(0, 0.3),
        "to_C": st.floats(0, 0.3),
        "leads": st.floats(0, 300),
        **dict.fromkeys(("conversion_1", "conversion_2", "conversion_3", "reactivation_rate", "capture"), SHARE),
        "cycle_months": st.floats(0, 15),
        "pool": st.floats(0, 100),
        "open_amount": st.floats(2000, 9000),
        "open_deals": st.floats(1000, 2000),
        "open_wins": st.floats(0, 5),
        "closing_2": st.floats(0, 500),
        "closing_11": st.floats(0, 500),
        "grow_customers": st.floats(0, 9),
        "grow_gap": st.floats(0, 1e6),
    }
)
UNITS = st.lists(st.fixed_dictionaries(dict.fromkeys("ABC", CELL)), min_size=1, max_size=3)
SEASON = st.lists(st.floats(0.1, 2), min_size=12, max_size=12).map(lambda own: (np.array(own) / np.mean(own)).tolist())
RISING = sorted(set(LEVERS) - {"cycle_months", "margin_rate"})


def of(units: list[dict[str, dict[str, float]]]) -> Inputs:
    return Inputs.of(
        {
            str(place): {k: {name: Input(value, "observed") for name, value in cell.items()} for k, cell in one.items()}
            for place, one in enumerate(units)
        }
    )


@settings(max_examples=40)
@given(UNITS, SEASON, st.sampled_from(["blocks", "season"]))
def test_levers_that_move_nothing_are_the_baseline(units: Any, season: list[float], way: Any) -> None:
    own = of(units)
    base = plan(own, season, way)
    still = [Lever(name, "multiply", 1.0, start=3, ramp=2) for name in LEVERS]
    for levers in ([], still):
        found = plan(apply(own, levers), season, way)
        for block in BLOCKS:
            assert found.months[block] == pytest.approx(base.months[block], rel=1e-9, abs=1e-6)
        assert found.margin == pytest.approx(base.margin, rel=1e-9, abs=1e-6)


@settings(max_examples=40)
@given(UNITS, SEASON, st.sampled_from(["blocks", "season"]))
def test_units_add_up_to_the_whole_and_months_to_the_year(units: Any, season: list[float], way: Any) -> None:
    found = plan(of(units), season, way)
    alone = [plan(of([one]), season, way) for one in units]
    for block in BLOCKS:
        assert found.months[block] == pytest.approx(np.concatenate([one.months[block] for one in alone]))
        assert found.months[block].sum(axis=2) == pytest.approx(found.year(block))
    assert found.revenue == pytest.approx(sum(one.revenue for one in alone))
    assert found.margin == pytest.approx(sum(one.margin for one in alone), abs=1e-6)
    with patch.object(blocks, "AT_ONCE", 1):
        again = plan(of(units), season, way)
    assert all(np.array_equal(again.months[block], found.months[block]) for block in BLOCKS)


@settings(max_examples=40)
@given(UNITS, SEASON, st.sampled_from(RISING), st.floats(1, 3), st.integers(1, 12), st.integers(0, 12))
def test_monotone_levers_are_monotone(
    units: Any, season: list[float], lever: str, factor: float, start: int, ramp: int
) -> None:
    own = of(units)
    base = plan(own, season).revenue
    more, less = (
        plan(apply(own, [Lever(lever, "multiply", by, None, start, ramp)]), season) for by in (factor, 1 / factor)
    )
    assert less.revenue <= base * (1 + 1e-12) + 1e-6
    assert base <= more.revenue * (1 + 1e-12) + 1e-6


@settings(max_examples=40)
@given(UNITS, SEASON, st.floats(1, 3))
def test_a_longer_cycle_never_brings_more_new_business(units: Any, season: list[float], factor: float) -> None:
    own, even = of(units), [1.0] * 12
    longer = apply(own, [Lever("cycle_months", "multiply", factor)])
    assert plan(longer, even).year("new").sum() <= plan(own, even).year("new").sum() * (1 + 1e-12) + 1e-6
    rising = apply(own, [Lever("margin_rate", "add", factor)])
    assert plan(rising, season).margin >= plan(own, season).margin


@settings(max_examples=40)
@given(UNITS, SEASON, st.sampled_from([*RISING, "cycle_months"]), st.floats(0, 1), st.booleans())
def test_a_goal_put_back_as_a_lever_is_reached(
    units: Any, season: list[float], lever: str, way: float, up: bool
) -> None:
    own = of(units)
    base, end = (plan(apply(own, [Lever(lever, "multiply", by)]), season).revenue for by in (1, 1.5 if up else 1 / 1.5))
    target = base + way * (end - base)
    assume(abs(end - base) > 1e-3 * base > 0)
    found = goal.seek(own, season, goal.Question(target, "revenue", lever, cap=1.5))
    assert found.reachable
    again = plan(apply(own, [Lever(lever, "multiply", found.multiplier)]), season).revenue
    assert again == pytest.approx(target, rel=1e-9)
