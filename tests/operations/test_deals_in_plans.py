"""A plan whose conversions, cycle and open deals come from the register of deals."""

from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary
from tests.method.evaluator import recomputed

COHORT = [
    {"id": f"L{place}", "created": "2025-02-01", "closed": "2025-06-01", "outcome": "lost", "stages": stages}
    for place, stages in enumerate(("", "", "qualified=2025-03-01", "qualified=2025-03-01; offer=2025-04-01"))
] + [
    {"id": f"W{place}", "created": "2025-01-01", "closed": closed, "outcome": "won"}
    for place, closed in enumerate(("2025-03-01", "2025-05-01", "2025-07-01", "2025-09-01", "2025-11-01"))
]
OPEN = [
    {"id": "O1", "created": "2025-10-01", "amount": "1000", "stages": "offer=2025-11-01"},
    {"id": "O2", "created": "2025-12-01", "amount": "300.5"},
    {"id": "O3", "created": "2025-10-01", "amount": "9000", "customer": "DE-C1"},
    {"id": "O4", "created": "2025-10-01", "amount": "700", "closed": "2026-01-10", "outcome": "won"},
]


@pytest.fixture
def subsidiary(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    feeds = {"results": "lines", "funnel": "register", "activity": "lines"}
    service.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds).raise_for_status()
    same = {"salesperson": "DE-S1", "abc_class": "B", "new_customer": True}
    service.submit("deals", [{**same, **one} for one in (*COHORT, *OPEN)], subsidiary="DE")
    return service


def of_class(service: Service, plan: str, abc_class: str) -> dict[str, Any]:
    rows = service.get(f"/v1/plans/{plan}/inputs", limit=1000)["items"]
    return {one["input"]: one for one in rows if one["abc_class"] == abc_class}


def test_what_the_register_tells_is_what_the_plan_rests_on(subsidiary: Service) -> None:
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE", "window_last": "2025-12"})
    found = of_class(subsidiary, plan["id"], "B")
    # Nine deals closed by the end of the year, seven of them got qualified, six an offer, five were won.
    conversions = [found[f"conversion_{step}"] for step in (1, 2, 3)]
    assert [one["value"] for one in conversions] == pytest.approx([7 / 9, 6 / 7, 5 / 6])
    assert [(one["provenance"], one["n"]) for one in conversions] == [("observed", 9), ("observed", 7), ("observed", 6)]
    assert found["cycle_months"]["value"] == pytest.approx(181 / (365.25 / 12))
    assert of_class(subsidiary, plan["id"], "A")["conversion_1"]["provenance"] == "borrowed from all classes"
    # Open at the year's end: O1 at the rate of offers, O2 and O4 at that of leads; the customer of O3 buys.
    assert found["open_amount"]["value"] == pytest.approx(2000.5)
    worth = 1000 * 5 / 6 + 1000.5 * 5 / 9
    assert found["open_deals"]["value"] == pytest.approx(worth)
    carried = next(one for one in plan["blocks"] if one["block"] == "carried_over")
    assert float(carried["revenue"]) == pytest.approx(worth, abs=0.02)


def test_it_is_explained_and_as_sure_as_its_deals(subsidiary: Service) -> None:
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE", "window_last": "2025-12"})
    found = subsidiary.get(f"/v1/plans/{plan['id']}/explanation", number="revenue.B.carried_over", counted=0)["numbers"]
    numbers = recomputed(found)
    for one in found:
        assert float(numbers[one["number"]]) == pytest.approx(float(one["value"]), rel=1e-9, abs=1e-9), one
    assert "Amount of an open deal, or of those of a stage." in {one["meaning"] for one in found}
    laws = subsidiary.get(f"/v1/plans/{plan['id']}/uncertainty", draws=2000)["laws"]
    sure = [Decimal(law["standard_deviation"]) for law in laws]
    spread = sum(a**2 * p * (1 - p) for a, p in ((1000, 5 / 6), (300.5, 5 / 9), (700, 5 / 9))) ** 0.5
    assert float(sure[0]) > spread


def test_deals_close_in_the_month_in_which_they_are_expected(subsidiary: Service) -> None:
    same = {"salesperson": "DE-S1", "abc_class": "B", "new_customer": True, "customer": "DE-C5"}
    dated = [
        {**same, "id": f"E{month}", "created": "2025-12-01", "amount": "900", "expected_close": f"{month}-15"}
        for month in ("2026-03", "2026-11", "2027-01")
    ]
    subsidiary.submit("deals", dated, subsidiary="DE")
    plan = subsidiary.post("/v1/plans", {"subsidiary": "DE", "window_last": "2025-12", "by": ["salesperson"]})
    found = of_class(subsidiary, plan["id"], "B")
    assert found["closing_3"]["value"] == found["closing_11"]["value"] == pytest.approx(900 * 5 / 9)
    assert "closing_4" not in found
    lines = subsidiary.get(f"/v1/plans/{plan['id']}/lines", limit=1000)["items"]
    carried = {one["period"]: float(one["revenue"]) for one in lines if one["block"] == "carried_over"}
    even = (1000 * 5 / 6 + 1000.5 * 5 / 9) / 6  # a cycle of 5.9 months
    assert carried["2026-03"] == pytest.approx(even + 500, abs=0.02)
    assert [carried["2026-10"], carried["2026-11"]] == pytest.approx([0, 500], abs=0.02)
    number = "revenue.u1.B.carried_over.2026-03"
    numbers = subsidiary.get(f"/v1/plans/{plan['id']}/explanation", number=number)["numbers"]
    assert float(recomputed(numbers)[number]) == carried["2026-03"]
    (deal,) = subsidiary.get(f"/v1/plans/{plan['id']}/evidence", number="amount_1.u1.B.closing_11")["items"]
    assert (deal["deal"], deal["value"]) == ("E2026-11", "900")
    # Customer 5 bought last year alone; his portfolio is the other seller's, his deals are of this one.
    own = subsidiary.get(f"/v1/plans/{plan['id']}/customers", customer="DE-C5")["items"]
    by_seller = {one["salesperson"]: float(one["carried_over_revenue"]) for one in own}
    assert by_seller == pytest.approx({"DE-S1": 1000, "DE-S2": 0}, abs=0.02)
    everybody = subsidiary.get(f"/v1/plans/{plan['id']}/customers")["items"]
    assert sum(Decimal(one["carried_over_revenue"]) for one in everybody) == sum(
        Decimal(one["revenue"]) for one in lines if one["block"] == "carried_over"
    )
    card = subsidiary.get("/v1/customers/DE/DE-C5/plan")
    assert Decimal(card["planned_revenue"]) == sum(Decimal(one["revenue"]) for one in own)


def test_without_a_register_the_funnel_tells(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    plan = service.post("/v1/plans", {"subsidiary": "DE"})
    found = of_class(service, plan["id"], "A")
    assert found["open_deals"]["value"] == 0
    assert found["cycle_months"]["provenance"] == "default"
