"""Columns of a table, declared once: from the contract's schema of its item come every format, OData and the docs.

A field of the item is a column of the same name. Money is decimal(19, 4); decimal text with another scale says so by
`x-decimals`; other numbers are binary64, whole numbers int64, dates dates, text text. A number's unit is `x-unit`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.method.months import month_text
from service.values import AMOUNT_DECIMALS, AMOUNT_PATTERN, AMOUNT_SCALE

ROWS = 8_192
_PRECISION = 19
_DECIMAL_PRECISION = 28
_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
_FORMATS: Mapping[str, pa.DataType] = {"date": pa.date32(), "date-time": pa.timestamp("us", tz="UTC")}

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """`unit`: what a number counts; `currency` where the row names the currency. Empty for what has none."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str


def columns_of(item: Mapping[str, Any], words: Sequence[str] = ()) -> tuple[Column, ...]:
    """The columns of a table whose rows have this JSON schema; before them a column of text for each of `words`."""
    properties = {name: field for name, field in item["properties"].items() if name not in words}
    return (*(Column(word, pa.string(), "", "") for word in words), *(_column(*field) for field in properties.items()))


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """As Arrow has it, with units and meanings in the metadata of the fields."""
    return pa.schema([pa.field(one.name, one.type, metadata=_metadata(one)) for one in columns])


def of_rows(columns: Sequence[Column], rows: Rows, size: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Rows that map names to values, in batches; what a row does not have is null."""
    rows = iter(rows)
    for part in iter(lambda: list(islice(rows, size)), []):
        yield batch_of(columns, part)


def batch_of(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """These rows as one batch."""
    schema = schema_of(columns)
    made = [_array([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(made, schema=schema)


def of_stored(columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches as the store has them: amounts are whole ten-thousandths, months are numbered, flags may be 0 and 1."""
    schema = schema_of(columns)
    for batch in batches:
        made = [_shown(batch.column(field.name), field.type) for field in schema]
        yield pa.RecordBatch.from_arrays(made, schema=schema)


def _column(name: str, field: Mapping[str, Any]) -> Column:
    (told,) = [choice for choice in field.get("anyOf", [field]) if choice.get("type") != "null"]
    unit = told.get("x-unit", field.get("x-unit", ""))
    decimals = told.get("x-decimals", field.get("x-decimals"))
    meaning = field.get("description", "")
    if told.get("pattern") == AMOUNT_PATTERN:
        return Column(name, pa.decimal128(_PRECISION, AMOUNT_DECIMALS), unit or "currency", meaning)
    if decimals is not None:
        return Column(name, pa.decimal128(_DECIMAL_PRECISION, decimals), unit, meaning)
    kind = _FORMATS.get(told.get("format", ""), _TYPES[told.get("type", "string")])
    return Column(name, kind, unit, meaning)


def _metadata(column: Column) -> dict[str, str]:
    return {name: text for name, text in (("unit", column.unit), ("meaning", column.meaning)) if text}


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):  # ratios are rounded decimals here
        values = [float(value) if isinstance(value, Decimal | str) else value for value in values]
    elif pa.types.is_decimal(kind):  # amounts may come as the text of an answer
        values = [Decimal(value) if isinstance(value, str) else value for value in values]
    return pa.array(values, kind)


def _shown(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if not pa.types.is_integer(values.type) or pa.types.is_integer(kind):
        return values if values.type == kind else values.cast(kind)
    if pa.types.is_decimal(kind):
        return _scaled(values, kind)
    if pa.types.is_floating(kind):
        return pc.divide(values.cast(pa.float64()), float(AMOUNT_SCALE))
    if pa.types.is_boolean(kind):
        return pc.not_equal(values, 0)
    months = values.dictionary_encode()
    texts = pa.array([month_text(month) for month in months.dictionary.to_pylist()], pa.string())
    return texts.take(months.indices)


def _scaled(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Whole units of the last decimal as a decimal: 128 bits, of which the upper half is the sign."""
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0] = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
    wide[:, 1] = wide[:, 0] >> 63
    known = pc.is_valid(values).buffers()[1] if values.null_count else None
    return pa.Array.from_buffers(kind, len(values), [known, pa.py_buffer(wide)])
