"""Tables as text: CSV, CSV for a double-click in a spreadsheet, lines of JSON, and one flat JSON array.

Whole columns become text at once: that keeps a table of many rows near the speed of the database.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

_FORMULA = r"^[=+\-@\t\r\x00]"
"""A spreadsheet would execute text that begins so."""
_ESCAPED = r'[\x00-\x1f"\\]'
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_MARK = "\ufeff".encode()
"""By which a spreadsheet knows UTF-8."""
_YES_NO: Mapping[str, tuple[str, str]] = {
    "en": ("TRUE", "FALSE"),
    "de": ("WAHR", "FALSCH"),
    "fr": ("VRAI", "FAUX"),
    "es": ("VERDADERO", "FALSO"),
    "pl": ("PRAWDA", "FAŁSZ"),
    "ru": ("ИСТИНА", "ЛОЖЬ"),
}
LOCALES = tuple(_YES_NO)
Batches = Iterator[pa.RecordBatch]


def harmless(column: pa.Array) -> pa.Array:
    """Text with an apostrophe before what a spreadsheet would run as a formula."""
    risky = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column) if _any(risky) else column


def write_csv(schema: pa.Schema, batches: Batches, into: IO[bytes]) -> None:
    """Comma, decimal point, ISO dates; text in quotes, so that nothing (null) is not an empty text."""
    _write(schema, batches, into, arrow_csv.WriteOptions(quoting_style="needed"), _plain)


def write_localised_csv(schema: pa.Schema, batches: Batches, into: IO[bytes], locale: str) -> None:
    """As a spreadsheet of that language opens it by a double-click: outside English semicolons and decimal commas."""
    into.write(_MARK)
    options = arrow_csv.WriteOptions(quoting_style="needed", delimiter="," if locale == "en" else ";")
    _write(schema, batches, into, options, lambda column: _localised(column, locale))


def _write(
    schema: pa.Schema, batches: Batches, into: IO[bytes], options: Any, shown: Callable[[pa.Array], pa.Array]
) -> None:
    kinds = pa.schema([pa.field(field.name, shown(pa.array([], field.type)).type) for field in schema])
    with arrow_csv.CSVWriter(into, kinds, write_options=options) as writer:
        for batch in batches:
            columns = [shown(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=kinds))


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, _MOMENT)
    return harmless(column) if pa.types.is_string(column.type) else column


def _localised(column: pa.Array, locale: str) -> pa.Array:
    kind = column.type
    if pa.types.is_boolean(kind):
        yes, no = _YES_NO[locale]
        return pc.if_else(column, yes, no)
    if pa.types.is_timestamp(kind):
        return pc.strftime(column.cast(pa.timestamp("s", tz="UTC"), safe=False), "%Y-%m-%d %H:%M:%S")
    if locale != "en" and (pa.types.is_decimal(kind) or pa.types.is_floating(kind)):
        return pc.replace_substring(column.cast(pa.string()), ".", ",")
    return _plain(column)


def write_lines(schema: pa.Schema, batches: Batches, into: IO[bytes]) -> None:
    """NDJSON: a row is the item of the JSON answer, its amounts exact decimal text."""
    del schema
    for batch in batches:
        lines = _objects(batch, "}\n", exact=True)
        into.write(_bytes(lines))


def write_array(schema: pa.Schema, batches: Batches, into: IO[bytes]) -> None:
    """One JSON array of flat objects, in which amounts are numbers: dashboards tell a number by that."""
    del schema
    into.write(b"[\n")
    first = True
    for batch in batches:
        text = objects(batch, exact=False)
        into.write(text if first else b",\n" + text)
        first = False
    into.write(b"\n]\n")


def objects(batch: pa.RecordBatch, *, exact: bool) -> bytes:
    """The rows as JSON objects with commas between; amounts are text if `exact`, else numbers."""
    return _bytes(_objects(batch, "},\n", exact=exact))[:-2]


def _objects(batch: pa.RecordBatch, end: str, *, exact: bool) -> pa.Array:
    parts: list[Any] = []
    for place, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
        parts += [f"{'{' if place == 0 else ','}{json.dumps(name)}:", _value(column, exact=exact)]
    return pc.binary_join_element_wise(*parts, end, "", null_handling="replace", null_replacement="null")


def _bytes(lines: pa.Array) -> bytes:
    """All of them, one after the other, as they lie in memory."""
    return bytes(pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), "")[0].as_buffer())


def _value(column: pa.Array, *, exact: bool) -> pa.Array:
    """Each value as JSON; null stays null."""
    kind = column.type
    if pa.types.is_decimal(kind):
        text = pc.utf8_rtrim(pc.utf8_rtrim(column.cast(pa.string()), "0"), ".") if kind.scale else column
        return _quoted(text) if exact else text
    if pa.types.is_timestamp(kind):
        return _quoted(pc.strftime(column, _MOMENT))
    if pa.types.is_date(kind):
        return _quoted(column.cast(pa.string()))
    return _quoted(_escaped(column)) if pa.types.is_string(kind) else column.cast(pa.string())


def _quoted(text: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', text, '"', "")


def _escaped(text: pa.Array) -> pa.Array:
    odd = pc.match_substring_regex(text, _ESCAPED)
    if not _any(odd):
        return text
    odd = pc.fill_null(odd, False)
    told = [json.dumps(value, ensure_ascii=False)[1:-1] for value in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, odd, pa.array(told, pa.string()))


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())
