from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service.errors import AmountTooLarge, BadArgument
from service.method.plan import goal, scenarios, spread
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.deals import COLUMNS, each_open, win_rates, worth_of_customers
from service.method.plan.inputs import Input, Inputs
from service.method.plan.levers import LEVERS, Lever, apply, value_of
from service.method.plan.statistics import FUNNEL, derive
from service.values import AMOUNT_SCALE
from tests.method.frames import PARAMETERS

EVEN = [1.0] * 12
SEASON = [0.5, 0.5, 0.5, 1, 1, 1, 1, 1, 1, 1.5, 1.5, 1.5]
CELL: Mapping[str, float] = {
    "customers": 4,
    "order_frequency": 12.5,
    "value_per_order": 22.4,
    "margin_rate": 0.2,
    "to_A": 0.8,
    "to_B": 0.1,
    "leads": 10,
    "conversion_1": 0.5,
    "conversion_2": 0.4,
    "conversion_3": 0.25,
    "cycle_months": 6,
    "pool": 1,
    "reactivation_rate": 0.2,
    "open_amount": 120,
    "open_deals": 48,
    "open_wins": 0.4,
    "grow_customers": 2,
    "grow_gap": 1180,
    "capture": 0.05,
}

FIRST = 24300
"""A month in which plans begin."""


def inputs(**changes: float) -> Inputs:
    cell = {name: Input(value, "observed", 4) for name, value in {**CELL, **changes}.items()}
    return Inputs.of({"one": {"A": cell}})


def test_without_season_the_months_add_up_to_the_years_formulas() -> None:
    months, year = plan(inputs(), EVEN, "blocks"), plan(inputs(), EVEN, "season")
    for block in BLOCKS:
        assert months.year(block).sum() == pytest.approx(year.year(block).sum())
    assert months.margin == pytest.approx(0.2 * months.revenue)


def test_new_customers_come_after_the_cycle() -> None:
    new = plan(inputs(), EVEN).months["new"][0, 0]
    assert (new[:6] == 0).all()
    assert (new[6:] > 0).all()


def test_open_deals_close_within_the_cycle() -> None:
    carried = plan(inputs(), SEASON).months["carried_over"][0, 0]
    assert carried.tolist() == [8.0] * 6 + [0.0] * 6
    at_once = plan(inputs(cycle_months=0), SEASON).months["carried_over"][0, 0]
    assert at_once.tolist() == [48.0] + [0.0] * 11


def test_a_cycle_longer_than_the_year_brings_nobody() -> None:
    for way in ("blocks", "season"):
        assert plan(inputs(cycle_months=20), EVEN, way).year("new").sum() == 0


def test_a_plan_out_of_range_is_refused() -> None:
    with pytest.raises(AmountTooLarge):
        plan(inputs(value_per_order=1e13), EVEN)


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_moves_what_it_names_and_says_so(lever: str) -> None:
    moved = apply(inputs(), [Lever(lever, "set", 0.6, "A")])
    stands_for = {"retention": ("to_A", "to_B", "to_C"), "win_rate": ("open_deals", "open_wins", "closing_1")}
    names = stands_for.get(lever, (lever,))
    words = {(one, name): found.provenance for _, one, name, found in moved}
    assert {words["A", name] for name in names} == {"set by lever"}
    assert {words["B", name] for name in names} == {"default"}
    assert plan(moved, EVEN).revenue != plan(inputs(), EVEN).revenue or lever == "margin_rate"


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_that_begins_with_the_plan_is_one_that_always_was(lever: str) -> None:
    at_once = plan(apply(inputs(), [Lever(lever, "multiply", 1.1)]), SEASON)
    cohorts = plan(apply(inputs(), [Lever("leads", "add", 0.0, start=2), Lever(lever, "multiply", 1.1)]), SEASON)
    for block in BLOCKS:
        assert cohorts.months[block] == pytest.approx(at_once.months[block], rel=1e-12, abs=1e-12)
    assert cohorts.margin == pytest.approx(at_once.margin)


