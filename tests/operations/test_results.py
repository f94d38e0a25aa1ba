"""Stored results: computed once, fresh or not, adding up at every level, grouped by anything."""

from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

import pytest

from service.access.keys import Scope
from service.method.plan.levers import LEVERS
from service.operations.dimensions import DIMENSIONS
from tests.conftest import Service
from tests.group import hand_in_subsidiary
from tests.method.evaluator import recomputed

RATES = [
    {"period": f"{year}-{month:02d}", "currency": "PLN", "reference": "EUR", "rate": f"0.23{month:02d}37"}
    for year in (2024, 2025)
    for month in range(1, 13)
]


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    hand_in_subsidiary(service, "PL", "PLN")
    service.submit("exchange-rates", RATES)
    return service


def total(items: list[dict[str, Any]], indicator: str) -> Decimal:
    return sum((Decimal(one["value"]) for one in items if one["indicator"] == indicator), Decimal(0))


def test_every_roll_up_is_the_sum_of_its_parts(group: Service) -> None:
    groupings = chain.from_iterable(combinations(DIMENSIONS, size) for size in (0, 1, 2))
    found = set()
    for words in [*groupings, DIMENSIONS]:
        for time in ("", "month", "quarter", "fiscal_half", "year") if len(words) < 2 else ("",):
            names = ",".join([*words, time] if time else words)
            answer = group.get("/v1/kpis", indicators="revenue,margin", group_by=names, currency="EUR")
            found.add((total(answer["items"], "revenue"), total(answer["items"], "margin")))
            (control,) = answer["control"]
            assert Decimal(control["revenue"]) == total(answer["items"], "revenue")
            assert Decimal(control["attributed"]) + Decimal(control["unattributed"]) == Decimal(control["revenue"])
    assert len(found) == 1


def test_a_converted_amount_is_rounded_once_per_customer_and_month(group: Service) -> None:
    lines = group.get("/v1/statistics", subsidiary="PL", **{"from": "2025-01", "limit": 1000})["items"]
    rates = {rate["period"]: Decimal(rate["rate"]) for rate in RATES}
    expected = sum(round(Decimal(line["revenue"]) * rates[line["period"]], 4) for line in lines)
    answer = group.get("/v1/kpis", indicators="revenue", subsidiary="PL", currency="EUR")
    assert total(answer["items"], "revenue") == expected


def test_groups_have_the_words_of_their_dimensions(group: Service) -> None:
    def groups(name: str) -> set[str]:
        items = group.get("/v1/kpis", indicators="revenue", group_by=f"subsidiary,{name}", subsidiary="DE")["items"]
        return {one[name] for one in items}

    assert groups("salesperson") == {"DE-S1", "DE-S2"}
    assert groups("team") == {"T"}
    assert groups("channel") == {"", "direct"}
    assert groups("abc_class") == {"", "A", "B", "N"}
    assert groups("segment") == {"", "GROW", "WIN"}
    assert groups("quarter") == {"2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"}
    assert groups("year") == {"2025"}


def test_fte_fall_apart_by_seller_and_nowhere_else(group: Service) -> None:
    def values(grouping: str) -> set[tuple[str | None, str | None]]:
        query = {"indicators": "revenue_per_fte", "group_by": grouping, "subsidiary": "DE"}
        return {(one["value"], one["reason"]) for one in group.get("/v1/kpis", **query)["items"]}

    assert values("subsidiary") == {("9607.5", None)}
    assert values("team") == {("9607.5", None)}
    assert {reason for _, reason in values("channel")} == {"fte does not fall apart by channel"}


def test_several_currencies_need_a_subsidiary_or_a_currency(group: Service) -> None:
    problem = group.get("/v1/kpis", status=422)
    assert problem["type"] == "/problems/mixed-currencies"
    currencies = {one["currency"] for one in group.get("/v1/kpis", group_by="subsidiary")["items"]}
    assert currencies == {"EUR", "PLN", None}


def test_a_result_is_computed_once_and_grows_stale(group: Service) -> None:
    first = group.post("/v1/segmentations", {"subsidiary": "DE"})
    again = group.post("/v1/segmentations", {"subsidiary": "DE"}, status=200)
    assert again == first
    line = {"period": "2025-01", "customer": "DE-C1", "salesperson": "DE-S2", "channel": "direct", "revenue": "1"}
    group.submit("statistics", [line], subsidiary="DE")
    old = group.get(f"/v1/segmentations/{first['id']}")
    assert old == first | {"fresh": False}
    assert group.get("/v1/customers/DE/DE-C1")["fresh"] is False
    assert group.post("/v1/segmentations", {"subsidiary": "DE"})["id"] == "DE.2"
    assert group.get("/v1/customers/DE/DE-C1")["segmentation"] == "DE.2"


