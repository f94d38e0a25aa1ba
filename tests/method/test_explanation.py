from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from service.errors import BadArgument
from service.method.plan import spread
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.explained import text
from service.method.plan.explanation import Story
from service.method.plan.inputs import Evidence, Input, Inputs
from service.method.plan.levers import Lever, apply
from service.method.segments.classes import CLASSES
from tests.method.evaluator import recomputed
from tests.method.test_plan import CELL, SEASON

FIRST = 24300
LABELS = [f"m{month}" for month in range(1, 13)]
LEVERS = [
    Lever("leads", "multiply", 1.5, start=4, ramp=3),
    Lever("cycle_months", "add", -2, start=2),
    Lever("reactivation_rate", "add", 0.1, "A", start=6),
    Lever("retention", "set", 0.7, start=9),
    Lever("win_rate", "multiply", 1.2),
]


def inputs() -> Inputs:
    # No figure lies half-way between two coins, where binary and exact fractions may round apart.
    odd = {**CELL, "value_per_order": 22.437, "grow_gap": 1181.3, "margin_rate": 0.2137}
    cell = {name: Input(value, "observed", 4) for name, value in odd.items()}
    facts = Evidence("orders / customers * 12 / months", {"orders": 50, "customers": 4, "months": 12})
    cell["order_frequency"] = Input(12.5, "observed", 4, facts)
    dated = {**cell, "closing_2": Input(11.5, "observed", 1), "closing_9": Input(7.25, "observed", 1)}
    return Inputs.of(
        {"one": {"A": cell, "B": dated}, "two": {"C": {**cell, "margin_rate": Input(-0.1, "observed", 4)}}}
    )


def story(levers: list[Lever], *, stored: bool, way: Any = "blocks") -> Story:
    own = apply(inputs(), levers)
    found = plan(own, SEASON, way)
    lines = {name: np.zeros((2, 3, len(BLOCKS), 12), dtype="int64") for name in ("revenue", "margin")}
    for unit, abc_class, block, month, revenue, margin in spread.lines(found, FIRST, 2):
        place = (unit, CLASSES.index(abc_class), BLOCKS.index(block), month - FIRST)
        lines["revenue"][place], lines["margin"][place] = revenue, margin
    coin = Decimal("0.01" if stored else "0.0001")
    return Story(own, levers, found, SEASON, "given", way, LABELS, coin, lines if stored else None)


def told(found: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "value": one.value,
            "formula": one.formula,
            "terms": [{"name": term.name, "number": term.number} for term in one.terms],
        }
        for one in found
    ]


@pytest.mark.parametrize("number", ["revenue", "margin", "revenue.m7", "margin.u2.C.existing.m9", "revenue.A.new"])
@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("levers", [[], LEVERS, [Lever("margin_rate", "add", 0.2, start=7)]])
@pytest.mark.parametrize("way", ["blocks", "season"])
def test_every_number_follows_from_what_it_rests_on(number: str, stored: bool, levers: list[Lever], way: Any) -> None:
    found, complete = story(levers, stored=stored, way=way).explain(number, 10_000)
    assert complete
    again = recomputed(told(found))
    for one in found:
        assert float(again[one.number]) == pytest.approx(float(one.value), rel=1e-9, abs=1e-9), one
        assert all(float(again[term.number]) == pytest.approx(float(term.value), rel=1e-9) for term in one.terms)


def test_an_input_says_where_it_comes_from() -> None:
    (found, *facts), _ = story([], stored=False).explain("order_frequency.u1.A", 10)
    assert (found.value, found.source, found.n) == ("12.5", "observed", 4)
    assert found.with_numbers == "50 / 4 * 12 / 12"
    assert [(one.number, one.value, one.source) for one in facts] == [
        ("orders.u1.A.order_frequency", "50", "observed"),
        ("customers.u1.A.order_frequency", "4", "observed"),
        ("months.u1.A.order_frequency", "12", "observed"),
    ]


def test_an_input_that_a_lever_moved_says_by_which_and_what_it_was() -> None:
    ((found,), _) = story(LEVERS, stored=False).explain("leads.u1.A.m5", 10)
    assert float(found.value) == pytest.approx(10 + 5 * 2 / 3)
    assert found.source == ("set by lever (leads multiply 1.5 from month 4 over 3 months); without it 10, observed")


def test_more_numbers_than_asked_for_are_not_told() -> None:
    found, complete = story([], stored=True).explain("revenue", 5)
    assert (len(found), complete) == (5, False)
    assert "There is more" in text(found, {}, complete=complete)


def test_the_text_reads_from_the_number_to_its_sources() -> None:
    found, complete = story([], stored=False).explain("worth.u1.A", 100)
    assert text(found, {}, complete=complete).startswith(
        "worth.u1.A = 280.4625\n"
        "    What a customer of the class is worth a year: orders × value.\n"
        "    = order_frequency * order_value\n"
        "    = 12.5 * 22.437\n\n"
        "order_frequency.u1.A = 12.5\n"
        "    F: orders per customer and year.\n"
        "    = orders / customers * 12 / months\n"
        "    = 50 / 4 * 12 / 12\n"
        "    from: observed (n = 4)\n"
    )


@pytest.mark.parametrize(
    "number",
    [
        "",
        "profit",
        "profit.u1.A",
        "revenue.u3",
        "revenue.A.B",
        "revenue.2026-01",
        "worth",
        "worth.u1",
        "season",
        "leads.A",
        "orders.u1.A.leads",
        "margins.u1.A.order_frequency",
    ],
)
def test_what_is_no_number_of_the_plan(number: str) -> None:
    with pytest.raises(BadArgument, match="There is no number"):
        story([], stored=True).explain(number, 10)