@pytest.mark.parametrize("spread_by", ["blocks", "season"])
@pytest.mark.parametrize("lever", [name for name in LEVERS if name != "margin_rate"])
def test_a_later_start_leaves_the_months_before_as_they_were(lever: str, spread_by: Any) -> None:
    base = plan(inputs(), EVEN, spread_by)
    moved = plan(apply(inputs(), [Lever(lever, "multiply", 1.1, start=5, ramp=3)]), EVEN, spread_by)
    for block in BLOCKS:
        assert (moved.months[block][:, :, :4] == pytest.approx(base.months[block][:, :, :4])) is True
    assert moved.revenue != pytest.approx(base.revenue) or lever == "win_rate"


def test_a_ramp_brings_the_change_in_evenly() -> None:
    moved = apply(inputs(), [Lever("order_frequency", "add", 3, "A", start=3, ramp=3)])
    change = moved.values["order_frequency"][0, 0] - 12.5
    assert change.tolist() == [0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3]
    found = {name: one for _, abc_class, name, one in moved if abc_class == "A"}["order_frequency"]
    assert found == Input(12.5 + 27 / 12, "set by lever")


def test_new_leads_bring_customers_after_their_cycle() -> None:
    base = plan(inputs(), EVEN).months["new"][0, 0]
    more = plan(apply(inputs(), [Lever("leads", "multiply", 2, start=4)]), EVEN).months["new"][0, 0] - base
    assert (more[:9] == pytest.approx(0)) is True
    assert more[9:] == pytest.approx(base[6:9])


def test_a_margin_that_turns_keeps_lines_and_year_together() -> None:
    moved = plan(apply(inputs(margin_rate=-0.1), [Lever("margin_rate", "add", 0.2, start=7)]), SEASON)
    rows = list(spread.lines(moved, 24300, 2))
    for block in BLOCKS:
        own = [row[5] for row in rows if row[2] == block]
        assert sum(own) == round(float(moved.margin_year(block)[0, 0]) * 100) * 100
    assert {row[5] < 0 for row in rows if row[2] == "existing" and row[3] < 24306} == {True}


@pytest.mark.parametrize(
    "lever, value",
    [
        (Lever("order_frequency", "multiply", 3, at_most=20), 20),
        (Lever("order_frequency", "multiply", 0.1, at_least=5), 5),
        (Lever("order_frequency", "add", -40), 0),
        (Lever("price", "add", -4), -1),
        (Lever("capture", "add", 4), 1),
        (Lever("capture", "add", 0.02), 0.07),
        (Lever("margin_rate", "add", -0.5), -0.3),
        (Lever("win_rate", "add", 0.1), 0.5),
        (Lever("win_rate", "multiply", 4, at_most=0.8), 0.8),
    ],
)
def test_a_lever_stays_within_its_caps(lever: Lever, value: float) -> None:
    assert value_of(apply(inputs(), [lever]), lever.name)[0, 0] == pytest.approx(value)


def test_a_higher_win_rate_wins_more_deals_and_more_money() -> None:
    moved = apply(inputs(), [Lever("win_rate", "set", 0.6)])
    assert (moved.values["open_deals"][0, 0], moved.values["open_wins"][0, 0]) == pytest.approx((72, 0.6))


LEVER_LISTS = st.lists(
    st.builds(
        Lever,
        st.sampled_from(sorted(LEVERS)),
        st.just("multiply"),
        st.floats(0.5, 1.5),
        st.sampled_from([None, "A", "B"]),
        st.integers(1, 12),
        st.integers(0, 12),
    ),
    max_size=4,
)


@given(LEVER_LISTS)
@hypothesis_settings(max_examples=30)
def test_the_split_over_levers_adds_up(settings: list[Lever]) -> None:
    base, moved = plan(inputs(), SEASON), plan(apply(inputs(), settings), SEASON)
    parts = scenarios.split(inputs(), settings, SEASON)
    assert parts[:, 0].sum() == pytest.approx(moved.revenue - base.revenue, abs=1e-9 * base.revenue)
    assert parts[:, 1].sum() == pytest.approx(moved.margin - base.margin, abs=1e-9 * base.revenue)


