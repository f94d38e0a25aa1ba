"""Taking submissions back, reading what was known before, and correcting closed months."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary


@pytest.fixture
def stored(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    return service


def statistics(service: Service, **query: Any) -> list[dict[str, Any]]:
    return service.get("/v1/statistics", subsidiary="DE", limit=1000, **query)["items"]


def withdraw(service: Service, submission: str) -> Any:
    return service.client.post(f"/v1/submissions/{submission}/withdrawal", json={"reason": "Wrong file."})


def line(revenue: str, **more: Any) -> dict[str, Any]:
    key = {"period": "2025-03", "customer": "DE-C1", "salesperson": "DE-S2", "channel": "direct"}
    return key | {"revenue": revenue} | more


def test_a_withdrawn_submission_leaves_what_was_there_before(stored: Service) -> None:
    before = statistics(stored)
    rows = [line("1"), line("2", period="2023-01"), line("0", period="2025-04", deleted=True)]
    receipt = stored.submit("statistics", rows, subsidiary="DE")
    assert (receipt["added"], receipt["corrected"], receipt["removed"]) == (1, 1, 1)
    assert statistics(stored) != before
    record = withdraw(stored, receipt["id"]).json()
    assert (record["withdrawn_reason"], record["withdrawn_revision"]) == ("Wrong file.", receipt["data_revision"] + 1)
    assert statistics(stored) == before
    assert withdraw(stored, receipt["id"]).json() == record


def test_a_submission_that_was_changed_since_is_not_withdrawn(stored: Service) -> None:
    first = stored.submit("statistics", [line("1")], subsidiary="DE")
    second = stored.submit("statistics", [line("2")], subsidiary="DE")
    answer = withdraw(stored, first["id"])
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "changed-since")
    withdraw(stored, second["id"])
    assert "1" in [row["revenue"] for row in statistics(stored, customer="DE-C1")]
    withdraw(stored, first["id"])
    assert "1" not in [row["revenue"] for row in statistics(stored, customer="DE-C1")]


def test_a_row_that_came_back_since_is_not_overwritten(stored: Service) -> None:
    removed = stored.submit("statistics", [line("0", deleted=True)], subsidiary="DE")
    stored.submit("statistics", [line("7")], subsidiary="DE")
    assert withdraw(stored, removed["id"]).status_code == 409


def test_customers_that_others_are_about_stay(stored: Service) -> None:
    new = stored.submit("customers", [{"code": "NEW"}], subsidiary="DE")
    stored.submit("statistics", [line("1", customer="NEW")], subsidiary="DE")
    assert withdraw(stored, new["id"]).status_code == 409
    other = stored.submit("customers", [{"code": "OTHER"}], subsidiary="DE")
    withdraw(stored, other["id"])
    assert "OTHER" not in [row["code"] for row in stored.get("/v1/customers", limit=1000)["items"]]


def test_a_customer_in_use_is_not_removed(stored: Service) -> None:
    rows = [{"code": "DE-C1", "deleted": "true"}, {"code": "FREE"}]
    answer = stored.client.post("/v1/submissions/customers", params={"subsidiary": "DE"}, json=rows)
    (problem,) = answer.json()["errors"]
    assert (problem["row"], problem["column"], problem["code"]) == (1, "code", "in_use")


def test_a_withdrawn_register_takes_its_lines_back(stored: Service) -> None:
    feeds = {"results": "register", "funnel": "lines", "activity": "lines"}
    stored.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds)
    order = {"id": "O", "date": "2025-03-01", "customer": "DE-C1", "amount": "5"}
    stored.submit("orders", [order], subsidiary="DE")
    before = statistics(stored)
    receipt = stored.submit("orders", [order | {"amount": "9"}, order | {"id": "P"}], subsidiary="DE")
    withdraw(stored, receipt["id"])
    assert statistics(stored) == before


def switch_results(service: Service, feed: str) -> None:
    feeds = {"results": feed, "funnel": "lines", "activity": "lines"}
    answer = service.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds)
    assert answer.status_code == 200


def test_lines_do_not_come_back_beside_the_register_that_feeds_them_now(stored: Service) -> None:
    removed = stored.submit("statistics", [line("0", deleted=True)], subsidiary="DE")
    switch_results(stored, "register")
    before = statistics(stored)
    answer = withdraw(stored, removed["id"])
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "changed-since")
    assert statistics(stored) == before
    switch_results(stored, "lines")
    assert withdraw(stored, removed["id"]).status_code == 200


def test_a_register_that_feeds_nothing_now_gets_its_rows_back_but_no_lines(stored: Service) -> None:
    switch_results(stored, "register")
    order = {"id": "O", "date": "2025-03-01", "customer": "DE-C1", "amount": "5"}
    stored.submit("orders", [order], subsidiary="DE")
    later = stored.submit("orders", [order | {"amount": "9"}], subsidiary="DE")
    switch_results(stored, "lines")
    before = statistics(stored)
    assert withdraw(stored, later["id"]).status_code == 200
    assert [row["amount"] for row in stored.get("/v1/orders")["items"]] == ["5"]
    assert statistics(stored) == before


def test_what_was_known_at_a_moment_stays_readable(stored: Service) -> None:
    before = statistics(stored)
    stored.later(days=1)
    stored.submit("statistics", [line("1"), line("0", period="2025-04", deleted=True)], subsidiary="DE")
    assert statistics(stored) != before
    assert statistics(stored, as_of="2026-11-15T12:00:00Z") == before
    assert statistics(stored, as_of="2020-01-01T00:00:00Z") == []
    assert statistics(stored, as_of="2027-01-01T00:00:00+02:00") == statistics(stored)


def test_what_was_removed_at_a_moment_stays_removed_there(stored: Service) -> None:
    before = statistics(stored)
    stored.later(hours=1)
    removed = stored.submit("statistics", [line("0", deleted=True)], subsidiary="DE")
    without = statistics(stored)
    stored.later(hours=1)
    withdraw(stored, removed["id"])
    assert statistics(stored) == before
    assert statistics(stored, as_of="2026-11-15T12:00:00Z") == before
    assert statistics(stored, as_of="2026-11-15T13:00:00Z") == without
    assert statistics(stored, as_of="2026-11-15T14:00:00Z") == before


def test_a_closed_month_takes_a_delta_or_a_reason(stored: Service) -> None:
    stored.client.put("/v1/subsidiaries/DE/closed-months/2025-03")
    rows = [line("1"), line("1", period="2025-04")]
    answer = stored.client.post("/v1/submissions/statistics", params={"subsidiary": "DE"}, json=rows)
    (problem,) = answer.json()["errors"]
    assert (problem["row"], problem["code"]) == (1, "closed_month")
    receipt = stored.submit("statistics", rows, subsidiary="DE", reason="Credit note came late.")
    assert receipt["corrected"] == 2
    unchanged = stored.submit("statistics", rows, subsidiary="DE")
    assert unchanged["unchanged"] == 2
    query = {"subsidiary": "DE", "correction": "delta"}
    headers = {"Idempotency-Key": "d-1"}
    for _ in range(2):
        answer = stored.client.post("/v1/submissions/statistics", params=query, json=[line("0.5")], headers=headers)
        assert answer.status_code == 201
    (row,) = statistics(stored, customer="DE-C1", **{"from": "2025-03", "to": "2025-03"})
    assert row["revenue"] == "1.5"


def test_a_delta_leaves_alone_what_it_does_not_name(stored: Service) -> None:
    stored.submit("statistics", [line("5", orders=2, hours="1.5")], subsidiary="DE")
    answer = stored.client.post(
        "/v1/submissions/statistics",
        params={"subsidiary": "DE", "correction": "delta"},
        content="period,customer,salesperson,channel,revenue\n2025-03,DE-C1,DE-S2,direct,1\n",
        headers={"Content-Type": "text/csv", "Idempotency-Key": "d-2"},
    )
    assert answer.status_code == 201
    (revenue,) = answer.json()["control"]
    assert (revenue["total"], revenue["attributed"]) == ("1", "1")
    (row,) = statistics(stored, customer="DE-C1", **{"from": "2025-03", "to": "2025-03"})
    assert (row["revenue"], row["orders"], row["hours"]) == ("6", 2, 1.5)


def test_a_delta_without_any_measure_changes_nothing(stored: Service) -> None:
    answer = stored.client.post(
        "/v1/submissions/statistics",
        params={"subsidiary": "DE", "correction": "delta"},
        content="period,customer,salesperson,channel\n2025-03,DE-C1,DE-S2,direct\n",
        headers={"Content-Type": "text/csv", "Idempotency-Key": "d-3"},
    )
    assert (answer.status_code, answer.json()["unchanged"]) == (201, 1)


def test_an_unusual_month_is_a_warning(stored: Service) -> None:
    receipt = stored.submit("statistics", [line("1000000"), line("900", customer="DE-C2")], subsidiary="DE")
    (warning,) = receipt["warnings"]
    assert (receipt["warning_count"], warning["row"], warning["code"]) == (1, 1, "unusual_value")
    listed = stored.get(f"/v1/submissions/{receipt['id']}/problems", warnings="true")["items"]
    assert listed == receipt["warnings"]


def test_the_receipt_has_a_control_block(stored: Service) -> None:
    rows = [line("10", period="2023-05"), line("5", period="2023-05", customer="")]
    receipt = stored.submit("statistics", rows, subsidiary="DE")
    (revenue,) = [row for row in receipt["control"] if row["column"] == "revenue"]
    assert revenue == {
        "column": "revenue",
        "total": "15",
        "attributed": "10",
        "unattributed": "5",
        "measure": "revenue",
        "ledger": "15",
    }
