"""Odd statistics and questions, each with its answer: the table in docs/method.md, row by row."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary

CLASS = {"abc_class": "A", "customers": 10, "orders": 50, "revenue": "5000", "margin_rate": 0.3}
STAY = [{"from_class": "A", "to_class": "A", "customers": 10}]


def calculated(service: Service, **facts: Any) -> dict[str, float]:
    """The blocks of a plan of one class, without shrinkage."""
    body = {"classes": [{**CLASS, **facts}], "migration": STAY, "shrinkage": 0.0}
    found = service.post("/v1/calculations/plan", body, status=200)
    blocks = ("existing", "new", "reactivated", "carried_over", "grown")
    return {block: float(found["classes"][0][block]) for block in blocks}


def handed_in(service: Service, *lines: dict[str, Any]) -> dict[str, Any]:
    """The plan of a subsidiary with these lines and nothing else."""
    body = {"name": "Italy", "country": "IT", "currency": "EUR"}
    service.client.put("/v1/subsidiaries/IT", json=body).raise_for_status()
    customers = sorted({line["customer"] for line in lines if "customer" in line})
    service.submit("customers", [{"code": code} for code in customers], subsidiary="IT")
    service.submit("statistics", list(lines), subsidiary="IT")
    found: dict[str, Any] = service.post("/v1/plans", {"subsidiary": "IT"})
    return found


def inputs(service: Service, plan: dict[str, Any], abc_class: str = "A") -> dict[str, Any]:
    rows = service.get(f"/v1/plans/{plan['id']}/inputs", limit=1000)["items"]
    return {one["input"]: one for one in rows if one["abc_class"] == abc_class}


ONE = {"period": "2025-12", "customer": "C", "revenue": "100", "orders": 2}


def test_one_customer_and_no_prior_window(service: Service) -> None:
    plan = handed_in(service, ONE)
    assert "The data do not reach back over a whole prior window: retention is the method's." in plan["notes"]
    found = inputs(service, plan)
    assert (found["customers"]["value"], found["to_A"]["provenance"]) == (1, "default")
    assert float(plan["revenue"]) > 0


def test_a_class_without_customers_plans_nothing_existing(service: Service) -> None:
    plan = handed_in(service, ONE)
    found = inputs(service, plan, "B")
    assert (found["customers"]["value"], found["customers"]["n"]) == (0, 0)
    lines = service.get(f"/v1/plans/{plan['id']}/lines", limit=1000)["items"]
    assert {one["abc_class"] for one in lines} == {"A"}


def test_zero_orders_are_one_order_a_customer(service: Service) -> None:
    found = inputs(service, handed_in(service, {**ONE, "orders": 0}))
    assert (found["order_frequency"]["value"], found["order_frequency"]["provenance"]) == (1, "default")
    assert found["value_per_order"]["value"] == 1200, "a year's, of a window of one month"


def test_negative_revenue_is_no_class(service: Service) -> None:
    plan = handed_in(service, {**ONE, "revenue": "-100"}, {**ONE, "customer": "D"})
    assert inputs(service, plan)["customers"]["value"] == 1
    assert calculated(service, revenue="-5000")["existing"] == -5000


def test_leads_without_wins_bring_nobody(service: Service) -> None:
    plan = handed_in(service, ONE, {"period": "2025-12", "leads": 10, "qualified": 5, "offers": 2})
    found = inputs(service, plan)
    assert (found["conversion_3"]["value"], found["conversion_3"]["provenance"]) == (0, "observed")
    assert next(one for one in plan["blocks"] if one["block"] == "new")["revenue"] == "0"


def test_wins_without_leads_are_no_leads(service: Service) -> None:
    plan = handed_in(service, ONE, {"period": "2025-12", "wins": 3})
    assert inputs(service, plan)["leads"]["value"] == 0
    assert "No leads were handed in: no new business is planned." in plan["notes"]


@pytest.mark.parametrize("cycle, bring", [(0, True), (11.9, True), (12, False), (40, False)])
def test_a_cycle_longer_than_the_year_brings_nobody_in_it(service: Service, cycle: float, bring: bool) -> None:
    found = calculated(service, leads=100, conversions=[1, 1, 1], cycle_months=cycle)
    assert (found["new"] > 0) is bring


def test_a_conversion_above_one_is_refused_where_it_is_given(service: Service) -> None:
    body = {"classes": [{**CLASS, "conversions": [1, 1.2, 1]}]}
    (error,) = service.post("/v1/calculations/plan", body, status=422)["errors"]
    assert "conversions" in error["column"]


@pytest.mark.parametrize("to_class, expected", [("A", 5000), ("N", 0)])
def test_retention_of_one_and_of_none(service: Service, to_class: str, expected: float) -> None:
    moved = [{"from_class": "A", "to_class": to_class, "customers": 10}]
    body = {"classes": [CLASS], "migration": moved, "shrinkage": 0.0}
    found = service.post("/v1/calculations/plan", body, status=200)
    assert float(found["classes"][0]["existing"]) == expected


@pytest.mark.parametrize("norms", [{"selling_share": 0}, {"working_days": 1, "leave": 20}])
def test_norms_that_leave_no_selling_time(service: Service, norms: dict[str, Any]) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    plan = service.post("/v1/plans", {"subsidiary": "DE"})
    service.post("/v1/resource-requirements", {"plan": plan["id"], "norms": norms}, status=422)
    service.post("/v1/calculations/resources", {"classes": [CLASS], "norms": norms}, status=422)


def test_norms_that_are_missing_are_the_methods(service: Service) -> None:
    found = service.post("/v1/calculations/resources", {"classes": [CLASS], "norms": {}}, status=200)
    assert found["hours"] > 0


@pytest.mark.parametrize(
    "lever",
    [
        {"lever": "luck", "operation": "set", "value": 1},
        {"lever": "retention", "operation": "set", "value": 1.5},
        {"lever": "retention", "operation": "set", "value": 1e9},
        {"lever": "leads", "operation": "multiply", "value": -1},
        {"lever": "price", "operation": "set", "value": 0.1, "start": 13},
    ],
)
def test_a_lever_out_of_range_is_refused(service: Service, lever: dict[str, Any]) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    refused = service.post("/v1/plans", {"subsidiary": "DE", "levers": [lever]}, status=422)
    assert refused["errors"][0]["message"]


def test_targets_below_the_plan_and_without_a_lever(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    plan = service.post("/v1/plans", {"subsidiary": "DE"})
    below = service.post(
        f"/v1/plans/{plan['id']}/goal-seek", {"target": "1000", "lever": "value_per_order"}, status=200
    )
    assert below["multiplier"] < 1
    none = service.post(f"/v1/plans/{plan['id']}/goals", {"target": "1000", "levers": []}, status=422)
    assert none["errors"][0]["column"] == "levers"


def test_an_approved_plan_cannot_be_changed(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    plan = service.post("/v1/plans", {"subsidiary": "DE"})
    service.post(f"/v1/plans/{plan['id']}/approve", {}, status=200)
    before = service.get(f"/v1/plans/{plan['id']}")
    for method in ("PUT", "PATCH", "DELETE"):
        assert service.client.request(method, f"/v1/plans/{plan['id']}", json={}).status_code == 405
    service.submit("statistics", [{**ONE, "customer": "DE-C1"}], subsidiary="DE")
    assert service.get(f"/v1/plans/{plan['id']}") == {**before, "fresh": False}


def test_a_plan_on_old_data_says_so_and_is_not_approved_unasked(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    plan = service.post("/v1/plans", {"subsidiary": "DE"})
    service.submit("statistics", [{**ONE, "customer": "DE-C1"}], subsidiary="DE")
    assert service.get(f"/v1/plans/{plan['id']}/customers")["fresh"] is False
    refused = service.post(f"/v1/plans/{plan['id']}/approve", {}, status=409)
    assert refused["type"] == "/problems/stale-plan"
