"""CSV is read as declared, or refused; nothing is guessed and no row is lost."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import BadBody, RowsRefused, TooLarge
from service.forms import delimited
from service.forms.catalogue import FORMS
from service.forms.checking import Checker
from service.forms.delimited import read_delimited
from service.forms.dialect import DELIMITERS, Dialect
from service.forms.formats import unpack
from service.forms.kinds import BadValue
from service.method.months import parse_month

STATISTICS = FORMS["statistics"]
PLAIN = Dialect()
NEWEST = parse_month("2026-11")


def checked(path: Path, body: str | bytes, dialect: Dialect = PLAIN) -> tuple[list[Any], list[Any]]:
    """(row number, values) of the good rows, and (row, column, code) of the problems."""
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    checker, rows = Checker(STATISTICS, NEWEST), []
    for batch in read_delimited(path, STATISTICS, dialect).batches:
        good = checker.check(batch)
        columns = [good.columns[name].to_pylist() for name in good.columns]
        rows += list(zip(good.rows.to_pylist(), *columns, strict=True))
    return rows, [(problem.row, problem.column, problem.code) for problem in checker.found.listed()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "body.csv"


def test_rows_are_numbered_past_empty_and_broken_ones(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "period,revenue\n2020-01,1\n\n2020-02\n,\n2020-03,2,3\n" + "2020-04,1\n" * 50 + "2020-05\n"
    for block in (delimited.BLOCK, 64):
        monkeypatch.setattr(delimited, "BLOCK", block)
        rows, problems = checked(file, body)
        assert [row for row, *_ in rows] == [2, *range(7, 57)]
        assert problems == [(row, None, "wrong_number_of_cells") for row in (4, 6, 57)]


@pytest.mark.parametrize(
    ("number", "dialect", "outcome"),
    [
        ("1.234", Dialect(), "ambiguous_number"),
        ("-12.345", Dialect(), "ambiguous_number"),
        ("1.234", Dialect(decimal="point"), 12340),
        ("0.234", Dialect(), 2340),
        ("1.23", Dialect(), 12300),
        ("1234.567", Dialect(), 12345670),
        ("1,5", Dialect(delimiter="semicolon"), "bad_number"),
        ("1,5", Dialect(delimiter="semicolon", decimal="comma"), 15000),
        ("1.5", Dialect(delimiter="semicolon", decimal="comma"), "bad_number"),
        ("1.234,5", Dialect(delimiter="semicolon", decimal="comma"), "bad_number"),
        ("1e5", Dialect(), "bad_number"),
        ("+5", Dialect(), "bad_number"),
        (".5", Dialect(), "bad_number"),
        ("5.", Dialect(), "bad_number"),
        ("5-", Dialect(), "bad_number"),
        ("1 234", Dialect(), "bad_number"),
        ("1'234", Dialect(), "bad_number"),
        ("€5", Dialect(), "bad_number"),
        ("٥", Dialect(), "bad_number"),
        ("NaN", Dialect(), "bad_number"),
        ("Infinity", Dialect(), "bad_number"),
        ("1_000", Dialect(), "bad_number"),
        ("999999999999.9999", Dialect(), 9999999999999999),
        ("1000000000000", Dialect(), "out_of_range"),
        ("0.00001", Dialect(), "out_of_range"),
    ],
)
def test_a_number_is_read_as_declared_or_refused(file: Path, number: str, dialect: Dialect, outcome: Any) -> None:
    mark = DELIMITERS[dialect.delimiter]
    rows, problems = checked(file, f"period{mark}revenue\n2020-01{mark}{number}\n", dialect)
    if isinstance(outcome, str):
        assert (rows, problems) == ([], [(2, "revenue", outcome)])
    else:
        assert ([row[2] for row in rows], problems) == ([outcome], [])


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
        ("windows-1251", "cp1251"),
    ],
)
def test_declared_characters_are_read_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch, charset: str, codec: str
) -> None:
    body = 'period,channel\n2020-01,"Юг ""и"" север"\n'.encode(codec)
    for chunk in (delimited.CHUNK, 1, 3):
        monkeypatch.setattr(delimited, "CHUNK", chunk)
        rows, problems = checked(file, body, Dialect(charset=charset))
        assert ([row[2] for row in rows], problems) == (['Юг "и" север'], [])


def test_other_characters_than_declared_are_refused(file: Path) -> None:
    with pytest.raises(BadBody, match=r"not utf-8: byte 24 is 0xfc"):
        checked(file, b"period,channel\n2020-01,\xfc\n")
    with pytest.raises(BadBody, match="NUL"):
        checked(file, b"period,channel\n2020-01,\0\n")


@pytest.mark.parametrize("text", ['2020-01,"a\n2020-02,b\n', '2020-01,a"b"\n', '2020-01,"a"b\n', '2020-01,"a" \n'])
def test_a_quote_out_of_place_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    for chunk in (delimited.CHUNK, 1, 5):
        monkeypatch.setattr(delimited, "CHUNK", chunk)
        with pytest.raises(BadBody, match="quote"):
            checked(file, "period,channel\n" + text)


def test_dates_and_months_in_a_declared_order(file: Path) -> None:
    rows, problems = checked(file, "period\n03.2020\n2020-04\n13.2020\n", Dialect(dates="DD.MM.YYYY"))
    assert [row[1] for row in rows] == [parse_month("2020-03"), parse_month("2020-04")]
    assert problems == [(4, "period", "bad_month")]


@pytest.mark.parametrize("header", ["period,revenu", "period,period", "revenue", "PERIOD"])
def test_a_wrong_header_is_refused(file: Path, header: str) -> None:
    with pytest.raises(RowsRefused):
        checked(file, header + "\n2020-01,1\n")


@given(text=st.text(alphabet="a\"',;\n\r\t 0.1-", max_size=40))
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_accepted_is_what_a_strict_reader_reads(file: Path, text: str) -> None:
    """Python's strict reader is the second opinion; ours may refuse more, and never reads other cells."""
    body = "period,channel\n" + text
    file.write_bytes(body.encode())
    found = []
    try:
        for batch in read_delimited(file, FORMS["statistics"], Dialect()).batches:
            found += list(zip(*(column.to_pylist() for column in batch.columns.values()), strict=True))
    except (BadBody, RowsRefused):
        return
    cells = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert found == [tuple(row) for row in cells if len(row) == 2 and any(row)]


