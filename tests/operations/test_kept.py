"""Figures that are kept: whatever changes, the answer is the one that a process without memory gives."""

from collections.abc import Sequence
from typing import Any

import pytest

from service.operations.quantities import kept
from service.store import facts
from tests.conftest import Service
from tests.group import customers, hand_in_subsidiary

_RATES = [
    {"period": f"{year}-{month:02d}", "currency": "PLN", "reference": "EUR", "rate": f"0.2{month:02d}{year % 10}"}
    for year in (2023, 2024, 2025)
    for month in range(1, 13)
]
_QUESTIONS: Sequence[dict[str, Any]] = (
    {
        "indicators": "revenue,retention,new_customers,concentration_gini,largest_share,wallet_share",
        "group_by": "country",
    },
    {"indicators": "revenue,active_customers", "group_by": "industry,quarter", "totals": True, "team": "T"},
    {"indicators": "revenue,contact_attainment,retention", "group_by": "team,segment", "compare": "prior"},
    {"indicators": "growth,growth_constant,revenue", "group_by": "subsidiary", "rates": "constant", "compare": "prior"},
    {"indicators": "revenue,concentration_gini", "group_by": "region", "abc_class": "A"},
)
_LINE = {"period": "2025-12", "customer": "DE-C1", "salesperson": "DE-S2", "channel": "direct"}
_MOVED = [customers("DE")[0] | {"industry": "steel", "region": "north", "potential": "9999999"}]
_CHANGES: Sequence[tuple[str, list[dict[str, Any]], dict[str, str]]] = (
    ("statistics", [_LINE | {"orders": 3, "revenue": "123456.78", "margin": "7"}], {"subsidiary": "DE"}),
    ("customers", _MOVED, {"subsidiary": "DE"}),
    ("salespeople", [{"code": "DE-S1", "name": "One", "team": "U", "start": "2025-06-01"}], {"subsidiary": "DE"}),
    (
        "activities",
        [{"id": "1", "date": "2025-12-30", "salesperson": "DE-S1", "customer": "DE-C2", "type": "call", "hours": 2}],
        {"subsidiary": "DE"},
    ),
    ("exchange-rates", [_RATES[-1] | {"rate": "0.5"}], {}),
)


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    hand_in_subsidiary(service, "PL", "PLN")
    service.submit("exchange-rates", _RATES)
    return service


def answers(group: Service) -> list[Any]:
    return [group.get("/v1/kpis", **(question | {"currency": "EUR"})) for question in _QUESTIONS]


def forgotten() -> None:
    for own in kept._kept.values():
        own.clear()


@pytest.mark.parametrize(("form", "rows", "where"), _CHANGES, ids=[form for form, _, _ in _CHANGES])
def test_a_change_is_seen_as_if_nothing_had_been_kept(
    group: Service, form: str, rows: list[dict[str, Any]], where: dict[str, str]
) -> None:
    if form == "activities":
        feeds = {"results": "lines", "funnel": "lines", "activity": "register"}
        group.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds).raise_for_status()
    before = answers(group)
    assert answers(group) == before
    group.submit(form, rows, **where)
    after = answers(group)
    assert after != before
    forgotten()
    assert after == answers(group)


def test_only_what_changed_is_read_again(group: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[frozenset[int] | None] = []

    def noted(found: Any) -> Any:
        def finder(connection: Any, reach: Any, *rest: Any) -> Any:
            read.append(reach.subsidiaries)
            return found(connection, reach, *rest)

        return finder

    for name in ("sums", "of_customers"):
        monkeypatch.setattr(facts, name, noted(getattr(facts, name)))
    question = {"indicators": "revenue,retention", "group_by": "subsidiary,month", "currency": "EUR"}
    group.get("/v1/kpis", **question)
    assert {len(one or ()) for one in read} == {2}
    read.clear()
    first = group.get("/v1/kpis", **question)
    assert read == []
    group.submit(
        "statistics", [{"period": "2025-12", "customer": "PL-C1", "revenue": "1", "orders": 1}], subsidiary="PL"
    )
    assert first != group.get("/v1/kpis", **question)
    assert {len(one or ()) for one in read} == {1}


def test_what_has_no_room_is_answered_all_the_same(group: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(group)
    monkeypatch.setattr(kept, "MOST_ROWS", 1)
    kept._kept.clear()
    assert answers(group) == before
