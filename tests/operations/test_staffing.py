"""A requirement by month: calendars, people, hires, pay, and what the people there can serve."""

from decimal import Decimal
from typing import Any

import pytest

from service.method.months import Window, parse_month
from service.operations import calendars
from service.operations.methods import standard
from tests.conftest import Service
from tests.group import hand_in_subsidiary

NORMS = standard().resources
YEAR = Window(parse_month("2026-01"), parse_month("2026-12"))


@pytest.fixture
def subsidiary(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    return service


def require(service: Service, by: list[str], **norms: Any) -> dict[str, Any]:
    plan = service.client.post("/v1/plans", json={"subsidiary": "DE", "by": by}).json()
    found: dict[str, Any] = service.post("/v1/resource-requirements", {"plan": plan["id"], "norms": norms})
    return found


def pay(service: Service, people: dict[str, str], **more: Any) -> None:
    rows = [
        {"code": code, "name": code, "team": "T", "start": "2020-01-01", "monthly_cost": cost, **more}
        for code, cost in people.items()
    ]
    service.submit("salespeople", rows, subsidiary="DE")


def test_working_days_are_those_of_the_country() -> None:
    germany = calendars.of_country("DE", YEAR, NORMS)
    # 261 weekdays; New Year, Good Friday, Easter Monday, 1 and 14 and 25 May, 25 December are among them.
    assert (sum(germany.days), germany.days[4], germany.observed) == (254, 18, True)
    nowhere = calendars.of_country("XX", YEAR, NORMS)
    assert (sum(nowhere.days), nowhere.observed) == (pytest.approx(NORMS.working_days), False)


@pytest.mark.parametrize("by", [[], ["salesperson"], ["channel"]])
def test_months_add_up_to_the_year(subsidiary: Service, by: list[str]) -> None:
    required = require(subsidiary, by)
    found = subsidiary.get(f"/v1/resource-requirements/{required['id']}/staffing")
    assert [found["calendar"], found["working_days"], len(found["months"])] == ["country", 254, 12]
    assert sum(one["hours"] for one in found["months"]) == pytest.approx(required["hours"], abs=1e-5)
    for kind in required["kinds"]:
        months = [own["hours"] for one in found["months"] for own in one["kinds"] if own["kind"] == kind["kind"]]
        assert sum(months) == pytest.approx(kind["hours"], abs=1e-5)
    assert {one["fte_present"] for one in found["months"]} == {2.0}
    assert (found["team_cost"], found["cost_reason"]) == (None, "Some who are employed have no monthly cost.")
    assert sum(one["hires"] for one in found["months"]) <= len(found["hires"])


def test_own_hours_the_ramp_and_who_leaves(subsidiary: Service) -> None:
    more = {"fte": "0.5", "hours_a_day": "4", "start": "2026-03-01"}
    pay(subsidiary, {"DE-S9": "2000"}, **more)
    required = require(subsidiary, [], attrition=0.5)
    months = subsidiary.get(f"/v1/resource-requirements/{required['id']}/staffing")["months"]
    assert [one["fte_present"] for one in months[:4]] == [2.0, 2.0, 2.5, 2.5]
    # A full seller who stays is worth 1; the new half one with half the hours 0, then a quarter of a quarter.
    assert months[0]["fte_effective"] == pytest.approx(2 * 0.5 ** (0.5 / 12), abs=1e-6)
    assert months[3]["fte_effective"] == pytest.approx((2 + 0.25 * 0.25) * 0.5 ** (3.5 / 12), abs=1e-6)


def test_hires_close_the_gap_and_have_their_pay(subsidiary: Service) -> None:
    pay(subsidiary, {"DE-S1": "5000", "DE-S2": "7000.10"})
    required = require(subsidiary, [], contacts_a_year=[500, 500, 500])
    found = subsidiary.get(f"/v1/resource-requirements/{required['id']}/staffing")
    assert found["months"][0]["zone"] == "overloaded"
    peak = max(one["fte"] - one["fte_effective"] for one in found["months"])
    assert len(found["hires"]) == -int(-peak // 1)
    first = found["hires"][0]
    assert (first["starts"], first["decided"], first["fte_years"]) == ("2025-09", "2025-06", 1.0)
    assert found["team_cost"] == "144001.2"
    assert Decimal(found["hire_cost"]) > 0
    plan = subsidiary.get(f"/v1/plans/{found['plan']}")
    whole = (Decimal(found["team_cost"]) + Decimal(found["hire_cost"])) / Decimal(plan["revenue"])
    assert found["cost_to_revenue"] == pytest.approx(float(whole), abs=1e-6)


@pytest.mark.parametrize("by", [[], ["salesperson"]])
def test_what_remains_and_what_is_cut_is_the_plan(subsidiary: Service, by: list[str]) -> None:
    revenues = []
    for contacts in (4, 100, 900):
        required = require(subsidiary, by, contacts_a_year=[contacts] * 3)
        plan = subsidiary.get(f"/v1/plans/{required['plan']}")
        found = subsidiary.get(f"/v1/resource-requirements/{required['id']}/feasible-plan")
        for figure in ("revenue", "margin"):
            assert found[f"planned_{figure}"] == plan[figure]
            assert sum(Decimal(one[f"planned_{figure}"]) for one in found["items"]) == Decimal(plan[figure])
            cut = sum(Decimal(one[f"cut_{figure}"]) for one in found["items"])
            assert Decimal(found[figure]) + cut == Decimal(plan[figure])
        assert found["hours_needed"] == pytest.approx(required["hours"], abs=1e-5)
        assert found["hours_served"] <= found["hours_there"] + 1e-6
        assert found["revenue"] == plan["revenue"] or not found["feasible"]
        for name in ("revenue", "margin", "hours_needed", "hours_served", "hours_there"):
            whole = sum(Decimal(one[name]) for one in found["months"])
            assert abs(whole - Decimal(found[name])) < Decimal("0.0001")
        for one in found["items"]:
            assert sum(map(Decimal, one["monthly_revenue"])) == Decimal(one["revenue"])
            assert all(Decimal(amount) % Decimal("0.01") == 0 for amount in one["monthly_revenue"])
        assert [one["planned_revenue"] for one in found["months"]] == [one["revenue"] for one in plan["months"]]
        revenues.append(Decimal(found["revenue"]))
        kept = [one["customers"] for one in found["items"] if Decimal(one["planned_revenue"]) > 0 and not by]
        assert kept == sorted(kept), "KEEP is served before the others"
    assert found["feasible"] is False
    assert revenues[0] >= revenues[1] > revenues[2]


def test_the_programme_of_a_lever_takes_its_hours(subsidiary: Service) -> None:
    lever = {"lever": "price", "operation": "add", "value": 0.02}
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": [lever]})
    programmes = [{"lever": "price", "hours": 60.0}, {"lever": "leads", "hours": 7.0}]
    body = {"plan": plan["id"], "norms": {"programmes": programmes}}
    required = subsidiary.post("/v1/resource-requirements", body)
    assert {one["kind"]: one["hours"] for one in required["kinds"]}["programmes"] == 60
    months = subsidiary.get(f"/v1/resource-requirements/{required['id']}/staffing")["months"]
    kinds = [own["hours"] for month in months for own in month["kinds"] if own["kind"] == "programmes"]
    assert kinds == [5.0] * 12
    body["norms"]["programmes"] = [*programmes, programmes[0]]
    subsidiary.post("/v1/resource-requirements", body, status=422)


def test_without_sellers_nothing_is_said(service: Service) -> None:
    body = {"name": "DE-Company", "country": "DE", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/DE", json=body).status_code == 201
    service.submit("customers", [{"code": "C"}], subsidiary="DE")
    lines = [{"period": "2025-12", "customer": "C", "revenue": "10", "orders": 1}]
    service.submit("statistics", lines, subsidiary="DE")
    required = require(service, [])
    path = f"/v1/resource-requirements/{required['id']}"
    assert service.get(f"{path}/feasible-plan", status=422)["type"] == "/problems/no-data"
    found = service.get(f"{path}/staffing")
    assert found["cost_reason"] == "Nobody is employed in these months."
    assert {one["zone"] for one in found["months"]} == {None}


def test_a_plan_of_nothing_is_served_whole(service: Service) -> None:
    body = {"name": "DE-Company", "country": "DE", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/DE", json=body).status_code == 201
    service.submit("customers", [{"code": "C"}], subsidiary="DE")
    service.submit("statistics", [{"period": "2025-12", "customer": "C", "revenue": "-10"}], subsidiary="DE")
    pay(service, {"S": "1000"})
    path = f"/v1/resource-requirements/{require(service, [])['id']}"
    found = service.get(f"{path}/feasible-plan")
    assert (found["feasible"], found["revenue"], found["items"]) == (True, "0", [])
    assert service.get(f"{path}/staffing")["cost_reason"] == "The plan has no revenue."


def test_norms_that_the_calendar_leaves_nothing_of(subsidiary: Service) -> None:
    required = require(subsidiary, [], working_days=366, leave=260, sick=0, training=0)
    problem = subsidiary.get(f"/v1/resource-requirements/{required['id']}/staffing", status=422)
    assert "no selling hours" in problem["detail"]
