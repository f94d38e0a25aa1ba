"""Two roads to the same figure: the class table beside the indicators, a scope beside its customers alone."""

from fractions import Fraction
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from service.method.indicators import INDICATORS
from service.method.measures import MEASURES
from service.method.months import Window
from service.method.segments.cells import Cells
from service.method.segments.migration import bridge, moves, retention
from service.method.segments.table import class_table
from service.values import AMOUNT_SCALE
from tests.method.counting import quantities
from tests.method.frames import segmented

WINDOW = Window(112, 123)
ROW = st.fixed_dictionaries(
    {
        "revenue": st.integers(-1000, 10**6),
        "prior_revenue": st.integers(-1000, 10**6),
        "margin": st.integers(-1000, 10**5),
        "orders": st.integers(0, 50),
        "hours": st.integers(0, 500),
        "bought_before": st.booleans(),
        "scope": st.sampled_from(["", "direct", "dealers"]),
    },
    optional={"potential": st.integers(0, 10**6)},
)
ROWS = st.lists(ROW, min_size=1, max_size=25)
SAME = {
    "margin_rate": "margin_rate",
    "active_customers": "active",
    "new_customers": "new",
    "lost_customers": "lost",
    "reactivated_customers": "reactivated",
    "retention": "retention",
    "order_frequency": "order_frequency",
    "value_per_order": "value_per_order",
    "wallet_share": "wallet_share",
    "concentration_hhi": "hhi",
    "concentration_gini": "gini",
    "revenue_per_hour": "revenue_per_hour",
}
"""Indicator → column of the class table."""


def cells(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The customers of a segmentation as monthly cells of one group."""
    found = []
    for customer, row in enumerate(rows, start=1):
        found.append({"customer": customer, "month": 115, **{name: row.get(name, 0) for name in MEASURES}})
        found.append({"customer": customer, "month": 105, "revenue": row["prior_revenue"]})
        found.append({"customer": customer, "month": 90, "revenue": int(row["bought_before"])})
    frame = pd.DataFrame(found, columns=["customer", "month", *MEASURES]).fillna(0).astype("int64")
    frame[list(MEASURES)] *= AMOUNT_SCALE
    return frame.assign(group=pd.Series([()] * len(frame), dtype=object))


@given(ROWS)
def test_the_indicators_agree_with_the_class_table(rows: list[dict[str, Any]]) -> None:
    potentials = {place: row["potential"] * AMOUNT_SCALE for place, row in enumerate(rows, 1) if "potential" in row}
    values = quantities(cells(rows), WINDOW, potentials, Fraction(1, 2))[()]
    found = segmented(rows)
    whole = next(row for row in class_table(Cells.of(found)) if not row["scope"] and row["abc_class"] == "all")
    for indicator, column in SAME.items():
        assert INDICATORS[indicator].parsed.evaluate(values).value == whole[column]
    assert INDICATORS["revenue"].parsed.evaluate(values).value == Fraction(whole["revenue"], AMOUNT_SCALE)
    flow = bridge(Cells.of(found).cells)
    assert INDICATORS["net_revenue_retention"].parsed.evaluate(values).value == flow.net_revenue_retention
    assert INDICATORS["gross_revenue_retention"].parsed.evaluate(values).value == flow.gross_revenue_retention
    assert INDICATORS["retention"].parsed.evaluate(values).value == retention(Cells.of(found).cells)


@given(ROWS)
def test_a_scope_is_what_its_customers_are_alone(rows: list[dict[str, Any]]) -> None:
    together = segmented(rows)
    for scope in {row["scope"] for row in rows} - {""}:
        own = [row for row in rows if row["scope"] == scope]
        alone = segmented(own)
        assert alone.floors[scope] == together.floors[scope]
        assert [row for row in class_table(Cells.of(together)) if row["scope"] == scope] == [
            row for row in class_table(Cells.of(alone)) if row["scope"] == scope
        ]
        assert [move for move in moves(Cells.of(together).cells, "frozen") if move.scope == scope] == [
            move for move in moves(Cells.of(alone).cells, "frozen") if move.scope == scope
        ]
        mine = together.customers[together.customers["scope"] == scope]
        for name in ("abc_class", "prior_class", "raw_prior_class", "before", "scope_value", "segment"):
            assert mine[name].tolist() == alone.customers[name].tolist()


@given(ROWS)
def test_frozen_and_own_limits_agree_where_both_windows_are_the_same(rows: list[dict[str, Any]]) -> None:
    same = segmented([{**row, "prior_revenue": row["revenue"]} for row in rows]).customers
    assert same["prior_class"].tolist() == same["raw_prior_class"].tolist() == same["abc_class"].tolist()
