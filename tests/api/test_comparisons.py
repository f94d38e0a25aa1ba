"""`GET /v1/comparisons`: subsidiaries and sellers side by side."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_group, hand_in_subsidiary

RATES = {"AT": 10, "CH": 20, "DE": 20, "FR": 40, "PL": 90}


def hand_in(service: Service, code: str, lines: list[dict[str, Any]], currency: str = "EUR") -> None:
    body = {"name": code, "country": code, "currency": currency}
    assert service.client.put(f"/v1/subsidiaries/{code}", json=body).status_code == 201
    customers = [{"code": name} for name in sorted({line["customer"] for line in lines})]
    service.submit("customers", customers, subsidiary=code)
    service.submit("statistics", lines, subsidiary=code)


def line(customer: str, revenue: int, margin: int = 0, period: str = "2026-03") -> dict[str, Any]:
    return {"period": period, "customer": customer, "orders": 1, "revenue": str(revenue), "margin": str(margin)}


def test_subsidiaries_by_their_margin_rate(service: Service) -> None:
    for code, rate in RATES.items():
        hand_in(service, code, [line("C-1", 100, rate)])
    answer = service.get("/v1/comparisons", indicators="margin_rate")
    rows = {row["subsidiary"]: row for row in answer["items"]}
    assert {code: row["rank"] for code, row in rows.items()} == {"AT": 5, "CH": 3, "DE": 3, "FR": 2, "PL": 1}
    assert {code: row["quartile"] for code, row in rows.items()} == {"AT": 4, "CH": 2, "DE": 2, "FR": 1, "PL": 1}
    assert rows["AT"]["to_best_quarter"] == "0.3"
    assert rows["PL"]["robust_z"] == 4.721435
    assert answer["common"] == [
        {
            "indicator": "margin_rate",
            "direction": "higher",
            "ranked": 5,
            "median": "0.2",
            "deviation": "0.14826",
            "best_quarter": "0.4",
        }
    ]
    assert answer["notes"] == []
    assert all(row["comparable"] for row in answer["items"])


def test_a_share_of_few_cases_has_an_interval_and_no_rank(service: Service) -> None:
    """In DE 40 of 50 customers come again, in FR 4 of 5."""
    for code, size in {"DE": 50, "FR": 5}.items():
        before = [line(f"C-{number}", 10, period="2025-01") for number in range(size)]
        now = [line(f"C-{number}", 10, period="2025-02") for number in range(size * 4 // 5)]
        hand_in(service, code, before + now)
    answer = service.get("/v1/comparisons", indicators="retention", **{"from": "2025-02", "to": "2025-02"})
    many, few = answer["items"]
    assert (many["value"], many["rank"], many["reason"]) == ("0.8", 1, None)
    assert (few["value"], few["rank"], few["reason"]) == ("0.8", None, "not ranked: fewer than 30 cases")
    assert (few["interval_low"], few["interval_high"]) == (0.375535, 0.963776)
    assert many["interval_low"] > few["interval_low"]
    assert answer["common"][0]["ranked"] == 1


def test_a_share_with_the_mix_of_classes_of_all(service: Service) -> None:
    """Of one large customer, who is the class A, and his four small ones, C, in both subsidiaries others come again."""
    for code, again in (("DE", ["L", "S-1"]), ("FR", ["S-1", "S-2", "S-3"])):
        names = ["L", "S-1", "S-2", "S-3", "S-4"]
        lines = [line(name, 10_000 if name == "L" else 1, period="2025-01") for name in names]
        hand_in(service, code, lines + [line(name, 1, period="2025-02") for name in again])
    answer = service.get("/v1/comparisons", indicators="retention", **{"from": "2025-02", "to": "2025-02"})
    assert [row["value"] for row in answer["items"]] == ["0.4", "0.6"]
    # Both have the same mix, so that it changes nothing: 1/5 · 1 + 4/5 · 1/4, and 1/5 · 0 + 4/5 · 3/4.
    assert [row["standardised"] for row in answer["items"]] == ["0.4", "0.6"]


def test_sellers_of_all_subsidiaries(service: Service) -> None:
    hand_in_group(service)
    answer = service.get("/v1/comparisons", of="salesperson", indicators="revenue", currency="EUR")
    units = {(row["subsidiary"], row["salesperson"]): row["rank"] for row in answer["items"]}
    assert units.keys() == {(code, f"{code}-S{number}") for code in ("DE", "FR") for number in (1, 2)}
    assert sorted(units.values()) == [1, 1, 3, 3]


def test_amounts_of_several_currencies_are_not_compared(service: Service) -> None:
    hand_in(service, "DE", [line("C-1", 100)])
    hand_in(service, "PL", [line("C-1", 100)], "PLN")
    problem = service.get("/v1/comparisons", status=422, indicators="revenue")
    assert "EUR, PLN" in problem["detail"]
    assert service.get("/v1/comparisons", indicators="margin_rate")["items"]


def test_missing_months_and_measures_are_named(service: Service) -> None:
    hand_in(service, "DE", [line("C-1", 100, 10, "2026-01"), line("C-1", 100, 10, "2026-03")])
    hand_in(service, "FR", [line("C-1", 100, 10, f"2026-0{month}") for month in (1, 2, 3)])
    window = {"from": "2026-01", "to": "2026-03"}
    answer = service.get("/v1/comparisons", indicators="margin_rate,revenue_per_hour", **window)
    noted = {(note["subsidiary"], note["code"]): note["message"] for note in answer["notes"]}
    assert noted == {
        ("DE", "missing_months"): "no data for 2026-02",
        ("DE", "missing_measures"): "nothing of the group activity in the window",
        ("FR", "missing_measures"): "nothing of the group activity in the window",
    }
    assert not any(row["comparable"] for row in answer["items"])


@pytest.mark.parametrize("query", [{"of": "channel"}, {"indicators": "profit"}, {"currency": "eur"}])
def test_what_cannot_be_compared_is_refused(service: Service, query: dict[str, str]) -> None:
    hand_in(service, "DE", [line("C-1", 100)])
    assert service.client.get("/v1/comparisons", params=query).status_code in (400, 422)


def test_who_reaches_one_subsidiary_is_told_nothing_of_the_others(service: Service) -> None:
    """Also where there are so few of them that a sum of all would give each away: no answer counts them in."""
    hand_in_subsidiary(service, "FR", "EUR")
    headers = service.as_key(service.key(subsidiaries=["FR"]))
    asked = [
        f"/v1/comparisons?of={of}&indicators=revenue,margin_rate&currency=EUR" for of in ("subsidiary", "salesperson")
    ]
    asked += [
        "/v1/kpis?indicators=revenue&group_by=subsidiary&currency=EUR&totals=true",
        "/v1/kpis?indicators=revenue&group_by=country&currency=EUR&totals=true",
        "/v1/coverage/completeness",
        "/v1/subsidiaries",
        "/odata/v1/Statistics/$count",
    ]

    def answers() -> list[str]:
        found = [service.client.get(path, headers=headers) for path in asked]
        assert {answer.status_code for answer in found} == {200}
        return [answer.text for answer in found]

    before = answers()
    for code in ("DE", "PL"):
        hand_in_subsidiary(service, code, "EUR")
        assert answers() == before