def test_no_lever_is_the_baseline() -> None:
    own = inputs()
    assert apply(own, []) is own
    assert scenarios.split(own, [], SEASON).shape == (0, 2)


def test_two_levers_that_multiply_share_what_they_bring_together() -> None:
    both = [Lever("order_frequency", "multiply", 2), Lever("value_per_order", "multiply", 3)]
    own = inputs(open_amount=0, open_deals=0, capture=0)
    base = plan(own, EVEN).revenue
    # 1 → 6 over 2 and 3: (1 + 3) / 2 and (2 + 4) / 2.
    assert scenarios.split(own, both, EVEN)[:, 0] / base == pytest.approx([2, 3])


def test_more_levers_than_can_be_enumerated_are_not_split() -> None:
    with pytest.raises(BadArgument):
        scenarios.split(inputs(), [Lever("leads", "multiply", 1.1)] * 11, EVEN)


@pytest.mark.parametrize("spread_by", ["blocks", "season"])
@pytest.mark.parametrize(
    "timed", [[], [Lever("leads", "add", 2, start=4, ramp=2), Lever("cycle_months", "add", 1, start=3)]]
)
def test_elasticities_are_those_of_central_differences(spread_by: Any, timed: list[Lever]) -> None:
    own = apply(inputs(to_B=0.15, margin_rate=0.2, price=0.03), timed)
    found, step = scenarios.elasticities(own, SEASON, spread_by), 1e-5
    base = plan(own, SEASON, spread_by)
    for lever in LEVERS:
        up, down = (
            plan(apply(own, [Lever(lever, "multiply", by, "A")]), SEASON, spread_by) for by in (1 + step, 1 - step)
        )
        assert found[lever][0, 0] == pytest.approx((up.revenue - down.revenue) / (2 * step) / base.revenue, abs=1e-6)
        assert found[lever][1, 0] == pytest.approx((up.margin - down.margin) / (2 * step) / base.margin, abs=1e-6)


def test_a_plan_of_nothing_has_no_elasticity() -> None:
    nothing = scenarios.elasticities(Inputs.of({"one": {}}), EVEN)
    assert all(np.isnan(values).all() for values in nothing.values())


def test_retention_keeps_its_split() -> None:
    moved = apply(inputs(), [Lever("retention", "set", 0.45)])
    assert moved.values["to_A"][0, 0] == pytest.approx(0.4)
    assert moved.values["to_B"][0, 0] == pytest.approx(0.05)


def test_where_nobody_stayed_who_stays_stays_in_his_class() -> None:
    moved = apply(inputs(to_A=0, to_B=0), [Lever("retention", "set", 0.6)])
    assert [moved.values[name][0].tolist() for name in ("to_A", "to_B", "to_C")] == [
        [0.6, 0, 0],
        [0, 0.6, 0],
        [0, 0, 0.6],
    ]


def test_a_multiplied_share_stays_a_share() -> None:
    assert apply(inputs(), [Lever("retention", "multiply", 5)]).retention[0, 0] == 1
    assert apply(inputs(), [Lever("capture", "multiply", 50)]).values["capture"][0, 0] == 1


def test_a_multiplied_price_multiplies_what_is_paid() -> None:
    moved = apply(inputs(price=0.1), [Lever("price", "multiply", 1.1)])
    assert moved.values["price"][0, 0] == pytest.approx(0.21)


@pytest.mark.parametrize(
    "lever",
    [
        Lever("profit", "set", 1),
        Lever("leads", "multiply", -1),
        Lever("price", "set", -1.5),
        Lever("capture", "set", 1.5),
        Lever("retention", "set", 1.01),
        Lever("retention", "multiply", 1.01, "N"),
        Lever("leads", "multiply", 1.1, start=13),
        Lever("leads", "multiply", 1.1, ramp=13),
        Lever("leads", "multiply", 1.1, at_least=3, at_most=2),
    ],
)
def test_what_a_lever_cannot_be(lever: Lever) -> None:
    with pytest.raises(BadArgument):
        apply(inputs(), [lever])


