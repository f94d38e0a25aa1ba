"""Plans side by side: scenarios of a baseline, and the plans of several subsidiaries in one currency."""

from decimal import Decimal

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary

PRICE = {"lever": "price", "operation": "set", "value": 0.05}
RETENTION = {"lever": "retention", "operation": "multiply", "value": 1.01}


@pytest.fixture
def group(service: Service) -> Service:
    for code, currency in (("DE", "EUR"), ("DE2", "EUR"), ("PL", "PLN"), ("FR", "EUR")):
        hand_in_subsidiary(service, code, currency)
    return service


def test_scenarios_stand_beside_their_baseline(group: Service) -> None:
    moved = [group.post("/v1/plans", {"subsidiary": "DE", "levers": [one]}) for one in (PRICE, RETENTION)]
    other = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], "levers": [PRICE]})
    baseline = moved[0]["baseline"]
    found = group.get(f"/v1/plans/{baseline}/scenarios")
    assert found["revenue"] == group.get(f"/v1/plans/{baseline}")["revenue"]
    assert [one["plan"] for one in found["items"]] == [one["id"] for one in moved]
    for one in found["items"]:
        assert Decimal(one["revenue"]) - Decimal(found["revenue"]) == Decimal(one["revenue_difference"])
    assert found["items"][0]["levers"][0]["lever"] == "price"
    assert group.get(f"/v1/plans/{other['id']}/scenarios")["items"] == []
    group.get("/v1/plans/DE.99/scenarios", status=404)


def test_subsidiaries_add_up_to_countries_and_to_the_group(group: Service) -> None:
    asked = {"from": "2026-01", "currency": "EUR"}
    plans = {code: group.post("/v1/plans", {"subsidiary": code, "by": ["salesperson"]}) for code in ("DE", "DE2", "PL")}
    missing = group.get("/v1/plan-totals", **asked, status=422)
    assert (missing["type"], missing["months"]) == ("/problems/missing-rate", ["2026-01"])
    rates = [
        {"period": period, "currency": "PLN", "reference": "EUR", "rate": rate}
        for period, rate in (("2025-10", "0.25"), ("2025-12", "0.2337"), ("2026-02", "0.5"))
    ]
    group.submit("exchange-rates", rates)
    found = group.get("/v1/plan-totals", **asked)
    assert found["without_plan"] == ["FR"]
    rows = {one["subsidiary"]: one for one in found["subsidiaries"]}
    assert (rows["PL"]["rate"], rows["PL"]["rate_month"], rows["DE"]["rate_month"]) == ("0.2337", "2025-12", None)
    for figure in ("revenue", "margin"):
        assert {code: one[f"{figure}_local"] for code, one in rows.items()} == {
            code: plan[figure] for code, plan in plans.items()
        }
        exact = Decimal(plans["PL"][figure]) * Decimal("0.2337")
        assert abs(Decimal(rows["PL"][figure]) - exact) < Decimal("0.0072"), "rounded by unit, class and month"
        for parts in ("subsidiaries", "countries", "units", "classes", "months"):
            assert sum(Decimal(one[figure]) for one in found[parts]) == Decimal(found[figure])
        for code, plan in plans.items():
            own = [one for one in found["units"] if one["subsidiary"] == code]
            assert sum(Decimal(one[figure]) for one in own) == Decimal(rows[code][figure])
            assert [one[f"{figure}_local"] for one in own] == [one[figure] for one in plan["units"]]
    assert [one["period"] for one in found["months"]] == [one["period"] for one in plans["DE"]["months"]]
    assert [one["country"] for one in found["countries"]] == ["DE", "PL"]


def test_the_approved_plan_counts_before_the_newest_and_scenarios_never(group: Service) -> None:
    first = group.post("/v1/plans", {"subsidiary": "DE"})
    second = group.post("/v1/plans", {"subsidiary": "DE", "by": ["channel"], "levers": [PRICE]})
    asked = {"from": "2026-01", "currency": "EUR"}
    assert group.get("/v1/plan-totals", **asked)["subsidiaries"][0]["plan"] == second["baseline"]
    group.post(f"/v1/plans/{first['id']}/approve", {}, status=200)
    (row,) = group.get("/v1/plan-totals", **asked)["subsidiaries"]
    assert (row["plan"], row["status"], row["fresh"]) == (first["id"], "approved", True)
    asked["from"] = "2027-01"
    assert group.get("/v1/plan-totals", **asked)["without_plan"] == ["DE", "DE2", "FR", "PL"]
    assert group.get("/v1/plan-totals", currency="EUR", status=422, **{"from": "0000-01"})["errors"]


def test_a_conversion_above_one_names_its_class(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    service.submit("statistics", [{"period": "2025-12", "customer": "DE-C4", "offers": 9, "wins": 50}], subsidiary="DE")
    notes = service.post("/v1/plans", {"subsidiary": "DE"})["notes"]
    assert any("conversion_3 of class" in note and "cut to 1" in note for note in notes)
    own = service.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})["notes"]
    assert any(" of DE-S1 is " in note or "cut to 1" in note for note in own)
