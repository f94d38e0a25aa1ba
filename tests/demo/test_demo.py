"""The generated group: always the same, believable, and within what forms take."""

import io
import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from service import demo
from service.demo.generate import UNITS, Group, generate
from service.forms.catalogue import FORMS
from service.forms.checking import Checker
from service.forms.objects import read_json
from service.method.months import parse_month
from tests.conftest import NOW, Service

TODAY = date(2026, 11, 15)


@pytest.fixture(scope="module")
def group() -> Group:
    return generate(TODAY)


def test_the_same_day_gives_the_same_group(group: Group) -> None:
    assert generate(TODAY) == group
    assert generate(TODAY, seed=7) != group


def test_it_is_as_large_as_it_says(group: Group) -> None:
    assert len({unit.currency for unit in UNITS}) == len(UNITS) == 4
    assert sum(map(len, group.salespeople.values())) == 12
    assert sum(map(len, group.customers.values())) == 400
    months = {line["period"] for lines in group.statistics.values() for line in lines}
    assert (min(months), max(months), len(months)) == ("2023-11", "2026-10", 36)


def test_a_fifth_of_the_customers_brings_most_of_the_revenue(group: Group) -> None:
    for lines in group.statistics.values():
        revenue: dict[str, Decimal] = defaultdict(Decimal)
        for line in lines:
            if line["customer"]:
                revenue[line["customer"]] += Decimal(line["revenue"])
        ranked = sorted(revenue.values(), reverse=True)
        assert Decimal("0.6") < sum(ranked[: len(ranked) // 5]) / sum(ranked) < Decimal("0.95")


def test_every_row_fits_its_form(group: Group, tmp_path: Path) -> None:
    forms = {
        "salespeople": group.salespeople,
        "customers": group.customers,
        "statistics": group.statistics,
        "exchange-rates": {"": group.exchange_rates},
    }
    for name, parts in forms.items():
        for rows in parts.values():
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(rows))
            checker = Checker(FORMS[name], parse_month("2026-11"))
            for batch in read_json(path, FORMS[name]).batches:
                checker.check(batch)
            assert checker.found.problems == []


def test_the_demonstration_prints_what_a_director_wants_to_see(service: Service) -> None:
    out = Console(file=io.StringIO(), width=160)
    demo.run(service.client, NOW.date(), out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    for title in ("Customers by class", "most promising", "side by side", "Plan for the next 12 months", "People the"):
        assert title in text
    assert "0 corrected, 0 unchanged" in text
    demo.run(service.client, NOW.date(), out)
    assert "Rows handed in: 0 added, 0 corrected" in out.file.getvalue()  # type: ignore[attr-defined]
    assert service.get("/v1/subsidiaries/DE")["data_revision"] == 3