@pytest.mark.parametrize("lever", ["leads", "retention", "value_per_order", "cycle_months", "price", "margin_rate"])
@pytest.mark.parametrize("share", [1.002, 0.998])
def test_a_goal_is_met_by_what_it_says(lever: str, share: float) -> None:
    measure = "margin" if lever == "margin_rate" else "revenue"
    base = plan(inputs(), EVEN)
    target = (base.margin if measure == "margin" else base.revenue) * share
    found = goal.seek(inputs(), EVEN, goal.Question(target, measure, lever))
    again = plan(apply(inputs(), [Lever(lever, "multiply", found.multiplier)]), EVEN)
    assert found.reachable
    assert (again.margin if measure == "margin" else again.revenue) == pytest.approx(target, rel=1e-9)


def test_a_goal_out_of_reach_says_by_how_much() -> None:
    found = goal.seek(inputs(), EVEN, goal.Question(10_000, "revenue", "capture", cap=2))
    assert not found.reachable
    assert found.multiplier == 2
    assert found.missing == pytest.approx(10_000 - found.reached)


def test_the_target_that_is_the_plan_needs_nothing() -> None:
    found = goal.seek(inputs(), EVEN, goal.Question(plan(inputs(), EVEN).revenue, "revenue", "leads"))
    assert found.multiplier == pytest.approx(1)


@pytest.mark.parametrize(
    "question", [goal.Question(1, "revenue", "profit"), goal.Question(1, "revenue", "leads", cap=0.5)]
)
def test_a_goal_that_cannot_be_sought(question: goal.Question) -> None:
    with pytest.raises(BadArgument):
        goal.seek(inputs(), EVEN, question)


@given(st.floats(0.01, 1e7), st.floats(-0.5, 0.9), st.integers(0, 4))
def test_lines_add_up_to_the_rounded_year(value: float, rate: float, decimals: int) -> None:
    found = plan(inputs(value_per_order=value, margin_rate=rate), SEASON)
    rows = list(spread.lines(found, 24300, decimals))
    step = 10 ** (4 - decimals)
    for block in BLOCKS:
        own = [row for row in rows if row[2] == block]
        year = float(found.year(block)[0, 0])
        assert sum(row[4] for row in own) == round(year * AMOUNT_SCALE / step) * step
        assert sum(row[5] for row in own) == round(year * rate * AMOUNT_SCALE / step) * step
        assert all(row[4] % step == 0 for row in own)


def test_lines_of_a_class_that_costs_more_than_it_brings_are_not_dropped() -> None:
    found = plan(inputs(value_per_order=-20), SEASON)
    rows = list(spread.lines(found, 24300, 2))
    existing = [row[4] for row in rows if row[2] == "existing"]
    assert sum(existing) == round(float(found.year("existing")[0, 0]) * 100) * 100
    assert all(amount < 0 for amount in existing)


def customers(rows: list[dict[str, Any]]) -> pd.DataFrame:
    blank = {
        "unit": "u",
        "abc_class": "A",
        "prior_class": "A",
        "last_class": "A",
        "state": "retained",
        "segment": "KEEP",
        "revenue": 0,
        "margin": 0,
        "orders": 0,
        "gap": 0,
    }
    frame = pd.DataFrame([blank | row for row in rows])
    amounts = ["revenue", "margin", "orders", "gap"]
    return frame.assign(**{name: frame[name] * AMOUNT_SCALE for name in amounts})


def funnel(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["unit", "abc_class", *FUNNEL])
    return frame.assign(**{name: (frame[name].fillna(0) * AMOUNT_SCALE).astype("int64") for name in FUNNEL})


def register(rows: list[dict[str, Any]]) -> pd.DataFrame:
    blank = {
        "unit": "u",
        "abc_class": "A",
        "new_customer": True,
        "created_now": True,
        "closed_now": True,
        "outcome": "won",
        "stage": 0,
        "months": 3.0,
        "buys": False,
        "amount": 0,
        "closes": 0,
    }
    frame = pd.DataFrame([blank | row for row in rows], columns=list(COLUMNS))
    frame["amount"] = (frame["amount"] * AMOUNT_SCALE).astype("int64")
    flags = dict.fromkeys(("new_customer", "created_now", "closed_now", "buys"), bool)
    return frame.astype({**flags, "closes": "int64"})


