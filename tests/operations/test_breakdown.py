"""A plan by customer, and the plan of one customer."""

import csv
import io
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary


@pytest.fixture
def subsidiary(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    return service


@pytest.mark.parametrize("by", [[], ["salesperson"], ["salesperson", "channel"]])
def test_customers_and_nobody_add_up_to_the_plan(subsidiary: Service, by: list[str]) -> None:
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE", "by": by})
    found = subsidiary.get(f"/v1/plans/{plan['id']}/customers")
    lines = subsidiary.get(f"/v1/plans/{plan['id']}/lines", limit=1000)["items"]
    for figure in ("revenue", "margin"):
        units: dict[Any, Decimal] = defaultdict(Decimal)
        for line in lines:
            units[line["salesperson"], line["channel"], line["block"]] += Decimal(line[figure])
        for one in found["items"]:
            assert sum(map(Decimal, one[f"monthly_{figure}"])) == Decimal(one[figure])
            for block in ("existing", "new", "reactivated", "carried_over", "grown"):
                units[one["salesperson"], one["channel"], block] -= Decimal(one[f"{block}_{figure}"])
        assert set(units.values()) == {Decimal(0)}
        months = zip(*(one[f"monthly_{figure}"] for one in found["items"]), strict=True)
        assert [sum(map(Decimal, month)) for month in months] == [Decimal(one[figure]) for one in plan["months"]]
    assert {one["new_revenue"] for one in found["items"] if one["customer"]} == {"0"}
    first = next(one for one in found["items"] if one["customer"] == "DE-C4")
    assert Decimal(first["existing_revenue"]) > 0
    assert found["fresh"] is True


def test_the_file_has_the_same_sums(subsidiary: Service) -> None:
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE"})
    answer = subsidiary.client.get(f"/v1/plans/{plan['id']}/customers", params={"format": "csv", "salesperson": ""})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sum(Decimal(row["revenue"]) for row in rows) == Decimal(plan["revenue"])
    assert {row["period"] for row in rows} == set(subsidiary.get(f"/v1/plans/{plan['id']}/customers")["periods"])


def test_the_plan_of_one_customer(subsidiary: Service) -> None:
    card = subsidiary.get("/v1/customers/DE/DE-C4/plan")
    assert (card["plan"], card["segment"], card["next_reason"]) == (None, None, None)
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    subsidiary.post("/v1/segmentations", {"subsidiary": "DE"})
    lines = [
        {"period": "2026-01", "customer": "DE-C4", "salesperson": "DE-S1", "calls": 2, "meetings": 1, "hours": "4"}
    ]
    subsidiary.submit("statistics", lines, subsidiary="DE")
    card = subsidiary.get("/v1/customers/DE/DE-C4/plan")
    own = subsidiary.get(f"/v1/plans/{plan['id']}/customers", customer="DE-C4")["items"]
    assert (card["plan"], card["fresh"]) == (plan["id"], False)
    assert [card["planned_revenue"]] == [one["revenue"] for one in own]
    assert (card["contacts_so_far"], card["contact_hours_so_far"]) == (3, 4)
    assert card["contacts_a_year"] in (24, 12, 4)
    ranked = subsidiary.get("/v1/priorities/customers", subsidiary="DE", limit=100)["items"]
    place = next(rank for rank, one in enumerate(ranked, 1) if one["customer"] == "DE-C4")
    assert (card["next_rank"], card["next_gain"]) == (place, ranked[place - 1]["gain"])
    other = subsidiary.post("/v1/plans", {"subsidiary": "DE"})
    assert subsidiary.get("/v1/customers/DE/DE-C4/plan")["plan"] == other["id"]
    subsidiary.post(f"/v1/plans/{plan['id']}/approve", {"stale": True}, status=200)
    assert subsidiary.get("/v1/customers/DE/DE-C4/plan")["plan"] == plan["id"]
    assert subsidiary.get("/v1/customers/DE/DE-C4/plan", plan=other["id"])["plan"] == other["id"]


def test_who_and_what_is_not_there(subsidiary: Service) -> None:
    hand_in_subsidiary(subsidiary, "FR", "EUR")
    foreign = subsidiary.post("/v1/plans", {"subsidiary": "FR"})["id"]
    assert subsidiary.get("/v1/customers/DE/nobody/plan", status=404)["type"] == "/problems/not-found"
    subsidiary.get("/v1/customers/DE/DE-C4/plan", plan=foreign, status=404)
    subsidiary.get("/v1/plans/DE.9/customers", status=404)
    assert subsidiary.get(f"/v1/plans/{foreign}/customers", customer="DE-C4")["items"] == []


def test_a_scenario_is_no_customers_plan_before_it_is_approved(subsidiary: Service) -> None:
    lever = {"lever": "leads", "operation": "multiply", "value": 2}
    scenario = subsidiary.post("/v1/plans", {"subsidiary": "DE", "levers": [lever]})
    mine = subsidiary.get("/v1/customers/DE/DE-C1/plan")
    assert mine["plan"] == scenario["baseline"]
    subsidiary.post(f"/v1/plans/{scenario['id']}/approve", {}, status=200)
    assert subsidiary.get("/v1/customers/DE/DE-C1/plan")["plan"] == scenario["id"]
