from typing import Any

import pytest

from service.errors import BadArgument
from service.method.plan.blocks import plan
from service.method.plan.levers import Lever, apply
from service.method.plan.ways import Aim, Mover, Way, ways
from service.method.resources import requirement
from tests.method.frames import PARAMETERS
from tests.method.test_plan import SEASON, inputs

NORMS = PARAMETERS.resources
MOVERS = [Mover("value_per_order", None, 1.05), Mover("leads", "A", 2), Mover("cycle_months", None, 1.5)]
BASE = plan(inputs(), SEASON)


def found(target: float, form: Any, movers: list[Mover] = MOVERS, measure: Any = "revenue") -> list[Way]:
    return ways(inputs(), SEASON, NORMS, Aim(target, measure, form), movers)


def figure(way: Way, movers: list[Mover] = MOVERS) -> tuple[float, float]:
    """Revenue and hours with the way put back as levers."""
    levers = [Lever(one.lever, "multiply", by, one.abc_class) for one, by in zip(movers, way.multipliers, strict=True)]
    moved = apply(inputs(), levers)
    return plan(moved, SEASON).revenue, float(requirement(moved, NORMS).unit_hours.sum())


@pytest.mark.parametrize("form", ["alone", "together", "cheapest"])
@pytest.mark.parametrize("share", [1.01, 0.99])
def test_the_way_put_back_as_levers_reaches_the_target(form: Any, share: float) -> None:
    target = BASE.revenue * share
    hours = float(requirement(inputs(), NORMS).unit_hours.sum())
    for way in found(target, form):
        revenue, needed = figure(way)
        assert revenue == pytest.approx(target, rel=1e-9) or not way.reachable
        assert way.reached == pytest.approx(revenue)
        assert way.hours == pytest.approx(needed - hours, abs=1e-9)
        assert way.missing == pytest.approx(0 if way.reachable else target - revenue)


def test_alone_moves_one_lever_at_a_time_and_says_which_cannot() -> None:
    value, leads, cycle = found(BASE.revenue * 1.03, "alone")
    assert [value.reachable, leads.reachable, cycle.reachable] == [True, False, False]
    assert value.multipliers[1:] == (1, 1)
    assert leads.multipliers == (1, 2, 1)
    assert cycle.multipliers == (1, 1, 1 / 1.5)
    assert leads.missing == pytest.approx(BASE.revenue * 1.03 - leads.reached)


def test_together_goes_the_same_part_of_the_way_with_all() -> None:
    (way,) = found(BASE.revenue * 1.03, "together")
    assert len(set(way.fractions)) == 1
    assert 0 < way.fractions[0] < 1


def test_the_cheapest_way_needs_no_more_hours_than_any_other() -> None:
    (cheapest,) = found(BASE.revenue * 1.03, "cheapest")
    others = [*found(BASE.revenue * 1.03, "together"), *found(BASE.revenue * 1.03, "alone")]
    assert all(cheapest.hours <= other.hours + 1e-9 for other in others if other.reachable)
    assert cheapest.fractions[0] > 0
    assert sum(0 < part < 1 for part in cheapest.fractions) <= 1


@pytest.mark.parametrize("form", ["together", "cheapest"])
def test_a_target_out_of_reach_ends_at_the_caps(form: Any) -> None:
    (way,) = found(BASE.revenue * 3, form)
    assert not way.reachable
    assert way.fractions == (1, 1, 1)
    assert way.missing == pytest.approx(BASE.revenue * 3 - way.reached)


@pytest.mark.parametrize("form", ["alone", "together", "cheapest"])
def test_the_plan_itself_needs_no_move(form: Any) -> None:
    assert {way.fractions for way in found(BASE.revenue, form)} == {(0, 0, 0)}


def test_a_target_of_margin() -> None:
    (way,) = found(BASE.margin * 1.02, "together", measure="margin")
    assert way.reached == pytest.approx(BASE.margin * 1.02, rel=1e-9)


@pytest.mark.parametrize(
    "movers",
    [[], [Mover("leads", None, 1)], [Mover("leads", None, 2)] * 2, [Mover("leads", str(n), 2) for n in range(7)]],
)
def test_what_cannot_move(movers: list[Mover]) -> None:
    with pytest.raises(BadArgument):
        found(1, "together", movers)