@pytest.mark.parametrize("scope", ["channel", "subsidiary", "salesperson"])
def test_the_class_table_adds_up_to_the_lines(group: Service, scope: str) -> None:
    group.submit("statistics", [{"period": "2025-02", "revenue": "77.7"}], subsidiary="DE")
    made = group.post("/v1/segmentations", {"subsidiary": "DE", "scope": scope})
    control = {name: Decimal(value) for name, value in made["control"].items()}
    lines = group.get("/v1/statistics", subsidiary="DE", **{"from": "2025-01", "limit": 1000})["items"]
    assert control["revenue"] == sum(Decimal(line["revenue"]) for line in lines)
    assert control["unattributed"] == Decimal("77.7")
    table = group.get(f"/v1/segmentations/{made['id']}/classes")["items"]
    scopes = {row["scope"] for row in table} - {""}
    parts = [row for row in table if row["scope"] in (scopes or {""}) and row["abc_class"] != "all"]
    assert sum(Decimal(row["revenue"]) for row in parts) == control["class_table"] == control["attributed"]


def test_the_customers_of_a_segmentation_in_pages_and_orders(group: Service) -> None:
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    path = f"/v1/segmentations/{made['id']}/customers"
    for sort in ("code", "-value", "-gap"):
        whole = group.get(path, sort=sort)["items"]
        parts, after = [], {}
        while after is not None:
            page = group.get(path, sort=sort, limit=2, **after)
            parts += page["items"]
            after = {"after": page["next"]} if page["next"] else None
        assert parts == whole
        keys = {"code": "customer", "-value": "value", "-gap": "gap"}[sort]
        values = [one[keys] if sort == "code" else -Decimal(one[keys]) for one in whole]
        assert values == sorted(values)
    assert {one["segment"] for one in group.get(path, segment="WIN")["items"]} == {"WIN"}
    assert {one["salesperson"] for one in group.get(path, salesperson="DE-S1")["items"]} == {"DE-S1"}


@pytest.mark.parametrize("by", [[], ["salesperson"], ["channel"], ["salesperson", "channel"]])
def test_plan_lines_add_up_to_every_total(group: Service, by: list[str]) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "PL", "by": by})
    lines = group.get(f"/v1/plans/{plan['id']}/lines", limit=1000)["items"]
    for name in ("revenue", "margin"):
        whole = Decimal(plan[name])
        assert sum(Decimal(line[name]) for line in lines) == whole
        for parts in ("blocks", "months", "units"):
            assert sum(Decimal(part[name]) for part in plan[parts]) == whole
        for unit in plan["units"]:
            assert sum(Decimal(block[name]) for block in unit["blocks"]) == Decimal(unit[name])
    assert [month["period"] for month in plan["months"]] == [f"2026-{month:02d}" for month in range(1, 13)]
    assert all(Decimal(line["revenue"]) == round(Decimal(line["revenue"]), 2) for line in lines)


def test_every_input_of_a_plan_says_where_it_comes_from(group: Service) -> None:
    lever = {"lever": "order_frequency", "operation": "multiply", "value": 1.1, "abc_class": "A"}
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": [lever]})
    inputs = group.get(f"/v1/plans/{plan['id']}/inputs", limit=1000)["items"]
    words = {one["provenance"] for one in inputs}
    assert words == {"observed", "shrunk", "default", "borrowed from the whole subsidiary", "set by lever"}
    moved = {(one["abc_class"], one["input"]) for one in inputs if one["provenance"] == "set by lever"}
    assert moved == {("A", "order_frequency")}
    assert plan["levers"] == [{**lever, "start": 1, "ramp": 0, "at_least": None, "at_most": None}]


