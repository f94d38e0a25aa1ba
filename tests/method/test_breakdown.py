import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.plan.breakdown import OF_CUSTOMERS, Member, broken_down, weights

CLASSES = ("A", "B", "C")


def parts(**by_class: float) -> np.ndarray:
    return np.array([[by_class.get(name, 0.0)] * 12 for name in CLASSES])


def broken(
    members: list[Member],
    blocks: dict[str, np.ndarray],
    totals: dict[str, list[int]],
    deals: np.ndarray | None = None,
) -> tuple[dict[str, list[list[int]]], dict[str, list[int]]]:
    """By block what each member has, and what is nobody's."""
    worth = np.zeros((len(members) + 1, len(CLASSES), 12)) if deals is None else deals
    *own, nobody = broken_down(members, weights(members, CLASSES, worth), blocks, totals)
    return {block: [one[block] for one in own] for block in totals if block in OF_CUSTOMERS}, nobody


def test_business_goes_to_those_who_stand_for_it() -> None:
    members = [
        Member("big", "A", 300, 0, ""),
        Member("small", "A", 100, 50, ""),
        Member("only", "C", 0, 0, ""),
        Member("gone", "N", 0, 0, "A"),
        Member("also gone", "N", 0, 0, "A"),
    ]
    blocks = {"existing": parts(A=100, C=10), "grown": parts(A=7), "reactivated": parts(A=3, B=5)}
    totals = {"existing": [110] * 12, "grown": [7] * 12, "reactivated": [8] * 12, "new": [4] * 12}
    found, rest = broken(members, blocks, totals)
    assert [own[0] for own in found["existing"]] == [75, 25, 10, 0, 0]
    assert [own[0] for own in found["grown"]] == [0, 7, 0, 0, 0]
    assert [own[0] for own in found["reactivated"]] == [0, 0, 0, 1, 2]
    assert {block: own[0] for block, own in rest.items()} == {"existing": 0, "grown": 0, "reactivated": 5, "new": 4}


def test_open_deals_are_of_who_they_are_with_month_by_month() -> None:
    members = [Member("one", "N", 0, 0, ""), Member("two", "N", 0, 0, "")]
    worth = np.zeros((3, 3, 12))
    worth[0, 1, 2], worth[1, 1, 2], worth[2, 1, 3] = 30, 10, 7
    business = parts(B=80)
    business[:, 4:] = 0
    totals = {"carried_over": [80] * 4 + [0] * 8}
    found, rest = broken(members, {"carried_over": business}, totals, worth)
    assert [own[:4] for own in found["carried_over"]] == [[0, 0, 60, 0], [0, 0, 20, 0]]
    assert rest["carried_over"][:4] == [80, 80, 0, 80]


def test_a_class_without_customers_is_nobodys() -> None:
    found, rest = broken([], {"existing": parts(B=5)}, {"existing": [5] * 12})
    assert (found, rest) == ({"existing": []}, {"existing": [5] * 12})


def test_what_was_not_expected_is_nobodys() -> None:
    one = Member("one", "A", 1, 0, "")
    found, rest = broken([one], {"existing": parts()}, {"existing": [3] * 12})
    assert (found, rest) == ({"existing": [[0] * 12]}, {"existing": [3] * 12})


MEMBER = st.tuples(
    st.sampled_from("ABCN"), st.integers(-(10**9), 10**9), st.integers(0, 10**9), st.sampled_from(["", *CLASSES])
)
PARTS = st.lists(st.floats(-1e9, 1e9), min_size=36, max_size=36).map(lambda own: np.array(own).reshape(3, 12))


@pytest.mark.parametrize("block", OF_CUSTOMERS)
@given(st.data())
def test_customers_and_nobody_add_up_whatever_their_order(block: str, data: st.DataObject) -> None:
    given_ = data.draw(st.lists(MEMBER, max_size=6))
    members = [Member(str(place), *one) for place, one in enumerate(given_)]
    exact, off = data.draw(PARTS), data.draw(st.integers(-3, 3))
    totals = [round(float(one)) + off for one in exact.sum(axis=0)]
    worth = np.array(data.draw(st.lists(st.floats(0, 1e9), min_size=len(members) + 1, max_size=len(members) + 1)))
    deals = np.broadcast_to(worth[:, None, None], (len(members) + 1, 3, 12))
    found, rest = broken(members, {block: exact}, {block: totals}, deals)
    for month in range(12):
        assert sum(own[month] for own in found[block]) + rest[block][month] == totals[month]
    order = data.draw(st.permutations(range(len(members))))
    again, nobody = broken(
        [members[place] for place in order], {block: exact}, {block: totals}, deals[[*order, len(members)]]
    )
    for place, own in zip(order, again[block], strict=True):
        # Sums of floats in another order may differ in the last place.
        assert np.allclose(own, found[block][place], rtol=1e-6, atol=2)
    assert np.allclose(nobody[block], rest[block], rtol=1e-6, atol=2)
