import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.season import EVEN, seasonal_index

WAVE = [60, 80, 100, 120, 140, 100, 60, 80, 100, 120, 140, 100]


def series(years: int, first: int = 24000) -> dict[int, int]:
    return {first + place: WAVE[place % 12] * 10_000 for place in range(12 * years)}


def test_fewer_than_two_complete_years_give_an_even_index() -> None:
    assert seasonal_index({}, 24000) is EVEN
    assert seasonal_index(series(1), 24011) is EVEN
    assert not EVEN.observed


def test_a_wave_is_found_again() -> None:
    found = seasonal_index(series(3), 24035)
    assert found.observed
    mean = sum(WAVE) / 12
    assert [found.of(month) for month in range(24000, 24012)] == pytest.approx([value / mean for value in WAVE])
    assert found.of_quarter(24000) == pytest.approx((60 + 80 + 100) / 3 / mean)


def test_a_year_without_revenue_gives_an_even_index() -> None:
    assert seasonal_index({24000: 10_000, 24035: 10_000}, 24035) is EVEN


def test_years_whose_middle_brings_nothing_give_an_even_index() -> None:
    """The moving average is positive throughout, and yet no month that it is centred on sold anything."""
    months = dict.fromkeys(range(24000, 24024), 0) | {24005: 5, 24018: 5}
    assert seasonal_index(months, 24023) is EVEN


def test_a_month_of_returns_counts_as_nothing() -> None:
    months = series(2) | {24009: -50_000}
    found = seasonal_index(months, 24023)
    assert found.by_month[24009 % 12] == 0
    assert sum(found.by_month) == pytest.approx(12)


@given(st.lists(st.integers(1, 10**9), min_size=24, max_size=60))
def test_the_mean_of_the_index_is_one(revenue: list[int]) -> None:
    months = {24000 + place: value for place, value in enumerate(revenue)}
    found = seasonal_index(months, 24000 + len(revenue) - 1)
    assert sum(found.by_month) / 12 == pytest.approx(1)
