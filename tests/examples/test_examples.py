"""The examples, run as programs against a running service, and their totals against the files themselves."""

import csv
import os
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Server

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("KONTOR_SAMPLE_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public sample data are not beside the project")


def run(name: str, server: Server) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py"), str(DATA / name), "--url", server.url],
        env=server.environment | {"KONTOR_KEY": server.key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(folder: str, name: str) -> list[dict[str, str]]:
    with (DATA / folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ask(server: Server, path: str, body: Any = None, **query: Any) -> Any:
    headers = {"Authorization": f"Bearer {server.key}"}
    method = "GET" if body is None else "POST"
    answer = httpx.request(method, f"{server.url}{path}", headers=headers, json=body, params=query, timeout=60)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def class_table_revenue(server: Server, subsidiary: str, first: str, last: str) -> Decimal:
    """Revenue of the class table plus what is not attributed."""
    segmentation = ask(server, "/v1/segmentations", {"subsidiary": subsidiary, "from": first, "to": last})
    items = ask(server, f"/v1/segmentations/{segmentation['id']}/classes")["items"]
    classes = [row for row in items if not row["scope"] and row["segment"] is None and row["abc_class"] != "all"]
    assert len(classes) == 4
    total = sum((Decimal(row["revenue"]) for row in classes), Decimal(0))
    assert total == Decimal(segmentation["control"]["class_table"])
    return total + Decimal(segmentation["control"]["unattributed"])


def test_classicmodels(server: Server) -> None:
    first = run("classicmodels", server)
    assert "customers by class" in first
    again = run("classicmodels", server)
    assert "Nothing new: all of it was there." in again
    cancelled = {row["orderNumber"] for row in rows("classicmodels", "orders.csv") if row["status"] == "Cancelled"}
    expected = sum(
        int(row["quantityOrdered"]) * Decimal(row["priceEach"])
        for row in rows("classicmodels", "orderdetails.csv")
        if row["orderNumber"] not in cancelled
    )
    offices = {item["code"] for item in ask(server, "/v1/subsidiaries")["items"]}
    assert len(offices) == 7
    found = {}
    for code in offices:
        lines = ask(server, "/v1/statistics", subsidiary=code, limit=1)["items"]
        if lines:
            months = {row["period"] for row in everything(server, "/v1/statistics", subsidiary=code)}
            found[code] = class_table_revenue(server, code, min(months), max(months))
    assert sum(found.values()) == expected
    assert found == by_office()


def by_office() -> dict[str, Decimal]:
    """Revenue by office from the files, by the rule that the example states."""
    codes = {"1": "US-SF", "2": "US-BOS", "3": "US-NYC", "4": "FR-PAR", "5": "JP-TYO", "6": "AU-SYD", "7": "UK-LON"}
    office = {row["employeeNumber"]: row["officeCode"] for row in rows("classicmodels", "employees.csv")}
    homes = {"USA": "1", "France": "4", "Japan": "5", "Australia": "6", "UK": "7"}
    of_customer = {
        row["customerNumber"]: codes[office.get(row["salesRepEmployeeNumber"]) or homes.get(row["country"], "1")]
        for row in rows("classicmodels", "customers.csv")
    }
    orders = {row["orderNumber"]: row for row in rows("classicmodels", "orders.csv") if row["status"] != "Cancelled"}
    total: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows("classicmodels", "orderdetails.csv"):
        if row["orderNumber"] in orders:
            customer = orders[row["orderNumber"]]["customerNumber"]
            total[of_customer[customer]] += int(row["quantityOrdered"]) * Decimal(row["priceEach"])
    return dict(total)


def everything(server: Server, path: str, **query: Any) -> list[Any]:
    """All items of a list, page after page."""
    items: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = ask(server, path, limit=1000, **query, **after)
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


def test_adventureworks(server: Server) -> None:
    first = run("adventureworks", server)
    assert "Indicators by subsidiary and quarter, USD" in first
    assert "Nothing new: all of it was there." in run("adventureworks", server)
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    months: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows("adventureworks", "reseller_orders.csv"):
        key = (row["TerritoryCountry"], row["Currency"])
        expected[key] += Decimal(row["SalesAmount"])
        months[key].add(row["OrderDate"][:7])
    names = {
        ("United States", "USD"): "US",
        ("Canada", "CAD"): "CA",
        ("United Kingdom", "GBP"): "GB",
        ("France", "EUR"): "FR",
        ("France", "USD"): "FR-USD",
        ("Germany", "EUR"): "DE",
        ("Australia", "AUD"): "AU",
    }
    for key, total in expected.items():
        found = class_table_revenue(server, names[key], min(months[key]), max(months[key]))
        assert found == total, f"{key}: {found} is not {total}"


def test_one_service_holds_both_groups_and_reports_each_alone(server: Server) -> None:
    alone = run("classicmodels", server)
    other = run("adventureworks", server)
    assert "FR-PAR" not in other
    assert run("classicmodels", server).splitlines()[1:] == alone.splitlines()[1:]


def test_roll_ups_in_one_currency_are_the_sum_of_their_parts(server: Server) -> None:
    run("adventureworks", server)
    totals = {}
    for grouping in ("", "subsidiary", "subsidiary,quarter", "subsidiary,salesperson,month", "channel,region"):
        answer = ask(server, "/v1/kpis", indicators="revenue,margin", group_by=grouping, currency="USD")
        totals[grouping] = {
            name: sum(Decimal(one["value"]) for one in answer["items"] if one["indicator"] == name)
            for name in ("revenue", "margin")
        }
        assert Decimal(answer["control"][0]["revenue"]) == totals[grouping]["revenue"]
    assert len({tuple(total.values()) for total in totals.values()}) == 1, totals
