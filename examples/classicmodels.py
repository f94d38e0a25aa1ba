"""Hands the sample database "classicmodels" in (a wholesaler of scale models) and asks for its results.

    KONTOR_KEY=… python examples/classicmodels.py FOLDER --url http://127.0.0.1:8000

How it maps: each office is a subsidiary; all amounts are US dollars, the only currency the sample knows. A customer
belongs to the office of his representative; who has none belongs to the office in his country, else to San Francisco.
Orders count in the month of their date unless they are cancelled; revenue is quantity × price, margin is that less
quantity × buying price; the product line is the product group. The potential of a year is the credit limit times four
(a norm: it is turned over once a quarter); a limit of 0 means not known. Representatives start on 2003-01-01, before
the first order.
"""

import argparse
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from integration import Row, connect, plain, put_subsidiary, read, report_receipts, report_results, submit

OFFICES = {"1": "US-SF", "2": "US-BOS", "3": "US-NYC", "4": "FR-PAR", "5": "JP-TYO", "6": "AU-SYD", "7": "UK-LON"}
COUNTRIES = {"USA": "US", "France": "FR", "Japan": "JP", "Australia": "AU", "UK": "GB"}
HOMES = {"USA": "1", "France": "4", "Japan": "5", "Australia": "6", "UK": "7"}
HEAD_OFFICE = "1"
CURRENCY = "USD"
TURNS_A_YEAR = 4


def main() -> None:
    parser = argparse.ArgumentParser(description="Hand in classicmodels and print the results.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    arguments = parser.parse_args()
    with connect(arguments.url) as client:
        report_receipts(hand_in(client, arguments.folder))
        report_results(client, list(OFFICES.values()), CURRENCY)


def hand_in(client: Any, folder: Path) -> list[dict[str, Any]]:
    """The receipts of all forms."""
    employees = {row["employeeNumber"]: row for row in read(folder, "employees.csv")}
    customers = read(folder, "customers.csv")
    office_of = {row["customerNumber"]: _office(row, employees) for row in customers}
    for office in read(folder, "offices.csv"):
        code = OFFICES[office["officeCode"]]
        put_subsidiary(client, code, f"Classic Models {office['city']}", COUNTRIES[office["country"]], CURRENCY)
    lines = _lines(folder, customers)
    receipts = []
    for number, code in OFFICES.items():
        own = [row for row in customers if office_of[row["customerNumber"]] == number]
        sellers = [row for row in employees.values() if row["officeCode"] == number and row["jobTitle"] == "Sales Rep"]
        receipts.append(submit(client, "salespeople", [_seller(row) for row in sellers], code))
        if own:
            receipts.append(submit(client, "customers", [_customer(row) for row in own], code))
        rows = [line for row in own for line in lines[row["customerNumber"]]]
        if rows:
            receipts.append(submit(client, "statistics", rows, code))
    return receipts


def _office(customer: Row, employees: dict[str, Row]) -> str:
    seller = customer["salesRepEmployeeNumber"]
    return employees[seller]["officeCode"] if seller else HOMES.get(customer["country"], HEAD_OFFICE)


def _seller(row: Row) -> Row:
    name = f"{row['firstName']} {row['lastName']}"
    return {"code": row["employeeNumber"], "name": name, "role": row["jobTitle"], "start": "2003-01-01"}


def _customer(row: Row) -> Row:
    found = {
        "code": row["customerNumber"],
        "name": row["customerName"],
        "salesperson": row["salesRepEmployeeNumber"],
        "region": row["country"].strip(),
    }
    limit = Decimal(row["creditLimit"])
    return found | ({"potential": plain(limit * TURNS_A_YEAR), "potential_source": "norm"} if limit else {})


def _lines(folder: Path, customers: list[Row]) -> dict[str, list[Row]]:
    """Statistics lines by customer: a line per month and product line. An order counts once, in its largest line."""
    products = {row["productCode"]: row for row in read(folder, "products.csv")}
    orders = {row["orderNumber"]: row for row in read(folder, "orders.csv") if row["status"] != "Cancelled"}
    seller = {row["customerNumber"]: row["salesRepEmployeeNumber"] for row in customers}
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    largest: dict[str, tuple[Decimal, tuple[str, str, str]]] = {}
    for detail in read(folder, "orderdetails.csv"):
        order = orders.get(detail["orderNumber"])
        if order is None:
            continue
        product, count = products[detail["productCode"]], int(detail["quantityOrdered"])
        revenue = count * Decimal(detail["priceEach"])
        margin = revenue - count * Decimal(product["buyPrice"])
        key = (order["customerNumber"], order["orderDate"][:7], product["productLine"])
        sums[key] = [sums[key][0] + revenue, sums[key][1] + margin, sums[key][2]]
        best = largest.get(detail["orderNumber"])
        if best is None or revenue > best[0]:
            largest[detail["orderNumber"]] = (revenue, key)
    for _, key in largest.values():
        sums[key][2] += 1
    lines = defaultdict(list)
    for (customer, period, group), (revenue, margin, count) in sorted(sums.items()):
        key_columns = {"period": period, "customer": customer, "salesperson": seller[customer], "product_group": group}
        amounts = {"orders": plain(count), "revenue": plain(revenue), "margin": plain(margin)}
        lines[customer].append({**key_columns, **amounts})
    return lines


if __name__ == "__main__":
    main()
