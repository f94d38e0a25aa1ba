"""What a fact was counted over makes the fact: of every input of a plan, down to statistics lines and deals."""

from decimal import Decimal
from typing import Any

import pytest

from service.method.plan.inputs import INPUTS
from tests.conftest import Service
from tests.group import hand_in_subsidiary
from tests.operations.test_deals_in_plans import COHORT, OPEN

_NO_FACTS = ["revenue", "orders.u1.A", "orders.u9.A.order_frequency", "x.u1.A.leads", "leads.u².A.leads"]
FUNNEL = {"period": "2025-11", "customer": "DE-C4", "salesperson": "DE-S2", "channel": "direct", "leads": 8, "wins": 3}


@pytest.fixture
def lines(service: Service) -> Service:
    """The funnel comes as lines."""
    hand_in_subsidiary(service, "DE", "EUR")
    service.submit("statistics", [FUNNEL | {"qualified": 6, "offers": 5}], subsidiary="DE")
    return service


@pytest.fixture
def register(service: Service) -> Service:
    """The funnel comes from deals."""
    hand_in_subsidiary(service, "DE", "EUR")
    feeds = {"results": "lines", "funnel": "register", "activity": "lines"}
    service.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds).raise_for_status()
    same = {"salesperson": "DE-S1", "abc_class": "B", "new_customer": True}
    without = {"id": "O5", "created": "2025-12-01", "amount": "77.7", "salesperson": "DE-S2", "new_customer": True}
    service.submit("deals", [*({**same, **one} for one in (*COHORT, *OPEN)), without], subsidiary="DE")
    return service


def facts(service: Service, plan: str) -> list[str]:
    """All facts that the explanation of a plan's revenue ends with."""
    answer = service.get(f"/v1/plans/{plan}/explanation", number="revenue", limit=5000)
    assert answer["complete"]
    return [one["number"] for one in answer["numbers"] if one["number"].rpartition(".")[2] in INPUTS]


def all_of(service: Service, plan: str, number: str, limit: int = 1000) -> tuple[dict[str, Any], list[Any]]:
    answer = service.get(f"/v1/plans/{plan}/evidence", number=number, limit=limit)
    items, after = answer["items"], answer["next"]
    while after:
        page = service.get(f"/v1/plans/{plan}/evidence", number=number, limit=limit, after=after)
        items, after = items + page["items"], page["next"]
    return answer, items


def planned(service: Service, by: list[str]) -> str:
    number: str = service.post("/v1/plans", {"subsidiary": "DE", "by": by, "window_last": "2025-12"})["id"]
    return number


def checked(service: Service, by: list[str]) -> set[str]:
    """Where the facts of a plan came from, once each has been counted again."""
    plan, sources = planned(service, by), set()
    # Each unit's facts are counted in the same way: of several units every third does.
    for number in facts(service, plan)[:: 3 if by else 1]:
        answer, items = all_of(service, plan, number)
        sources.add(answer["source"])
        assert answer["fresh"]
        assert answer["total"] == len(items)
        if answer["how"] == "given":
            assert (answer["found"], items) == (None, [])
            continue
        assert float(answer["found"]) == pytest.approx(float(answer["value"]), rel=1e-12)
        if answer["how"] == "sum":
            assert float(sum(Decimal(one["value"]) for one in items)) == pytest.approx(float(answer["value"]))
    return sources


BY = pytest.mark.parametrize("by", [[], ["salesperson"]], ids=["whole", "salesperson"])


@BY
def test_every_fact_is_what_it_was_counted_over(lines: Service, by: list[str]) -> None:
    assert checked(lines, by) == {"customers", "parameter", "funnel"}


@BY
def test_every_fact_of_a_register_is_what_it_was_counted_over(register: Service, by: list[str]) -> None:
    assert checked(register, by) == {"customers", "parameter", "funnel", "deals"}


def test_the_lines_behind_a_customer_make_his_part(lines: Service) -> None:
    answer, items = all_of(lines, planned(lines, ["salesperson"]), "orders.u1.A.order_frequency", limit=1)
    assert items
    assert answer["source"] == "customers"
    for one in items:
        found = lines.client.get(f"{one['lines']}&limit=1000").json()["items"]
        assert sum(Decimal(line["orders"]) for line in found) == Decimal(one["value"])


