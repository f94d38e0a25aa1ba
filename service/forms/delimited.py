"""Reading CSV, strictly and in batches: nothing is guessed.

One header row, every row as many cells as the header, quotes only around a whole cell; rows without any content are
passed over. Encoding and quotes are checked chunk by chunk first, so that Arrow's reader has one way left to cut the
text into cells.
"""

import codecs
import csv
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from service.errors import BadBody, Problem
from service.forms.batches import KEPT_PROBLEMS, Batch, Reading, check_names, no_rows
from service.forms.declaration import Form
from service.forms.dialect import DELIMITERS, ENCODINGS, Dialect
from service.forms.notation import plain_notation
from service.wording import say

CHUNK = 1 << 20
BLOCK = CHUNK
"""What Arrow reads at once; small, as it reads up to 32 of them ahead."""
BLOCKS = 4
"""So many make a batch: larger ones repeat less work on the texts that stand in all of them."""
LONGEST_HEADER = LONGEST_ROW = 1 << 20
LONGEST_CELL = 32_767
_QUOTE = ord('"')


def read_delimited(path: Path, form: Form, dialect: Dialect) -> Reading:
    """Raises BadBody for what is not CSV in this dialect, RowsRefused for a wrong header or no rows."""
    text = _Text(path.open("rb"), dialect)
    try:
        header = text.header()
        check_names(header, form, row=1)
    except Exception:
        text.close()
        raise
    return Reading(header, _batches(text, header, form, dialect))


def _batches(text: "_Text", header: Sequence[str], form: Form, dialect: Dialect) -> Iterator[Batch]:
    rows = _Rows(header)
    try:
        with _open(text, rows, dialect) as reader:
            while blocks := list(islice(reader, BLOCKS)):
                yield plain_notation(rows.batch(pa.concat_batches(blocks)), form, dialect)
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise BadBody(say("The CSV cannot be read: {error}", error=str(error))) from error
    finally:
        text.close()
    if rows.cut_badly:
        yield rows.batch(pa.RecordBatch.from_pydict({name: pa.array([], pa.string()) for name in header}), last=True)
    if not rows.received:
        raise no_rows()


def _open(text: "_Text", rows: "_Rows", dialect: Dialect) -> arrow_csv.CSVStreamingReader:
    return arrow_csv.open_csv(
        text,
        read_options=arrow_csv.ReadOptions(column_names=list(rows.header), block_size=BLOCK, use_threads=False),
        parse_options=arrow_csv.ParseOptions(
            delimiter=DELIMITERS[dialect.delimiter],
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=rows.keep,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: pa.string() for name in rows.header}, strings_can_be_null=False
        ),
    )


