from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import AmountTooLarge
from service.method.parameters import Limits, Potential, Regularity
from service.method.segments import concentration, to_next_class
from service.method.segments.cells import Cells
from service.method.segments.classes import Floors
from service.method.segments.migration import bridge, moves, retention
from service.method.segments.potential import classes, effective
from service.method.segments.regularity import regularity
from service.method.segments.table import GROUPINGS, class_table, ratio
from service.values import AMOUNT_SCALE
from tests.method.frames import segmented

ROW = st.fixed_dictionaries(
    {
        "revenue": st.integers(-1000, 10**6),
        "prior_revenue": st.integers(-1000, 10**6),
        "orders": st.integers(0, 50),
        "bought_before": st.booleans(),
        "scope": st.sampled_from(["", "direct", "dealers"]),
    }
)
GROUPS = st.lists(ROW, min_size=1, max_size=25)


def exact(values: list[int]) -> np.ndarray:
    return np.array(values, dtype="int64") * AMOUNT_SCALE


@given(GROUPS)
def test_revenue_of_the_class_table_is_the_revenue_of_the_customers(rows: list[dict[str, Any]]) -> None:
    table = class_table(Cells.of(segmented(rows)))
    for scope in {row["scope"] for row in table}:
        own = [row for row in table if row["scope"] == scope and row["segment"] is None]
        total = next(row for row in own if row["abc_class"] == "all")
        parts = [row for row in own if row["abc_class"] != "all"]
        segments = [row for row in table if row["scope"] == scope and row["segment"] is not None]
        for name in ("revenue", "customers", "orders", "active"):
            assert sum(row[name] for row in parts) == total[name]
            assert sum(row[name] for row in segments) == total[name]


