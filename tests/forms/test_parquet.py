"""Parquet files: each type as exact text, and files made to do harm."""

import decimal
import struct
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import BadBody, KontorError, Problem, RowsRefused, TooLarge
from service.forms import kinds
from service.forms.batches import Reading
from service.forms.declaration import Column, Form
from service.forms.limits import Limits
from service.forms.parquet import read_parquet

FORM = Form(
    "sample",
    "Sample",
    "",
    (
        Column("period", kinds.MONTH, ""),
        Column("code", kinds.CODE, "", required=True),
        Column("day", kinds.DAY, ""),
        Column("amount", kinds.MONEY, ""),
        Column("deleted", kinds.choice("true", "false"), ""),
    ),
    ("code",),
)
CODES = pa.array(["C-1"])
NOT_PARQUET = "The body is not a Parquet file."
DAMAGED = "The file is damaged, or it is not of the format that its content type promises."
MEMORY = "The file needs more memory to be read than the service gives: hand it in in parts, or as CSV."


def read(tmp_path: Path, columns: dict[str, Any] | bytes, limits: Limits | None = None, **options: Any) -> Reading:
    path = tmp_path / "spooled"
    if isinstance(columns, bytes):
        path.write_bytes(columns)
    else:
        pq.write_table(pa.table(columns), path, **options)
    return read_parquet(path, FORM, limits=limits or Limits())


def refused(
    tmp_path: Path, columns: dict[str, Any] | bytes, limits: Limits | None = None, **options: Any
) -> tuple[type[KontorError], str]:
    with pytest.raises(KontorError) as caught:
        list(read(tmp_path, columns, limits, **options).batches)
    error = caught.value
    return type(error), error.problems[0].message if isinstance(error, RowsRefused) else error.detail


def taken(reading: Reading) -> tuple[list[int], dict[str, list[str | None]], list[Problem]]:
    rows: list[int] = []
    columns: dict[str, list[str | None]] = {name: [] for name in reading.names}
    problems: list[Problem] = []
    for batch in reading.batches:
        rows += batch.rows.to_pylist()
        problems += batch.problems
        for name in columns:
            columns[name] += batch.columns[name].to_pylist()
    return rows, columns, problems


def column(tmp_path: Path, name: str, values: pa.Array) -> tuple[list[str | None], list[tuple[int | None, str]]]:
    columns = {"code": pa.array(["x"] * len(values))} | {name: values}
    rows, texts, problems = taken(read(tmp_path, columns))
    assert rows == list(range(1, len(values) + 1))
    assert {problem.column for problem in problems} <= {name}
    return texts[name], [(problem.row, problem.code) for problem in problems]


def decimals(*texts: str, precision: int = 38, scale: int = 10) -> pa.Array:
    return pa.array([decimal.Decimal(text) for text in texts], pa.decimal128(precision, scale))


