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
_FIRST = 256
"""So many rows are asked for by themselves, which an index finds: they are there before all are sorted."""
_ROOM = "64MB"
_TYPES: tuple[tuple[type[Any], pa.DataType], ...] = (
    (Boolean, pa.bool_()),
    (BigInteger, pa.int64()),
    (Integer, pa.int64()),
    (Float, pa.float64()),
    (Date, pa.date32()),
)


def batches(connection: Connection, statement: Select[Any]) -> Iterator[pa.RecordBatch]:
    """The rows of a statement, in its order, read as they are taken; columns are named and typed as in the statement.

    It is asked twice, for its first rows and the rest: in a transaction over one snapshot.
    """
    schema = pa.schema([pa.field(column.name, kind_of(column.type)) for column in statement.selected_columns])
    if connection.dialect.name == "sqlite":
        options = {"stream_results": True, "yield_per": _ROWS}
        for rows in connection.execute(statement, execution_options=options).partitions():
            columns = zip(*rows, strict=True)
            made = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(made, schema=schema)
        return
    connection.exec_driver_sql(f"SET LOCAL work_mem = '{_ROOM}'")  # or the rows are sorted on disk
    count = 0
    for part in (statement.limit(_FIRST), statement.offset(_FIRST)):
        for batch in _copied(connection, part, schema):
            count += batch.num_rows
            yield batch
        if count < _FIRST:
            return


def _copied(connection: Connection, statement: Select[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY ({compiled}) TO STDOUT (FORMAT csv)", compiled.params) as copy:
        for text in _pieces(copy):
            yield from _read(text, schema)


def kind_of(kind: Any) -> pa.DataType:
    """How Arrow has what a column of a table has."""
    return next((ours for theirs, ours in _TYPES if isinstance(kind, theirs)), pa.string())


def _pieces(copy: Any) -> Iterator[bytes]:
    """Whole rows, many at once: a row comes as a message of its own."""
    rows: list[Any] = []
    size = 0
    for row in copy:
        rows.append(row)
        size += len(row)
        if size >= _BYTES:
            yield b"".join(rows)
            rows, size = [], 0
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