def test_a_scenario_stands_beside_its_baseline(group: Service) -> None:
    levers = [
        {"lever": "order_frequency", "operation": "multiply", "value": 1.1, "abc_class": "A"},
        {"lever": "retention", "operation": "add", "value": 0.1, "start": 4, "ramp": 3},
        {"lever": "leads", "operation": "multiply", "value": 2, "start": 2},
    ]
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": levers})
    assert (plan["id"], plan["baseline"]) == ("DE.2", "DE.1")
    baseline = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]}, status=200)
    assert (baseline["id"], baseline["baseline"], baseline["levers"]) == ("DE.1", None, [])
    found = group.get("/v1/plans/DE.2/levers")
    assert (found["baseline"], found["baseline_revenue"]) == ("DE.1", baseline["revenue"])
    for name in ("revenue", "margin"):
        parts = [Decimal(one[name]) for one in found["contributions"]]
        assert sum(parts) == Decimal(plan[name]) - Decimal(baseline[name])
        assert all(part == round(part, 2) for part in parts)
    assert [one["lever"] for one in found["contributions"]] == ["order_frequency", "retention", "leads"]
    assert group.get("/v1/plans/DE.1/levers")["contributions"] == []
    inputs = group.get("/v1/plans/DE.2/inputs", limit=1000)["items"]
    before = group.get("/v1/plans/DE.1/inputs", limit=1000)["items"]
    leads = [(one["value"], two["value"]) for one, two in zip(inputs, before, strict=True) if one["input"] == "leads"]
    assert all(now == pytest.approx(then * (1 + 11 / 12)) for now, then in leads)
    needed = group.post("/v1/resource-requirements", {"plan": "DE.2"})
    assert needed["hours"] > group.post("/v1/resource-requirements", {"plan": "DE.1"})["hours"]
    goal = {"target": str(Decimal(plan["revenue"]) + 100), "lever": "value_per_order"}
    assert Decimal(group.post("/v1/plans/DE.2/goal-seek", goal, status=200)["baseline"]) == pytest.approx(
        Decimal(plan["revenue"]), abs=Decimal("0.5")
    )


@pytest.mark.parametrize("levers", [[], [{"lever": "leads", "operation": "multiply", "value": 2, "start": 2}]])
def test_every_number_of_a_stored_plan_is_explained(group: Service, levers: list[dict[str, Any]]) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": levers})
    path = f"/v1/plans/{plan['id']}/explanation"
    for name in ("revenue", "margin"):
        found = group.get(path, number=name, limit=5000, counted=0)
        assert found["complete"]
        numbers = recomputed(found["numbers"])
        for one in found["numbers"]:
            assert float(numbers[one["number"]]) == pytest.approx(float(one["value"]), rel=1e-9, abs=1e-9), one
        assert numbers[name] == Fraction(plan[name])
        assert found["units"] == [{"unit": f"u{n}", "salesperson": f"DE-S{n}", "channel": ""} for n in (1, 2)]
        month = recomputed(group.get(path, number=f"{name}.2026-03", limit=5000)["numbers"])
        assert month[f"{name}.2026-03"] == Fraction(plan["months"][2][name])
    sources = {one["source"] for one in found["numbers"]} - {None}
    assert {"observed", "shrunk", "default", "borrowed from the whole subsidiary"} <= sources
    line = group.get(f"/v1/plans/{plan['id']}/lines", limit=1)["items"][0]
    number = f"revenue.u1.{line['abc_class']}.{line['block']}.{line['period']}"
    assert group.get(path, number=number, limit=1)["numbers"][0]["value"] == line["revenue"]
    answer = group.client.get(path, params={"format": "text"})
    assert answer.text.startswith(f"revenue = {plan['revenue']}\n")
    assert group.get(path, number="revenue.u9", status=422)["errors"][0]["column"] == "number"


def test_a_scenario_from_before_baselines_were_kept_has_its_own_inputs(group: Service) -> None:
    lever = {"lever": "price", "operation": "set", "value": 0.1}
    plan = group.post("/v1/plans", {"subsidiary": "DE", "levers": [lever]})
    with group.database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE plan SET summary = replace(summary, '\"baseline\": 1', '\"baseline\": null')"
        )
    found = group.get(f"/v1/plans/{plan['id']}/levers")
    assert (found["baseline"], found["contributions"]) == (None, [])
    assert found["baseline_revenue"] == plan["revenue"]


def test_a_goal_that_is_sought_on_a_plan_is_reached_with_the_lever(group: Service) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    target = str(round(Decimal(plan["revenue"]) * Decimal("1.05"), 2))
    found = group.post(f"/v1/plans/{plan['id']}/goal-seek", {"target": target, "lever": "value_per_order"}, status=200)
    assert found["reachable"]
    lever = {"lever": "value_per_order", "operation": "multiply", "value": found["exact_multiplier"]}
    moved = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": [lever]})
    assert abs(Decimal(moved["revenue"]) - Decimal(target)) < Decimal("0.05"), "each block of a class in whole cents"