@pytest.mark.parametrize(
    "name,values,texts",
    [
        ("code", pa.array([" a ", None, ""]), [" a ", "", ""]),
        ("code", pa.array(["a", None], pa.large_string()), ["a", ""]),
        ("code", pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", ""]),
        ("code", pa.nulls(2), ["", ""]),
        ("amount", pa.array([1, None, -(2**63)]), ["1", "", "-9223372036854775808"]),
        ("amount", pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (
            "amount",
            decimals("12.5", "-0.0000000001", "0", "100", "-7.10"),
            ["12.5", "-0.0000000001", "0", "100", "-7.1"],
        ),
        ("amount", decimals("1" * 28), ["1" * 28]),
        ("amount", decimals("1200", scale=0), ["1200"]),
        (
            "amount",
            pa.array([0.5, -12.25, 100.0, 1e-7, -0.0, 1e14]),
            ["0.5", "-12.25", "100", "0.0000001", "0", "1" + "0" * 14],
        ),
        ("amount", pa.array([0.1, 2.5], pa.float32()), ["0.1", "2.5"]),
        ("day", pa.array([date(2026, 3, 31), None]), ["2026-03-31", ""]),
        ("day", pa.array([date(1900, 1, 1)], pa.date64()), ["1900-01-01"]),
        ("day", pa.array([datetime(1960, 3, 31)], pa.timestamp("ns")), ["1960-03-31"]),  # noqa: DTZ001
        ("period", pa.array([datetime(2026, 3, 31)], pa.timestamp("us")), ["2026-03"]),  # noqa: DTZ001
        ("period", pa.array([date(2026, 3, 31)]), ["2026-03"]),
        ("deleted", pa.array([True, False, None]), ["true", "false", ""]),
    ],
)
def test_typed_columns_become_text(tmp_path: Path, name: str, values: pa.Array, texts: list[str]) -> None:
    assert column(tmp_path, name, values) == (texts, [])


@pytest.mark.parametrize(
    "name,values,texts,problems",
    [
        ("amount", pa.array([0.1 + 0.2, 1.5]), [None, "1.5"], [(1, "too_many_digits")]),
        (
            "amount",
            pa.array([1.5, float("nan"), float("inf"), None]),
            ["1.5", None, None, ""],
            [(2, "not_a_number"), (3, "not_a_number")],
        ),
        ("day", pa.array([datetime(2026, 3, 31, 12)], pa.timestamp("ms")), [None], [(1, "bad_date")]),  # noqa: DTZ001
        ("day", pa.array([datetime(1960, 3, 31, 0, 0, 1)], pa.timestamp("s")), [None], [(1, "bad_date")]),  # noqa: DTZ001
        ("code", pa.array(["a", "x" * 32_768]), ["a", None], [(2, "too_long")]),
    ],
)
def test_what_is_not_exact_is_a_problem(
    tmp_path: Path, name: str, values: pa.Array, texts: list[str | None], problems: list[tuple[int, str]]
) -> None:
    assert column(tmp_path, name, values) == (texts, problems)


@pytest.mark.parametrize(
    "values,kind",
    [
        (pa.array([[1, 2]]), "list<element: int64>"),
        (pa.array([{"a": 1}]), "struct<a: int64>"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "map<string, int64>"),
        (pa.array([b"x"]), "binary"),
        (pa.array([True]), "bool"),
        (pa.array([datetime(2026, 3, 31, tzinfo=UTC)]), "timestamp[us, tz=UTC]"),
        (pa.array([1], pa.time32("s")), "time32[ms]"),
        (pa.array([1], pa.duration("s")), "duration[s]"),
    ],
)
def test_other_types_are_refused(tmp_path: Path, values: pa.Array, kind: str) -> None:
    error, detail = refused(tmp_path, {"code": CODES, "amount": values})
    assert error is RowsRefused
    assert detail.startswith(f"The column is of the type {kind[:10]}")


def test_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(RowsRefused) as caught:
        read(tmp_path, {"ammount": CODES})
    found = [(problem.row, problem.column, problem.code) for problem in caught.value.problems]
    assert found == [(None, "ammount", "unknown_column"), (None, "code", "missing_column")]
    assert refused(tmp_path, {"code": pa.array([], pa.string())}) == (
        RowsRefused,
        "There are no rows: nothing to hand in.",
    )


def test_rows_count_on_over_row_groups_and_batches(tmp_path: Path) -> None:
    reading = read(tmp_path, {"code": pa.array(range(50_000))}, row_group_size=30_000)
    rows, columns, _ = taken(reading)
    assert rows == list(range(1, 50_001))
    assert columns["code"] == [str(number) for number in range(50_000)]


def test_too_much(tmp_path: Path) -> None:
    rows = pa.array(range(1000))
    assert refused(tmp_path, {"code": rows}, Limits(rows=999)) == (
        TooLarge,
        "The Parquet file has 1000 rows; at most 999 are read.",
    )
    wide = {f"c{number}": CODES for number in range(101)}
    assert refused(tmp_path, wide) == (TooLarge, "The Parquet file has 101 columns; at most 100 are read.")
    detail = "The Parquet file has 2001 row groups; at most 2000 are read."
    assert refused(tmp_path, {"code": pa.array(range(2001))}, row_group_size=1) == (TooLarge, detail)
    detail = "The Parquet file unpacks to more than 0 MiB."
    assert refused(tmp_path, {"code": rows}, Limits(unpacked=1000), use_dictionary=False) == (TooLarge, detail)


def test_well_packed_zeros(tmp_path: Path) -> None:
    zeros = {"code": pa.array(["0" * 1000] * 100_000)}
    detail = "The Parquet file unpacks to more than 200 times its size."
    assert refused(tmp_path, zeros, use_dictionary=False, compression="zstd") == (TooLarge, detail)


@pytest.mark.parametrize("dictionary", [False, True])
def test_a_long_text_meant_a_million_times(tmp_path: Path, dictionary: bool) -> None:
    """The file is some kB: nothing that it declares is large."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * 20_000]))
    table = pa.table({"code": values})
    path = tmp_path / "made"
    pq.write_table(table, path, store_schema=dictionary)
    assert path.stat().st_size < 10_000
    kind, detail = refused(tmp_path, path.read_bytes())
    assert kind is TooLarge
    assert detail in {MEMORY, "16384 rows of a column hold more than 64 MiB of text."}


def test_texts_that_add_up_beyond_the_limit(tmp_path: Path) -> None:
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * 2_000]))
    detail = "The file holds more than the service unpacks."
    assert refused(tmp_path, {"code": values}) == (TooLarge, detail)


def test_encrypted_files_are_refused(tmp_path: Path) -> None:
    detail = "The Parquet file is encrypted: hand it in without encryption."
    assert refused(tmp_path, b"PARE" + bytes(100) + b"PARE") == (BadBody, detail)
    assert refused(tmp_path, b"PAR1" + bytes(100) + b"PARE") == (BadBody, detail)


def whole(tmp_path: Path) -> bytes:
    path = tmp_path / "whole"
    pq.write_table(pa.table({"code": pa.array(["C-1", "C-2"]), "amount": pa.array([1, 2])}), path)
    return path.read_bytes()


def test_what_is_no_parquet(tmp_path: Path) -> None:
    for body in (b"", b"P", b"code,amount\nC-1,1\n", bytes(range(256)) * 10, whole(tmp_path)[:-10]):
        assert refused(tmp_path, body) == (BadBody, NOT_PARQUET)
    assert refused(tmp_path, b"PAR1" + bytes(range(256)) * 10 + b"PAR1") == (BadBody, DAMAGED)
    lying = whole(tmp_path)[:-8] + struct.pack("<L", 0xFFFFFF00) + b"PAR1"
    assert refused(tmp_path, lying) == (BadBody, DAMAGED)


def test_statistics_that_contradict_the_schema_are_damage(tmp_path: Path) -> None:
    """Not a lack of memory, as which an end of the process would count."""
    assert refused(tmp_path, whole(tmp_path).replace(b"\x25\x02", b"\x25\x00")) == (BadBody, DAMAGED)


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    bad = whole(tmp_path).replace(b"C-2", b"\xff\xfe\xfd")
    assert refused(tmp_path, bad) == (BadBody, DAMAGED)


@given(st.data())
@settings(max_examples=25)
def test_damage_anywhere_is_a_refusal_or_rows(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    tmp_path = tmp_path_factory.mktemp("damage")
    body = bytearray(whole(tmp_path))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        taken(read(tmp_path, bytes(body)))
    except (BadBody, TooLarge, RowsRefused) as error:
        assert error.detail  # noqa: PT017  # a refusal is one of two right outcomes


AMOUNT = st.decimals(-(10**12), 10**12, places=4)
ROW = st.tuples(st.text(st.characters(exclude_categories=("Cs",))), AMOUNT, st.dates())


@given(st.lists(ROW, min_size=1, max_size=30))
@settings(max_examples=25)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, decimal.Decimal, date]]
) -> None:
    codes, amounts, days = zip(*rows, strict=True)
    table = {
        "code": pa.array(codes, pa.string()),
        "amount": pa.array(amounts, pa.decimal128(20, 4)),
        "day": pa.array(days, pa.date32()),
    }
    _, columns, problems = taken(read(tmp_path_factory.mktemp("round"), table))
    assert problems == []
    assert columns["code"] == list(codes)
    assert [decimal.Decimal(text or "") for text in columns["amount"]] == list(amounts)
    assert not any("E" in (text or "") or (text or "").endswith((".", "-0")) for text in columns["amount"])
    assert columns["day"] == [day.isoformat() for day in days]
