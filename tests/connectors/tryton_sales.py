"""Sales and opportunities of several sellers, made over Tryton's own REST interface."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

CUSTOMERS = {
    "Alpha": ("Anna Berg", 5000),
    "Beta": ("Anna Berg", 900),
    "Gamma": ("Ben Cole", 700),
    "Delta": ("Ben Cole", 100),
}
"""Each with his seller and what he buys each time."""
DAYS_AGO = (300, 210, 120, 30)


@dataclass
class Company:
    """A company in Tryton, as a client of its REST interface sees it."""

    rest: httpx.Client
    own: dict[str, Any]
    employees: dict[str, int]
    product: dict[str, Any]
    category: int

    def sell_all(self) -> Decimal:
        """What was sold in all: every customer buys through an opportunity first and directly then; one opportunity
        is lost and one is open yet."""
        for name, (seller, amount) in CUSTOMERS.items():
            party = self.party(name)
            opportunity = self.opportunity(party, seller, amount)
            self.post(f"sale.opportunity/{opportunity}/convert")
            (sale,) = self.read("sale.opportunity", ["sales.id"], opportunity)["sales"]
            lines = self.details(party, amount, DAYS_AGO[0])
            self.rest.put(f"sale.sale/{sale['id']}", json=lines).raise_for_status()
            self.confirm(sale["id"])
            for ago in DAYS_AGO[1:]:
                self.confirm(self.post("sale.sale", party=party, **self.own, **self.details(party, amount, ago)))
        self.post(f"sale.opportunity/{self.opportunity(party, seller, 50)}/lost")
        self.opportunity(party, seller, 400)
        return sum((Decimal(amount) * len(DAYS_AGO) for _, amount in CUSTOMERS.values()), Decimal(0))

    def party(self, name: str) -> int:
        customer = [["add", [self.category]]]
        return self.post("party.party", name=name, addresses=[["create", [{"city": "Town"}]]], categories=customer)

    def opportunity(self, party: int, seller: str, amount: int) -> int:
        facts = {"party": party, "employee": self.employees[seller], "amount": decimal(amount)}
        number = self.post("sale.opportunity", start_date=day(DAYS_AGO[0]), **facts, **self.own)
        return self.post(f"sale.opportunity/{number}/opportunity")

    def details(self, party: int, amount: int, ago: int) -> dict[str, Any]:
        address = self.read("party.party", ["addresses.id"], party)["addresses"][0]["id"]
        line = {"product": self.product["id"], "unit": self.product["default_uom"]["id"], "quantity": 1}
        lines = [["create", [{**line, "unit_price": decimal(amount)}]]]
        return {"invoice_address": address, "shipment_address": address, "sale_date": day(ago), "lines": lines}

    def confirm(self, sale: int) -> None:
        self.post(f"sale.sale/{sale}/quote")
        self.post(f"sale.sale/{sale}/confirm")

    def post(self, path: str, **values: Any) -> int:
        answer = self.rest.post(path, json=values)
        assert answer.is_success, f"{path}: {answer.text}"
        return int(answer.json()["id"])

    def read(self, model: str, fields: list[str], number: int) -> dict[str, Any]:
        answer = self.rest.get(f"{model}/{number}", params={"f": fields})
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


def company_at(rest: httpx.Client) -> Company:
    def listed(model: str, *fields: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = rest.get(model, params={"f": list(fields)}).json()
        return found

    (company,) = listed("company.company", "currency.id")
    employees = {one["party"]["name"]: one["id"] for one in listed("company.employee", "party.name")}
    (product,) = listed("product.product", "default_uom.id")
    category = rest.post("party.category", json={"name": "Customer"}).json()["id"]
    own = {"company": company["id"], "currency": company["currency"]["id"]}
    return Company(rest, own, employees, product, category)


def decimal(amount: int) -> dict[str, Any]:
    return {"__class__": "Decimal", "decimal": str(amount)}


def day(ago: int) -> dict[str, Any]:
    found = datetime.now(UTC).date() - timedelta(days=ago)
    return {"__class__": "date", "year": found.year, "month": found.month, "day": found.day}
