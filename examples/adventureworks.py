"""Hands the reseller side of AdventureWorks in (bicycles sold to shops in six countries) and asks for its results.

    KONTOR_KEY=… python examples/adventureworks.py FOLDER --url http://127.0.0.1:8000

How it maps: a subsidiary is a country with a currency it bills in, so France is two (FR in euro, FR-USD in dollars).
A reseller belongs to the subsidiaries that billed him; one without an order to none, for nothing says where he is.
His potential of a year is a tenth of his annual sales (a norm, in dollars, turned into the billing currency at the
first month's rate). A seller works in each subsidiary that he sold in, with an equal part of his time. Amounts keep
the four decimals of the file; the rates are dollars for one unit.
"""

import argparse
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from integration import Row, connect, plain, put_subsidiary, read, report_receipts, report_results, submit

COUNTRIES = {
    "United States": "US",
    "Canada": "CA",
    "United Kingdom": "GB",
    "France": "FR",
    "Germany": "DE",
    "Australia": "AU",
}
HOME_CURRENCIES = {"US": "USD", "CA": "CAD", "GB": "GBP", "FR": "EUR", "DE": "EUR", "AU": "AUD"}
REFERENCE = "USD"
PART_OF_SALES = Decimal("0.1")


def main() -> None:
    parser = argparse.ArgumentParser(description="Hand in AdventureWorks and print the results.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    arguments = parser.parse_args()
    with connect(arguments.url) as client:
        report_receipts(hand_in(client, arguments.folder))
        codes = sorted({subsidiary_of(order)[0] for order in read(arguments.folder, "reseller_orders.csv")})
        report_results(client, codes, REFERENCE)


def subsidiary_of(order: Row) -> tuple[str, str, str]:
    """Code, country and currency of the subsidiary that billed an order."""
    country, currency = COUNTRIES[order["TerritoryCountry"]], order["Currency"]
    code = country if HOME_CURRENCIES[country] == currency else f"{country}-{currency}"
    return code, country, currency


def hand_in(client: Any, folder: Path) -> list[dict[str, Any]]:
    """The receipts of all forms."""
    by_subsidiary = defaultdict(list)
    for order in read(folder, "reseller_orders.csv"):
        by_subsidiary[subsidiary_of(order)].append(order)
    rates = read(folder, "exchange_rates_monthly.csv")
    people = {row["EmployeeKey"]: row for row in read(folder, "salespeople.csv")}
    resellers = {row["ResellerKey"]: row for row in read(folder, "resellers.csv")}
    places: dict[str, int] = defaultdict(int)
    for orders in by_subsidiary.values():
        for seller in {order["EmployeeKey"] for order in orders}:
            places[seller] += 1
    for code, country, currency in by_subsidiary:
        put_subsidiary(client, code, f"Adventure Works {code}", country, currency)
    receipts = [submit(client, "exchange-rates", [_rate(row) for row in rates if row["Currency"] != REFERENCE])]
    for (code, _, currency), orders in by_subsidiary.items():
        sellers = sorted({order["EmployeeKey"] for order in orders})
        rate = min((row["Month"], Decimal(row["UsdPerUnit"])) for row in rates if row["Currency"] == currency)[1]
        receipts.append(submit(client, "salespeople", [_seller(people[one], places[one]) for one in sellers], code))
        receipts.append(submit(client, "customers", _customers(orders, resellers, rate), code))
        receipts.append(submit(client, "statistics", _lines(orders), code))
    return receipts


def _rate(row: Row) -> Row:
    return {"period": row["Month"], "currency": row["Currency"], "reference": REFERENCE, "rate": row["UsdPerUnit"]}


def _seller(row: Row, places: int) -> Row:
    return {
        "code": row["EmployeeKey"],
        "name": f"{row['FirstName']} {row['LastName']}",
        "role": row["Title"],
        "start": row["StartDate"],
        "fte": plain((Decimal(1) / places).quantize(Decimal("0.0001"))),
    }


def _customers(orders: list[Row], resellers: dict[str, Row], rate: Decimal) -> list[Row]:
    """The resellers of these orders, each with the seller of his newest order."""
    newest = {order["ResellerKey"]: order for order in sorted(orders, key=lambda order: order["OrderDate"])}
    rows = []
    for key, order in sorted(newest.items()):
        potential = Decimal(resellers[key]["AnnualSales"]) * PART_OF_SALES / rate
        rows.append(
            {
                "code": key,
                "name": order["ResellerName"].strip(),
                "salesperson": order["EmployeeKey"],
                "channel": order["BusinessType"],
                "region": order["TerritoryRegion"],
                "potential": plain(potential.quantize(Decimal("0.01"))),
                "potential_source": "norm",
            }
        )
    return rows


def _lines(orders: list[Row]) -> list[Row]:
    """A line per month, reseller and seller."""
    sums: dict[tuple[str, str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for order in orders:
        key = (order["OrderDate"][:7], order["ResellerKey"], order["EmployeeKey"], order["BusinessType"])
        revenue, cost = Decimal(order["SalesAmount"]), Decimal(order["TotalProductCost"])
        sums[key] = [sums[key][0] + 1, sums[key][1] + revenue, sums[key][2] + revenue - cost]
    return [
        {
            "period": period,
            "customer": customer,
            "salesperson": seller,
            "channel": channel,
            "orders": plain(count),
            "revenue": plain(revenue),
            "margin": plain(margin),
        }
        for (period, customer, seller, channel), (count, revenue, margin) in sorted(sums.items())
    ]


if __name__ == "__main__":
    main()
