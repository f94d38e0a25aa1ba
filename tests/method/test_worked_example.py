"""The worked example through the method alone: what a sales director can follow with the file beside him."""

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from service.method.months import parse_month
from service.method.plan import goal, spread
from service.method.plan.blocks import BLOCKS, Plan, plan
from service.method.plan.inputs import CONVERSIONS, Input, Inputs
from service.method.plan.levers import Lever, apply
from service.method.plan.scenarios import elasticities
from service.method.plan.statistics import migration
from service.method.resources import requirement
from service.method.segments import Segmentation, segment
from service.method.segments.cells import Cells
from service.method.segments.classes import ALL_CLASSES, CLASSES
from service.method.segments.migration import moves
from service.method.segments.table import class_table
from service.values import AMOUNT_SCALE
from tests.method.frames import PARAMETERS, customers, no_quarters

EXAMPLE = json.loads((Path(__file__).parents[1] / "worked_example.json").read_text(encoding="utf-8"))
GIVEN, EXPECTED = EXAMPLE["parameters"], EXAMPLE["expected"]
SEASON = [index for index in GIVEN["seasonal_quarters"] for _ in range(3)]


def segmentation() -> Segmentation:
    rows = [
        {
            "code": one["code"],
            "revenue": one["revenue_y1"],
            "prior_revenue": one["revenue_y0"],
            "orders": one["orders_y1"],
            "potential": one["potential"],
            "bought_before": one["bought_before_y0"],
        }
        for one in EXAMPLE["customers"]
    ]
    document = PARAMETERS.model_dump(mode="json")
    document["potential"]["limits"] = {"*": {name: str(GIVEN["potential_limits"][name]) for name in "AB"}}
    document["segments"]["grow_gap_at_least"] = str(GIVEN["grow_gap_at_least"])
    frame = customers(rows)
    return segment(frame, type(PARAMETERS).model_validate(document), 12, no_quarters(frame), [])


def inputs(rule: str, shrinkage: float) -> Inputs:
    """Of the one unit: N, F, V and the gap of its segmentation, the rest as the example gives it."""
    found = segmentation()
    table = {row["abc_class"]: row for row in class_table(Cells.of(found)) if row["segment"] is None}
    counts = {(move.from_class, move.to_class): move.customers for move in moves(Cells.of(found).cells, rule)}
    stay = migration(counts, shrinkage)
    grow = found.customers[found.customers["segment"] == "GROW"]
    cells = {}
    for name in CLASSES:
        own = grow[grow["abc_class"] == name]
        deals = GIVEN["open_deals"][name]
        values: Mapping[str, Any] = {
            "customers": table[name]["customers"],
            "order_frequency": table[name]["order_frequency"],
            "value_per_order": table[name]["value_per_order"],
            "margin_rate": GIVEN["margin_rate"][name],
            "price": GIVEN["price"],
            "quantity": GIVEN["quantity"],
            "leads": GIVEN["leads_a_year"][name],
            **dict(zip(CONVERSIONS, GIVEN["conversions"][name], strict=True)),
            "cycle_months": GIVEN["cycle_months"][name],
            "pool": GIVEN["reactivation_pool"][name],
            "reactivation_rate": GIVEN["reactivation_rate"][name],
            "open_amount": sum(amount for amount, _ in deals),
            "open_deals": sum(amount * rate for amount, rate in deals),
            "open_wins": sum(rate for _, rate in deals),
            "grow_customers": len(own),
            "grow_gap": int(own["gap"].sum()) / AMOUNT_SCALE,
            "capture": GIVEN["capture"],
        }
        cells[name] = {word: Input(float(value), "given") for word, value in values.items()} | stay[name]
    return Inputs.of({"": cells})


def quarters(found: Plan) -> list[float]:
    months = sum(found.months[block].sum(axis=(0, 1)) for block in BLOCKS)
    return [float(months[place : place + 3].sum()) for place in range(0, 12, 3)]


def test_classes_states_segments_and_wallet_shares() -> None:
    frame = segmentation().customers
    shares = [
        Fraction(max(value, 0), potential)
        for value, potential in zip(frame["value"].tolist(), frame["effective_potential"].tolist(), strict=True)
    ]
    found = [
        {
            "code": row.code,
            "class_y0": row.raw_prior_class,
            "class_y1": row.abc_class,
            "potential_class": row.potential_class,
            "wallet_share": round(float(share), 4),
            "gap": row.gap / AMOUNT_SCALE,
            "state": row.state,
            "segment": row.segment,
        }
        for row, share in zip(frame.itertuples(), shares, strict=True)
    ]
    assert found == EXPECTED["customers"]


def test_frozen_floors_and_the_migration_by_them() -> None:
    found = segmentation()
    expected = EXPECTED["plan_frozen_floors_and_shrinkage"]
    assert found.floors[""].a == expected["floors"]["A"] * AMOUNT_SCALE
    assert found.floors[""].b == expected["floors"]["B"] * AMOUNT_SCALE
    counts = {(move.from_class, move.to_class): move.customers for move in moves(Cells.of(found).cells, "frozen")}
    assert {j: {k: counts[j, k] for k in ALL_CLASSES} for j in CLASSES} == expected["counts"]


def test_the_plan_block_by_block_and_its_quarters_by_the_season_alone() -> None:
    found = plan(inputs("raw", 0), SEASON, "season")
    expected = EXPECTED["plan_raw_cumulative_migration"]
    words = dict(zip(("existing", "new", "react", "carry", "grow"), BLOCKS, strict=True))
    for column, abc_class in enumerate(CLASSES):
        for word, block in words.items():
            year = float(found.year(block)[0, column])
            assert year == pytest.approx(expected["blocks"][abc_class][word], abs=0.5e-6)
    assert found.revenue == pytest.approx(expected["total"], abs=0.5e-6)
    assert found.margin == pytest.approx(expected["margin"], abs=0.5e-6)
    assert quarters(found) == pytest.approx(expected["quarters"], abs=0.5e-6)