@given(texts=st.lists(st.text(alphabet="0123456789.-+eE ,_", max_size=20), min_size=1))
def test_columns_are_read_like_single_cells(texts: list[str]) -> None:
    import pyarrow as pa  # noqa: PLC0415

    for form in FORMS.values():
        for column in form.columns:
            if column.kind.quick is None:
                continue
            for text, value in zip(texts, column.kind.quick(pa.array(texts)).to_pylist(), strict=True):
                try:
                    read = column.kind.read(text, NEWEST) if text else None
                except BadValue:
                    read = None
                assert value in (None, read)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"period,revenue", BadBody),
        (gzip.compress(b"period", mtime=0)[:-5], BadBody),
        (gzip.compress(b"period", mtime=0) + b"rubbish", BadBody),
        (gzip.compress(b"0" * 200_000_000, mtime=0), TooLarge),
    ],
)
def test_gzip_is_unpacked_within_limits(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        unpack(io.BytesIO(body), io.BytesIO(), 1 << 30)


def test_gzip_of_several_members_is_one_body() -> None:
    plain = io.BytesIO()
    unpack(io.BytesIO(gzip.compress(b"period\n", mtime=0) + gzip.compress(b"2020-01\n", mtime=0)), plain, 1 << 20)
    assert plain.getvalue() == b"period\n2020-01\n"
