"""Tabular answers as CSV and Parquet, written batch by batch so that memory stays flat whatever their length.

Columns come from the contract: a table's row has the fields of the JSON item, in their order, and its types: money is
decimal(19, 4), other numbers binary64, whole numbers int64, dates dates, text text; null is empty.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from service.values import AMOUNT_DECIMALS, AMOUNT_PATTERN

ROWS = 8_192
_MONEY = pa.decimal128(19, AMOUNT_DECIMALS)
_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
_FORMATS: Mapping[str, pa.DataType] = {"date": pa.date32(), "date-time": pa.timestamp("us", tz="UTC")}
_FORMULA = r"^[=+\-@\t\r]"
"""A spreadsheet would execute text that begins so."""

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a table is written into a file, and what the file is."""

    name: str
    content_type: str
    write: Callable[[pa.Schema, Iterator[pa.RecordBatch], IO[bytes]], None]


def write(file_format: FileFormat, item: Mapping[str, Any], rows: Rows, into: IO[bytes]) -> None:
    """Write rows into a file. `item`: the JSON schema of a row; rows map its properties to values."""
    schema = schema_of(item)
    rows = iter(rows)
    parts = iter(lambda: list(islice(rows, ROWS)), [])
    file_format.write(schema, (_batch(schema, part) for part in parts), into)


def schema_of(item: Mapping[str, Any]) -> pa.Schema:
    """The columns of a table whose rows have this JSON schema."""
    return pa.schema([pa.field(name, _type(field)) for name, field in item["properties"].items()])


def _type(field: Mapping[str, Any]) -> pa.DataType:
    choices = field.get("anyOf", [field])
    (told,) = [choice for choice in choices if choice.get("type") != "null"]
    if told.get("pattern") == AMOUNT_PATTERN:
        return _MONEY
    return _FORMATS.get(told.get("format", ""), _TYPES[told.get("type", "string")])


def _batch(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    columns = [_column([row[field.name] for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):  # ratios are rounded decimals here
        values = [float(value) if isinstance(value, Decimal) else value for value in values]
    return pa.array(values, kind)


def _write_csv(schema: pa.Schema, batches: Iterator[pa.RecordBatch], into: IO[bytes]) -> None:
    shown = pa.schema([pa.field(field.name, _shown(field.type)) for field in schema])
    options = arrow_csv.WriteOptions(quoting_style="needed")
    with arrow_csv.CSVWriter(into, shown, write_options=options) as writer:
        for batch in batches:
            columns = [_for_csv(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=shown))


def _shown(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _for_csv(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    if not pa.types.is_string(column.type):
        return column
    risky = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)


def _write_parquet(schema: pa.Schema, batches: Iterator[pa.RecordBatch], into: IO[bytes]) -> None:
    with pq.ParquetWriter(into, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)


FORMATS: Mapping[str, FileFormat] = {
    one.name: one
    for one in (
        FileFormat("csv", "text/csv; charset=utf-8", _write_csv),
        FileFormat("parquet", "application/vnd.apache.parquet", _write_parquet),
    )
}