@pytest.mark.parametrize("form", ["alone", "together", "cheapest"])
def test_ways_to_a_target_lead_there(group: Service, form: str) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    levers = [{"lever": "value_per_order", "cap": 1.2}, {"lever": "retention", "abc_class": "A", "cap": 1.01}]
    for share, reachable in (("1.05", True), ("3", False)):
        target = str(round(Decimal(plan["revenue"]) * Decimal(share), 2))
        body = {"target": target, "form": form, "levers": levers}
        found = group.post(f"/v1/plans/{plan['id']}/goals", body, status=200)
        assert found["baseline"] == plan["revenue"]
        way = found["ways"][0]
        assert way["reachable"] is reachable
        assert Decimal(way["reached"]) + Decimal(way["missing"]) == pytest.approx(Decimal(target), abs=Decimal("0.01"))
        settings = [
            {
                "lever": one["lever"],
                "operation": "multiply",
                "value": one["exact_multiplier"],
                "abc_class": one["abc_class"],
            }
            for one in way["moves"]
        ]
        moved = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": settings})
        assert Decimal(moved["revenue"]) == pytest.approx(Decimal(way["reached"]), abs=Decimal("0.05"))
        assert len(found["ways"]) == (2 if form == "alone" else 1)


def test_a_plan_says_how_sure_it_is(group: Service) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    path = f"/v1/plans/{plan['id']}/uncertainty"
    found = group.get(path, target=plan["revenue"], draws=1000, seed=3)
    assert found["revenue"] == plan["revenue"]
    assert [law["law"] for law in found["laws"]] == ["normal", "simulation"]
    assert found["laws"][0]["probability"] == 0.5
    assert found == group.get(path, target=plan["revenue"], draws=1000, seed=3)
    assert {law["probability"] for law in group.get(path)["laws"]} == {None}
    assert sum(Decimal(one["revenue"]) for one in found["units"]) == Decimal(plan["revenue"])
    for one in found["units"]:
        normal, simulation = one["laws"]
        assert float(simulation["p10"]) <= float(one["revenue"]) <= float(simulation["p90"])
        assert float(simulation["standard_deviation"]) == pytest.approx(float(normal["standard_deviation"]), rel=0.2)


APRIL = {"period": "2026-04", "customer": "DE-C4", "salesperson": "DE-S1", "channel": "direct", "orders": 2}


def test_a_plan_against_what_came(group: Service) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    path = f"/v1/plans/{plan['id']}/attainment"
    assert group.get(path, status=422)["type"] == "/problems/no-data"
    lines = [
        {**APRIL, "revenue": "900.10", "margin": "200"},
        {**APRIL, "period": "2026-02", "customer": "DE-C5", "revenue": "250", "orders": 1},
        {**APRIL, "period": "2026-02", "customer": "DE-C6", "revenue": "-40", "orders": 0},
        {"period": "2026-03", "revenue": "77.7"},
    ]
    group.submit("statistics", lines, subsidiary="DE")
    found = group.get(path, weight=0.25)
    assert found["to_date"]["months"] == 4
    assert found["to_date"]["actual_revenue"] == "1187.8"
    assert [one["actual_revenue"] for one in found["months"]] == ["0", "210", "77.7", "900.1"] + [None] * 8
    assert found["months"][3]["cumulative_planned_revenue"] == found["to_date"]["planned_revenue"]
    assert [one["period"] for one in found["months"]] == [one["period"] for one in plan["months"]]
    assert found["unattributed"] == "77.7"
    units = found["units"]
    assert sum(Decimal(one["planned_revenue"]) for one in units) == Decimal(found["to_date"]["planned_revenue"])
    assert sum(Decimal(one["actual_revenue"]) for one in units) == Decimal("1110.1")
    for row in found["classes"]:
        effects = sum(Decimal(row[f"{name}_effect"]) for name in ("customers", "frequency", "value"))
        assert effects == Decimal(row["actual"]) - Decimal(row["planned"])
    planned = sum(Decimal(row["planned"]) for row in found["classes"])
    assert planned == pytest.approx(Decimal(found["to_date"]["planned_revenue"]), abs=Decimal("0.5"))
    assert sum(Decimal(row["actual"]) for row in found["classes"]) == Decimal("1110.1")
    again = found["reforecast"]
    left = Decimal(plan["revenue"]) - Decimal(found["to_date"]["planned_revenue"])
    assert Decimal(again["additive"]) == pytest.approx(Decimal("1187.8") + left, abs=Decimal("0.001"))
    blend = Decimal("0.75") * Decimal(again["additive"]) + Decimal("0.25") * Decimal(again["ratio"])
    assert Decimal(again["blend"]) == pytest.approx(blend, abs=Decimal("0.001"))


