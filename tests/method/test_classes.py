from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import AmountTooLarge
from service.method.parameters import Abc
from service.method.segments.classes import Floors, before, by_floors, cumulative, cut, floors_of, limits
from service.method.segments.lapse import Lapse, lapse
from service.method.states import State, states
from tests.method.frames import PARAMETERS

A, B = Fraction(4, 5), Fraction(19, 20)
VALUES = st.lists(st.integers(-(10**6), 10**12), min_size=1, max_size=60)


def ints(values: list[int]) -> np.ndarray:
    return np.array(values, dtype="int64")


def classes(values: list[int]) -> list[str]:
    return cumulative(ints(values), A, B).tolist()


def test_exactly_eighty_per_cent_before_is_b() -> None:
    assert classes([80, 15, 5]) == ["A", "B", "C"]


def test_the_customer_that_crosses_a_limit_stays_in_the_upper_class() -> None:
    assert classes([79, 2, 14, 5]) == ["A", "C", "A", "B"]


def test_equal_values_share_a_class() -> None:
    assert classes([50, 25, 25]) == ["A", "A", "A"]


def test_without_positive_values_everybody_is_n() -> None:
    values = ints([0, -5])
    assert cumulative(values, A, B).tolist() == ["N", "N"]
    assert floors_of(values, cumulative(values, A, B)) == Floors(None, None)


def test_a_single_customer_is_a() -> None:
    assert classes([1]) == ["A"]


def test_no_customers_no_classes() -> None:
    assert cumulative(ints([]), A, B).tolist() == []


@given(VALUES, st.randoms())
def test_classes_do_not_depend_on_the_order(values: list[int], random: object) -> None:
    shuffled = list(range(len(values)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = classes([values[place] for place in shuffled])
    assert [classes(values)[place] for place in shuffled] == again


@given(VALUES)
def test_a_is_the_smallest_set_that_reaches_eighty_per_cent(values: list[int]) -> None:
    found = classes(values)
    total = sum(value for value in values if value > 0)
    in_a = [value for value, name in zip(values, found, strict=True) if name == "A"]
    if not total:
        assert not in_a
        return
    assert sum(in_a) >= A * total
    without_least = sum(value for value in in_a if value > min(in_a))
    assert without_least < A * total


@given(VALUES)
def test_before_is_the_sum_of_strictly_greater_values(values: list[int]) -> None:
    expected = [sum(other for other in values if other > value and other > 0) for value in values]
    assert before(ints(values)).tolist() == expected


@given(VALUES)
def test_frozen_floors_give_the_base_window_its_own_classes(values: list[int]) -> None:
    own = cumulative(ints(values), A, B)
    assert by_floors(ints(values), floors_of(ints(values), own)).tolist() == own.tolist()


def test_floors_of_a_window_without_b() -> None:
    assert floors_of(ints([100, 1]), np.array(["A", "C"], dtype=object)) == Floors(100, 100)


def test_without_floors_whatever_is_positive_is_c() -> None:
    assert by_floors(ints([5, 0]), Floors(None, None)).tolist() == ["C", "N"]


def test_sums_that_leave_64_bits_are_refused() -> None:
    with pytest.raises(AmountTooLarge):
        cumulative(ints([2**62, 2**62]), A, B)


@pytest.mark.parametrize(
    "prior, now, earlier, state",
    [
        (1, 1, True, State.RETAINED),
        (0, 1, False, State.NEW),
        (-1, 1, True, State.REACTIVATED),
        (1, 0, False, State.LOST),
        (0, -1, True, State.DORMANT),
        (0, 0, False, State.PROSPECT),
    ],
)
def test_states(prior: int, now: int, earlier: bool, state: State) -> None:
    found = states(pd.Series([prior]), pd.Series([now]), pd.Series([earlier]))
    assert found.tolist() == [state.value]


def cut_by(rule: str, values: list[int], **more: Any) -> str:
    abc = PARAMETERS.abc.model_copy(update={"rule": rule, **more})
    return "".join(cut(ints(values), abc, 12)[0])


@pytest.mark.parametrize(
    "values, sizes",
    [
        (list(range(1, 11)), (4, 2, 4)),
        ([100, *range(10, 0, -1)], (1, 2, 8)),
        ([60, *[10] * 14], (1, 14, 0)),
        ([7], (1, 0, 0)),
        ([3, 3, 3], (3, 0, 0)),
        ([0, -1], (0, 0, 0)),
    ],
)
def test_limits_computed_from_the_curve(values: list[int], sizes: tuple[int, int, int]) -> None:
    found = cut_by("computed", values)
    assert tuple(found.count(name) for name in "ABC") == sizes


def test_floors_are_a_years_and_follow_the_window() -> None:
    floors = {"floor_a": Decimal(120), "floor_b": Decimal("0.0012")}
    assert cut_by("floors", [1_200_000, 1_199_999, 12, 11, 0], **floors) == "ABBCN"
    assert limits(Decimal(120), Decimal("0.0010"), 5) == Floors(500_000, 5)


@given(VALUES, st.sampled_from(["cumulative", "floors", "computed"]), st.integers(1, 1000))
def test_scaling_all_money_changes_no_class(values: list[int], rule: str, factor: int) -> None:
    floors = {"floor_a": Decimal(5000), "floor_b": Decimal(50)}
    scaled = {name: floor * factor for name, floor in floors.items()}
    assert cut_by(rule, values, **floors) == cut_by(rule, [factor * value for value in values], **scaled)


@given(VALUES, st.sampled_from(["cumulative", "floors", "computed"]))
def test_equal_values_share_a_class_and_larger_ones_have_no_lower(values: list[int], rule: str) -> None:
    values = [*values, *values[:5]]
    words = cut_by(rule, values, floor_a=Decimal(5000), floor_b=Decimal(50))
    ranked = sorted(zip(values, words, strict=True), key=lambda pair: -pair[0])
    assert [word for _, word in ranked] == sorted(words)
    assert len(set(ranked)) == len(set(values))


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"rule": "floors"}, "needs floor_a and floor_b"),
        ({"floor_a": "1", "floor_b": "2"}, "cannot begin below"),
        ({"a": "0.99"}, "cannot reach less"),
    ],
)
def test_parameters_that_do_not_fit_together(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Abc.model_validate(PARAMETERS.abc.model_dump(mode="json") | changes)


@pytest.mark.parametrize(
    "days, told",
    [
        ([], None),
        ([101], None),
        ([29], Lapse(71, None, at_risk=False)),
        ([27], Lapse(73, None, at_risk=True)),
        ([0, 10, 10], Lapse(90, Fraction(10), at_risk=True)),
        ([0, 10, 50], Lapse(50, Fraction(25), at_risk=False)),
        ([-100, 0], Lapse(100, Fraction(100), at_risk=False)),
    ],
)
def test_at_risk_is_against_the_customers_own_habit(days: list[int], told: Lapse | None) -> None:
    assert lapse(days, 100, 90) == told
