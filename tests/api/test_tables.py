"""Every tabular answer in every format, over HTTP: all rows of the JSON answer, typed, chosen by Accept."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.routing import iter_route_contexts

from service.api.tables import table_columns
from service.feeds.tables import FORMATS
from tests.conftest import Service
from tests.group import hand_in_group

TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "/v1/customers": ({}, "items"),
    "/v1/salespeople": ({}, "items"),
    "/v1/statistics": ({"subsidiary": "DE", "from": "2025-03"}, "items"),
    "/v1/orders": ({}, "items"),
    "/v1/deals": ({}, "items"),
    "/v1/activities": ({}, "items"),
    "/v1/targets": ({}, "items"),
    "/v1/exchange-rates": ({}, "items"),
    "/v1/coverage": ({"subsidiary": "FR", "from": "2025-12"}, "items"),
    "/v1/kpis": ({"indicators": "revenue,retention", "group_by": "salesperson,quarter", "totals": "true"}, "items"),
    "/v1/comparisons": ({"of": "salesperson"}, "items"),
    "/v1/segmentations/{segmentation}/customers": ({}, "items"),
    "/v1/segmentations/{segmentation}/classes": ({"by": "state"}, "items"),
    "/v1/segmentations/{segmentation}/migration": ({}, "items"),
    "/v1/segmentations/{segmentation}/changes": ({"since": "DE.2"}, "items"),
    "/v1/plans/{plan}/lines": ({}, "items"),
    "/v1/plans/{plan}/inputs": ({}, "items"),
    "/v1/plans/{plan}/customers": ({}, ""),
    "/v1/plans/{plan}/attainment": ({}, "months"),
    "/v1/resource-requirements/{requirement}/lines": ({}, "items"),
    "/v1/priorities/customers": ({"subsidiary": "DE"}, "items"),
    "/v1/priorities/levers": ({"plan": "DE.2"}, ""),
    "/v1/coverage/completeness": ({}, ""),
    "/v1/plans/{plan}/scenarios": ({}, ""),
    "/v1/targets/tree": ({"subsidiary": "DE"}, "items"),
    "/v1/plan-totals": ({"from": "2026-01", "currency": "EUR"}, "subsidiaries"),
}
"""Of each operation that answers with a table: a question, and where its JSON answer has the rows."""


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_group(service)
    service.post("/v1/segmentations", {"subsidiary": "DE", "to": "2025-06"})
    service.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"]})
    lever = {"lever": "retention", "operation": "multiply", "value": 0.9}
    service.post("/v1/plans", {"subsidiary": "DE", "levers": [lever]})
    body = {"name": "Italia", "country": "IT", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/IT", json=body).status_code == 201
    feeds = {"results": "register", "funnel": "register", "activity": "register"}
    assert service.client.put("/v1/subsidiaries/IT/feeds", json=feeds).status_code == 200
    service.submit("salespeople", [{"code": "S-1", "start": "2020-01-01"}], subsidiary="IT")
    service.submit("customers", [{"code": "C-1", "name": "Cliente"}], subsidiary="IT")
    order = {"id": "O-1", "date": "2025-11-05", "customer": "C-1", "salesperson": "S-1", "amount": "10.5"}
    service.submit("orders", [order], subsidiary="IT")
    deal = {"id": "D-1", "salesperson": "S-1", "created": "2025-11-05", "new_customer": True}
    service.submit("deals", [deal], subsidiary="IT")
    activity = {"id": "A-1", "date": "2025-11-05", "salesperson": "S-1", "type": "call", "hours": "0.25"}
    service.submit("activities", [activity], subsidiary="IT")
    service.submit("statistics", [{"period": "2026-01", "customer": "DE-C1", "revenue": "90"}], subsidiary="DE")
    service.submit("targets", [{"period": "2025-11", "measure": "revenue", "value": "1000"}], subsidiary="DE")
    rates = [{"period": "2025-12", "currency": "PLN", "reference": "EUR", "rate": "0.2345678901"}]
    service.submit("exchange-rates", rates)
    return service


def _path(template: str) -> str:
    for name in ("segmentation", "plan", "requirement"):
        template = template.replace("{" + name + "}", "DE.1")
    return template


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None and not isinstance(value, list)}


def test_every_operation_with_a_table_is_listed_here(service: Service) -> None:
    routes = iter_route_contexts(service.client.app.routes)  # type: ignore[attr-defined]
    asked = {str(one.path) for one in routes if getattr(one, "dependant", None) and _takes_format(one)}
    assert asked == set(TABLES)


def _takes_format(route: Any) -> bool:
    return any(one.call is not None and one.call.__name__ == "_asked" for one in route.dependant.dependencies)


def test_every_table_has_the_rows_of_its_answer_in_every_format(group: Service) -> None:
    for template, (query, place) in TABLES.items():
        path = _path(template)
        rows = [json.loads(line) for line in _file(group, path, query, "ndjson").splitlines()]
        assert rows, path
        if place:
            items = group.get(path, **query, **({"limit": 1000} if place == "items" and "kpis" not in path else {}))
            assert [_bare(row) for row in rows] == [_bare(row) for row in items[place]], path
        array = json.loads(_file(group, path, query, "array"))
        parquet = pq.read_table(io.BytesIO(_file(group, path, query, "parquet")))
        arrow = pa.ipc.open_stream(_file(group, path, query, "arrow")).read_all()
        assert len(array) == parquet.num_rows == len(rows), path
        assert parquet.equals(arrow), path
        assert parquet.column_names == list(rows[0]) == list(array[0]), path
        for name in ("csv", "csv-excel", "xlsx"):
            assert _file(group, path, query, name), path


def test_each_part_of_the_attainment_is_a_table(group: Service) -> None:
    group.submit("statistics", [{"period": "2026-01", "customer": "DE-C1", "revenue": "500"}], subsidiary="DE")
    whole = group.get("/v1/plans/DE.1/attainment")
    for part in ("months", "units", "classes"):
        rows = _file(group, "/v1/plans/DE.1/attainment", {"part": part}, "ndjson").splitlines()
        assert [_bare(json.loads(row)) for row in rows] == [_bare(row) for row in whole[part]]
    group.get("/v1/plans/DE.1/attainment", status=422, part="weeks")


def _file(service: Service, path: str, query: dict[str, Any], name: str) -> bytes:
    answer = service.client.get(path, params={**query, "format": name})
    assert answer.status_code == 200, f"{path} {name}: {answer.text}"
    if name in FORMATS:
        assert answer.headers["content-type"] == FORMATS[name].content_type
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    return answer.content


def test_every_number_of_a_table_says_what_it_counts() -> None:
    without = [
        f"{template}: {column.name}"
        for template, item in _items().items()
        for column in table_columns(item)
        if not column.unit and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type))
    ]
    assert without == []


def _items() -> dict[str, Any]:
    from service.api import (  # noqa: PLC0415 - only this test looks inside
        attainment,
        comparisons,
        coverage,
        customer_plans,
        customers,
        exchange_rates,
        kpis,
        plan_totals,
        plans,
        priorities,
        requirements,
        salespeople,
        segmented,
        statistics,
        target_tree,
    )

    return {
        "attainment": attainment.AttainmentMonth,
        "comparisons": comparisons.Compared,
        "coverage": coverage.CoverageRow,
        "plan customers": customer_plans.PlanCustomerRow,
        "customers": customers.CustomerDocument,
        "exchange rates": exchange_rates.ExchangeRate,
        "kpis": kpis.Kpi,
        "plan totals": plan_totals.SubsidiaryTotal,
        "plan lines": plans.PlanLine,
        "plan inputs": plans.PlanInput,
        "priorities": priorities.StoredCustomerPriority,
        "requirements": requirements.RequirementLine,
        "salespeople": salespeople.Employment,
        "segmented": segmented.SegmentedCustomer,
        "classes": segmented.ClassRow,
        "migration": segmented.MigrationRow,
        "changes": segmented.Change,
        "statistics": statistics.StatisticsLine,
        "targets": target_tree.TargetRow,
    }


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json, text/csv", "application/json"),
        ("text/csv, application/json", "text/csv; charset=utf-8"),
        ("text/csv;q=0.5, application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
        ("text/csv;q=x, */*;q=0.1", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_accept_chooses_the_format(service: Service, accept: str, expected: str) -> None:
    answer = service.client.get("/v1/exchange-rates", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, expected)


def test_a_table_that_cannot_be_had_is_refused_like_any_answer(service: Service) -> None:
    asked = [
        ({"subsidiary": "XX", "format": "csv"}, 404),
        ({"format": "odt"}, 422),
        ({"format": "csv", "locale": "de"}, 422),
        ({"format": "csv-excel", "locale": "it"}, 422),
    ]
    for query, status in asked:
        answer = service.client.get("/v1/statistics", params=query)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