def test_a_plan_is_approved_and_superseded_and_never_changes(group: Service) -> None:
    first = group.post("/v1/plans", {"subsidiary": "DE"})
    assert (first["status"], first["decisions"]) == ("draft", [])
    key = group.key(scopes=[Scope.PLANS_APPROVE], subsidiaries=["DE"])
    answer = group.client.post(f"/v1/plans/{first['id']}/approve", json={"note": "Agreed."}, headers=group.as_key(key))
    approved = answer.json()
    decision = {"status": "approved", "data_revision": first["data_revision"], "successor": None, "note": "Agreed."}
    assert [{name: one[name] for name in decision} for one in approved["decisions"]] == [decision]
    assert approved["decisions"][0]["key"] in key
    assert group.post(f"/v1/plans/{first['id']}/approve", {}, status=200) == approved
    before = group.get(f"/v1/plans/{first['id']}/lines", limit=1000)
    second = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    group.submit("statistics", [{**APRIL, "period": "2025-12", "revenue": "5"}], subsidiary="DE")
    refused = group.post(f"/v1/plans/{second['id']}/approve", {}, status=409)
    assert refused["type"] == "/problems/stale-plan"
    stale = group.post(f"/v1/plans/{second['id']}/approve", {"stale": True}, status=200)
    assert stale["status"] == "approved"
    assert stale["decisions"][0]["data_revision"] == second["data_revision"] + 1
    former = group.get(f"/v1/plans/{first['id']}")
    assert former["status"] == "superseded"
    assert [(one["status"], one["successor"]) for one in former["decisions"]] == [
        ("approved", None),
        ("superseded", second["id"]),
    ]
    assert group.post(f"/v1/plans/{first['id']}/approve", {}, status=409)["type"] == "/problems/superseded"
    assert group.get(f"/v1/plans/{first['id']}/lines", limit=1000) == before
    assert {one["id"]: one["status"] for one in group.get("/v1/plans")["items"]} == {
        first["id"]: "superseded",
        second["id"]: "approved",
    }


def test_the_customers_to_work_on_first(group: Service) -> None:
    path = "/v1/priorities/customers"
    assert group.get(path, subsidiary="DE", status=422)["type"] == "/problems/no-data"
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    found = group.get(path, subsidiary="DE")
    assert (found["segmentation"], found["fresh"], found["at_risk_known"]) == (made["id"], True, False)
    indices = [one["margin_per_hour"] for one in found["items"]]
    assert indices == sorted(indices, reverse=True)
    assert found["customers"] == len(indices) > 0
    few = group.get(path, subsidiary="DE", hours=20, salesperson="DE-S1", limit=1)
    assert (few["hours_taken"], len(few["items"])) == (20, 1)
    assert {one["salesperson"] for one in few["items"]} == {"DE-S1"}
    assert few["items"][0]["taken"]


def test_a_customer_of_class_a_at_risk_comes_first(group: Service) -> None:
    feeds = {"results": "register", "funnel": "lines", "activity": "lines"}
    answer = group.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds)
    assert answer.status_code == 200, answer.text
    days = [(4, "2025-03-10", "5000"), (4, "2025-04-10", "5000"), (3, "2025-12-20", "4000"), (3, "2025-11-20", "10")]
    orders = [
        {"id": f"O-{place}", "date": day, "customer": f"DE-C{number}", "amount": amount, "margin": "900"}
        for place, (number, day, amount) in enumerate(days)
    ]
    group.submit("orders", orders, subsidiary="DE")
    group.post("/v1/segmentations", {"subsidiary": "DE"})
    found = group.get("/v1/priorities/customers", subsidiary="DE")
    assert found["at_risk_known"]
    assert [(one["customer"], one["reason"]) for one in found["items"]][:1] == [("DE-C4", "at risk")]
    assert "DE-C3" not in [one["customer"] for one in found["items"] if one["reason"] == "at risk"]


