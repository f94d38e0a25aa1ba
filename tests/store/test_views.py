"""The views for those who sit on the database: the same numbers as the API, and no more than who asks may read."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.method.measures import MEASURES
from tests.conftest import Service, as_role
from tests.group import hand_in_group

ROLE = Path(__file__).parents[2] / "docs" / "bi_role.sql"
TABLES = {
    "bi_statistics": (
        "/v1/statistics",
        {"period", "customer", "channel", "feed", "revenue", "margin", "hours", "leads"},
    ),
    "bi_plan_lines": ("/v1/plans/DE.1/lines", {"salesperson", "channel", "abc_class", "block", "period", "revenue"}),
    "bi_resource_lines": ("/v1/resource-requirements/DE.1/lines", {"salesperson", "abc_class", "kind", "hours"}),
    "bi_segments": (
        "/v1/segmentations/DE.1/customers",
        {"customer", "abc_class", "effective_class", "segment", "state", "value", "revenue", "effective_potential"},
    ),
    "bi_customers": ("/v1/customers", {"salesperson", "channel", "potential", "industry", "currency"}),
    "bi_salespeople": ("/v1/salespeople", {"team", "fte", "hours_a_day"}),
}


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_group(service)
    return service


def _told(value: Any) -> str:
    try:
        return str(Decimal(str(value)).normalize())
    except ArithmeticError:
        return str(value)


def _rows(service: Service, view: str) -> list[dict[str, Any]]:
    with service.database.reading() as connection:
        return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {view}").mappings()]


def test_the_views_have_the_numbers_of_the_api(group: Service) -> None:
    for view, (path, names) in TABLES.items():
        answer = group.client.get(path, params={"format": "csv"})
        asked = list(csv.DictReader(io.StringIO(answer.text)))
        rows = [row for row in _rows(group, view) if "DE.1" not in path or row["subsidiary"] == "DE"]
        expected = sorted(tuple(_told(row[name]) for name in sorted(names)) for row in asked)
        assert sorted(tuple(_told(row[name]) for name in sorted(names)) for row in rows) == expected, view
    months = group.get("/v1/kpis", group_by="subsidiary,month", indicators="revenue", **{"from": "2024-01"})["items"]
    expected = {(one["subsidiary"], one["month"]): Decimal(one["value"]) for one in months}
    rows = {(row["subsidiary"], row["period"]): Decimal(str(row["revenue"])) for row in _rows(group, "bi_months")}
    assert rows == expected
    table = group.get("/v1/segmentations/FR.1/classes")["items"]
    total = next(one for one in table if one["abc_class"] == "all" and one["segment"] is None)
    own = [row for row in _rows(group, "bi_class_table") if row["subsidiary"] == "FR"]
    assert sum(row["customers"] for row in own) == total["customers"]
    assert sum(Decimal(str(row["revenue"])) for row in own) == Decimal(total["revenue"])
    assert str(own[0]["segmentation"]) == "FR.1"
    for view in ("bi_statistics", "bi_months"):
        assert set(MEASURES) <= set(_rows(group, view)[0]), f"a measure is missing in {view}: it needs a migration"
    assert {str(row["month_start"]) for row in _rows(group, "bi_months")} >= {"2024-01-01", "2025-12-01"}


def test_no_view_has_a_name_of_a_person_or_customer(group: Service) -> None:
    views = (*TABLES, "bi_months", "bi_class_table")
    shown = "".join(str(_rows(group, view)) for view in views)
    assert "Customer" not in shown
    assert "Seller" not in shown


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file has no roles
def test_the_role_of_the_documentation_reads_the_views_and_nothing_else(service: Service, database_url: str) -> None:
    hand_in_group(service)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(ROLE.read_text(encoding="utf-8"))
        owner.execute("ALTER ROLE kontor_bi LOGIN")
    with psycopg.connect(
        as_role(database_url, "kontor_bi"), autocommit=True, options="-c kontor.reach=group"
    ) as reader:
        reader.execute("SET default_transaction_read_only = off")  # what it may do then too
        for view in (*TABLES, "bi_months", "bi_class_table"):
            assert reader.execute(f"SELECT count(*) FROM {view}").fetchone() > (0,), view
        for forbidden in (
            "SELECT * FROM api_key",
            "SELECT name FROM customer",
            "SELECT name FROM employment",
            "DELETE FROM line",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(forbidden)
        (subsidiaries,) = reader.execute("SELECT count(DISTINCT subsidiary) FROM bi_months").fetchone()
        reader.execute("SET kontor.reach = '{1}'")
        assert reader.execute("SELECT count(DISTINCT subsidiary) FROM bi_months").fetchone() == (1,) < (subsidiaries,)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("GRANT kontor_bi TO CURRENT_USER; DROP OWNED BY kontor_bi; DROP ROLE kontor_bi")
