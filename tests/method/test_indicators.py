from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import AmountTooLarge
from service.forms.catalogue import FORMS
from service.method.catalogue import BadCatalogue, Declaration, resolved
from service.method.indicators import INDICATORS, UNAVAILABLE
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
# What the lines above do not hold, by hand: two sellers of whom one works half a day, their deals, contacts and plans.
GIVEN = {
    "quotes": 12,
    "quote_value": 900,
    "leads": 40,
    "qualified": 20,
    "offers": 8,
    "wins": 2,
    "lead_value": 4000,
    "offer_value": 1000,
    "win_value": 400,
    "calls": 6,
    "meetings": 3,
    "revenue_at_prior_rates": 700,
    "credited_revenue": 640,
    "dormant": 3,
    "largest_revenue": 400,
    "new_hours": 8,
    "customers": 8,
    "known_potentials": 5,
    "fte": "1.5",
    "sellers": 2,
    "deal_norm": 30,
    "cost": 180,
    "paid_hours": 100,
    "selling_hours": 45,
    "seller_months": 24,
    "logged_months": 18,
    "strong_revenue": 500,
    "strong_potential": 2000,
    "contact_norm": 36,
    "norm_hours": 36,
    "grow_gap": 600,
    "grow_won": 90,
    "open_deals": 12,
    "open_value": 1500,
    "won_deals": 3,
    "lost_deals": 9,
    "won_value": 240,
    "deal_days": 180,
    "stuck_deals": 3,
    "moved_deals": 5,
    "contacted": 2,
    "contact_age": 45,
    "target": 800,
    "target_ahead": 1000,
    "planned_revenue": 750,
    "expected_cells": 12,
    "filled_cells": 9,
}
WORKED = {
    "revenue": "720",
    "margin": "144",
    "margin_rate": "0.2",
    "growth": "0.8",  # 720 / 400 - 1
    "growth_constant": "0.75",  # 700 / 400 - 1
    "plan_attainment": "0.96",  # 720 / 750
    "target_attainment": "0.9",  # 720 / 800
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
    "strong_coverage": "0.25",  # 500 / 2000
    "concentration_hhi": "0.428571",
    "concentration_gini": "0.285714",
    "largest_share": "0.571429",  # 400 / 700
    "revenue_per_fte": "480",  # 720 / 1.5
    "margin_per_fte": "96",  # 144 / 1.5
    "revenue_per_hour": "36",
    "margin_per_hour": "7.2",  # 144 / 20
    "selling_cost_ratio": "0.25",  # 180 / 720
    "hours_per_new_customer": "8",
    "cost_per_new_customer": "72",  # 180 · 8 of 20 hours, one new customer
    "selling_time_share": "0.2",  # 20 / 100
    "load": "0.8",  # 36 / 45
    "break_even_ratio": "0.8",  # 144 / 180
    "leads": "40",
    "lead_to_qualified": "0.5",
    "qualified_to_offer": "0.4",
    "offer_to_win": "0.25",
    "lead_to_win": "0.05",
    "lead_to_offer_value": "0.25",
    "offer_to_win_value": "0.4",
    "lead_to_win_value": "0.1",
    "quote_to_order": "0.583333",  # 7 / 12
    "quote_to_order_value": "0.8",  # 720 / 900
    "win_rate": "0.25",  # 3 / (3 + 9)
    "cycle": "60",  # 180 / 3
    "reactivation_rate": "0.25",  # 1 / (1 + 3)
    "capture_rate": "0.15",  # 90 / 600
    "contact_attainment": "0.25",  # (6 + 3) / 36
    "days_since_contact": "22.5",  # 45 / 2
    "deals_per_seller": "6",
    "deals_against_norm": "0.4",  # 12 / 30
    "stuck_share": "0.25",  # 3 / 12
    "pipeline_cover": "1.5",  # 1500 / 1000
    "velocity": "4",  # 12 deals · 0.25 · (240 / 3 = 80) / 60 days
    "funnel_movement": "5",
    "known_potential_share": "0.625",  # 5 / 8
    "hours_logged_share": "0.75",  # 18 / 24
    "credit_share": "0.888889",  # 640 / 720
    "completeness": "0.75",  # 9 / 12
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
    values = whole(CELLS, {1: 1000, 4: 300}) | {given: Fraction(value) for given, value in GIVEN.items()}
    outcome = INDICATORS[name].parsed.evaluate(values)
    assert outcome.value is not None
    assert round_ratio(outcome.value) == Decimal(WORKED[name])


def test_the_catalogue_knows_every_quantity_it_uses() -> None:
    assert QUANTITIES.keys() == whole(CELLS).keys()
    assert empty(WINDOW).keys() == whole(CELLS).keys()


def test_the_hand_worked_values_use_every_quantity() -> None:
    """A quantity that no indicator names is not needed."""
    named = {name for indicator in INDICATORS.values() for name in (*indicator.parsed.names, indicator.n)}
    assert named == QUANTITIES.keys()


def test_what_an_indicator_needs_is_what_its_quantities_need() -> None:
    assert INDICATORS["velocity"].needs == ("deals.created", "deals.outcome", "deals.closed", "deals.amount")
    assert INDICATORS["break_even_ratio"].needs == (
        "salespeople.start",
        "salespeople.monthly_cost",
        "statistics.margin",
    )


def test_every_need_is_a_column_of_a_form() -> None:
    for quantity in QUANTITIES.values():
        for need in quantity.needs:
            form, column = need.split(".")
            assert column in FORMS[form].by_name, f"{quantity.name}: {need}"


def test_what_no_form_can_feed_has_a_reason_and_no_formula() -> None:
    assert not UNAVAILABLE.keys() & (INDICATORS.keys() | QUANTITIES.keys())
    assert all(one.reason for one in UNAVAILABLE.values())


def declared(name: str, formula: str, unit: Any = "ratio", n: str = "active") -> Declaration:
    return Declaration(name, name, "result", unit, "higher", formula, n, "seller", "A test.")


def findings(*declarations: Declaration) -> list[tuple[int, str, str]]:
    with pytest.raises(BadCatalogue) as caught:
        resolved(declarations, INDICATORS, reserved=frozenset(UNAVAILABLE))
    assert all(declarations[one.place].id in one.message for one in caught.value.findings)
    return [(one.place, one.field, one.code) for one in caught.value.findings]


def test_indicators_may_name_each_other_in_any_order() -> None:
    found = resolved([declared("x", "y + retention"), declared("y", "wins / leads")], INDICATORS)
    assert found["x"].parsed.text == "wins / leads + retained / active_before"


@pytest.mark.parametrize(
    "declarations, expected",
    [
        ([declared("x", "profit / revenue")], [(0, "formula", "unknown_name")]),
        ([declared("x", "revenu / cost")], [(0, "formula", "unknown_name")]),
        ([declared("x", "price_index")], [(0, "formula", "unknown_name")]),
        ([declared("x", "wins / leads", n="profit")], [(0, "n", "unknown_name")]),
        ([declared("x", "x")], [(0, "formula", "cycle")]),
        ([declared("x", "y"), declared("y", "z"), declared("z", "x / 2")], [(0, "formula", "cycle")]),
        ([declared("x", "revenue + orders")], [(0, "formula", "unit_clash")]),
        ([declared("x", "retention + revenue_per_hour")], [(0, "formula", "unit_clash")]),
        ([declared("x", "revenue")], [(0, "unit", "unit_clash")]),
        ([declared("x", "wins", "money an hour")], [(0, "unit", "unit_clash")]),
        ([declared("orders", "orders")], [(0, "id", "shadows_quantity")]),
        ([declared("retention", "wins / leads")], [(0, "id", "shadows_indicator")]),
        ([declared("price_index", "wins / leads")], [(0, "id", "shadows_indicator")]),
        ([declared("x", "wins / leads"), declared("x", "wins / offers")], [(1, "id", "duplicate_id")]),
        ([declared("x", "wins ** 2")], [(0, "formula", "bad_formula")]),
        ([declared("x", "y / 2"), declared("y", "wins //")], [(1, "formula", "bad_formula")]),
        ([declared("x", "a"), declared("y", "b")], [(0, "formula", "unknown_name"), (1, "formula", "unknown_name")]),
    ],
)
def test_a_declaration_that_cannot_stand_is_told(
    declarations: list[Declaration], expected: list[tuple[int, str, str]]
) -> None:
    assert findings(*declarations) == expected


def test_the_message_names_what_was_probably_meant() -> None:
    with pytest.raises(BadCatalogue, match="did you mean revenue"):
        resolved([declared("x", "revenu / cost")])


def test_a_built_in_indicator_may_be_a_quantity_and_nothing_else_of_its_name() -> None:
    assert resolved([declared("leads", "leads", "count")])
    with pytest.raises(BadCatalogue, match="leads is a quantity"):
        resolved([declared("leads", "leads * 2", "count")])


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
