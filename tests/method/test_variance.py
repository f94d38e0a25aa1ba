import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.variance import factors, split_product

EXAMPLE = json.loads((Path(__file__).parents[1] / "worked_example.json").read_text(encoding="utf-8"))
FACTOR = st.floats(-1e3, 1e3)


def test_the_case_of_the_literature() -> None:
    found = split_product([40, 6, 5000], [44, 5.5, 5600])
    assert found == pytest.approx([121_618.3951, -111_028.8958, 144_610.5007], abs=0.5e-4)


def test_the_worked_example_from_year_to_year() -> None:
    expected: dict[str, Any] = EXAMPLE["expected"]["variance_y0_y1_lmdi"]
    first = [one for one in EXAMPLE["customers"] if one["revenue_y0"] > 0]
    classes = {one["code"]: one for one in EXAMPLE["expected"]["customers"]}
    sums = [0.0, 0.0, 0.0]
    for name in "ABC":
        then = [one["revenue_y0"] for one in first if classes[one["code"]]["class_y0"] == name]
        now = [one for one in EXAMPLE["customers"] if classes[one["code"]]["class_y1"] == name]
        before = (len(then), expected["orders_y0"][name], sum(then))
        after = (len(now), sum(one["orders_y1"] for one in now), sum(one["revenue_y1"] for one in now))
        sums = [total + part for total, part in zip(sums, split_product(*factors(before, after)), strict=True)]
    assert [round(one, 4) for one in sums] == [expected["N"], expected["F"], expected["V"]]
    assert sum(sums) == pytest.approx(expected["total"])


@given(st.lists(FACTOR, min_size=3, max_size=3), st.lists(FACTOR, min_size=3, max_size=3))
def test_the_parts_add_up_to_the_difference(before: list[float], after: list[float]) -> None:
    difference = after[0] * after[1] * after[2] - before[0] * before[1] * before[2]
    assert sum(split_product(before, after)) == pytest.approx(difference, rel=1e-9, abs=1e-5)


def test_equal_products_of_other_factors() -> None:
    assert sum(split_product([2, 3, 4], [3, 2, 4])) == pytest.approx(0)


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ((0, 0, 0), (2, 4, 100), ([0, 2, 25], [2, 2, 25])),
        ((2, 4, 100), (0, 0, 0), ([2, 2, 25], [0, 2, 25])),
        ((2, 4, 100), (3, 0, 0), ([2, 2, 25], [3, 0, 25])),
        ((2, 0, 100), (2, 4, 100), ([2, 1, 50], [2, 2, 25])),
        ((0, 0, 0), (0, 0, 0), ([0, 0, 0], [0, 0, 0])),
    ],
)
def test_a_side_that_lacks_a_factor_takes_the_others(before: Any, after: Any, expected: Any) -> None:
    assert factors(before, after) == expected
