import pytest

from service.method.plan.attainment import NOBODY, deviation, planned_sums, reforecast
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.levers import Lever, apply
from tests.method.test_plan import SEASON, inputs
from tests.method.test_worked_example import EXPECTED
from tests.method.test_worked_example import SEASON as QUARTERS
from tests.method.test_worked_example import inputs as worked_inputs


def test_the_worked_examples_first_quarter() -> None:
    expected = EXPECTED["after_first_quarter_actual_300"]
    found_plan = plan(worked_inputs("raw", 0), QUARTERS, "season")
    months = sum(found_plan.months[block] for block in BLOCKS).sum(axis=(0, 1)).tolist()
    found = reforecast(months, [100, 100, 100], 0.5)
    assert round(300 / sum(months[:3]), 6) == expected["attainment"]
    assert found.additive == pytest.approx(expected["reforecast_additive"], abs=1e-6)
    assert found.ratio == pytest.approx(expected["reforecast_ratio"], abs=1e-6)
    assert found.blend == pytest.approx(expected["reforecast_half_blend"], abs=1e-6)


def test_where_nothing_was_planned_there_is_no_ratio() -> None:
    found = reforecast([0.0] * 3 + [10.0] * 9, [5, 5, 5], 0.5)
    assert (found.additive, found.ratio, found.blend) == (105, None, None)
    found = reforecast([0.0001] * 3 + [1e6] * 9, [1e6, 0, 0], 0.5)
    assert (found.additive, found.ratio, found.blend) == (10e6, None, None), "so little that no amount holds the year"


@pytest.mark.parametrize("levers", [[], [Lever("leads", "multiply", 2, start=4), Lever("cycle_months", "add", 1)]])
@pytest.mark.parametrize("months", [1, 5, 12])
def test_what_is_planned_by_class_adds_up_to_the_plan(levers: list[Lever], months: int) -> None:
    own = apply(inputs(), levers)
    found = plan(own, SEASON)
    sums = planned_sums(own, found, SEASON, months)
    whole = sum(found.months[block][:, :, :months].sum() for block in BLOCKS)
    assert sum(revenue for _, _, revenue in sums.values()) == pytest.approx(whole)
    assert sums["A"][0] == pytest.approx(4 * 0.9)


def test_customers_planned_are_those_who_stay_and_those_who_come() -> None:
    sums = planned_sums(inputs(), plan(inputs(), SEASON), SEASON, 12)
    assert sums[NOBODY][0] == pytest.approx(10 * 0.05 * 0.5 + 0.2 + 0.4)


def test_the_deviation_closes_by_class() -> None:
    planned = {"A": (4.0, 50.0, 1000.123456), "B": (2.0, 10.0, 100.0), "N": (0.0, 0.0, 0.0)}
    actual = {"A": (3.0, 40.0, 900.5), "B": (0.0, 0.0, 0.0), "N": (1.0, 2.0, 7.25)}
    found = deviation(planned, actual, 10_000)
    for row in found.values():
        assert row["customers"] + row["frequency"] + row["value"] == row["actual"] - row["planned"]
    assert sum(row["planned"] for row in found.values()) == 11_001_235
    assert found["B"] == {"planned": 1_000_000, "actual": 0, "customers": -1_000_000, "frequency": 0, "value": 0}
