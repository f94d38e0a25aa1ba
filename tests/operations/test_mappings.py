"""What `kontor mapping check` finds: everything at once, each with its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from service.errors import BadBody
from service.operations.mappings import problems_of

MAPPINGS = Path(__file__).parents[2] / "examples" / "connectors" / "mappings"
GOOD = yaml.safe_load((MAPPINGS / "tryton.yaml").read_text(encoding="utf-8"))


def places(document: Any) -> list[str | None]:
    return [problem.column for problem in problems_of(yaml.safe_dump(document, sort_keys=False).encode())]


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_mappings_that_come_along_are_good(path: Path) -> None:
    assert problems_of(path.read_bytes()) == []


def test_all_is_found_at_once() -> None:
    columns = {
        "id": "",
        "customer": {"from": []},
        "created": {"default": "2026-01-01"},
        "colour": "x",
        "outcome": {"from": "state", "values": {"W": "win"}, "default": "maybe"},
        "amount": {"value": "1,5"},
        "stages": {"offer": 7},
        "channel": {"from": "a", "values": ["b"]},
    }
    document = GOOD | {"read": {"deals": {"from": "deal", "columns": columns}}}
    found = [place.removeprefix("read.deals.columns.") for place in places(document)]
    assert found == [
        "salesperson",
        "id",
        "customer.from",
        "created",
        "colour",
        "outcome.values.W",
        "outcome.default",
        "amount.value",
        "stages.offer",
        "channel.values",
        "outcome",
    ]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"crm": "abacus"}, ["crm"]),
        ({"url": None}, ["url"]),
        ({"paging": {"next": "n"}}, ["paging"]),
        ({"read": {}}, ["read"]),
        ({"read": {"invoices": {"from": "a", "columns": {"id": "id"}}}}, ["read.invoices"]),
        ({"read": {"exchange-rates": {"from": "a", "columns": {"id": "id"}}}}, ["read.exchange-rates"]),
        ({"read": {"customers": {"from": "a"}}}, ["read.customers.columns"]),
        ({"read": {"customers": {"from": "a", "columns": {"code": "id"}, "items": "x"}}}, ["read.customers.items"]),
        ({"subsidiary": {"code": "DE", "name": "M", "country": "Germany", "currency": "EUR"}}, ["subsidiary.country"]),
        ({"write": {"to": "p", "fields": {"abc_class": "x"}}}, ["write.key"]),
        ({"write": {"to": "p", "key": "code", "wrap": "w", "fields": {}}}, ["write.wrap"]),
        (
            {"crm": "odoo", "api": "xmlrpc", "read": {"customers": {"from": "a", "columns": {"code": "id"}}}},
            ["database", "login"],
        ),
        ({"crm": "folder", "folder": "in", "url": None, "key": None, "read": {"customers": {"from": "c*"}}}, ["write"]),
    ],
)
def test_what_a_connector_lacks_or_passes_over(change: dict[str, Any], found: list[str]) -> None:
    assert [place for place in places(GOOD | change) if place != "write.key" or "write.key" in found] == found


def test_two_attributions_of_an_order_are_refused() -> None:
    order = {"id": "id", "date": "day", "customer": "c", "amount": "a", "salesperson": "s", "credit_shares": "t"}
    assert places(GOOD | {"read": {"orders": {"from": "sale", "columns": order}}}) == [
        "read.orders.columns.salesperson"
    ]


@pytest.mark.parametrize("text", ["", "- a", "crm: tryton"])
def test_a_file_that_is_no_mapping_says_so(text: str) -> None:
    assert problems_of(text.encode())


def test_a_file_that_is_no_document_is_refused() -> None:
    with pytest.raises(BadBody):
        problems_of(b"a: &x 1\nb: *x\n")
