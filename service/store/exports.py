"""Whole answers to a statement as batches of columns, for those who take many rows.

PostgreSQL hands them out by COPY, which is the quickest it has; Arrow reads the text. Values are as they are stored.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
from sqlalchemy import BigInteger, Boolean, Connection, Date, Float, Integer, Select

_ROWS = 8_192
_BYTES = 1 << 20
_FIRST_BYTES = 1 << 15
"""The first piece is small, so that whoever waits sees something soon."""
_TYPES: tuple[tuple[type[Any], pa.DataType], ...] = (
    (Boolean, pa.bool_()),
    (BigInteger, pa.int64()),
    (Integer, pa.int64()),
    (Float, pa.float64()),
    (Date, pa.date32()),
)


def batches(connection: Connection, statement: Select[Any]) -> Iterator[pa.RecordBatch]:
    """The rows of a statement, read as they are taken; columns are named and typed as in the statement."""
    schema = pa.schema([pa.field(column.name, _type(column.type)) for column in statement.selected_columns])
    if connection.dialect.name == "sqlite":
        options = {"stream_results": True, "yield_per": _ROWS}
        for rows in connection.execute(statement, execution_options=options).partitions():
            columns = zip(*rows, strict=True)
            made = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(made, schema=schema)
        return
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY ({compiled}) TO STDOUT (FORMAT csv)", compiled.params) as copy:
        for text in _pieces(copy):
            yield from _read(text, schema)


def _type(kind: Any) -> pa.DataType:
    return next((ours for theirs, ours in _TYPES if isinstance(kind, theirs)), pa.string())


def _pieces(copy: Any) -> Iterator[bytes]:
    """Whole rows, many at once: a row comes as a message of its own."""
    rows: list[Any] = []
    size, enough = 0, _FIRST_BYTES
    for row in copy:
        rows.append(row)
        size += len(row)
        if size >= enough:
            yield b"".join(rows)
            rows, size, enough = [], 0, _BYTES
    if rows:
        yield b"".join(rows)


def _read(text: bytes, schema: pa.Schema) -> list[pa.RecordBatch]:
    table = arrow_csv.read_csv(
        pa.BufferReader(text),
        arrow_csv.ReadOptions(column_names=schema.names, block_size=len(text) + 1),
        arrow_csv.ParseOptions(newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return table.to_batches()  # type: ignore[no-any-return]