def test_the_plan_month_by_month_as_its_customers_come() -> None:
    """The months of section 6, written out; the example's own quarters follow the plain season instead."""
    found = plan(inputs("raw", 0), SEASON, "blocks")
    expected = EXPECTED["plan_raw_cumulative_migration"]["blocks"]
    for column, name in enumerate(CLASSES):
        table = EXPECTED["class_table"][name]
        worth = table["F"] / 12 * table["V"] * (1 + GIVEN["price"])
        one, two, three = GIVEN["conversions"][name]
        won, cycle = GIVEN["leads_a_year"][name] * one * two * three, GIVEN["cycle_months"][name]
        back = GIVEN["reactivation_pool"][name] * GIVEN["reactivation_rate"][name]
        closing = {"A": 6, "B": 3, "C": 2}[name]
        for month, index in enumerate(SEASON, start=1):
            there = won / 12 * 0.5 * (max(0, month - cycle) ** 2 - max(0, month - 1 - cycle) ** 2)
            hand_worked = {
                "existing": expected[name]["existing"] / 12 * index,
                "new": there * worth * index,
                "reactivated": back * (month - 0.5) / 12 * worth * index,
                "carried_over": expected[name]["carry"] / closing if month <= closing else 0,
                "grown": expected[name]["grow"] / 12 * index,
            }
            months = {block: float(found.months[block][0, column, month - 1]) for block in BLOCKS}
            assert months == pytest.approx(hand_worked, abs=1e-6)
    assert found.revenue == pytest.approx(1400.455482, abs=0.5e-6)
    assert quarters(found) == pytest.approx([322.175336, 373.113159, 356.783902, 348.383085], abs=0.5e-6)


def test_the_plan_with_frozen_floors_and_shrunk_retention() -> None:
    own = inputs("frozen", 5)
    expected = EXPECTED["plan_frozen_floors_and_shrinkage"]
    assert own.retention[0].tolist() == pytest.approx(list(expected["retention_shrunk_m5"].values()), abs=0.5e-6)
    assert plan(own, SEASON, "season").revenue == pytest.approx(expected["total"], abs=0.5e-6)


@pytest.mark.parametrize(
    "lever, multiplier, decimals", [("value_per_order", 1.039425, 6), ("leads", 1.56495, 5), ("retention", 1.041083, 6)]
)
def test_one_lever_alone_reaches_1450(lever: str, multiplier: float, decimals: int) -> None:
    own = inputs("raw", 0)
    found = goal.seek(own, SEASON, goal.Question(1450, "revenue", lever), "season")
    assert found.reachable
    assert round(found.multiplier, decimals) == multiplier
    assert 1450 - found.baseline == pytest.approx(EXPECTED["goal_seek_1450"]["gap"], abs=0.5e-6)
    again = plan(apply(own, [Lever(lever, "multiply", found.multiplier)]), SEASON, "season")
    assert again.revenue == pytest.approx(1450, rel=1e-9)


ELASTIC = {
    "ret": "retention",
    "F": "order_frequency",
    "V": "value_per_order",
    "L": "leads",
    "conv": "conversion_1",
    "cyc": "cycle_months",
    "rho": "reactivation_rate",
    "cap": "capture",
    "pwin": "win_rate",
}
"""Levers of the example's elasticities."""


def test_every_elasticity() -> None:
    found = elasticities(inputs("raw", 0), SEASON, "season")
    words = {
        f"{word}.{abc_class}": float(found[lever][0, column])
        for word, lever in ELASTIC.items()
        for column, abc_class in enumerate(CLASSES)
    }
    assert {name: round(value, 6) for name, value in words.items()} == EXPECTED["elasticities"]


@pytest.mark.parametrize("simultaneous", GIVEN["norms"]["simultaneous_deals"])
def test_hours_and_heads(simultaneous: float) -> None:
    document = PARAMETERS.resources.model_dump() | GIVEN["norms"] | {"simultaneous_deals": simultaneous}
    found = requirement(inputs("raw", 0), type(PARAMETERS.resources).model_validate(document))
    expected = EXPECTED["resources"]
    words = {"service": "contacts", "acq": "acquisition", "orders": "orders", "react": "reactivation"}
    for column, name in enumerate(CLASSES):
        hours = expected["hours"][name]
        assert found.average_customers[0, column] == pytest.approx(hours["Navg"], abs=0.5e-6)
        for theirs, ours in words.items():
            assert found.hours[ours][0, column] == pytest.approx(hours[theirs], abs=0.5e-6)
    assert float(found.unit_hours[0]) == pytest.approx(expected["total_hours"], abs=0.5e-6)
    assert float(found.fte_hours[0]) == pytest.approx(expected["fte"], abs=0.5e-6)
    assert float(found.fte_hours[0]) / 2 == pytest.approx(expected["load_of_two"], abs=0.5e-6)
    assert found.work_in_progress.tolist() == [expected["work_in_progress_deals"]]
    assert found.heads == [expected["heads"]]


def test_the_lines_of_the_plan_add_up_to_the_cent() -> None:
    found = plan(inputs("raw", 0), SEASON, "season")
    rows = list(spread.lines(found, parse_month("2026-01"), 2))
    years = {(column, block): found.year(block)[0, column] for column in range(3) for block in BLOCKS}
    assert len(rows) == 12 * len(years)
    assert sum(row[4] for row in rows) == sum(round(float(year) * 100) * 100 for year in years.values())
