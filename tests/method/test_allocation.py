import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.plan.allocation import Candidate, allocate
from tests.method.test_worked_example import EXPECTED

AMOUNT = st.integers(0, 10**9)
CANDIDATES = st.lists(st.tuples(st.integers(-(10**6), 10**9), AMOUNT, AMOUNT), min_size=1, max_size=8)


def test_the_worked_examples_headroom() -> None:
    expected = EXPECTED["goal_seek_1450"]
    units = [Candidate(str(n), 0, headroom, 10**12) for n, headroom in enumerate((1530, 600, 185))]
    found = allocate(units, round(expected["gap"] * 10**6))
    # The example rounds each part by itself; ours add up, so one of them may be a last digit off.
    assert [one / 10**6 for one in found.extra] == pytest.approx(expected["by_headroom_1530_600_185"], abs=1.1e-6)


def test_the_worked_examples_remainder() -> None:
    names = {"100 over 1,1,1": (100, (1, 1, 1)), "1451 over 1530,600,185": (1451, (1530, 600, 185))}
    for name, (target, headrooms) in names.items():
        units = [Candidate(str(n), 0, headroom, 10**6) for n, headroom in enumerate(headrooms)]
        assert allocate(units, target).extra == EXPECTED["largest_remainder"][name]


def test_who_reaches_his_cap_leaves_the_rest_to_the_others() -> None:
    units = [Candidate("a", 100, 50, 10), Candidate("b", 100, 30, 100), Candidate("c", 100, 20, 100)]
    found = allocate(units, 400)
    assert (found.extra, found.unplaced) == ([10, 54, 36], 0)


def test_what_no_cap_lets_in_is_told() -> None:
    found = allocate([Candidate("a", 100, 50, 10), Candidate("b", 100, 0, 90)], 300)
    assert (found.extra, found.unplaced) == ([10, 0], 90)


def test_a_surplus_is_taken_back_by_plan() -> None:
    found = allocate([Candidate("a", 300, 0, 0), Candidate("b", 100, 0, 0)], 200)
    assert (found.extra, found.unplaced) == ([-150, -50], 0)
    assert allocate([Candidate("a", 0, 1, 1)], -5).unplaced == -5


def test_a_coin_over_a_cap_goes_to_who_has_room() -> None:
    units = [Candidate("a", 0, 1, 1), Candidate("b", 0, 1, 1), Candidate("c", 0, 1, 2)]
    assert allocate(units, 4).extra == [1, 1, 2]


@given(CANDIDATES, st.integers(-(10**6), 10**10))
def test_every_coin_is_placed_within_the_caps_or_told(rows: list[tuple[int, int, int]], target: int) -> None:
    units = [Candidate(f"{n:02d}", *row) for n, row in enumerate(rows)]
    found = allocate(units, target)
    planned = sum(one.planned for one in units)
    assert planned + sum(found.extra) + found.unplaced == target
    if target >= planned:
        assert all(0 <= extra <= one.cap for extra, one in zip(found.extra, units, strict=True))
        assert found.unplaced >= 0


@pytest.mark.parametrize("count", [1, 2, 5])
def test_equal_units_share_evenly(count: int) -> None:
    units = [Candidate(f"{n}", 10, 5, 1000) for n in range(count)]
    assert allocate(units, 10 * count + 7 * count).extra == [7] * count
