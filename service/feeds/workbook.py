"""A table as a workbook: typed cells on one sheet, and on another what each column means."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any

import pyarrow as pa
import xlsxwriter  # type: ignore[import-untyped]

from service.errors import BadArgument
from service.feeds.texts import harmless
from service.wording import say

MOST_ROWS = 1_048_575
"""That a sheet holds below its head."""
_EXACT = 15
"""Digits that a spreadsheet's number keeps."""
_LONGEST = 32_767
"""Letters that a cell holds."""


def write_workbook(schema: pa.Schema, batches: Iterator[pa.RecordBatch], into: IO[bytes]) -> None:
    """Rows go to disk as they come; the file is whole only at the end. BadArgument for more rows than a sheet holds."""
    with TemporaryFile(prefix="kontor-") as made:
        with xlsxwriter.Workbook(made, {"constant_memory": True, "strings_to_formulas": False}) as book:
            _fill(book, schema, batches)
        made.seek(0)
        shutil.copyfileobj(made, into, 1 << 20)


def _fill(book: Any, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    head = book.add_format({"bold": True})
    sheet, meanings = book.add_worksheet("Data"), book.add_worksheet("Columns")
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(schema.names):
        sheet.write_string(0, place, name, head)
    writers = [_writer(book, sheet, field.type) for field in schema]
    row = 1
    for batch in batches:
        if row + batch.num_rows > MOST_ROWS + 1:
            raise BadArgument(
                "format", say("A sheet holds {most} rows: ask for parquet or csv, or for fewer.", most=MOST_ROWS)
            )
        columns = [harmless(one) if pa.types.is_string(one.type) else one for one in batch.columns]
        for values in zip(*(column.to_pylist() for column in columns), strict=True):
            for place, value in enumerate(values):
                if value is not None:
                    writers[place](row, place, value)
            row += 1
    for place, name in enumerate(("column", "type", "unit", "meaning")):
        meanings.write_string(0, place, name, head)
    for line, field in enumerate(schema, start=1):
        told = {name.decode(): text.decode() for name, text in (field.metadata or {}).items()}
        for place, text in enumerate((field.name, str(field.type), told.get("unit", ""), told.get("meaning", ""))):
            meanings.write_string(line, place, text)


def _writer(book: Any, sheet: Any, kind: pa.DataType) -> Callable[[int, int, Any], None]:
    """How a value of this type is put into a cell."""
    day, moment = (book.add_format({"num_format": text}) for text in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))

    def number(row: int, place: int, value: Decimal | float) -> None:
        if isinstance(value, Decimal) and len(value.as_tuple().digits) > _EXACT:
            sheet.write_string(row, place, f"{value:f}")  # a number would lose its last digits
        else:
            sheet.write_number(row, place, value)

    by_type: Mapping[Any, Callable[[int, int, Any], None]] = {
        pa.types.is_string: lambda row, place, value: sheet.write_string(row, place, value[:_LONGEST]),
        pa.types.is_boolean: sheet.write_boolean,
        pa.types.is_date: lambda row, place, value: sheet.write_datetime(row, place, value, day),
        pa.types.is_timestamp: lambda row, place, value: sheet.write_datetime(
            row, place, value.replace(tzinfo=None), moment
        ),
    }
    return next((write for fits, write in by_type.items() if fits(kind)), number)
