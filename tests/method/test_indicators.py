from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import AmountTooLarge
from service.method.indicators import INDICATORS, Indicator
from service.method.measures import MEASURES
from service.method.months import Window
from service.method.quantities import QUANTITIES
from service.values import AMOUNT_SCALE, round_ratio
from tests.method.counting import empty, quantities

WINDOW = Window(112, 123)
HALF = Fraction(1, 2)

# Customer 1: 300, then 400. Customer 2: 100, then nothing. Customer 3: new, 200, potential not known.
# Customer 4 bought 50 long ago and now 100. Unattributed: 20.
CELLS = [
    {"customer": 1, "month": 105, "revenue": 300, "orders": 3},
    {"customer": 1, "month": 115, "revenue": 400, "orders": 4, "margin": 100, "hours": 10},
    {"customer": 2, "month": 111, "revenue": 100, "orders": 1},
    {"customer": 3, "month": 123, "revenue": 200, "orders": 1, "margin": 44, "hours": 8},
    {"customer": 4, "month": 90, "revenue": 50, "orders": 1},
    {"customer": 4, "month": 112, "revenue": 100, "orders": 2},
    {"customer": 0, "month": 120, "revenue": 20, "hours": 2},
]
WORKED = {
    "revenue": "720",
    "margin": "144",
    "margin_rate": "0.2",
    "growth": "0.8",
    "active_customers": "3",
    "new_customers": "1",
    "lost_customers": "1",
    "reactivated_customers": "1",
    "retention": "0.5",
    "net_revenue_retention": "1",
    "gross_revenue_retention": "0.75",
    "order_frequency": "2.333333",
    "value_per_order": "102.857143",
    "wallet_share": "0.411765",
    "concentration_hhi": "0.428571",
    "concentration_gini": "0.285714",
    "revenue_per_fte": "360",
    "revenue_per_hour": "36",
}


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    measures = pd.DataFrame(
        [{name: row.get(name, 0) * AMOUNT_SCALE for name in MEASURES} for row in rows], columns=list(MEASURES)
    ).astype("int64")
    keys = pd.DataFrame({"customer": [r["customer"] for r in rows], "month": [r["month"] for r in rows]}, dtype="int64")
    groups = pd.Series([row.get("group", ()) for row in rows], dtype=object)
    return measures.assign(customer=keys["customer"], month=keys["month"], group=groups)


def whole(rows: list[dict[str, Any]], potentials: dict[int, int] | None = None) -> dict[str, Fraction | None]:
    known = {key: amount * AMOUNT_SCALE for key, amount in (potentials or {}).items()}
    return quantities(frame(rows), WINDOW, known, HALF)[()]


def test_every_indicator_has_a_hand_worked_value() -> None:
    assert WORKED.keys() == INDICATORS.keys()


@pytest.mark.parametrize("name", WORKED)
def test_the_hand_worked_values(name: str) -> None:
    values = whole(CELLS, {1: 1000, 4: 300}) | {"fte": Fraction(2)}
    outcome = INDICATORS[name].parsed.evaluate(values)
    assert outcome.value is not None
    assert round_ratio(outcome.value) == Decimal(WORKED[name])


def test_the_catalogue_knows_every_quantity_it_uses() -> None:
    assert QUANTITIES.keys() == whole(CELLS).keys()
    assert empty(WINDOW).keys() == whole(CELLS).keys()


def test_an_indicator_with_an_unknown_quantity_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="profit"):
        Indicator("x", "X", "result", "ratio", "higher", "profit / revenue", "active", "", ())


def test_a_group_without_lines_in_the_window_has_no_ratios() -> None:
    values = whole([{"customer": 1, "month": 105, "revenue": 5}])
    assert INDICATORS["margin_rate"].parsed.evaluate(values).reason == "revenue is 0"
    assert INDICATORS["lost_customers"].parsed.evaluate(values).value == 1


def test_sums_that_leave_64_bits_are_refused() -> None:
    cells = frame([{"customer": 1, "month": 115}])
    cells["revenue"] = pd.Series([2**62 + 2**50], dtype="int64")
    with pytest.raises(AmountTooLarge):
        quantities(cells, WINDOW, {}, HALF)


CELL = st.fixed_dictionaries(
    {
        "customer": st.integers(0, 6),
        "month": st.integers(90, 123),
        "revenue": st.integers(-500, 500),
        "orders": st.integers(0, 5),
        "group": st.sampled_from([("a",), ("b",)]),
    }
)


@given(st.lists(CELL, min_size=1, max_size=40))
def test_the_identities_hold_in_every_group(rows: list[dict[str, Any]]) -> None:
    found = quantities(frame(rows), WINDOW, {}, HALF)
    for values in found.values():
        known = {name: value for name, value in values.items() if value is not None}
        assert known["active"] == known["active_before"] - known["lost"] + known["new"] + known["reactivated"]
        assert known["retained"] == known["active_before"] - known["lost"]
        kept = known["revenue_before"] - known["revenue_lost"] - known["revenue_contracted"] + known["revenue_expanded"]
        assert kept <= known["positive_revenue"] + known["revenue_before"]


@given(st.lists(CELL, min_size=1, max_size=40))
def test_sums_of_groups_are_the_sums_of_the_whole(rows: list[dict[str, Any]]) -> None:
    parts = quantities(frame(rows), WINDOW, {}, HALF)
    together = quantities(frame([{**row, "group": ()} for row in rows]), WINDOW, {}, HALF)
    all_of_it = together.get((), empty(WINDOW))
    for name in MEASURES:
        assert sum((values[name] or Fraction(0) for values in parts.values()), Fraction(0)) == all_of_it[name]
