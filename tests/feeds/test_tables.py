"""Tables in every format: typed, exact, with nothing in them that a spreadsheet would run."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Annotated, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel, Field

from service.errors import BadArgument
from service.feeds import workbook
from service.feeds.columns import ROWS, columns_of, of_rows, of_stored, schema_of
from service.feeds.tables import FORMATS, FileFormat, localised
from service.feeds.texts import LOCALES
from service.values import Money, Number, OfUnit


class Item(BaseModel):
    customer: str
    revenue: Money
    gap: Money | None
    share: Annotated[Number, OfUnit("ratio")] | None = Field(description="Of the whole.")
    orders: Annotated[int, OfUnit("orders")]
    active: bool
    since: dt.date | None
    at: dt.datetime


COLUMNS = columns_of(Item.model_json_schema(mode="serialization"))
MOMENT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)
FULL: dict[str, Any] = {
    "customer": 'Muster, "GmbH"\n\\',
    "revenue": Decimal("-1250.5"),
    "gap": Decimal("922337203685477.5807"),
    "share": Decimal("0.25"),
    "orders": 3,
    "active": True,
    "since": dt.date(2019, 5, 1),
    "at": MOMENT,
}
BARE: dict[str, Any] = {**FULL, "customer": "", "gap": None, "share": None, "since": None, "active": False}
RISKY = ["=", "+", "-", "@", "\t", "\r", "\0"]


def written(file_format: FileFormat, rows: list[dict[str, Any]]) -> bytes:
    into = io.BytesIO()
    file_format.write(schema_of(COLUMNS), of_rows(COLUMNS, rows), into)
    return into.getvalue()


def test_a_csv_has_the_fields_of_the_item_and_plain_values() -> None:
    text = written(FORMATS["csv"], [FULL, BARE]).decode()
    header, full, bare = csv.reader(io.StringIO(text, newline=""))
    assert header == list(Item.model_fields)
    moment = "2026-03-01T12:30:00.000000Z"
    values = ["-1250.5000", "922337203685477.5807", "0.25", "3", "true", "2019-05-01", moment]
    assert full == [FULL["customer"], *values]
    assert bare == ["", "-1250.5000", "", "", "3", "false", "", moment]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_csv_for_a_double_click_is_what_that_spreadsheet_reads(locale: str) -> None:
    raw = written(localised(locale), [FULL])
    assert raw.startswith(b"\xef\xbb\xbf")
    mark, point = (",", ".") if locale == "en" else (";", ",")
    (_, row) = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=mark)
    yes = {"en": "TRUE", "de": "WAHR", "fr": "VRAI", "es": "VERDADERO", "pl": "PRAWDA", "ru": "ИСТИНА"}[locale]
    amounts = [text.replace(".", point) for text in ("-1250.5000", "922337203685477.5807", "0.25")]
    assert row == [FULL["customer"], *amounts, "3", yes, "2019-05-01", "2026-03-01 12:30:00"]


def test_lines_of_json_are_the_items_of_an_answer() -> None:
    full, bare = (json.loads(line) for line in written(FORMATS["ndjson"], [FULL, BARE]).splitlines())
    assert full == {
        **json.loads(Item.model_validate(FULL).model_dump_json()),
        "at": "2026-03-01T12:30:00.000000Z",
    }
    assert (bare["customer"], bare["gap"], bare["since"], bare["active"]) == ("", None, None, False)


@pytest.mark.parametrize("count", [0, 1, ROWS + 1])
def test_an_array_is_flat_and_its_amounts_are_numbers(count: int) -> None:
    rows = json.loads(written(FORMATS["array"], [FULL] * count))
    assert len(rows) == count
    assert all(row["revenue"] == -1250.5 and row["orders"] == 3 and row["at"].endswith("Z") for row in rows)


def test_parquet_and_arrow_are_typed_and_say_their_units() -> None:
    parquet = pq.read_table(io.BytesIO(written(FORMATS["parquet"], [FULL, BARE])))
    arrow = pa.ipc.open_stream(written(FORMATS["arrow"], [FULL, BARE])).read_all()
    kinds = [
        "string",
        "decimal128(19, 4)",
        "decimal128(19, 4)",
        "double",
        "int64",
        "bool",
        "date32[day]",
        "timestamp[us, tz=UTC]",
    ]
    for table in (parquet, arrow):
        assert [str(field.type) for field in table.schema] == kinds
        assert table.to_pylist() == [{**FULL, "share": 0.25}, BARE]
        told = {field.name: field.metadata or {} for field in table.schema}
        assert (told["revenue"][b"unit"], told["orders"][b"unit"]) == (b"currency", b"orders")
        assert (told["share"][b"unit"], told["share"][b"meaning"]) == (b"ratio", b"Of the whole.")


def test_a_workbook_is_typed_and_says_what_its_columns_mean() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(FORMATS["xlsx"], [FULL, BARE])))
    header, full, bare = book["Data"].iter_rows(values_only=True)
    assert list(header) == list(Item.model_fields)
    day, moment = dt.datetime(2019, 5, 1), MOMENT.replace(tzinfo=None)  # noqa: DTZ001 - cells have no zone
    assert full == (FULL["customer"], -1250.5, "922337203685477.5807", 0.25, 3, True, day, moment)
    assert bare == ("", -1250.5, None, None, 3, False, None, moment)
    meanings = list(book["Columns"].iter_rows(values_only=True))
    assert meanings[4] == ("share", "double", "ratio", "Of the whole.")


def test_a_sheet_takes_no_more_rows_than_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    written(FORMATS["xlsx"], [FULL] * 2)
    with pytest.raises(BadArgument, match="A sheet holds 2 rows"):
        written(FORMATS["xlsx"], [FULL] * 3)


@pytest.mark.parametrize("name", FORMATS)
def test_a_table_without_rows_still_has_its_columns(name: str) -> None:
    raw = written(FORMATS[name], [])
    read = {
        "csv": lambda: next(csv.reader(io.StringIO(raw.decode()))),
        "ndjson": lambda: list(Item.model_fields) if raw == b"" else None,
        "array": lambda: list(Item.model_fields) if json.loads(raw) == [] else None,
        "parquet": lambda: pq.read_table(io.BytesIO(raw)).column_names,
        "arrow": lambda: pa.ipc.open_stream(raw).read_all().column_names,
        "xlsx": lambda: [cell.value for cell in openpyxl.load_workbook(io.BytesIO(raw))["Data"][1]],
    }
    assert read[name]() == list(Item.model_fields)


@pytest.mark.parametrize("begin", RISKY)
def test_no_file_holds_text_that_a_spreadsheet_would_run(begin: str) -> None:
    rows = [{**FULL, "customer": f"{begin}SUM(A1)"}]
    texts = [written(one, rows).decode("utf-8-sig") for one in (FORMATS["csv"], localised("en"))]
    cells = [next(iter(csv.DictReader(io.StringIO(text, newline=""))))["customer"] for text in texts]
    cells.append(openpyxl.load_workbook(io.BytesIO(written(FORMATS["xlsx"], rows)))["Data"]["A2"].value)
    shown = "\\x00" if begin == "\0" else begin
    assert all(cell.startswith("'") for cell in cells), (shown, cells)


def test_many_rows_go_batch_by_batch() -> None:
    count = 2 * ROWS + 1
    table = pq.ParquetFile(io.BytesIO(written(FORMATS["parquet"], [FULL] * count)))
    assert table.metadata.num_rows == count
    assert table.metadata.num_row_groups == 3


def test_stored_numbers_become_amounts_months_and_flags() -> None:
    raw = pa.RecordBatch.from_pydict(
        {
            "customer": [24_314, None],
            "revenue": [-12_505_000, 1],
            "gap": pa.array([None, -(2**63) + 1], pa.int64()),
            "share": [2_500, None],
            "orders": [3, 4],
            "active": [1, 0],
            "since": pa.array([None, None], pa.date32()),
            "at": pa.array([None, None], pa.timestamp("us", tz="UTC")),
        }
    )
    (batch,) = of_stored(COLUMNS, [raw])
    first, second = batch.to_pylist()
    assert (first["customer"], first["revenue"], first["gap"], first["share"]) == (
        "2026-03",
        Decimal("-1250.5000"),
        None,
        0.25,
    )
    assert (second["customer"], second["gap"]) == (None, Decimal("-922337203685477.5807"))
    assert (first["active"], second["active"]) == (True, False)
