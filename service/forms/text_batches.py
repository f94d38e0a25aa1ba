"""What the child writes: batches of text columns with row numbers, and the problems of their cells beside them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from service.errors import Problem, TooLarge
from service.wording import say

ROWS = "#row"
"""The column of row numbers; no form has one of that name."""
PROBLEMS = b"problems"
PIECE_BYTES = 16 << 20
PIECE_PROBLEMS = 5_000


class TextWriter:
    """Writes batches in pieces that the parent can hold: in bytes as in problems."""

    def __init__(self, path: Path, names: Sequence[str], most_bytes: int) -> None:
        self.received = 0
        self._left = most_bytes
        self._schema = pa.schema([(ROWS, pa.int64()), *((name, pa.string()) for name in names)])
        self._file = pa.OSFile(str(path), "wb")
        self._stream = pa.ipc.new_stream(self._file, self._schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._stream.close()
            self._file.close()

    def write(self, rows: pa.Array, columns: Mapping[str, pa.Array], problems: Sequence[Problem]) -> None:
        """`problems` in the order of the rows, each of a row in `rows`."""
        batch = pa.record_batch([rows, *columns.values()], schema=self._schema)
        self.received += batch.num_rows
        self._left -= batch.nbytes
        if self._left < 0:
            raise TooLarge(say("The file holds more than the service unpacks."))
        self._piece(batch, problems)

    def _piece(self, batch: pa.RecordBatch, problems: Sequence[Problem]) -> None:
        half = batch.num_rows // 2
        if half and (batch.nbytes > PIECE_BYTES or len(problems) > PIECE_PROBLEMS):
            edge = batch.column(0)[half].as_py()
            first = [problem for problem in problems if problem.row is not None and problem.row < edge]
            self._piece(batch.slice(0, half), first)
            self._piece(batch.slice(half), problems[len(first) :])
            return
        told = json.dumps(_told(problems)) if problems else ""
        self._stream.write_batch(batch, {PROBLEMS: told.encode()})


def _told(problems: Sequence[Problem]) -> dict[str, Any]:
    """Each message once, however many problems have it."""
    messages = dict.fromkeys(problem.message for problem in problems)
    places = {message: place for place, message in enumerate(messages)}
    return {
        "messages": [[message, *message.parts()] for message in messages],
        "problems": [[one.row, one.column, one.code, one.value, places[one.message]] for one in problems],
    }
