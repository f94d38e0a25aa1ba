"""Registers: lines are derived from them, kept current, and never counted twice."""

from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary

BY_REGISTER = {"results": "register", "funnel": "register", "activity": "register"}
BY_LINES = {"results": "lines", "funnel": "lines", "activity": "lines"}


def order(number: int, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"O-{number}",
        "date": "2025-03-14",
        "customer": "DE-C1",
        "salesperson": "DE-S1",
        "amount": amount,
        "margin": "1",
    } | more


@pytest.fixture
def fed(service: Service) -> Service:
    """Subsidiary DE whose measures all come from registers; it had lines before."""
    hand_in_subsidiary(service, "DE", "EUR")
    put_feeds(service, BY_REGISTER, replace="true")
    return service


def put_feeds(service: Service, feeds: dict[str, str], **query: str) -> Any:
    return service.client.put("/v1/subsidiaries/DE/feeds", params=query, json=feeds)


def derived(service: Service, **query: Any) -> list[dict[str, Any]]:
    return service.get("/v1/statistics", subsidiary="DE", limit=1000, **query)["items"]


def test_orders_become_lines_by_month_and_seller(fed: Service) -> None:
    fed.submit("orders", [order(1, "100.5"), order(2, "50"), order(3, "-20", date="2025-04-01")], subsidiary="DE")
    march, april = derived(fed)
    assert (march["period"], march["orders"], march["revenue"], march["margin"]) == ("2025-03", 2, "150.5", "2")
    assert (march["customer"], march["salesperson"], march["feed"]) == ("DE-C1", "DE-S1", "orders")
    assert (april["period"], april["orders"], april["revenue"]) == ("2025-04", 0, "-20")


def test_a_corrected_order_moves_its_line(fed: Service) -> None:
    fed.submit("orders", [order(1, "100"), order(2, "50")], subsidiary="DE")
    receipt = fed.submit("orders", [order(1, "70", customer="DE-C2"), order(2, "50")], subsidiary="DE")
    assert (receipt["corrected"], receipt["unchanged"]) == (1, 1)
    assert [(line["customer"], line["revenue"]) for line in derived(fed)] == [("DE-C1", "50"), ("DE-C2", "70")]


def test_a_removed_order_takes_its_line_away(fed: Service) -> None:
    fed.submit("orders", [order(1, "100")], subsidiary="DE")
    receipt = fed.submit("orders", [order(1, "100", deleted=True)], subsidiary="DE")
    assert receipt["removed"] == 1
    assert derived(fed) == []
    assert fed.get("/v1/orders", subsidiary="DE")["items"] == []
    again = fed.submit("orders", [order(1, "100", deleted=True)], subsidiary="DE")
    assert (again["removed"], again["unchanged"]) == (0, 1)


def test_credit_shares_add_up_and_the_rest_is_unattributed(fed: Service) -> None:
    shares = {"salesperson": "", "credit_shares": "DE-S1=0.3333; DE-S2=0.3333"}
    fed.submit("orders", [order(1, "100.01", margin="0.01", **shares)], subsidiary="DE")
    lines = derived(fed)
    assert sorted(line["salesperson"] for line in lines) == ["", "DE-S1", "DE-S2"]
    assert sum(Decimal(line["revenue"]) for line in lines) == Decimal("100.01")
    assert sum(Decimal(line["margin"]) for line in lines) == Decimal("0.01")
    assert sum(Decimal(str(line["orders"])) for line in lines) == 1


def test_credit_shares_name_known_sellers_only(fed: Service) -> None:
    bad = order(1, "1", salesperson="", credit_shares="DE-S1=0.5; DE-S3=0.5")
    answer = fed.client.post("/v1/submissions/orders", params={"subsidiary": "DE"}, json=[bad])
    (problem,) = answer.json()["errors"]
    assert (answer.status_code, problem["code"], problem["column"]) == (422, "unknown_salesperson", "credit_shares")
    assert "Did you mean 'DE-S1'" in problem["message"] or "Did you mean 'DE-S2'" in problem["message"]


def test_deals_feed_the_funnel_in_the_month_of_each_stage(fed: Service) -> None:
    deal = {
        "id": "D-1",
        "salesperson": "DE-S1",
        "created": "2025-01-05",
        "amount": "1000",
        "new_customer": True,
        "stages": "qualified=2025-01-20; offer=2025-02-11",
        "outcome": "won",
        "closed": "2025-03-02",
    }
    repeat = deal | {"id": "D-2", "new_customer": False, "customer": "DE-C1", "outcome": "open", "closed": None}
    fed.submit("deals", [deal, repeat], subsidiary="DE")
    found = {(line["period"], line["customer"]): line for line in derived(fed)}
    january = found["2025-01", ""]
    assert (january["leads"], january["lead_value"], january["qualified"]) == (1, "1000", 1)
    assert (found["2025-02", ""]["offers"], found["2025-02", ""]["offer_value"]) == (1, "1000")
    assert (found["2025-03", ""]["wins"], found["2025-03", ""]["win_value"]) == (1, "1000")
    assert (found["2025-02", "DE-C1"]["quotes"], found["2025-02", "DE-C1"]["quote_value"]) == (1, "1000")
    assert len(found) == 4


