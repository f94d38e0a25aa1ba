import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.comparison import Direction, Stratum, places, quantile, spread, standardised, wilson

VALUES = {"a": Fraction(10), "b": Fraction(20), "c": Fraction(20), "d": Fraction(40), "e": Fraction(90)}


def test_ranks_quartiles_and_distances_worked_by_hand() -> None:
    # Median 20, deviations 10 0 0 20 70, their median 10, so the deviation is 14.826; the best quarter begins at 40.
    found = places(VALUES, "higher")
    assert [found[unit].rank for unit in "abcde"] == [5, 3, 3, 2, 1]
    assert [found[unit].quartile for unit in "abcde"] == [4, 2, 2, 1, 1]
    assert [found[unit].distance for unit in "abcde"] == [30, 20, 20, 0, 0]
    assert found["e"].robust_z == Fraction(700000, 148260)
    assert found["b"].robust_z == 0


def test_where_less_is_better_the_smallest_leads() -> None:
    found = places(VALUES, "lower")
    assert [found[unit].rank for unit in "abcde"] == [1, 2, 2, 4, 5]
    assert [found[unit].distance for unit in "abcde"] == [0, 0, 0, 20, 70]


def test_without_a_direction_nobody_is_ranked() -> None:
    found = places(VALUES, "neutral")
    assert {place.rank for place in found.values()} == {None}
    assert found["a"].robust_z == Fraction(-100000, 148260)


def test_equal_values_have_no_spread_to_measure_by() -> None:
    found = places({"a": Fraction(3), "b": Fraction(3)}, "higher")
    assert [(place.rank, place.robust_z) for place in found.values()] == [(1, None), (1, None)]


def test_nothing_ranked_has_nothing_in_common() -> None:
    assert spread([], "higher").median is None
    assert places({}, "higher") == {}


@pytest.mark.parametrize(
    ("successes", "cases", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_the_literature(successes: int, cases: int, low: float, high: float) -> None:
    interval = wilson(Fraction(successes), Fraction(cases))
    assert interval is not None
    assert tuple(round(limit, 4) for limit in interval) == (low, high)


@pytest.mark.parametrize(("successes", "cases"), [(0, 0), (5, 4), (-1, 4)])
def test_what_is_no_share_has_no_interval(successes: int, cases: int) -> None:
    assert wilson(Fraction(successes), Fraction(cases)) is None


def test_a_rate_with_the_mix_of_all() -> None:
    # All together: 30 in A, 10 in C. One has only easy cases, the other is better in both classes.
    one = {"A": Stratum(Fraction(1), Fraction(10)), "C": Stratum(Fraction(4), Fraction(5))}
    other = {"A": Stratum(Fraction(4), Fraction(20)), "C": Stratum(Fraction(5), Fraction(5))}
    lacking = {"A": Stratum(Fraction(0), Fraction(0))}
    found = standardised({"one": one, "other": other, "lacking": lacking})
    assert found["one"] == Fraction(30, 40) * Fraction(1, 10) + Fraction(10, 40) * Fraction(4, 5)
    assert found["other"] == Fraction(30, 40) * Fraction(1, 5) + Fraction(10, 40)
    assert found["lacking"] is None
    assert standardised({"lacking": lacking}) == {"lacking": None}


NUMBERS = st.lists(st.integers(-1000, 1000).map(Fraction), min_size=1, max_size=30)
DIRECTIONS = st.sampled_from(["higher", "lower", "neutral"])


@given(NUMBERS, DIRECTIONS)
def test_places_do_not_depend_on_the_order_or_the_scale(values: list[Fraction], direction: Direction) -> None:
    units = dict(enumerate(values))
    found = places(units, direction)
    assert places(dict(reversed(units.items())), direction) == found
    scaled = places({unit: value * 7 for unit, value in units.items()}, direction)
    for unit, place in found.items():
        assert scaled[unit].rank == place.rank
        assert scaled[unit].robust_z == place.robust_z


@given(NUMBERS)
def test_the_median_is_the_one_of_the_textbook(values: list[Fraction]) -> None:
    assert quantile(values, Fraction(1, 2)) == statistics.median(values)


@given(st.dictionaries(st.sampled_from("ABC"), st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1))
def test_alone_the_standardised_rate_is_the_rate(strata: dict[str, tuple[int, int]]) -> None:
    unit = {name: Stratum(Fraction(above), Fraction(below)) for name, (above, below) in strata.items()}
    whole = Fraction(sum(above for above, _ in strata.values()), sum(below for _, below in strata.values()))
    assert standardised({"alone": unit})["alone"] == whole
