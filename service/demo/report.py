"""What a director wants to see, asked from the API and printed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from service.demo.generate import REFERENCE, UNITS
from service.method.months import parse_month, quarter_text

CLASSES = ("A", "B", "C", "N", "all")
KPIS = (
    "revenue",
    "margin_rate",
    "growth",
    "active_customers",
    "retention",
    "net_revenue_retention",
    "order_frequency",
    "value_per_order",
    "wallet_share",
    "concentration_gini",
    "revenue_per_fte",
    "revenue_per_hour",
)
BLOCKS = ("existing", "new", "reactivated", "grown")
Answer = dict[str, Any]


def segmentation(client: httpx.Client, out: Console) -> dict[str, Answer]:
    """Class tables of all subsidiaries; the segmentations by subsidiary."""
    found = {unit.code: _post(client, "/v1/segmentations", {"subsidiary": unit.code}) for unit in UNITS}
    title = "Customers by class, last 12 months, local currency"
    meaning = "A brings the first 80 % of revenue, B the next 15 %, N nothing. Wallet: our share of what they buy."
    columns = ("", "class", "customers", "revenue", "share", "margin", "orders a year", "an order", "kept", "wallet")
    table = _table(title, meaning, columns, texts=2)
    for code, answer in found.items():
        rows = _get(client, f"/v1/segmentations/{answer['id']}/classes")["items"]
        by_class = {row["abc_class"]: row for row in rows if not row["scope"] and row["segment"] is None}
        for name in CLASSES:
            row = by_class[name]
            table.add_row(
                f"{code} {answer['currency']}" if name == "A" else "",
                name,
                str(row["customers"]),
                _money(row["revenue"]),
                _percent(row["revenue_share"]),
                _percent(row["margin_rate"]),
                _number(row["order_frequency"]),
                _money(row["value_per_order"]),
                _percent(row["retention"]),
                _percent(row["wallet_share"]),
                end_section=name == "all",
            )
    out.print(table)
    return found


def promising(client: httpx.Client, out: Console, segmentations: Mapping[str, Answer]) -> None:
    """The five customers with the largest gap that can be closed, of the whole group."""
    newest = {row["currency"]: Decimal(row["rate"]) for row in _all(client, "/v1/exchange-rates")}
    rates = {REFERENCE: Decimal(1), **newest}
    candidates = []
    for code, answer in segmentations.items():
        path = f"/v1/segmentations/{answer['id']}/customers"
        query: dict[str, str | int] = {"segment": "GROW", "sort": "-gap", "limit": 5}
        for row in _get(client, path, query)["items"]:
            worth = Decimal(row["gap"]) * rates[answer["currency"]]
            candidates.append((worth, code, answer["currency"], row))
    title = "The five most promising customers to grow"
    meaning = "Gap: what they could buy less what they buy from us. Code: class now / possible / state / rhythm."
    columns = ("customer", "code", "seller", "currency", "buys from us", "could buy", "gap", f"gap in {REFERENCE}")
    table = _table(title, meaning, columns, texts=4)
    for worth, _, currency, row in sorted(candidates, key=lambda one: -one[0])[:5]:
        amounts = (_money(row["value"]), _money(row["effective_potential"]), _money(row["gap"]), _money(str(worth)))
        table.add_row(row["customer"], row["class_code"], row["salesperson"], currency, *amounts)
    out.print(table)


def indicators(client: httpx.Client, out: Console) -> None:
    """Subsidiaries side by side in one currency, over the last 12 months."""
    query = {"indicators": ",".join(KPIS), "group_by": "subsidiary", "currency": REFERENCE}
    answer = _get(client, "/v1/kpis", query)
    cells = {(row["subsidiary"], row["indicator"]): row for row in answer["items"]}
    window = answer["window"]
    title = f"Indicators side by side, {window['first']} to {window['last']}, in {REFERENCE}"
    meaning = "Growth and retention compare with the 12 months before, at the rates of each month."
    table = _table(title, meaning, ("indicator", "unit", *(unit.code for unit in UNITS)), texts=2)
    for name in KPIS:
        rows = [cells[unit.code, name] for unit in UNITS]
        table.add_row(name.replace("_", " "), rows[0]["unit"], *(_value(row) for row in rows))
    out.print(table)


def plans(client: httpx.Client, out: Console) -> dict[str, Answer]:
    """Plans of the next 12 months by subsidiary, quarter and block."""
    found = {unit.code: _post(client, "/v1/plans", {"subsidiary": unit.code, "by": ["salesperson"]}) for unit in UNITS}
    title = "Plan for the next 12 months, local currency"
    meaning = "From the statistics: customers there, new ones, those won back, more from those to grow."
    table = _table(title, meaning, ("", "quarter", *BLOCKS, "plan", "margin"), texts=2)
    for code, answer in found.items():
        lines = _all(client, f"/v1/plans/{answer['id']}/lines")
        quarters = list(dict.fromkeys(quarter_text(parse_month(month["period"])) for month in answer["months"]))
        for quarter in quarters:
            own = [line for line in lines if quarter_text(parse_month(line["period"])) == quarter]
            _plan_row(table, f"{code} {answer['currency']}" if quarter == quarters[0] else "", quarter, own)
        _plan_row(table, "", "year", lines, end_section=True)
    out.print(table)
    return found


def people(client: httpx.Client, out: Console, plans: Mapping[str, Answer]) -> None:
    """FTE that the plans need against those there."""
    title = "People the plan needs against those there"
    meaning = "Hours by the norms of the method. Load: FTE needed / FTE there."
    columns = ("", "hours", "FTE needed", "FTE there", "gap", "load", "zone", "deals at work")
    table = _table(title, meaning, columns, texts=1)
    for code, plan in plans.items():
        row = _post(client, "/v1/resource-requirements", {"plan": plan["id"]})
        numbers = (row["fte"], row["fte_present"], row["gap"], row["load"])
        shown = (_number(value) for value in numbers)
        table.add_row(code, f"{row['hours']:,.0f}", *shown, row["zone"] or "", _number(row["work_in_progress"]))
    out.print(table)


def _plan_row(table: Table, head: str, quarter: str, lines: Sequence[Answer], *, end_section: bool = False) -> None:
    blocks = [sum((Decimal(one["revenue"]) for one in lines if one["block"] == block), Decimal(0)) for block in BLOCKS]
    margin = sum((Decimal(line["margin"]) for line in lines), Decimal(0))
    amounts = [*blocks, sum(blocks, Decimal(0)), margin]
    table.add_row(head, quarter, *(_money(str(amount)) for amount in amounts), end_section=end_section)


def _table(title: str, meaning: str, columns: Sequence[str], texts: int) -> Table:
    """An empty table under its title, over one line that says how to read it; the first `texts` columns are words."""
    table = Table(title=title, title_justify="left", title_style="bold", caption=meaning, caption_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place < texts else "right", no_wrap=True)
    return table


def _get(client: httpx.Client, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
    answer: Answer = client.get(path, params=query).raise_for_status().json()
    return answer


def _post(client: httpx.Client, path: str, body: Answer) -> Answer:
    answer: Answer = client.post(path, json=body).raise_for_status().json()
    return answer


def _all(client: httpx.Client, path: str) -> list[Answer]:
    """Every item of a list, page after page."""
    items: list[Answer] = []
    query: dict[str, str | int] = {"limit": 1000}
    while True:
        page = _get(client, path, query)
        items += page["items"]
        if page["next"] is None:
            return items
        query["after"] = page["next"]


def _value(row: Answer) -> str:
    if row["value"] is None:
        return "–"
    if row["unit"] == "ratio":
        return _percent(row["value"])
    whole = row["unit"] == "count" or row["unit"].startswith("money")
    return _money(row["value"]) if whole else _number(row["value"])


def _money(value: str | None) -> str:
    return "–" if value is None else f"{Decimal(value):,.0f}"


def _percent(value: float | str | None) -> str:
    return "–" if value is None else f"{float(value):z.1%}"


def _number(value: float | str | None) -> str:
    return "–" if value is None else f"{float(value):,.2f}"
