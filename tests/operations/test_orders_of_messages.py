"""Messages about different rows may come in any order, and more than once: the end is the same."""

import json
import os
from random import Random
from typing import Any

from tests.conftest import Service

ORDERS = int(os.environ.get("KONTOR_TEST_ORDERS", "8"))
"""So many orders on SQLite, a tenth of them on PostgreSQL. 500 take some minutes."""
DIFFERENT, ALL = 20, 30

Message = tuple[str | None, list[dict[str, Any]]]


def messages(random: Random) -> list[Message]:
    """Twenty about rows of their own, some with a key, and ten of them once more, in a random order."""
    different: list[Message] = []
    for number in range(DIFFERENT):
        period = f"{2020 + number // 12}-{number % 12 + 1:02d}"
        rows = [
            {"period": period, "customer": customer, "revenue": f"{number}.5", "calls": number}
            for customer in ("", "C1", "C2")
        ]
        different.append((f"m{number}" if number % 2 else None, rows))
    chosen = different + random.choices(different, k=ALL - DIFFERENT)
    random.shuffle(chosen)
    return chosen


def dump_after(service: Service, home: str, chosen: list[Message]) -> str:
    body = {"name": home, "country": "DE", "currency": "EUR"}
    assert service.client.put(f"/v1/subsidiaries/{home}", json=body).status_code == 201
    service.submit("customers", [{"code": "C1"}, {"code": "C2"}], subsidiary=home)
    for key, rows in chosen:
        headers = {} if key is None else {"Idempotency-Key": key}
        path = f"/v1/submissions/statistics?subsidiary={home}"
        answer = service.client.post(path, json=rows, headers=headers)
        assert answer.status_code == 201, answer.text
    lines = service.get("/v1/statistics", subsidiary=home, limit=1000)["items"]
    assert service.get(f"/v1/subsidiaries/{home}")["data_revision"] == 1 + DIFFERENT
    return json.dumps([line | {"subsidiary": ""} for line in lines])


def test_every_order_of_messages_ends_in_one_state(service: Service) -> None:
    random = Random(20261115)  # noqa: S311 - the same orders every time
    number = ORDERS if service.database.is_sqlite else max(ORDERS // 10, 2)
    ends = {dump_after(service, f"R{place}", messages(random)) for place in range(number)}
    assert len(ends) == 1
