"""A small group that tests hand in over HTTP: two subsidiaries, a few customers, two years."""

from typing import Any

import httpx

YEARS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)]


def customers(subsidiary: str) -> list[dict[str, Any]]:
    return [
        {
            "code": f"{subsidiary}-C{number}",
            "name": f"{subsidiary}-Customer {number}",
            "salesperson": f"{subsidiary}-S{number % 2 + 1}",
            "channel": "direct",
            "potential": str(number * 40_000),
            "potential_source": "norm",
        }
        for number in range(1, 7)
    ]


def statistics(subsidiary: str) -> list[dict[str, Any]]:
    """Customer n buys n × 100 a month; customer 6 only in the second year, customer 5 only in the first."""
    lines: list[dict[str, Any]] = []
    for place, period in enumerate(YEARS):
        for number in range(1, 7):
            if (number == 5 and place >= 12) or (number == 6 and place < 12):
                continue
            lines.append(
                {
                    "period": period,
                    "customer": f"{subsidiary}-C{number}",
                    "salesperson": f"{subsidiary}-S{number % 2 + 1}",
                    "channel": "direct",
                    "orders": 1,
                    "revenue": f"{number * 100}.25",
                    "margin": f"{number * 30}",
                    "calls": 2,
                    "hours": "1.5",
                }
            )
        lines.append({"period": period, "salesperson": f"{subsidiary}-S1", "leads": 4, "qualified": 2, "offers": 1})
    return lines


class OverHttp:
    """What handing in needs of a service that runs by itself: a client with its address and a key."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def submit(self, form: str, rows: Any, **query: Any) -> None:
        self.client.post(f"/v1/submissions/{form}", params=query, json=rows).raise_for_status()

    def post(self, path: str, body: Any) -> None:
        self.client.post(path, json=body).raise_for_status()


def hand_in_subsidiary(service: Any, code: str, currency: str) -> None:
    body = {"name": f"{code}-Company", "country": code[:2], "currency": currency}
    assert service.client.put(f"/v1/subsidiaries/{code}", json=body).status_code == 201
    people = [
        {"code": f"{code}-S{n}", "name": f"{code}-Seller {n}", "team": "T", "start": "2020-01-01"} for n in (1, 2)
    ]
    service.submit("salespeople", people, subsidiary=code)
    service.submit("customers", customers(code), subsidiary=code)
    service.submit("statistics", statistics(code), subsidiary=code)


def hand_in_group(service: Any) -> None:
    """Subsidiaries DE and FR with a segmentation, a plan and a requirement each, numbered 1."""
    for code in ("DE", "FR"):
        hand_in_subsidiary(service, code, "EUR")
        service.post("/v1/segmentations", {"subsidiary": code})
        service.post("/v1/plans", {"subsidiary": code})
        service.post("/v1/resource-requirements", {"plan": f"{code}.1"})
