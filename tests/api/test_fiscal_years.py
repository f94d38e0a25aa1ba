"""Fiscal years: who declares them, and what a fiscal period means to each operation."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary


@pytest.fixture
def group(service: Service) -> Service:
    """DE's fiscal year begins in April, FR's in July, the group's in October."""
    for code, start in (("DE", 4), ("FR", 7)):
        hand_in_subsidiary(service, code, "EUR")
        _put(service, f"/v1/subsidiaries/{code}", {"name": code, "country": code, "currency": "EUR"}, start)
    _put(service, "/v1/group", {"name": "Nordwerk"}, 10)
    return service


def _put(service: Service, path: str, body: dict[str, Any], start: int) -> None:
    etag = service.get(path)["etag"]
    answer = service.client.put(path, json=body | {"fiscal_year_start": start}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["fiscal_year_start"] == start
    assert answer.json()["etag"] != etag


def test_a_subsidiary_that_says_nothing_has_the_calendar_year(service: Service) -> None:
    body = {"name": "X", "country": "IT", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/IT", json=body).json()["fiscal_year_start"] == 1


def test_a_body_without_the_fiscal_year_leaves_it_as_it_is(group: Service) -> None:
    body = {"name": "DE", "country": "DE", "currency": "EUR"}
    answer = group.client.put("/v1/subsidiaries/DE", json=body)
    assert (answer.status_code, answer.json()["fiscal_year_start"]) == (200, 4)


def test_the_group_is_changed_only_by_who_has_read_it(group: Service) -> None:
    answers = [
        group.client.put("/v1/group", json={"fiscal_year_start": 2}, headers=headers).status_code
        for headers in ({}, {"If-Match": "older"}, {"If-Match": group.get("/v1/group")["etag"]})
    ]
    assert answers == [428, 412, 200]
    assert group.get("/v1/group")["name"] == "Nordwerk"


def test_the_group_is_changed_only_with_a_key_for_all(group: Service) -> None:
    headers = group.as_key(group.key(subsidiaries=["DE"]))
    assert group.client.put("/v1/group", json={"fiscal_year_start": 2}, headers=headers).status_code == 403
    assert group.client.get("/v1/group", headers=headers).json()["fiscal_year_start"] == 10


@pytest.mark.parametrize(
    "query, first, last",
    [
        ({"subsidiary": "DE", "period": "FY2025"}, "2024-04", "2025-03"),
        ({"subsidiary": "FR", "period": "FY2025-Q1"}, "2024-07", "2024-09"),
        ({"subsidiary": ["DE", "FR"], "period": "FY2025-H1"}, "2024-10", "2025-03"),
        ({"period": "FY2025-M1"}, "2024-10", "2024-10"),
        ({"period": "2025-Q3"}, "2025-07", "2025-09"),
    ],
)
def test_a_fiscal_period_is_the_one_subsidiarys_else_the_groups(
    group: Service, query: dict[str, Any], first: str, last: str
) -> None:
    assert group.get("/v1/kpis", **query)["window"] == {"first": first, "last": last}


def test_a_period_gives_what_its_months_give(group: Service) -> None:
    by_period = group.get("/v1/kpis", subsidiary="DE", period="FY2025")
    assert by_period == group.get("/v1/kpis", subsidiary="DE", **{"from": "2024-04", "to": "2025-03"})


def test_lines_segmentations_and_plans_take_a_period(group: Service) -> None:
    lines = group.get("/v1/statistics", subsidiary="DE", period="FY2025-Q4", limit=1000)["items"]
    assert sorted({line["period"] for line in lines}) == ["2025-01", "2025-02", "2025-03"]
    window = {"first": "2024-04", "last": "2025-03"}
    segmentation = group.post("/v1/segmentations", {"subsidiary": "DE", "period": "FY2025"})
    assert segmentation["window"] == window
    plan = group.post("/v1/plans", {"subsidiary": "DE", "window_period": "FY2025"})
    assert (plan["window"], plan["first"]) == (window, "2025-04")
