"""Coverage: no silent gaps, totals that add up, and identities that hold."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.group import YEARS, hand_in_subsidiary

LINES = [
    {"period": "2026-05", "customer": "C1", "orders": 2, "revenue": "100.25", "calls": 3},
    {"period": "2026-05", "customer": "C2", "revenue": "-20.5", "hours": "1.5"},
    {"period": "2026-05", "leads": 4, "revenue": "7"},
    {"period": "2026-07", "customer": "C1", "orders": 1, "revenue": "50"},
]


@pytest.fixture
def group(service: Service) -> Service:
    """DE hands in May and July of 2026 and nothing since; IT has handed in nothing. The clock says November."""
    for code in ("DE", "IT"):
        body = {"name": code, "country": code, "currency": "EUR"}
        assert service.client.put(f"/v1/subsidiaries/{code}", json=body).status_code == 201
    service.submit("customers", [{"code": "C1"}, {"code": "C2"}], subsidiary="DE")
    service.submit("statistics", LINES, subsidiary="DE")
    return service


def _rows(service: Service, **query: Any) -> list[dict[str, Any]]:
    """All pages, small ones."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = service.get("/v1/coverage", limit=7, **query, **after)
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def test_every_month_to_the_last_that_ended_is_a_row_of_every_measure(group: Service) -> None:
    rows = _rows(group)
    assert rows == group.get("/v1/coverage", limit=1000)["items"]
    periods = list(dict.fromkeys(row["period"] for row in rows))
    assert periods == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
    assert len(rows) == 6 * 15
    missing = {row["period"] for row in rows if row["status"] == "missing"}
    assert missing == {"2026-06", "2026-08", "2026-09", "2026-10"}


def test_a_row_says_what_the_month_holds(group: Service) -> None:
    group.client.put("/v1/subsidiaries/DE/closed-months/2026-05")
    rows = {(row["period"], row["measure"]): row for row in _rows(group)}
    assert rows["2026-05", "revenue"] == {
        "subsidiary": "DE",
        "period": "2026-05",
        "measure": "revenue",
        "group": "results",
        "status": "present",
        "lines": 3,
        "total": "86.75",
        "attributed": "79.75",
        "unattributed": "7",
        "currency": "EUR",
        "closed": True,
    }
    hours, leads, quotes = (rows["2026-05", name] for name in ("hours", "leads", "quotes"))
    assert (hours["total"], hours["lines"], hours["currency"]) == ("1.5", 1, None)
    assert (leads["attributed"], leads["unattributed"]) == ("0", "4")
    assert (quotes["status"], quotes["lines"], quotes["total"]) == ("zero", 0, "0")
    assert (rows["2026-07", "revenue"]["closed"], rows["2026-06", "revenue"]["total"]) == (False, "0")


@pytest.mark.parametrize(
    "query, first, last",
    [
        ({"from": "2026-07", "to": "2026-08"}, "2026-07", "2026-08"),
        ({"period": "2026-Q2"}, "2026-05", "2026-06"),
        ({"period": "2026"}, "2026-05", "2026-11"),
        ({"from": "2020-01", "to": "2030-12", "subsidiary": "DE"}, "2026-05", "2026-11"),
    ],
)
def test_a_window_stays_between_the_first_data_and_the_present_month(
    group: Service, query: dict[str, Any], first: str, last: str
) -> None:
    rows = _rows(group, **query)
    assert (rows[0]["period"], rows[-1]["period"]) == (first, last)


def test_nothing_is_expected_before_the_first_data(group: Service) -> None:
    assert _rows(group, subsidiary="IT") == []
    assert _rows(group, period="2025") == []
    empty = {item["subsidiary"]: item for item in group.get("/v1/coverage/completeness")["items"]}["IT"]
    assert (empty["months_expected"], empty["share"], empty["first"], empty["missing"]) == (0, None, None, [])


def test_completeness_counts_months_by_group_of_measures(group: Service) -> None:
    (found,) = group.get("/v1/coverage/completeness", subsidiary="DE")["items"]
    assert (found["first"], found["newest"]) == ("2026-05", "2026-07")
    assert (found["months_expected"], found["months_with_data"], found["share"]) == (6, 2, 0.333333)
    assert found["missing"] == ["2026-06", "2026-08", "2026-09", "2026-10"]
    assert found["groups"] == [
        {"group": "results", "months_with_data": 2, "share": 0.333333, "newest": "2026-07"},
        {"group": "funnel", "months_with_data": 1, "share": 0.166667, "newest": "2026-05"},
        {"group": "activity", "months_with_data": 1, "share": 0.166667, "newest": "2026-05"},
    ]


@pytest.fixture
def full(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    return service


def test_the_identities_hold(full: Service) -> None:
    found = full.get("/v1/coverage/checks", subsidiary="DE", period="2025")
    assert found["holds"] is True
    assert found["window"] == {"first": "2025-01", "last": "2025-12"}
    assert all(item["holds"] for item in found["items"])
    named: dict[str, dict[str, Any]] = {}
    for item in found["items"]:
        named.setdefault(item["name"], {})[item["of"]] = item["left"]
    assert list(named) == [
        "class_table_revenue",
        "n_f_v",
        "active_customers",
        "revenue_bridge",
        "attribution",
        "months",
    ]
    # Customers 1 to 4 and 6 buy n × 100 + 0.25 a month: 1601.25 a month.
    assert named["class_table_revenue"] == {"": "19215"}
    assert named["active_customers"] == {"": "5"}
    assert sum(float(value) for value in named["n_f_v"].values()) == pytest.approx(19215)
    assert named["attribution"] == dict.fromkeys(YEARS[12:], "1601.25")
    assert named["months"]["leads"] == "48"


@pytest.mark.parametrize("orders, told", [(1, ("50", True)), (0, (None, None))])
def test_what_cannot_be_asked_is_said(group: Service, orders: int, told: tuple[str | None, bool | None]) -> None:
    """In July only C1 buys: he is all of class A. Without a count of orders there is no F and no V."""
    group.submit("statistics", [LINES[3] | {"orders": orders}], subsidiary="DE")
    found = group.get("/v1/coverage/checks", subsidiary="DE", period="2026-07")
    items = {item["of"]: (item["left"], item["holds"]) for item in found["items"] if item["name"] == "n_f_v"}
    assert items == {"A": told, "B": ("0", True), "C": ("0", True)}
    assert found["holds"] is True


def test_a_figure_that_two_ways_tell_differently_is_found(full: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.operations import checks  # noqa: PLC0415

    genuine = checks.lines.totals
    monkeypatch.setattr(checks.lines, "totals", lambda *given: genuine(*given) | {"orders": 1})
    found = full.get("/v1/coverage/checks", subsidiary="DE")
    assert found["holds"] is False
    wrong = [(item["name"], item["of"], item["right"]) for item in found["items"] if item["holds"] is False]
    assert wrong == [("months", "orders", "0.0001")]
