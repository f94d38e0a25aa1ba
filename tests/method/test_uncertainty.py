from dataclasses import replace
from math import sqrt

import pytest

from service.errors import AmountTooLarge
from service.method.plan import uncertainty
from service.method.plan.deals import Open
from service.method.plan.inputs import Input, Inputs
from service.method.plan.uncertainty import MOST_SAMPLES, Spread, normal, simulated, standard_deviation, variances
from tests.method.test_plan import CELL, inputs

DRAWS = 60_000


def own(**changes: float) -> Inputs:
    cell = {name: Input(value, "observed") for name, value in {**CELL, "to_B": 0.0, **changes}.items()}
    return Inputs.of({"one": {"A": cell}})


def spread(one: Inputs, deals: list[Open], planned: float, target: float | None, draws: int, seed: int) -> Spread:
    """Of a plan of one unit, which is the whole."""
    found = simulated(one, deals, [planned], target, draws, seed)
    assert found is not None
    whole, (alone,) = found
    assert replace(whole, probability=None) == alone
    return whole


@pytest.mark.parametrize(
    "changes, deals",
    [
        ({}, [(120, 0.4, 0)]),
        ({"leads": 4000}, []),
        ({"pool": 400, "customers": 0}, []),
        ({"leads": 0, "pool": 0}, [(10, 0.5, 0)] * 20),
        ({"customers": 40.4, "pool": 5.5}, []),
    ],
)
def test_simulation_and_formula_agree(changes: dict[str, float], deals: list[Open]) -> None:
    formula = standard_deviation(own(**changes), deals)
    found = spread(own(**changes), deals, 1000, None, 60_000, 7)
    # Three standard errors of a standard deviation, and what rounding the customers does.
    assert found.standard_deviation == pytest.approx(formula, rel=0.02)
    assert found.p10 < found.p50 < found.p90


def test_customers_who_move_between_classes_are_simulated_with_the_worth_of_both() -> None:
    found = spread(inputs(leads=0, pool=0), [], 0, None, DRAWS, 3)
    worth = 12.5 * 22.4  # in A; B is worth nothing here
    assert found.standard_deviation == pytest.approx(sqrt(4 * 0.8 * 0.2) * worth, rel=0.02)


def test_each_unit_has_its_own_spread_and_all_make_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = {name: Input(value, "observed") for name, value in {**CELL, "to_B": 0.0}.items()}
    cells = [{**cell, "customers": Input(count, "observed")} for count in (4, 40, 400)]
    three = Inputs.of({str(place): {"A": one} for place, one in enumerate(cells)})
    deals = [(5000.0, 0.5, 1), (7000.0, 0.5, 3), (9.0, 0.1, 3)]
    at_once = simulated(three, deals, [10, 20, 30], 60, DRAWS, 1)
    monkeypatch.setattr(uncertainty, "AT_ONCE", DRAWS * 6)
    found = simulated(three, deals, [10, 20, 30], 60, DRAWS, 1)
    assert found is not None
    assert at_once is not None
    whole, units = found
    formula = variances(three, deals)
    assert [one.standard_deviation for one in units] == pytest.approx([sqrt(one) for one in formula[:3]], rel=0.02)
    assert whole.standard_deviation == pytest.approx(sqrt(formula.sum()), rel=0.02)
    assert formula.sum() == pytest.approx(standard_deviation(three, deals) ** 2)
    for block, one in zip(units, at_once[1], strict=True):
        assert block.p90 == pytest.approx(one.p90, rel=0.05)
    assert 0.4 < (whole.probability or 0) < 0.6


def test_the_same_seed_gives_the_same_years() -> None:
    assert spread(own(), [], 10, 5, 100, 1) == spread(own(), [], 10, 5, 100, 1)
    assert spread(own(), [], 10, 5, 100, 1) != spread(own(), [], 10, 5, 100, 2)


def test_what_is_certain_has_no_spread() -> None:
    nothing = Inputs.of({"one": {}})
    assert standard_deviation(nothing, []) == 0
    assert [normal(10, 0, target).probability for target in (9, 10, 11, None)] == [1, 1, 0, None]
    found = spread(nothing, [], 10, 10, 100, 1)
    assert (found.p10, found.p90, found.probability) == (10, 10, 1)


def test_too_many_numbers_are_not_drawn() -> None:
    assert simulated(own(), [], [0], None, MOST_SAMPLES, 1) is None
    assert simulated(own(leads=1e15, value_per_order=0.0), [], [0], None, 10, 1) is None


def test_a_spread_out_of_range_is_refused() -> None:
    for leads, value in ((1e300, 1e10), (1e308, 1e200)):
        with pytest.raises(AmountTooLarge):
            standard_deviation(own(leads=leads, value_per_order=value), [])


def test_the_normal_law_around_the_plan() -> None:
    found = normal(100, 10, 100)
    assert found.probability == 0.5
    assert (found.p10 + found.p90) / 2 == pytest.approx(found.p50)
    assert normal(100, 10, found.p10).probability == pytest.approx(0.9)
