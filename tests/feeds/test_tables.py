import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from service.feeds.tables import FORMATS, ROWS, write
from service.values import Money, Number


class Item(BaseModel):
    customer: str
    revenue: Money
    gap: Money | None
    share: Number | None
    orders: int
    active: bool
    since: dt.date | None
    at: dt.datetime


MOMENT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
FULL: dict[str, Any] = {
    "customer": "Muster, GmbH",
    "revenue": Decimal("-1250.5"),
    "gap": Decimal("922337203685477.5807"),
    "share": Decimal("0.25"),
    "orders": 3,
    "active": True,
    "since": dt.date(2019, 5, 1),
    "at": MOMENT,
}
BARE: dict[str, Any] = {**FULL, "customer": "", "gap": None, "share": None, "since": None, "active": False}


def written(name: str, rows: list[dict[str, Any]]) -> bytes:
    into = io.BytesIO()
    write(FORMATS[name], Item.model_json_schema(mode="serialization"), rows, into)
    return into.getvalue()


def test_a_csv_has_the_fields_of_the_item_and_plain_values() -> None:
    text = written("csv", [FULL, BARE]).decode()
    header, full, bare = csv.reader(io.StringIO(text))
    assert header == list(Item.model_fields)
    moment = "2026-03-01T12:30:00.000000Z"
    values = ["-1250.5000", "922337203685477.5807", "0.25", "3", "true", "2019-05-01", moment]
    assert full == ["Muster, GmbH", *values]
    assert bare == ["", "-1250.5000", "", "", "3", "false", "", moment]


def test_a_parquet_file_is_typed() -> None:
    table = pq.read_table(io.BytesIO(written("parquet", [FULL, BARE])))
    assert [str(field.type) for field in table.schema] == [
        "string",
        "decimal128(19, 4)",
        "decimal128(19, 4)",
        "double",
        "int64",
        "bool",
        "date32[day]",
        "timestamp[us, tz=UTC]",
    ]
    assert table.to_pylist() == [{**FULL, "share": 0.25}, BARE]


@pytest.mark.parametrize("name", FORMATS)
def test_a_table_without_rows_still_has_its_columns(name: str) -> None:
    raw = written(name, [])
    names = pq.read_table(io.BytesIO(raw)).column_names if name == "parquet" else raw.decode().strip().split(",")
    assert [column.strip('"') for column in names] == list(Item.model_fields)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_a_csv_holds_no_text_that_a_spreadsheet_would_run(begin: str) -> None:
    text = written("csv", [{**FULL, "customer": f"{begin}SUM(A1)"}]).decode()
    assert next(iter(csv.DictReader(io.StringIO(text, newline=""))))["customer"] == f"'{begin}SUM(A1)"


def test_many_rows_go_batch_by_batch() -> None:
    count = 2 * ROWS + 1
    table = pq.ParquetFile(io.BytesIO(written("parquet", [FULL] * count)))
    assert table.metadata.num_rows == count
    assert table.metadata.num_row_groups == 3
    assert isinstance(table.schema_arrow, pa.Schema)
