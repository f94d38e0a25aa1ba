"""In the child: from a Parquet file to batches of text, without any digit added or lost."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.errors import BadBody, Problem, RowsRefused, TooLarge
from service.forms.limits import Limits
from service.forms.text_batches import TextWriter
from service.wording import Message, say

BATCH_ROWS = 16_384
BATCH_TEXT = 64 << 20
SIGNIFICANT_DIGITS = 15
MAGIC, ENCRYPTED = b"PAR1", b"PARE"
NOT_PARQUET = say("The body is not a Parquet file.")
ENCRYPTED_FILE = say("The Parquet file is encrypted: hand it in without encryption.")
_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
Cells = tuple[pa.Array, Sequence[tuple[int, str, Message]]]
"""Text, null where a cell was empty or a problem (place, code, message) says why it could not be taken."""


def read(path: str, folder: Path, limits: Limits, *, shapes: Mapping[str, str]) -> dict[str, Any]:
    """`shapes` is how a typed cell of a column is written."""
    pa.set_cpu_count(1)
    file = _open(Path(path), limits)
    schema = file.schema_arrow
    names = list(schema.names)
    if len(set(names)) != len(names) or not shapes.keys() >= set(names):
        return {"names": names, "received": 0}
    writers = _writers(schema, shapes)
    with TextWriter(folder / "rows.arrow", names, limits.unpacked) as writer:
        for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
            batch.validate(full=True)
            first = writer.received + 1
            columns, problems = {}, []
            for name, column in zip(names, batch.columns, strict=True):
                text, told = _short(*writers[name](_sized(column)), limits.cell)
                columns[name] = _emptied(text, told)
                problems += [Problem(first + place, name, code, message) for place, code, message in told]
            problems.sort(key=lambda problem: problem.row or 0)
            writer.write(pa.array(range(first, first + batch.num_rows), pa.int64()), columns, problems)
            if writer.received > limits.rows:
                raise BadBody(NOT_PARQUET)
    return {"names": names, "received": writer.received}


def _open(path: Path, limits: Limits) -> pq.ParquetFile:
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(-min(4, size), 2)
        ends = {head, stream.read(4)}
    if ENCRYPTED in ends:
        raise BadBody(ENCRYPTED_FILE)
    if ends != {MAGIC}:
        raise BadBody(NOT_PARQUET)
    file = pq.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=1 << 16)
    about = file.metadata
    if about.num_rows > limits.rows:
        raise TooLarge(
            say(
                "The Parquet file has {count} rows; at most {most} are read.",
                count=about.num_rows,
                most=limits.rows,
            )
        )
    if about.num_columns > limits.columns:
        raise TooLarge(
            say(
                "The Parquet file has {count} columns; at most {most} are read.",
                count=about.num_columns,
                most=limits.columns,
            )
        )
    if about.num_row_groups > limits.row_groups:
        raise TooLarge(
            say(
                "The Parquet file has {count} row groups; at most {most} are read.",
                count=about.num_row_groups,
                most=limits.row_groups,
            )
        )
    # Asked column by column, the library ends the process where statistics contradict the schema.
    unpacked = sum(max(0, about.row_group(place).total_byte_size) for place in range(about.num_row_groups))
    if unpacked > limits.unpacked:
        raise TooLarge(say("The Parquet file unpacks to more than {size} MiB.", size=limits.unpacked >> 20))
    if unpacked > limits.ratio_from and unpacked > limits.ratio * size:
        raise TooLarge(say("The Parquet file unpacks to more than {ratio} times its size.", ratio=limits.ratio))
    return file


def _sized(column: pa.Array) -> pa.Array:
    """A dictionary, or repetition, makes long texts cheap in the file and dear in memory: looked at before decoding."""
    if isinstance(column, pa.DictionaryArray):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
    elif _is_text(column.type):
        lengths = pc.binary_length(column)
    else:
        return column
    if (pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0) > BATCH_TEXT:
        raise TooLarge(
            say(
                "{rows} rows of a column hold more than {size} MiB of text.",
                rows=BATCH_ROWS,
                size=BATCH_TEXT >> 20,
            )
        )
    return column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _writers(schema: pa.Schema, shapes: Mapping[str, str]) -> dict[str, Callable[[pa.Array], Cells]]:
    """What makes text of each column; RowsRefused names the columns of other types."""
    found = {field.name: _writer(field.type, shapes[field.name]) for field in schema}
    problems = [
        Problem(
            None,
            field.name,
            "wrong_type",
            say("The column is of the type {type}, which is not read.", type=str(field.type)[:60]),
        )
        for field in schema
        if found[field.name] is None
    ]
    if problems:
        raise RowsRefused(problems, len(problems), 0)
    return {name: writer for name, writer in found.items() if writer is not None}


def _writer(kind: pa.DataType, shape: str) -> Callable[[pa.Array], Cells] | None:
    types = pa.types
    if _is_text(kind) or (types.is_dictionary(kind) and _is_text(kind.value_type)) or types.is_null(kind):
        return _as_is
    if types.is_integer(kind) or (types.is_boolean(kind) and shape == "flag"):
        return _as_is
    if types.is_decimal(kind):
        return lambda column: (_plain(column.cast(pa.string())), ())
    if types.is_floating(kind):
        return _floats
    if types.is_date(kind) or (types.is_timestamp(kind) and kind.tz is None):
        return lambda column: _days(column, 7 if shape == "month" else 30)
    return None


def _as_is(column: pa.Array) -> Cells:
    return column.cast(pa.string()), ()


def _plain(texts: pa.Array) -> pa.Array:
    """Decimal text without exponent or needless zeros."""
    if pc.any(pc.match_substring_regex(texts, "[eE]")).as_py():
        texts = pa.array([None if text is None else f"{Decimal(text):f}" for text in texts.to_pylist()], pa.string())
    texts = pc.replace_substring_regex(texts, r"^(-?\d+\.\d*?)0+$", r"\1")
    texts = pc.replace_substring_regex(texts, r"\.$", "")
    return pc.replace_substring_regex(texts, "^-0$", "0")


def _floats(column: pa.Array) -> Cells:
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    finite = pc.is_finite(column)
    texts = _plain(pc.if_else(finite, column, None).cast(pa.string()))
    digits = pc.utf8_length(pc.replace_substring_regex(texts, r"^-?[0.]*|\.", ""))
    exact = pc.less_equal(digits, SIGNIFICANT_DIGITS)
    strange = [(place, "not_a_number", say("NaN and infinity are no numbers of a form.")) for place in _false(finite)]
    message = say(
        "The number has more than {count} digits: write the column as decimal or text.",
        count=SIGNIFICANT_DIGITS,
    )
    strange += [(place, "too_many_digits", message) for place in _false(exact)]
    return texts, strange


def _days(column: pa.Array, length: int) -> Cells:
    strange: list[tuple[int, str, Message]] = []
    if pa.types.is_timestamp(column.type):
        ticks, day = column.cast(pa.int64()), _DAY[column.type.unit]
        midnight = pc.equal(pc.multiply(pc.divide(ticks, day), day), ticks)
        message = say("The cell holds a day with a time of day: only the day is needed.")
        strange = [(place, "bad_date", message) for place in _false(midnight)]
        column = column.cast(pa.date32(), safe=False)
    return pc.utf8_slice_codeunits(column.cast(pa.date32()).cast(pa.string()), 0, length), strange


def _false(truths: pa.Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(pc.invert(truths)).to_pylist()
    return found


def _short(texts: pa.Array, strange: Sequence[tuple[int, str, Message]], longest: int) -> Cells:
    short = pc.less_equal(pc.utf8_length(texts), longest)
    message = say("A cell has at most {longest} characters.", longest=longest)
    return texts, [*strange, *((place, "too_long", message) for place in _false(short))]


def _emptied(texts: pa.Array, strange: Sequence[tuple[int, str, Message]]) -> pa.Array:
    """Empty text for what was null, null for what has a problem."""
    texts = texts.fill_null("")
    if not strange:
        return texts
    taken = [True] * len(texts)
    for place, _, _ in strange:
        taken[place] = False
    return pc.if_else(pa.array(taken), texts, None)