def derived(
    people: list[dict[str, Any]],
    steps: list[dict[str, Any]],
    deals: list[dict[str, Any]] | None = None,
    *,
    prior: bool = True,
) -> dict[str, dict[str, Input]]:
    found = derive(
        customers(people), funnel(steps), register(deals or []), ["u"], PARAMETERS.plan, 12, FIRST, prior_complete=prior
    )
    return {
        abc_class: {name: one for _, other, name, one in found if other == abc_class} for abc_class in ("A", "B", "C")
    }


def test_what_is_observed_says_so() -> None:
    found = derived(
        [
            {"revenue": 100, "orders": 4, "margin": 20, "segment": "GROW", "gap": 50},
            {"revenue": 60, "orders": 4, "margin": 12},
        ],
        [],
    )["A"]
    assert found["customers"] == Input(2, "observed", 2)
    assert found["order_frequency"] == Input(4, "observed", 2)
    assert found["value_per_order"] == Input(20, "observed", 8)
    assert found["margin_rate"].value == pytest.approx(0.2)
    assert found["grow_gap"] == Input(50, "observed", 1)


COHORT = [
    {"outcome": "lost"},
    {"outcome": "lost", "stage": 1},
    {"outcome": "lost", "stage": 1},
    {"outcome": "lost", "stage": 2},
    {"outcome": "won", "stage": 0, "months": 4.0},
]
STEPS = [{"unit": "u", "abc_class": "A", "leads": 50, "qualified": 5, "offers": 4, "wins": 1}]


def test_conversions_are_those_of_the_cohort_where_there_are_enough_deals() -> None:
    people = [{"revenue": 100, "orders": 4}]
    few, enough = (derived(people, STEPS, deals)["A"] for deals in (COHORT[1:], COHORT))
    assert [few[f"conversion_{step}"].value for step in (1, 2, 3)] == [0.1, 0.8, 0.25]
    assert [enough[f"conversion_{step}"] for step in (1, 2, 3)] == [
        Input(4 / 5, "observed", 5),
        Input(2 / 4, "observed", 4),
        Input(1 / 2, "observed", 2),
    ]
    assert enough["leads"].value == 50
    assert enough["cycle_months"].provenance == "default"


def test_who_is_still_open_or_buys_already_is_in_no_cohort() -> None:
    others = [
        {"outcome": "open", "stage": 2},
        {"outcome": "won", "new_customer": False},
        {"outcome": "won", "created_now": False},
    ]
    found = derived([{"revenue": 100}], [], [*COHORT, *others])["A"]
    assert found["conversion_1"] == Input(4 / 5, "observed", 5)
    assert found["open_deals"].value == 0


def test_a_cohort_that_wins_nothing_converts_nothing() -> None:
    lost = [{"outcome": "lost", "stage": 1}] * 5
    found = derived([{"revenue": 100}], STEPS, lost)["A"]
    assert [found[f"conversion_{step}"].value for step in (1, 2)] == [1, 0]
    assert found["conversion_3"] == Input(0.25, "observed", 4), "nobody got an offer: the funnel's"


def test_the_cycle_is_the_median_of_the_deals_won() -> None:
    won = [{"months": months} for months in (1.0, 2.0, 14.0, 20.0, 30.0)]
    assert derived([{"revenue": 100}], [], won)["A"]["cycle_months"] == Input(14.0, "observed", 5)
    others = derived([{"revenue": 100}], [], won)["B"]
    assert others["cycle_months"] == Input(14.0, "borrowed from all classes", 5)


