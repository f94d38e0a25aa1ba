"""Closed months: closing, re-opening, and the record of both."""

from typing import Any

import pytest

from service.store import closed_months, subsidiaries
from service.store.reach import Reach
from tests.conftest import Service

REASON = {"reason": "late credit note"}


@pytest.fixture
def stored(service: Service) -> Service:
    for code in ("DE", "FR"):
        body = {"name": code, "country": code, "currency": "EUR"}
        assert service.client.put(f"/v1/subsidiaries/{code}", json=body).status_code == 201
    return service


def _close(service: Service, period: str, status: int = 200, **query: Any) -> Any:
    answer = service.client.put(f"/v1/subsidiaries/DE/closed-months/{period}", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def _reopen(service: Service, period: str, status: int = 200, **query: Any) -> Any:
    answer = service.client.delete(f"/v1/subsidiaries/DE/closed-months/{period}", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_closing_twice_changes_nothing(stored: Service) -> None:
    first = _close(stored, "2026-01", note="audited")
    assert first["note"] == "audited"
    assert _close(stored, "2026-01", note="again") == first
    document = stored.get("/v1/subsidiaries/DE/closed-months")
    assert document["items"] == [first]
    assert len(document["events"]) == 1


def test_a_month_that_has_not_ended_cannot_be_closed(stored: Service) -> None:
    assert "2026-10 is the newest" in _close(stored, "2026-11", 422)["detail"]
    assert _close(stored, "2026-10")["period"] == "2026-10"


def test_reopening_keeps_who_when_and_why(stored: Service) -> None:
    _close(stored, "2026-02")
    _close(stored, "2026-01")
    left = _reopen(stored, "2026-02", **REASON)
    assert [item["period"] for item in left["items"]] == ["2026-01"]
    _close(stored, "2026-02", note="final")
    document = stored.get("/v1/subsidiaries/DE/closed-months")
    assert [item["period"] for item in document["items"]] == ["2026-01", "2026-02"]
    told = [(event["period"], event["happening"], event["reason"]) for event in document["events"]]
    assert told == [
        ("2026-02", "closed", ""),
        ("2026-01", "closed", ""),
        ("2026-02", "reopened", "late credit note"),
        ("2026-02", "closed", "final"),
    ]
    assert all(event["key_id"] and event["at"] for event in document["events"])


def test_a_month_that_is_open_cannot_be_opened(stored: Service) -> None:
    _reopen(stored, "2026-01", 404, **REASON)


@pytest.mark.parametrize(
    "reason", [{}, {"reason": "no"}, {"reason": "   "}, {"reason": "x" * 501}, {"reason": "a\0bc"}]
)
def test_reopening_needs_a_reason(stored: Service, reason: dict[str, str]) -> None:
    _close(stored, "2026-01")
    _reopen(stored, "2026-01", 422, **reason)
    assert len(stored.get("/v1/subsidiaries/DE/closed-months")["events"]) == 1


def test_the_intake_can_ask_which_months_are_closed(stored: Service) -> None:
    _close(stored, "2026-01")
    _close(stored, "2025-12")
    with stored.database.reading() as connection:
        ids = {row.code: row.id for row in subsidiaries.listed(connection, Reach(None))}
        assert closed_months.within(connection, Reach(frozenset([ids["DE"]]))) == {2025 * 12 + 11, 2026 * 12}
        assert closed_months.within(connection, Reach(frozenset([ids["FR"]]))) == set()
        assert closed_months.pairs(connection, Reach(None)) == {(ids["DE"], 2025 * 12 + 11), (ids["DE"], 2026 * 12)}
