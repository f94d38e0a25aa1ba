"""A requirement by norms that the registers of activities and deals show."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary
from tests.operations.test_deals_in_plans import COHORT


@pytest.fixture
def registers(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    feeds = {"results": "lines", "funnel": "register", "activity": "register"}
    service.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds).raise_for_status()
    same = {"salesperson": "DE-S1", "abc_class": "B", "new_customer": True}
    service.submit("deals", [{**same, **one} for one in COHORT], subsidiary="DE")
    visit = {"salesperson": "DE-S1", "customer": "DE-C4", "type": "meeting", "hours": "3"}
    visits = [visit | {"id": f"M{month}", "date": f"2025-{month:02d}-10"} for month in range(1, 7)]
    other = visit | {"id": "mail", "date": "2025-07-01", "type": "mail", "hours": "50"}
    lead = {"id": "lead", "salesperson": "DE-S1", "deal": "L2", "date": "2025-02-20", "type": "call", "hours": "18"}
    offer = lead | {"id": "offer", "deal": "L3", "date": "2025-04-05", "hours": "12"}
    service.submit("activities", [*visits, other, lead, offer], subsidiary="DE")
    return service


def norms(requirement: dict[str, Any]) -> dict[tuple[str, str, str | None], tuple[float, str, int | None]]:
    return {
        (one["norm"], one["abc_class"], one["stage"]): (one["value"], one["provenance"], one["n"])
        for one in requirement["norms"]
    }


def test_norms_are_observed_where_the_registers_show_them(registers: Service) -> None:
    plan = registers.post("/v1/plans", {"subsidiary": "DE", "window_last": "2025-12"})["id"]
    found = norms(registers.post("/v1/resource-requirements", {"plan": plan, "observed": True}))
    segmentation = registers.post("/v1/segmentations", {"subsidiary": "DE", "to": "2025-12"})["id"]
    rows = registers.get(f"/v1/segmentations/{segmentation}/customers")["items"]
    own = next(one["abc_class"] for one in rows if one["customer"] == "DE-C4")
    count = sum(one["abc_class"] == own for one in rows)
    assert found["contacts_a_year", own, None] == (pytest.approx(6 / count, abs=1e-6), "observed", count)
    assert found["hours_a_contact", own, None] == (3, "observed", 6)
    # 18 hours while a lead over the nine of the cohort; 12 hours while offered over the six that got an offer or won.
    assert found["stage_hours", "B", "lead"] == (2, "observed", 9)
    assert found["stage_hours", "B", "offer"] == (2, "observed", 6)
    assert found["stage_hours", "B", "qualified"][1] == "method"
    assert found["stage_hours", "A", "lead"] == (2, "borrowed from all classes", 9)


def test_given_norms_go_first_and_both_are_kept(registers: Service) -> None:
    plan = registers.post("/v1/plans", {"subsidiary": "DE", "window_last": "2025-12"})["id"]
    asked = {"plan": plan, "observed": True, "norms": {"hours_a_contact": [1, 1, 1]}}
    made = registers.post("/v1/resource-requirements", asked)
    found = norms(made)
    assert found["hours_a_contact", "A", None] == (1, "given", None)
    assert registers.post("/v1/resource-requirements", asked, status=200) == made
    standing = registers.post("/v1/resource-requirements", {"plan": plan})
    assert {one["provenance"] for one in standing["norms"]} == {"method"}
    assert standing["id"] != made["id"]