def test_open_deals_are_worth_the_win_rate_of_their_stage() -> None:
    still = [
        {"outcome": "open", "closed_now": False, "stage": stage, "amount": amount, "abc_class": abc_class, "buys": buys}
        for stage, amount, abc_class, buys in ((0, 100, "A", False), (2, 40, "", False), (2, 1000, "A", True))
    ]
    found = derived([{"revenue": 100, "orders": 1}], [], [*COHORT, *still])
    # Of five leads one was won; two offers are too few. New customers are all of class A.
    assert found["A"]["open_amount"] == Input(140, "observed", 2)
    assert found["A"]["open_deals"].value == pytest.approx(100 / 5 + 40 * PARAMETERS.plan.conversions["A"][2])
    assert found["A"]["open_wins"].value == pytest.approx(1 / 5 + PARAMETERS.plan.conversions["A"][2])
    assert found["B"]["open_deals"].value == 0
    unknown = derived([{"revenue": 100, "orders": 1}], [], still)["A"]
    one, two, three = PARAMETERS.plan.conversions["A"]
    assert unknown["open_deals"].value == pytest.approx(100 * one * two * three + 40 * three)
    rates = win_rates(register([*COHORT, *still]), dict.fromkeys("ABC", (one, two, three)))
    each = each_open(register([*COHORT, *still]), {"A": 1.0, "B": 0.0, "C": 0.0}, rates, FIRST, ["u"])
    assert each == [(100, 1 / 5, 0), (40, pytest.approx(three), 0)], "two deals that got an offer are too few"
    nobody = derived([{"revenue": 0, "abc_class": "N"}], [], still[1:2])
    assert nobody["C"]["open_amount"].value == 40, "where nobody tells of a class, it is the lowest"


def test_open_deals_close_in_the_month_in_which_they_are_expected() -> None:
    months = (0, FIRST - 1, FIRST, FIRST + 2, FIRST + 2, FIRST + 11, FIRST + 12)
    still = [
        {"outcome": "open", "stage": 2, "amount": 10 * 2**place, "closes": month} for place, month in enumerate(months)
    ]
    sold = register(still)
    found = derived([{"revenue": 100, "orders": 1}], [], still)["A"]
    rate = PARAMETERS.plan.conversions["A"][2]
    assert found["open_amount"] == Input(630, "observed", 6), "what comes after the year is not of it"
    worth = {name: found[f"closing_{name}"].value for name in (1, 2, 3, 12)}
    assert worth == pytest.approx({1: 40 * rate, 2: 0, 3: 240 * rate, 12: 320 * rate})
    own = Inputs.of({"u": {"A": {**found, "cycle_months": Input(2, "given")}}})
    assert own.undated[0, 0] == pytest.approx(30 * rate)
    carried = plan(own, SEASON).months["carried_over"][0, 0]
    assert carried == pytest.approx(np.array([55, 15, 240, *[0] * 8, 320]) * rate)
    shares, rates = {"A": 1.0}, {"A": PARAMETERS.plan.conversions["A"]}
    customers = worth_of_customers(sold.assign(customer="K"), shares, rates, {"A": 2}, FIRST)
    assert customers["K"]["A"] == pytest.approx(carried.tolist())
    won = apply(own, [Lever("win_rate", "multiply", 1.5, start=3)])
    assert plan(won, SEASON).months["carried_over"][0, 0] == pytest.approx(carried * [1, 1, *[1.5] * 10])


def test_a_deal_without_a_class_is_of_all_by_their_shares() -> None:
    sold = register([{"outcome": "open", "stage": 2, "amount": 100, "abc_class": ""}]).assign(customer="K")
    rates = {"A": (0.0, 0.0, 0.5), "B": (0.0, 0.0, 0.25), "C": (0.0, 0.0, 0.0)}
    found = worth_of_customers(sold, {"A": 0.2, "B": 0.8, "C": 0.0}, rates, {"A": 1, "B": 2, "C": 1}, FIRST)
    assert {name: months[:3] for name, months in found["K"].items()} == {
        "A": [10, 0, 0],
        "B": [10, 10, 0],
        "C": [0, 0, 0],
    }


