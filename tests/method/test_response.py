from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadArgument
from service.method.calls import Account, Allocation, allocate_calls
from service.method.response import Response, fitted, judged

THREE = [
    Account("P", Response(10, 100, 1, 4)),
    Account("Q", Response(40, 160, 1.5, 8)),
    Account("R", Response(0, 60, 2, 16)),
]


def calls(found: Allocation) -> list[int]:
    return [one.calls for one in found.accounts]


def test_the_curve_through_judgements() -> None:
    found = judged(0.2, 1.6, [(1.5, 1.25), (1, 1)])
    assert (found.a, found.b) == (0.2, 1.6)
    assert (found.c, found.d) == (pytest.approx(2), pytest.approx(0.75))
    assert [found.at(x) for x in (0, 1, 1.5)] == pytest.approx([0.2, 1, 1.25])


@given(st.floats(0.2, 9), st.floats(0.1, 50), st.floats(0.3, 3), st.floats(1.2, 3))
def test_two_points_of_a_curve_give_it_back(c: float, d: float, first: float, further: float) -> None:
    curve = Response(5, 25, c, d)
    points = [(x, curve.at(x)) for x in (first, first * further)]
    if 5 < points[0][1] < points[1][1] < 25 - 1e-3:
        found = judged(5, 25, points)
        assert found.c == pytest.approx(c, rel=1e-4)
        assert found.d == pytest.approx(d, rel=1e-3)


@pytest.mark.parametrize(
    "none, saturation, points",
    [
        (0, 10, [(1, 2), (1, 3)]),
        (0, 10, [(0, 2), (1, 3)]),
        (0, 10, [(1, 3), (2, 2)]),
        (0, 10, [(1, 3), (2, 10)]),
        (3, 10, [(1, 3), (2, 5)]),
        (0, 10, [(1, 1), (1.001, 9)]),
        (0, 10, [(1, 4.999), (2, 5)]),
        (0, 1e12, [(1, 1e-320), (2, 5)]),
        (0, 10, [(1e-9, 1), (2, 5)]),
    ],
)
def test_judgements_that_no_curve_fits(none: float, saturation: float, points: Any) -> None:
    with pytest.raises(BadArgument):
        judged(none, saturation, points)


@pytest.mark.parametrize("curve", [Response(20, 120, 2, 30), Response(0, 50, 0.8, 3), Response(5, 60, 4, 500)])
def test_a_fit_finds_the_curve_that_the_observations_are_of(curve: Response) -> None:
    observed = [(x, curve.at(x)) for x in (0, 1, 2, 3, 4, 6, 8, 12, 20, 40)]
    found = fitted(observed)
    for effort, sales in observed:
        assert found.response.at(effort) == pytest.approx(sales, rel=1e-3, abs=0.05)
    assert found.error == pytest.approx(0, abs=0.05)
    assert found.explained == pytest.approx(1, abs=1e-4)
    assert not found.open_end


def test_sales_that_only_grow_do_not_show_their_end() -> None:
    assert fitted([(x, 3.0 * x) for x in range(1, 8)]).open_end


def test_sales_that_do_not_respond() -> None:
    found = fitted([(x, 7.0) for x in range(6)])
    assert found.explained is None
    assert found.response.at(3) == pytest.approx(7, abs=1e-3)
    assert fitted([(x, 0.0) for x in range(6)]).response.at(3) == pytest.approx(0, abs=1e-3)


def test_an_effort_next_to_nothing_is_refused() -> None:
    with pytest.raises(BadArgument, match="0 or at least"):
        fitted([(5e-324, 1), (1, 1), (2, 3), (3, 4)])


def test_a_fit_of_the_widest_range_stays_within_what_an_answer_carries() -> None:
    found = fitted([(1e-6, 0), (1, 1e12), (1e5, 1e12), (1e6, 1e12)]).response
    assert 0 < found.d <= 1e100
    assert 0 <= found.a <= found.b <= 1e14


def test_a_fit_needs_four_efforts() -> None:
    with pytest.raises(BadArgument, match="4 different"):
        fitted([(1, 1), (1, 2), (2, 3), (3, 4), (3, 5)])


def test_twelve_calls_over_three_accounts() -> None:
    found = allocate_calls(THREE, 12, 0.01)
    assert calls(found) == [3, 5, 4]
    assert found.sales == pytest.approx(188.520, abs=0.0005)
    assert found.sales == pytest.approx(sum(one.sales for one in found.accounts))
    assert [(one.fewest, one.most) for one in found.accounts] == [(2, 3), (5, 6), (3, 4)]
    assert found.next_best is not None
    assert found.sales > found.next_best > 0.99 * found.sales


def test_travel_makes_it_worth_leaving_an_account_out() -> None:
    far = [*THREE[:2], Account("R", THREE[2].response, travel=4)]
    found = allocate_calls(far, 12, 0.0)
    assert calls(found)[2] == 0
    assert found.accounts[2].time == 0
    assert sum(one.time for one in found.accounts) == 12
    assert found.sales < allocate_calls(THREE, 12, 0.0).sales


def test_several_calls_together_pay_where_one_does_not() -> None:
    """A greedy step would give every call to the account that gains a little from each."""
    steps = [Account("slow", Response(0, 10, 1, 20)), Account("late", Response(0, 100, 6, 4**6))]
    assert calls(allocate_calls(steps, 5, 0.0)) == [0, 5]


def test_calls_that_must_be_made() -> None:
    kept = [Account("P", THREE[0].response, most=1), Account("Q", THREE[1].response, least=3), THREE[2]]
    assert calls(allocate_calls(kept, 12, 0.0))[0] == 1
    alone = allocate_calls([Account("P", THREE[0].response, least=2, most=2)], 2, 0.0)
    assert (calls(alone), alone.next_best) == ([2], None)
    for least, time in ((13, 12), (4, 12)):
        with pytest.raises(BadArgument, match="must"):
            allocate_calls([Account(str(n), THREE[0].response, least=least, call=2) for n in range(2)], time, 0.0)


ACCOUNT = st.builds(
    Account,
    st.just("account"),
    st.builds(Response, st.floats(0, 20), st.floats(20, 100), st.floats(0.5, 4), st.floats(0.5, 50)),
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(0, 1),
    st.none() | st.integers(1, 4),
)


@given(st.lists(ACCOUNT, min_size=1, max_size=3), st.integers(8, 10))
def test_no_other_allocation_is_better(accounts: list[Account], time: int) -> None:
    every = product(*(account.options(time) for account in accounts))
    fitting = [chosen for chosen in every if sum(spent for _, spent, _ in chosen) <= time]
    sums = [(sum(sales for *_, sales in chosen), [one[0] for one in chosen]) for chosen in fitting]
    if not sums:
        with pytest.raises(BadArgument):
            allocate_calls(accounts, time, 0.0)
        return
    found = allocate_calls(accounts, time, 0.01)
    best = max(one for one, _ in sums)
    assert found.sales == pytest.approx(best)
    others = [one for one, own in sums if own != calls(found)]
    assert found.next_best == (pytest.approx(max(others)) if others else None)
    for place, one in enumerate(found.accounts):
        good = [own[place] for sum_, own in sums if sum_ >= best * 0.99 + 1e-9]
        assert one.fewest <= min(good)
        assert one.most >= max(good)
