"""Targets at several levels, beside their parts, what came, and a plan."""

from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_group


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_group(service)
    return service


def target(value: str, period: str = "2025-12", measure: str = "revenue", **words: str) -> dict[str, Any]:
    return {"period": period, "measure": measure, "value": value, **words}


def tree(group: Service, **asked: Any) -> dict[tuple[str, ...], dict[str, Any]]:
    found = group.get("/v1/targets/tree", subsidiary="DE", **asked)
    words = ("salesperson", "team", "channel", "customer", "abc_class")
    return {tuple(one[name] for name in words if one[name]): one for one in found["items"]}


def test_each_target_shows_its_parts_and_what_came(group: Service) -> None:
    targets = [
        target("2000"),
        target("1500", team="T"),
        target("900.5", salesperson="DE-S1"),
        target("800", salesperson="DE-S2"),
        target("300", customer="DE-C4"),
        target("1000", abc_class="A"),
        target("2000", period="2026-01"),
    ]
    group.submit("targets", targets, subsidiary="DE")
    found = tree(group)
    # In December customers 1, 2, 3, 4 and 6 bought; 1 and 3 from seller 2, the others from seller 1.
    whole = found[()]
    assert (whole["target"], whole["target_to_date"], whole["actual_to_date"]) == ("4000", "2000", "1601.25")
    assert (whole["attainment"], whole["months"], whole["top"]) == (0.800625, 2, True)
    assert whole["parts"] == [
        {"by": ["abc_class"], "targets": 1, "allocated": "1000", "unallocated": "3000"},
        {"by": ["team"], "targets": 1, "allocated": "1500", "unallocated": "2500"},
    ]
    team = found[("T",)]
    assert team["parts"] == [{"by": ["salesperson"], "targets": 2, "allocated": "1700.5", "unallocated": "-200.5"}]
    assert found[("DE-S1",)]["actual_to_date"] == "1200.75"
    assert found[("DE-S1",)]["parts"][0]["unallocated"] == "600.5"
    assert found[("DE-C4",)]["actual_to_date"] == "400.25"
    classes = group.get("/v1/kpis", subsidiary="DE", indicators="revenue", group_by="abc_class", period="2025-12")
    of_class = {row["abc_class"]: row["value"] for row in classes["items"]}
    assert Decimal(found[("A",)]["actual_to_date"]) == Decimal(of_class["A"])
    assert not any(one["top"] for words, one in found.items() if words)


def test_counts_and_hours_have_targets_too(group: Service) -> None:
    group.submit("targets", [target("20", measure="calls"), target("9.5", measure="hours")], subsidiary="DE")
    calls = group.get("/v1/targets/tree", subsidiary="DE", measure="calls")
    assert (calls["unit"], calls["currency"], calls["items"][0]["attainment"]) == ("number", None, 0.5)
    hours = group.get("/v1/targets/tree", subsidiary="DE", measure="hours", period="2025-12")
    assert (hours["unit"], hours["items"][0]["actual_to_date"]) == ("hours", "7.5")


def test_months_to_come_have_no_actual(group: Service) -> None:
    group.submit("targets", [target("20", period="2026-05"), target("1", period="2026-06")], subsidiary="DE")
    found = group.get("/v1/targets/tree", subsidiary="DE", to="2026-05")
    assert found["until"] is None
    assert found["window"] == {"first": "2026-05", "last": "2026-05"}
    (item,) = found["items"]
    assert (item["target_to_date"], item["actual_to_date"], item["attainment"]) == ("0", None, None)


def test_without_statistics_there_are_targets_still(service: Service) -> None:
    body = {"name": "Italy", "country": "IT", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/IT", json=body).status_code == 201
    service.submit("targets", [target("20", abc_class="A"), target("30")], subsidiary="IT")
    found = service.get("/v1/targets/tree", subsidiary="IT")["items"]
    assert found[0]["parts"][0]["unallocated"] == "10"
    assert [one["actual_to_date"] for one in found] == [None, None]


def test_what_cannot_be_asked(group: Service) -> None:
    assert group.get("/v1/targets/tree", subsidiary="DE", status=422)["type"] == "/problems/no-data"
    assert (
        group.get("/v1/targets/tree", subsidiary="DE", measure="luck", status=422)["errors"][0]["column"] == "measure"
    )
    assert group.get("/v1/targets/tree", subsidiary="XX", status=404)["type"] == "/problems/not-found"


def test_a_plan_is_compared_with_targets_too(group: Service) -> None:
    plan = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    lines = [
        {"period": period, "customer": "DE-C4", "salesperson": "DE-S1", "orders": 1, "revenue": "100"}
        for period in ("2026-01", "2026-02")
    ]
    group.submit("statistics", lines, subsidiary="DE")
    path = f"/v1/plans/{plan['id']}/attainment"
    found = group.get(path)
    assert found["to_date"]["target_revenue"] is None
    targets = [
        target("80", period="2026-01"),
        target("120", period="2026-02"),
        target("50", period="2026-02", salesperson="DE-S1"),
        target("9", period="2026-12", salesperson="DE-S1"),
    ]
    group.submit("targets", targets, subsidiary="DE")
    found = group.get(path)
    assert [one["target_revenue"] for one in found["months"][:3]] == ["80", "120", None]
    assert [one["cumulative_target_revenue"] for one in found["months"][:3]] == ["80", "200", None]
    assert [one["revenue_target_attainment"] for one in found["months"][:3]] == [1.25, 1.0, None]
    assert (found["to_date"]["target_revenue"], found["to_date"]["revenue_target_attainment"]) == ("200", 1.0)
    assert found["to_date"]["target_margin"] is None
    units = {one["salesperson"]: one for one in found["units"]}
    assert (units["DE-S1"]["target_revenue"], units["DE-S1"]["target_attainment"]) == ("50", 4.0)
    assert units["DE-S2"]["target_revenue"] is None