@given(GROUPS, st.randoms())
def test_the_order_of_customers_changes_nothing(rows: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    one, other = (Cells.of(segmented(some)) for some in (rows, shuffled))
    assert class_table(one, tuple(GROUPINGS)) == class_table(other, tuple(GROUPINGS))
    assert moves(one.cells, "raw") == moves(other.cells, "raw")
    assert bridge(one.cells) == bridge(other.cells)


@given(GROUPS)
def test_every_grouping_adds_up_and_its_ratios_are_ratios_of_sums(rows: list[dict[str, Any]]) -> None:
    cells = Cells.of(segmented(rows))
    for scope in {row["scope"] for row in class_table(cells)}:
        whole = next(row for row in class_table(cells) if row["scope"] == scope and row["abc_class"] == "all")
        for name, words in GROUPINGS.items():
            parts = [row for row in class_table(cells, (name,)) if row["scope"] == scope and row[name] in words]
            sums = {of: sum(row[of] for row in parts) for of in ("revenue", "orders", "customers", "potential")}
            assert sums == {of: whole[of] for of in sums}
            assert whole["value_per_order"] == ratio(sums["revenue"], sums["orders"])


@given(GROUPS)
def test_n_f_v_is_the_revenue_of_the_class(rows: list[dict[str, Any]]) -> None:
    for row in class_table(Cells.of(segmented(rows))):
        if row["abc_class"] in "ABC" and row["orders"]:
            product = row["active"] * row["order_frequency"] * row["value_per_order"]
            assert product == Fraction(row["revenue"], AMOUNT_SCALE)


@given(GROUPS)
def test_the_revenue_bridge_adds_up_exactly(rows: list[dict[str, Any]]) -> None:
    found = bridge(Cells.of(segmented(rows)).cells)
    moved = found.lost + found.contraction + found.expansion + found.new + found.reactivated + found.credit_notes
    assert found.start + moved == found.end
    assert found.end == sum(row["revenue"] for row in rows) * AMOUNT_SCALE


@given(GROUPS)
def test_active_now_is_active_before_less_lost_plus_new_and_reactivated(rows: list[dict[str, Any]]) -> None:
    found = segmented(rows)
    for row in class_table(Cells.of(found)):
        if row["abc_class"] == "all":
            before = row["retained"] + row["lost"]
            assert row["active"] == before - row["lost"] + row["new"] + row["reactivated"]


@given(GROUPS)
def test_every_customer_moves_once(rows: list[dict[str, Any]]) -> None:
    cells = Cells.of(segmented(rows)).cells
    for rule in ("frozen", "raw"):
        found = moves(cells, rule)
        assert sum(move.customers for move in found if not move.scope) == len(rows) or any(
            row["scope"] == "" for row in rows
        )
        shares = [move.share for move in found if move.share is not None]
        assert all(0 <= share <= 1 for share in shares)


def test_moves_of_the_whole_count_every_customer() -> None:
    rows = [{"revenue": 10, "scope": "a"}, {"revenue": 5, "prior_revenue": 5, "scope": "b"}]
    whole = [move for move in moves(Cells.of(segmented(rows)).cells, "raw") if not move.scope]
    assert sum(move.customers for move in whole) == 2
    assert len(whole) == 16


def test_retention_without_buyers_before_has_no_value() -> None:
    found = Cells.of(segmented([{"revenue": 10}])).cells
    assert retention(found) is None
    assert bridge(found).net_revenue_retention is None
    assert bridge(found).gross_revenue_retention is None


@pytest.mark.parametrize(
    "row, segment",
    [
        ({"revenue": 0, "potential": 900}, "WIN"),
        ({"revenue": 0, "potential": 1}, "LIMIT"),
        ({"revenue": 0}, "LIMIT"),
        ({"revenue": 100, "potential": 900}, "GROW"),
        ({"revenue": 800, "potential": 900}, "KEEP"),
        ({"revenue": 1, "potential": 1}, "LIMIT"),
    ],
)
def test_the_action_segment_is_the_first_that_fits(row: dict[str, Any], segment: str) -> None:
    others = [{"revenue": 500, "potential": 500}, {"revenue": 60, "potential": 60}]
    found = segmented([row, *others])
    assert found.customers["segment"].iloc[0] == segment


def test_what_is_missing_to_the_next_class() -> None:
    rows = [{"revenue": 80}, {"revenue": 15}, {"revenue": 5}, {"revenue": -3}]
    found = segmented(rows).customers
    missing = [
        to_next_class(row.value, row.abc_class, row.floor_a, row.floor_b) for row in found.itertuples(index=False)
    ]
    assert missing == [None, 65 * AMOUNT_SCALE, 10 * AMOUNT_SCALE, 3 * AMOUNT_SCALE]


def test_unknown_potential_comes_from_the_default_wallet_share() -> None:
    found = effective(exact([30, -5]), exact([0, 0]), np.array([False, False]), Fraction(1, 2), 12)
    assert found.potential.tolist() == exact([60, 0]).tolist()
    assert found.assumed.tolist() == [True, True]


def test_a_potential_that_leaves_64_bits_is_refused() -> None:
    with pytest.raises(AmountTooLarge):
        effective(exact([10**12]), exact([0]), np.array([False]), Fraction(1, 10**6), 12)


def test_a_customer_may_buy_more_than_his_potential() -> None:
    found = effective(exact([30]), exact([20]), np.array([True]), Fraction(1, 2), 12)
    assert found.potential.tolist() == exact([30]).tolist()
    assert found.understated.tolist() == [True]


def test_potential_is_a_years_and_follows_the_window() -> None:
    found = effective(exact([0]), exact([1200]), np.array([True]), Fraction(1, 2), 3)
    assert found.potential.tolist() == exact([300]).tolist()


def test_limits_of_potential_by_channel_and_for_all_others() -> None:
    limits = Potential(
        limits={"direct": Limits(A=Decimal(100), B=Decimal(10)), "*": Limits(A=Decimal(1000), B=Decimal(100))},
        default_wallet_share=Decimal("0.5"),
    )
    channel, scope = pd.Series(["direct", "dealers", "direct"]), pd.Series(["", "", ""])
    found = classes(exact([100, 100, 9]), channel, scope, limits, 12, {"": Floors(None, None)})
    assert found.tolist() == ["A", "B", "C"]


def test_without_limits_the_frozen_floors_of_the_scope_count() -> None:
    limits = Potential(limits={}, default_wallet_share=Decimal("0.5"))
    floors = {"x": Floors(100 * AMOUNT_SCALE, 10 * AMOUNT_SCALE)}
    found = classes(exact([100, 10, 0]), pd.Series([""] * 3), pd.Series(["x"] * 3), limits, 12, floors)
    assert found.tolist() == ["A", "B", "N"]


def test_regularity_of_even_seasonal_rare_and_young_buying() -> None:
    quarters = exact([[10, 10, 10, 10], [10, 40, 10, 40], [0, 0, 0, 0], [0, 10, 10, 10], [90, 0, 0, 0]])
    found = regularity(quarters, [1, 1, 1, 1], Regularity(x=0.5, y=1.0))
    assert found.tolist() == ["X", "Y", "", "", "Z"]
    seasonal = regularity(exact([[4, 16, 4, 16]]), [0.4, 1.6, 0.4, 1.6], Regularity(x=0.5, y=1.0))
    assert seasonal.tolist() == ["X"]


def test_concentration_of_equal_values_and_of_a_single_one() -> None:
    assert concentration.hhi([5, 5]) == Fraction(1, 2)
    assert concentration.gini([5, 5]) == 0
    assert concentration.largest_share([1, 3]) == Fraction(3, 4)
    assert concentration.gini([7]) == 0
    for figure in (concentration.hhi, concentration.gini, concentration.largest_share):
        assert figure([]) is None
