"""What the examples share: handing rows in over HTTP, asking for results, printing them. Needs nothing but httpx."""

import csv
import os
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

Row = dict[str, str]


def read(folder: Path, name: str) -> list[Row]:
    """A CSV file as it is: the text "NA" is data."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def connect(url: str) -> httpx.Client:
    """A client with the key from the environment."""
    key = os.environ.get("KONTOR_KEY")
    if not key:
        raise SystemExit("Set KONTOR_KEY to an API key: `kontor keys create` makes one.")
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60)


def put_subsidiary(client: httpx.Client, code: str, name: str, country: str, currency: str) -> None:
    body = {"name": name, "country": country, "currency": currency}
    check(client.put(f"/v1/subsidiaries/{code}", json=body))


def submit(client: httpx.Client, form: str, rows: Sequence[Row], subsidiary: str | None = None) -> dict[str, Any]:
    """The receipt."""
    query = {} if subsidiary is None else {"subsidiary": subsidiary}
    return check(client.post(f"/v1/submissions/{form}", params=query, json=list(rows)))


def check(answer: httpx.Response) -> dict[str, Any]:
    """The answer's JSON; ends the program with the problem's text where it is a refusal."""
    document: dict[str, Any] = answer.json()
    if answer.is_error:
        rows = "".join(f"\n  row {e['row']}, {e['column']}: {e['message']}" for e in document.get("errors") or [])
        raise SystemExit(f"{answer.status_code} {document['title']}: {document['detail']}{rows}")
    return document


def report_receipts(receipts: Iterable[dict[str, Any]]) -> None:
    """One line: what became of all rows."""
    found = list(receipts)
    counts = {name: sum(one[name] for one in found) for name in ("received", "added", "corrected", "unchanged")}
    again = " Nothing new: all of it was there." if counts["received"] == counts["unchanged"] else ""
    print(", ".join(f"{name} {count}" for name, count in counts.items()) + "." + again)


def report_results(client: httpx.Client, subsidiaries: Sequence[str], currency: str) -> None:
    """Class tables, KPIs by subsidiary and quarter, plans by salesperson, and the people they need."""
    for code in subsidiaries:
        segmentation = check(client.post("/v1/segmentations", json={"subsidiary": code}))
        rows = check(client.get(f"/v1/segmentations/{segmentation['id']}/classes"))["items"]
        window = segmentation["window"]
        print(f"\n{code}: customers by class, {window['first']} to {window['last']}, {segmentation['currency']}")
        classes = [row for row in rows if not row["scope"] and row["segment"] is None]
        columns = ("abc_class", "customers", "revenue", "margin", "orders", "retention")
        table(columns, [[row[name] for name in columns] for row in classes])
    print(f"\nIndicators by subsidiary and quarter, {currency}")
    query = {
        "indicators": "revenue,active_customers,margin_rate",
        "group_by": "subsidiary,quarter",
        "currency": currency,
        "subsidiary": list(subsidiaries),
    }
    items = check(client.get("/v1/kpis", params=query))["items"]
    cells: dict[tuple[str, str], list[str]] = {}
    for item in items:
        cells.setdefault((item["subsidiary"], item["quarter"]), []).append(item["value"] or item["reason"])
    table(("subsidiary", "quarter", "revenue", "customers", "margin rate"), [[*key, *v] for key, v in cells.items()])
    for code in subsidiaries:
        plan = check(client.post("/v1/plans", json={"subsidiary": code, "by": ["salesperson"]}))
        needed = check(client.post("/v1/resource-requirements", json={"plan": plan["id"]}))
        people = {unit["salesperson"]: unit for unit in needed["units"]}
        print(f"\n{code}: plan {plan['first']} to {plan['last']} by salesperson, {plan['currency']}, and people needed")
        rows = []
        for unit in plan["units"]:
            own = people[unit["salesperson"]]
            rows.append(
                [unit["salesperson"] or "(none)", unit["revenue"], unit["margin"], own["fte"], own["fte_present"]]
            )
        rows.append(["all", plan["revenue"], plan["margin"], needed["fte"], needed["fte_present"]])
        table(("salesperson", "revenue", "margin", "FTE needed", "FTE there"), rows)
        for note in plan["notes"]:
            print(f"  Note: {note}")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Plain columns, numbers to the right."""
    texts = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(len(line[place]) for line in [list(columns), *texts]) for place in range(len(columns))]
    for line in [list(columns), *texts]:
        cells = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  " + "  ".join(cells))


def _shown(cell: Any) -> str:
    return "–" if cell is None else str(cell)


def plain(amount: Decimal) -> str:
    """Decimal text without exponent."""
    return f"{amount:f}"
