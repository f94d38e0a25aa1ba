import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.money import closed, convert, largest_remainder
from tests.method.counting import split_converted

ONE = 10**12


@pytest.mark.parametrize("amount, converted", [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (4, 2)])
def test_a_conversion_rounds_half_to_even(amount: int, converted: int) -> None:
    assert convert(amount, ONE // 2) == converted


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=12), st.integers(1, 10**15))
def test_converted_parts_add_up_to_the_converted_total(parts: list[int], rate: int) -> None:
    split = split_converted(parts, rate)
    assert sum(split) == convert(sum(parts), rate)
    assert all(abs(one * ONE - part * rate) < 2 * ONE for one, part in zip(split, parts, strict=True))


def test_the_worked_examples_of_largest_remainder() -> None:
    assert largest_remainder(100, [1, 1, 1], ["a", "b", "c"]) == [34, 33, 33]
    assert largest_remainder(1451, [1530, 600, 185], ["a", "b", "c"]) == [959, 376, 116]


def test_ties_go_by_key() -> None:
    assert largest_remainder(100, [1, 1, 1], ["c", "b", "a"]) == [33, 33, 34]


@given(st.integers(-(10**14), 10**14), st.lists(st.floats(0, 1e6), min_size=1, max_size=24))
def test_shares_add_up_to_the_total(total: int, weights: list[float]) -> None:
    weights[0] += 1
    keys = [f"{place:02d}" for place in range(len(weights))]
    assert sum(largest_remainder(total, weights, keys)) == total


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=10), st.integers(-100, 100))
def test_parts_of_any_sign_are_closed_to_the_total(parts: list[float], off: int) -> None:
    total = round(sum(parts)) + off
    found = closed(total, parts, [f"{place:02d}" for place in range(len(parts))])
    assert sum(found) == total
    assert all(abs(one - part) <= 2 + abs(off) for one, part in zip(found, parts, strict=True))
