import pytest

from service.method.plan.blocks import plan
from service.method.plan.inputs import Input, Inputs
from service.method.plan.levers import Lever, apply
from service.method.plan.steps import steps
from service.method.resources import requirement
from tests.method.frames import PARAMETERS
from tests.method.test_plan import CELL, EVEN

NORMS = PARAMETERS.resources


def units(**changes: list[float]) -> Inputs:
    """As many units as there are values, equal but for the changes; class A."""
    count = max((len(values) for values in changes.values()), default=2)
    rows = [{**CELL, **{name: values[place] for name, values in changes.items()}} for place in range(count)]
    return Inputs.of(
        {f"u{n}": {"A": {name: Input(value, "observed") for name, value in row.items()}} for n, row in enumerate(rows)}
    )


def test_equal_units_have_no_step() -> None:
    assert steps(units(), EVEN, NORMS) == []


def test_a_step_is_half_the_way_to_the_best_quarter() -> None:
    own = units(order_frequency=[10.0, 12.0, 12.0, 12.0, 12.0])
    (found,) = steps(own, EVEN, NORMS)
    moved = units(order_frequency=[11.0, 12.0, 12.0, 12.0, 12.0])
    assert (found.lever, found.units) == ("order_frequency", 1)
    assert found.gain == pytest.approx(plan(moved, EVEN).margin - plan(own, EVEN).margin)
    hours = requirement(moved, NORMS).unit_hours.sum() - requirement(own, NORMS).unit_hours.sum()
    assert found.index == pytest.approx(found.gain / float(hours))


def test_a_faster_cycle_is_a_better_one() -> None:
    own = units(cycle_months=[6.0, 2.0, 2.0, 2.0])
    (found,) = steps(own, EVEN, NORMS)
    assert found.gain > 0


def test_price_brings_margin_at_all_of_its_revenue_and_has_no_effort() -> None:
    own = units(price=[0.0, 0.1, 0.1, 0.1])
    (found,) = steps(own, EVEN, NORMS)
    assert found.index is None
    moved = units(price=[0.05, 0.1, 0.1, 0.1])
    assert found.gain == pytest.approx(plan(moved, EVEN).revenue - plan(own, EVEN).revenue)


def test_acquisition_pays_later_and_what_has_no_effort_is_not_first() -> None:
    own = units(
        leads=[5.0, 10.0, 10.0, 10.0],
        value_per_order=[20.0, 24.0, 24.0, 24.0],
        customers=[4.0, 8.0, 8.0, 8.0],
        pool=[0.0, 0.0, 0.0, 0.0],
    )
    found = steps(own, EVEN, NORMS)
    assert [one.lever for one in found] == ["leads", "value_per_order"]
    leads, value = found
    assert leads.three_year_gain / leads.gain > value.three_year_gain / value.gain > 1
    assert (leads.index is None, value.index is None) == (False, True)


def test_the_next_years_begin_with_the_customers_of_the_year_before() -> None:
    own = units(order_frequency=[10.0, 12.0, 12.0, 12.0, 12.0])
    (found,) = steps(apply(own, [Lever("retention", "set", 1.0), Lever("leads", "set", 0.0)]), EVEN, NORMS)
    first = found.gain
    assert found.three_year_gain > 2.9 * first


def test_a_programme_prices_what_had_no_effort() -> None:
    own = units(price=[0.0, 0.1, 0.1, 0.1])
    (found,) = steps(own, EVEN, NORMS.model_copy(update={"programmes": {"price": 40.0, "leads": 7.0}}))
    assert (found.hours, found.three_year_hours) == (40, 120)
    assert found.index == pytest.approx(found.gain / 40)
