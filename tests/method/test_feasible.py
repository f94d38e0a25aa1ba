from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.method.feasible import Piece, Turn, feasible

MONTHS = 3
AMOUNTS = st.lists(st.integers(-(10**9), 10**9).map(lambda coins: coins * 100), min_size=MONTHS, max_size=MONTHS)
HOURS = st.lists(st.floats(0, 1000), min_size=MONTHS, max_size=MONTHS)
PIECE = st.builds(
    Piece, st.tuples(st.text(max_size=3)), HOURS, AMOUNTS, AMOUNTS, st.just(100), st.sampled_from(Turn), st.booleans()
)


@given(st.lists(PIECE, max_size=8), HOURS, HOURS)
def test_more_hours_never_serve_less_in_any_month(pieces: list[Piece], hours: list[float], more: list[float]) -> None:
    few, many = feasible(pieces, hours), feasible(pieces, [a + b for a, b in zip(hours, more, strict=True)])
    for one, other in zip(few, many, strict=True):
        assert one.piece is other.piece
        assert all(a <= b for a, b in zip(one.revenue, other.revenue, strict=True))
        assert all(amount % 100 == 0 for amount in (*one.revenue, *one.margin))
    for month, there in enumerate(hours):
        assert sum(one.hours[month] for one in few) <= there + 1e-6
    whole = feasible(pieces, [1e6] * MONTHS)
    assert all(one.revenue == list(one.piece.revenue) and one.margin == list(one.piece.margin) for one in whole)


def monthly(name: str, hours: float, revenue: int, margin: int, **more: Any) -> Piece:
    """The same in each of two months."""
    return Piece((name,), [hours] * 2, [revenue] * 2, [margin] * 2, **more)


def test_who_must_be_kept_comes_first_and_the_last_in_part() -> None:
    pieces = [
        monthly("worse", 10, 200, 60),
        monthly("credit", 5, -20, -8),
        monthly("best", 10, 300, 90),
        monthly("kept", 10, 100, 1, turn=Turn.KEPT),
        monthly("free", 0, 7, 2),
        monthly("training", 2.5, 0, 0, turn=Turn.PROGRAMMES),
    ]
    found = [(one.piece.name[0], one.hours[0], one.revenue[0], one.margin[0]) for one in feasible(pieces, [25, 0])]
    assert found == [
        ("kept", 10, 100, 1),
        ("training", 2.5, 0, 0),
        ("free", 0, 7, 2),
        ("best", 10, 300, 90),
        ("worse", 2.5, 50, 15),
        ("credit", 0.0, -20, -8),
    ]
    assert [one.revenue[1] for one in feasible(pieces, [25, 0])] == [0, 0, 7, 0, 0, -20]


def test_business_that_lasts_rests_on_the_work_of_all_months_so_far() -> None:
    leads = monthly("new", 10, 1000, 300, lasting=True)
    calls = monthly("existing", 10, 1000, 300)
    (served,) = feasible([leads], [5, 10])
    assert (served.hours, served.revenue, served.margin) == ([5, 10], [500, 750], [150, 225])
    (served,) = feasible([calls], [5, 10])
    assert served.revenue == [500, 1000]


def test_a_month_is_served_in_whole_coins() -> None:
    (served,) = feasible([Piece(("yen",), [3], [70_000], [30_000], coin=10_000)], [1])
    assert (served.revenue, served.margin) == ([20_000], [10_000])