def test_a_half_year_counts_twice_in_orders_and_gap_and_not_in_shares() -> None:
    people = customers([{"revenue": 100, "orders": 4, "segment": "GROW", "gap": 50}, {"abc_class": "N"}])
    year, half = (
        derive(people, funnel([]), register([]), ["u"], PARAMETERS.plan, months, FIRST, prior_complete=True)
        for months in (12, 6)
    )
    for name, factor in {"order_frequency": 2, "grow_gap": 2, "value_per_order": 1, "to_A": 1, "capture": 1}.items():
        assert half.values[name][0, 0] == factor * year.values[name][0, 0]


def test_without_counts_of_orders_a_year_is_one_order() -> None:
    found = derived([{"revenue": 100}], [])["A"]
    assert found["order_frequency"].provenance == "default"
    assert found["order_frequency"].value * found["value_per_order"].value == 100


def test_retention_is_shrunk_to_the_pooled_one_and_keeps_its_split() -> None:
    rows = [{}, {}, {"abc_class": "B"}, {"abc_class": "N"}, {"prior_class": "B", "abc_class": "N"}]
    found = derived(rows, [])
    pooled = 3 / 5
    kept = (3 + 5 * pooled) / (4 + 5)
    assert found["A"]["to_A"].value == pytest.approx(kept * 2 / 3)
    assert found["A"]["to_B"].value == pytest.approx(kept / 3)
    assert found["A"]["to_A"].provenance == "shrunk"
    assert found["B"]["to_B"].value == pytest.approx(5 * pooled / 6)


def test_without_a_prior_window_retention_is_the_methods() -> None:
    found = derived([{"revenue": 1}], [], prior=False)["A"]
    assert found["to_A"] == Input(PARAMETERS.plan.default_retention, "default")
    assert found["reactivation_rate"].provenance == "default"


def test_a_unit_borrows_what_it_lacks_from_the_whole() -> None:
    frame = customers([{"revenue": 90, "orders": 9}, {"unit": "v", "abc_class": "B", "revenue": 10, "orders": 5}])
    found = derive(frame, funnel([]), register([]), ["u", "v"], PARAMETERS.plan, 12, FIRST, prior_complete=True)
    value = found.sources["value_per_order"][1][0]
    assert value == Input(10, "borrowed from the whole subsidiary", 9)
    assert found.sources["customers"][1][0].value == 0


def test_leads_are_never_invented() -> None:
    found = derived([{"revenue": 1}], [])
    assert found["A"]["leads"] == Input(0, "default")
    assert found["A"]["conversion_1"].provenance == "default"


def test_leads_without_a_customer_are_spread_like_new_customers() -> None:
    people = [{"state": "new"}, {"state": "new", "abc_class": "C"}, {"abc_class": "B"}]
    steps = [{"unit": "u", "abc_class": "", "leads": 10, "qualified": 4, "offers": 2, "wins": 3}]
    found = derived(people, steps)
    assert found["A"]["leads"].value == 5
    assert found["B"]["leads"].value == 0
    assert found["C"]["conversion_1"] == Input(0.4, "observed", 5)
    assert found["C"]["conversion_3"].value == 1


def test_leads_without_new_customers_are_spread_like_all() -> None:
    steps = [{"unit": "u", "abc_class": "", "leads": 10}]
    assert derived([{"abc_class": "B"}], steps)["B"]["leads"].value == 10


def test_leads_without_any_customer_are_c() -> None:
    steps = [{"unit": "u", "abc_class": "", "leads": 10}]
    assert derived([{"abc_class": "N", "prior_class": "N", "last_class": "N"}], steps)["C"]["leads"].value == 10


def test_a_lead_of_a_customer_counts_in_his_class() -> None:
    steps = [{"unit": "u", "abc_class": "B", "leads": 6, "qualified": 3}]
    assert derived([{}], steps)["B"]["leads"].value == 6


def test_the_pool_and_how_many_of_it_came_back() -> None:
    people = [
        {"state": "lost", "abc_class": "N"},
        {"state": "dormant", "abc_class": "N", "prior_class": "N"},
        {"state": "reactivated", "prior_class": "N"},
    ]
    found = derived(people, [])["A"]
    assert found["pool"] == Input(2, "observed", 2)
    assert found["reactivation_rate"] == Input(0.5, "observed", 2)