def leads(service: Service, plan: str) -> list[str]:
    return [one for one in facts(service, plan) if one.startswith("leads.") and one.endswith(".leads")]


def test_months_of_the_funnel_count_by_their_share(lines: Service) -> None:
    plan = planned(lines, [])
    parts = [one for number in leads(lines, plan) for one in all_of(lines, plan, number)[1]]
    named = [one for one in parts if one["customer"] == "DE-C4"]
    assert [(one["period"], one["share"], one["value"]) for one in named] == [("2025-11", 1.0, "8")]
    assert sum(Decimal(one["value"]) for one in parts if not one["customer"]) == 4 * 12
    line = lines.client.get(named[0]["lines"]).json()["items"]
    assert [one["leads"] for one in line if one["leads"]] == [8]


def test_open_deals_stand_under_their_stage(register: Service) -> None:
    plan = planned(register, [])
    _, offered = all_of(register, plan, "amount_3.u1.B.open_deals")
    assert [(one["deal"], one["stage"], one["value"]) for one in offered] == [("O1", "offer", "1000")]
    answer, cohort = all_of(register, plan, "rate_1.u1.B.open_deals")
    assert (answer["how"], len(cohort)) == ("mean", len(COHORT))
    assert {one["outcome"] for one in cohort} == {"won", "lost"}


def test_after_a_correction_both_figures_are_told(lines: Service) -> None:
    plan = planned(lines, [])
    number = leads(lines, plan)[0]
    before, _ = all_of(lines, plan, number)
    lines.submit("statistics", [FUNNEL | {"leads": 13, "qualified": 6, "offers": 5, "customer": ""}], subsidiary="DE")
    after, _ = all_of(lines, plan, number)
    assert (after["value"], after["fresh"]) == (before["value"], False)
    assert Decimal(after["found"]) > Decimal(after["value"])


@pytest.mark.parametrize("number", _NO_FACTS)
def test_what_is_no_fact_is_refused(lines: Service, number: str) -> None:
    lines.get(f"/v1/plans/{planned(lines, [])}/evidence", status=422, number=number)


def test_one_answer_leads_from_a_figure_to_lines_and_deals(register: Service) -> None:
    plan = planned(register, ["salesperson"])
    answer = register.get(f"/v1/plans/{plan}/explanation", number="revenue.u1", limit=5000, counted=2)
    named = {one["number"]: one for one in answer["numbers"]}
    counted = {one["number"]: one for one in answer["counted"]}
    assert answer["fresh"]
    assert set(counted) == {one["number"] for one in answer["numbers"] if one["number"].rpartition(".")[2] in INPUTS}
    assert {one["source"] for one in counted.values()} == {"customers", "parameter", "funnel", "deals"}
    for number, one in counted.items():
        assert len(one["items"]) == min(2, one["total"])
        if one["found"] is not None:
            assert float(one["found"]) == pytest.approx(float(named[number]["value"]), rel=1e-12)
    for one in [*counted.values()][::9]:
        page = register.client.get(one["all"]).json()
        assert page["items"][:2] == [{n: v for n, v in own.items() if n != "statistics"} for own in one["items"]]
    (bought,) = (one for one in counted.values() if one["number"] == "revenue.u1.A.value_per_order")
    for own in bought["items"]:
        assert len(own["statistics"]) == 2
        found = register.client.get(own["lines"]).json()["items"]
        assert [line["value"] for line in own["statistics"]] == [line["revenue"] for line in found[:2]]
    text = register.client.get(
        f"/v1/plans/{plan}/explanation", params={"number": "revenue.u1.B", "format": "text", "limit": 5000}
    ).text
    assert "/evidence?number=amount_3.u1.B.open_deals\n      O1: 1000\n" in text
    assert "/v1/statistics?subsidiary=DE&customer=DE-C" in text
    silent = register.get(f"/v1/plans/{plan}/explanation", number="revenue.u1", counted=0)
    assert silent["counted"] == []
    cut = register.get(f"/v1/plans/{plan}/explanation", number="revenue.u1", limit=3, counted=2)
    assert (len(cut["numbers"]), cut["complete"], cut["counted"]) == (3, False, answer["counted"])