def test_activities_count_calls_meetings_and_hours(fed: Service) -> None:
    one = {"id": "A-1", "date": "2025-03-03", "salesperson": "DE-S1", "customer": "DE-C1", "type": "call", "hours": 0.5}
    rows = [one, one | {"id": "A-2", "type": "meeting", "hours": "2"}, one | {"id": "A-3", "type": "travel"}]
    fed.submit("activities", rows, subsidiary="DE")
    (line,) = derived(fed)
    assert (line["calls"], line["meetings"], line["hours"], line["feed"]) == (1, 1, 3, "activities")


def test_a_register_is_refused_while_its_measures_come_as_lines(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    answer = service.client.post("/v1/submissions/orders", params={"subsidiary": "DE"}, json=[order(1, "1")])
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "other-feed")


def test_lines_are_refused_where_a_register_feeds_their_measures(fed: Service) -> None:
    put_feeds(fed, BY_REGISTER | {"activity": "lines"})
    lines = [{"period": "2025-01", "calls": 1, "revenue": "0"}, {"period": "2025-02", "calls": 1, "revenue": "5"}]
    answer = fed.client.post("/v1/submissions/statistics", params={"subsidiary": "DE"}, json=lines)
    (problem,) = answer.json()["errors"]
    assert (problem["row"], problem["column"], problem["code"]) == (2, "revenue", "fed_by_register")
    fed.submit("statistics", lines[:1], subsidiary="DE")


def test_a_register_that_feeds_nothing_any_more_leaves_no_line(fed: Service) -> None:
    mail = {"id": "A", "date": "2025-03-03", "salesperson": "DE-S1", "customer": "DE-C1", "type": "mail", "hours": 0}
    fed.submit("activities", [mail], subsidiary="DE")
    assert len(derived(fed)) == 1
    assert put_feeds(fed, BY_LINES, replace="true").status_code == 200
    assert derived(fed) == []
    assert put_feeds(fed, BY_REGISTER, replace="true").status_code == 200
    assert len(derived(fed)) == 1


def test_switching_says_what_it_would_replace_and_then_does(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    before = derived(service)
    answer = put_feeds(service, BY_LINES | {"results": "register"})
    assert answer.status_code == 409
    (replaced,) = answer.json()["replaces"]
    assert (replaced["group"], replaced["first"], replaced["last"]) == ("results", "2024-01", "2025-12")
    assert Decimal(replaced["totals"]["revenue"]) == sum(Decimal(line["revenue"]) for line in before)
    assert derived(service) == before
    assert put_feeds(service, BY_LINES | {"results": "register"}, replace="true").status_code == 200
    service.submit("orders", [order(1, "100")], subsidiary="DE")
    after = derived(service)
    assert sum(Decimal(line["revenue"]) for line in after) == 100
    assert sum(Decimal(line["calls"]) for line in after) == sum(Decimal(line["calls"]) for line in before)
    assert put_feeds(service, BY_LINES, replace="true").status_code == 200
    assert sum(Decimal(line["revenue"]) for line in derived(service)) == 0
    assert put_feeds(service, BY_LINES | {"results": "register"}).status_code == 200
    assert derived(service) == after


def test_registers_and_targets_are_read_back_as_handed_in(fed: Service) -> None:
    fed.submit("orders", [order(number, "1") for number in range(5)], subsidiary="DE")
    target = {"period": "2027-01", "measure": "revenue", "salesperson": "DE-S1", "team": "", "value": "50000"}
    fed.submit("targets", [target, target | {"salesperson": "", "team": "T"}], subsidiary="DE")
    page = fed.get("/v1/orders", subsidiary="DE", limit=3)
    rest = fed.get("/v1/orders", subsidiary="DE", limit=3, after=page["next"])
    assert [row["id"] for row in page["items"] + rest["items"]] == [f"O-{number}" for number in range(5)]
    assert {name: value for name, value in page["items"][0].items() if value and name in order(1, "1")} == {
        **order(0, "1"),
    }
    targets = fed.get("/v1/targets", subsidiary="DE")["items"]
    assert [(row["salesperson"], row["team"], row["value"]) for row in targets] == [
        ("", "T", "50000"),
        ("DE-S1", "", "50000"),
    ]
    fed.submit("deals", [{"id": "D", "salesperson": "DE-S1", "created": "2025-01-01"}], subsidiary="DE")
    (deal,) = fed.get("/v1/deals", subsidiary="DE")["items"]
    assert (deal["outcome"], deal["new_customer"], deal["closed"]) == ("open", False, None)
