import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import AmountTooLarge
from service.method.variance import PRICE_VOLUME_MIX, Sold, factors, price_volume_mix, split_product
from service.values import AMOUNT_SCALE

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


def sold(quantity: int | None, price: int) -> Sold:
    if quantity is None:
        return Sold(None, price * AMOUNT_SCALE)
    return Sold(Fraction(quantity), quantity * price * AMOUNT_SCALE)


def effects(*items: tuple[Sold, Sold]) -> list[list[int]]:
    found = price_volume_mix({str(place): sides for place, sides in enumerate(items)})
    return [[one[effect] for effect in (*PRICE_VOLUME_MIX, "uncounted")] for one in found.values()]


def test_price_volume_and_mix_of_the_literature() -> None:
    found = effects((sold(1000, 10), sold(1000, 11)), (sold(800, 15), sold(700, 15)), (sold(500, 20), sold(800, 23)))
    sums = [sum(column) / AMOUNT_SCALE for column in zip(*found, strict=True)]
    assert sums == [2782.6087, 1717.3913, 3400, 0]


@pytest.mark.parametrize(
    "items, expected",
    [
        ([(sold(0, 0), sold(2, 5))], [[10, 0, 0, 0]]),
        ([(sold(2, 5), sold(0, 0))], [[-10, 0, 0, 0]]),
        ([(sold(2, 0), sold(2, 5))], [[0, 0, 10, 0]]),
        ([(sold(2, 5), sold(2, 5)), (sold(0, 0), sold(1, 8))], [[0, 0, 0, 0], [5, 3, 0, 0]]),
        ([(sold(None, 5), sold(None, 7)), (sold(1, 1), sold(1, 2))], [[0, 0, 0, 2], [0, 0, 1, 0]]),
        ([(Sold(Fraction(0), 3 * AMOUNT_SCALE), sold(1, 5))], [[0, 0, 0, 2]]),
        ([(sold(0, 0), sold(0, 0))], [[0, 0, 0, 0]]),
    ],
    ids=["new", "lost", "was free", "new beside old", "not counted", "revenue without pieces", "nothing"],
)
def test_what_is_new_lost_or_not_counted(items: Any, expected: list[list[int]]) -> None:
    assert effects(*items) == [[part * AMOUNT_SCALE for part in one] for one in expected]


def test_effects_out_of_all_bounds_are_refused() -> None:
    tiny, huge = Fraction(1, AMOUNT_SCALE), Fraction(10**12)
    with pytest.raises(AmountTooLarge, match="quantities"):
        effects((Sold(tiny, 10**16), Sold(huge, 10**16)))


SALES = st.builds(Sold, st.none() | st.integers(0, 10**6).map(lambda n: Fraction(n, 100)), st.integers(-(10**9), 10**9))


@given(st.lists(st.tuples(SALES, SALES), min_size=1, max_size=6))
def test_price_volume_and_mix_add_up_by_item(items: list[tuple[Sold, Sold]]) -> None:
    for (before, after), found in zip(items, effects(*items), strict=True):
        assert sum(found) == after.revenue - before.revenue


@given(st.lists(st.tuples(SALES, SALES), min_size=1, max_size=6), st.integers(2, 9))
def test_equal_prices_have_no_price_effect(items: list[tuple[Sold, Sold]], price: int) -> None:
    priced = [
        tuple(Sold(one.quantity, int(one.quantity * price * 100)) for one in sides)
        for sides in items
        if all(one.quantity is not None for one in sides)
    ]
    assert [one[2] for one in effects(*priced)] == [0] * len(priced)  # type: ignore[arg-type]
