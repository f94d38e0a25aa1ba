"""The customers of a segmentation as files."""

import csv
import io
from decimal import Decimal

import pyarrow.parquet as pq

from tests.conftest import Service
from tests.group import hand_in_subsidiary

CUSTOMERS = "/v1/segmentations/DE.1/customers"


def segmented(service: Service) -> list[dict[str, object]]:
    hand_in_subsidiary(service, "DE", "EUR")
    service.post("/v1/segmentations", {"subsidiary": "DE"})
    items: list[dict[str, object]] = service.get(CUSTOMERS, sort="-value")["items"]
    return items


def test_a_csv_has_the_rows_and_fields_of_the_json(service: Service) -> None:
    items = segmented(service)
    answer = service.client.get(CUSTOMERS, params={"sort": "-value", "limit": 1}, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="segmentation-DE.1.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == list(items[0])
    assert [row["customer"] for row in rows] == [item["customer"] for item in items]
    assert [Decimal(row["revenue"]) for row in rows] == [Decimal(str(item["revenue"])) for item in items]


def test_a_parquet_file_is_typed_and_takes_filters(service: Service) -> None:
    items = segmented(service)
    answer = service.client.get(CUSTOMERS, params={"format": "parquet", "abc_class": "A"})
    table = pq.read_table(io.BytesIO(answer.content))
    assert str(table.schema.field("revenue").type) == "decimal128(19, 4)"
    expected = {str(item["customer"]): Decimal(str(item["revenue"])) for item in items if item["abc_class"] == "A"}
    assert dict(zip(table["customer"].to_pylist(), table["revenue"].to_pylist(), strict=True)) == expected


def test_an_unknown_format_is_refused_and_an_unknown_type_is_json(service: Service) -> None:
    segmented(service)
    service.get(CUSTOMERS, status=422, format="xls")
    answer = service.client.get(CUSTOMERS, headers={"Accept": "text/html, */*"})
    assert answer.headers["content-type"] == "application/json"
