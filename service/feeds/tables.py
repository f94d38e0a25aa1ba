"""The formats of a tabular answer. All are written batch by batch, so that memory stays flat whatever their length."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from service.feeds.texts import write_array, write_csv, write_lines, write_localised_csv
from service.feeds.workbook import write_workbook

Writer = Callable[[pa.Schema, Iterator[pa.RecordBatch], IO[bytes]], None]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a table is written into a file, and what the file is. `slow`: writing takes far longer than reading."""

    name: str
    content_type: str
    suffix: str
    write: Writer
    slow: bool = False


def localised(locale: str) -> FileFormat:
    """The CSV that a spreadsheet of this language opens by a double-click."""
    return FileFormat("csv-excel", "text/csv; charset=utf-8", "csv", partial(write_localised_csv, locale=locale))


def _write_parquet(schema: pa.Schema, batches: Iterator[pa.RecordBatch], into: IO[bytes]) -> None:
    with pq.ParquetWriter(into, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_arrow(schema: pa.Schema, batches: Iterator[pa.RecordBatch], into: IO[bytes]) -> None:
    with pa.ipc.new_stream(into, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: Mapping[str, FileFormat] = {
    one.name: one
    for one in (
        FileFormat("csv", "text/csv; charset=utf-8", "csv", write_csv),
        FileFormat("ndjson", "application/x-ndjson", "ndjson", write_lines),
        FileFormat("parquet", "application/vnd.apache.parquet", "parquet", _write_parquet),
        FileFormat("arrow", "application/vnd.apache.arrow.stream", "arrows", _write_arrow),
        FileFormat("xlsx", _XLSX, "xlsx", write_workbook, slow=True),
        FileFormat("array", "application/vnd.kontor.array+json", "json", write_array),
    )
}
"""Each has a content type of its own, by which `Accept` asks for it."""
