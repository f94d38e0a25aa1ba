"""Handing the generated group in, as a CRM would: over HTTP. Handing it in again changes nothing."""

import csv
import io

import httpx

from service.demo.generate import UNITS, Group, Row


def hand_in(client: httpx.Client, group: Group) -> dict[str, int]:
    """Rows by what became of them: added, corrected, unchanged."""
    counts = {"added": 0, "corrected": 0, "unchanged": 0}
    for unit in UNITS:
        body = {"name": unit.name, "country": unit.country, "currency": unit.currency}
        client.put(f"/v1/subsidiaries/{unit.code}", json=body).raise_for_status()
    _submit(client, "exchange-rates", group.exchange_rates, None, counts)
    for unit in UNITS:
        _submit(client, "salespeople", group.salespeople[unit.code], unit.code, counts)
        _submit(client, "customers", group.customers[unit.code], unit.code, counts)
        _submit(client, "statistics", group.statistics[unit.code], unit.code, counts)
    return counts


def _submit(client: httpx.Client, form: str, rows: list[Row], subsidiary: str | None, counts: dict[str, int]) -> None:
    answer = client.post(
        f"/v1/submissions/{form}",
        params={} if subsidiary is None else {"subsidiary": subsidiary},
        content=_csv(rows),
        headers={"Content-Type": "text/csv"},
    )
    answer.raise_for_status()
    receipt = answer.json()
    for name in counts:
        counts[name] += receipt[name]


def _csv(rows: list[Row]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