def test_the_levers_to_work_on_first(group: Service) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    found = group.get("/v1/priorities/levers", plan=plan["id"])
    assert found["units"] == 2
    indices = [one["margin_per_hour"] for one in found["priced"]]
    assert indices == sorted(indices, reverse=True)
    told = [one["lever"] for one in found["priced"] + found["unpriced"]]
    assert sorted([*told, *found["without_step"]]) == sorted(LEVERS)
    assert {one["margin_per_hour"] for one in found["unpriced"]} <= {None}
    whole = group.post("/v1/plans", {"subsidiary": "DE"})
    assert group.get("/v1/priorities/levers", plan=whole["id"])["priced"] == []


@pytest.mark.parametrize("by", [["salesperson"], ["channel"]])
def test_a_target_is_spread_over_units_to_the_last_cent(group: Service, by: list[str]) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": by})
    planned = Decimal(plan["revenue"])
    for target in (planned + Decimal("1000.01"), planned - 500, planned * 1000):
        found = group.post("/v1/allocations", {"plan": plan["id"], "target": str(round(target, 2))}, status=200)
        extra = sum(Decimal(unit["extra"]) for unit in found["units"])
        assert planned + extra + Decimal(found["unplaced"]) == round(target, 2)
        for unit in found["units"]:
            assert Decimal(unit["planned"]) + Decimal(unit["extra"]) == Decimal(unit["allocated"])
            assert Decimal(unit["extra"]) <= Decimal(unit["cap"])
    unit = {name: found["units"][0][name] for name in ("salesperson", "channel")}
    body = {"plan": plan["id"], "target": str(round(planned * 2, 2)), "caps": [{**unit, "cap": "7"}]}
    assert group.post("/v1/allocations", body, status=200)["units"][0]["extra"] in ("7", "0")
    stranger = {**body, "caps": [{"salesperson": "nobody", "cap": "7"}]}
    assert group.post("/v1/allocations", stranger, status=422)["errors"][0]["column"] == "caps"
    assert group.post("/v1/allocations", {**body, "target": "1.001"}, status=422)["errors"][0]["column"] == "target"


def test_a_plan_that_cannot_be_named_is_not_found(group: Service) -> None:
    for name in ("DE.1\0", "\0.1", "DE", "DE.99"):
        assert group.get("/v1/priorities/levers", plan=name, status=404)["type"] == "/problems/not-found"
        body = {"plan": name, "target": "1"}
        assert group.post("/v1/allocations", body, status=404)["type"] == "/problems/not-found"


def test_requirements_add_up_and_name_the_people_there(group: Service) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    made = group.post("/v1/resource-requirements", {"plan": plan["id"]})
    assert group.post("/v1/resource-requirements", {"plan": plan["id"]}, status=200) == made
    lines = group.get(f"/v1/resource-requirements/{made['id']}/lines", limit=1000)["items"]
    assert sum(line["hours"] for line in lines) == pytest.approx(made["hours"], abs=0.01)
    assert sum(kind["hours"] for kind in made["kinds"]) == pytest.approx(made["hours"], abs=1e-4)
    people = {unit["salesperson"]: unit["fte_present"] for unit in made["units"]}
    assert people == {"DE-S1": 1.0, "DE-S2": 1.0}
    assert made["fte_present"] == 2.0
    whole = group.post("/v1/plans", {"subsidiary": "DE", "by": ["channel"]})
    by_channel = group.post("/v1/resource-requirements", {"plan": whole["id"]})
    assert {unit["fte_present"] for unit in by_channel["units"]} == {None}


def test_a_window_without_a_whole_prior_one_says_so(group: Service) -> None:
    made = group.post("/v1/segmentations", {"subsidiary": "DE", "from": "2024-01", "to": "2024-12"})
    assert made["prior_complete"] is False
    plan = group.post("/v1/plans", {"subsidiary": "DE", "window_first": "2024-01", "window_last": "2024-12"})
    assert plan["season_observed"] is False
    assert [note.split(":")[0] for note in plan["notes"]] == [
        "The data do not reach back over a whole prior window",
        "Fewer than two complete years",
    ]
    short = group.post("/v1/plans", {"subsidiary": "DE", "window_first": "2025-10"})
    assert short["notes"] == ["The window has 3 months: orders, leads and gaps are taken as a year's, × 12/3."]
    inputs = group.get(f"/v1/plans/{plan['id']}/inputs", limit=1000)["items"]
    assert {one["provenance"] for one in inputs if one["input"].startswith("to_")} == {"default"}


def test_yen_plans_have_no_decimals(group: Service) -> None:
    hand_in_subsidiary(group, "JP", "JPY")
    plan = group.post("/v1/plans", {"subsidiary": "JP"})
    assert "." not in "".join(month["revenue"] for month in plan["months"])