class _Rows:
    """Numbers rows as a person does (the header is row 1), past rows with a wrong number of cells and empty ones."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = header
        self.received = 0
        self.cut_badly = array("q")
        self._problems: list[Problem] = []
        self._listed = 0
        self._next = 2

    def keep(self, row: arrow_csv.InvalidRow) -> str:
        self.cut_badly.append(row.number + 1)
        if self._listed < KEPT_PROBLEMS:
            self._listed += 1
            self._problems.append(self._wrong_length(row.number + 1, row.actual_columns))
        return "skip"

    def batch(self, cells: pa.RecordBatch, *, last: bool = False) -> Batch:
        numbers = np.arange(self._next, self._next + len(cells) + len(self.cut_badly), dtype=np.int64)
        if self.cut_badly:
            numbers = numbers[~np.isin(numbers, np.array(self.cut_badly))]
        numbers = numbers[: len(cells)]
        if len(numbers):
            self._next = int(numbers[-1]) + 1
        bad = len(self.cut_badly) if last else bisect_left(self.cut_badly, self._next)
        self.cut_badly = self.cut_badly[bad:]
        problems, self._problems = self._problems[:bad], self._problems[bad:]
        filled = _filled(cells)
        columns = {name: column.filter(filled) for name, column in zip(self.header, cells.columns, strict=True)}
        rows = pa.array(numbers).filter(filled)
        self.received += len(rows) + bad
        return Batch(columns, rows, len(rows) + bad, problems, bad - len(problems))

    def _wrong_length(self, number: int, found: int) -> Problem:
        message = say(
            "The row has {found} cells, the header {expected}. A delimiter inside a value needs quotes around it.",
            found=found,
            expected=len(self.header),
        )
        return Problem(number, None, "wrong_number_of_cells", message)


def _filled(cells: pa.RecordBatch) -> pa.Array:
    """Which rows have any content."""
    filled = pc.not_equal(cells.column(0), "")
    for column in cells.columns[1:]:
        if filled.true_count == len(filled):
            break
        filled = pc.or_(filled, pc.not_equal(column, ""))
    return filled


class _Text:
    """The file as UTF-8 whose quotes are in order; reads like a file."""

    def __init__(self, stream: BinaryIO, dialect: Dialect) -> None:
        self._stream = stream
        self._charset = dialect.charset
        self._decoder = codecs.getincrementaldecoder(ENCODINGS[dialect.charset])()
        self._delimiter = DELIMITERS[dialect.delimiter]
        self._around = np.frombuffer(f'{self._delimiter}\n\r"'.encode(), dtype=np.uint8)
        self._taken = 0
        self._begun = False
        self._line = 1
        self._quoted = 1
        self._open = 0
        self._inside = False
        self._before = ord("\n")
        self._held = b""
        self._ahead = b""
        self.closed = False

    def header(self) -> list[str]:
        """The first row's cells."""
        while b"\n" not in self._ahead and b"\r" not in self._ahead:
            more = self._chunk()
            if not more:
                break
            self._ahead += more
            if len(self._ahead) > LONGEST_HEADER + CHUNK:
                raise BadBody(say("The header is longer than {longest} bytes.", longest=LONGEST_HEADER))
        if not self._ahead.strip():
            raise BadBody(say("The body is empty: send a header row and data rows."))
        line = self._ahead.splitlines(keepends=True)[0]
        self._ahead = codecs.BOM_UTF8 + self._ahead[len(line) :]  # Arrow passes over one mark: let it be this one
        try:
            return next(csv.reader([line.decode()], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            raise BadBody(say("The CSV cannot be read in its header: {error}.", error=str(error))) from error

    def read(self, size: int = CHUNK) -> bytes:
        """The next piece, of this size but at the end."""
        pieces, length = [self._ahead], len(self._ahead)
        while length < size and (more := self._chunk()):
            self._check_length(more)
            pieces.append(more)
            length += len(more)
        text = b"".join(pieces)
        self._ahead = text[size:]
        return text[:size]

    def close(self) -> None:
        self.closed = True
        self._stream.close()

    def readable(self) -> bool:
        return True

    def _chunk(self) -> bytes:
        while True:
            raw = self._stream.read(CHUNK)
            data = self._held + self._decoded(raw)
            self._held = b""
            if raw:  # what follows a quote or a CR must be seen together with it
                whole = len(data.rstrip(b'"\r'))
                data, self._held = data[:whole], data[whole:]
            if data or not raw:
                self._check(data, last=not raw)
                return data

    def _check_length(self, data: bytes) -> None:
        """Raises BadBody for a row that does not end."""
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        self._open = len(data) - end if end else self._open + len(data)
        if self._open > LONGEST_ROW:
            raise BadBody(
                say(
                    "The CSV cannot be read near line {line}: a row is longer than {longest} bytes.",
                    line=self._line,
                    longest=LONGEST_ROW,
                )
            )

    def _decoded(self, raw: bytes) -> bytes:
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            place = self._taken + len(raw) - len(error.object) + error.start + 1
            raise BadBody(
                say(
                    "The body is not {charset}: byte {place} is {found:#04x}.",
                    charset=self._charset,
                    place=place,
                    found=error.object[error.start],
                )
            ) from error
        except UnicodeError as error:
            raise BadBody(
                say("The body is not {charset}: {error}.", charset=self._charset, error=str(error))
            ) from error
        if not self._begun and text:
            self._begun, text = True, text.removeprefix("\ufeff")
        self._taken += len(raw)
        if "\0" in text:
            raise BadBody(say("The body has NUL characters: it is not CSV text."))
        return text.encode()

    def _check(self, data: bytes, *, last: bool) -> None:
        """Raises BadBody where a quote stands inside an unquoted cell, or a quoted cell does not end."""
        places = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == _QUOTE)
        first_opens = not self._inside
        if len(places):
            padded = np.frombuffer(bytes([self._before]) + data + b"\n", dtype=np.uint8)
            opens = (np.arange(len(places)) % 2 == 0) == first_opens
            beside = np.where(opens, padded[places], padded[places + 2])
            wrong = ~np.isin(beside, self._around)
            if wrong.any():
                line = self._line + data.count(b"\n", 0, int(places[wrong][0]))
                raise BadBody(
                    say(
                        "The CSV cannot be read near line {line}: a quote stands inside a cell, not around it.",
                        line=line,
                    )
                )
            self._inside = self._inside != (len(places) % 2 == 1)
            self._quoted = self._line + data.count(b"\n", 0, int(places[-1]))
        unclosed = len(data) - (int(places[-1]) if len(places) else 0)
        if self._inside and (last or unclosed > LONGEST_CELL):
            raise BadBody(say("The CSV cannot be read near line {line}: a quote is not closed.", line=self._quoted))
        self._line += data.count(b"\n")
        self._before = data[-1] if data else self._before
