"""CSV: cut into cells in exactly one way, in every declared dialect, wherever a piece of the body ends."""

import codecs
import contextlib
import csv
import io
from itertools import product
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.errors import LISTED_PROBLEMS, BadBody, KontorError, RowsRefused
from service.forms import delimited
from service.forms.batches import KEPT_PROBLEMS
from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.dialect import DELIMITERS, ENCODINGS, Dialect
from tests.forms.tables import Cells, cells, checked, csv_reader

CUSTOMERS = FORMS["customers"]
NAMES = ("code", "name", "industry", "region")
EACH_DIALECT = pytest.mark.parametrize("dialect", [Dialect(name) for name in DELIMITERS], ids=lambda one: one.delimiter)


def read(body: str | bytes, form: Form = CUSTOMERS, dialect: Dialect | None = None) -> Cells:
    return cells(body, form, csv_reader(dialect or Dialect()))


def refused(body: str | bytes, form: Form = CUSTOMERS, dialect: Dialect | None = None) -> str:
    """The words in which a body is refused as a whole."""
    with pytest.raises(BadBody) as caught:
        read(body, form, dialect)
    return caught.value.detail


def refused_header(body: str | bytes, form: Form = CUSTOMERS) -> RowsRefused:
    with pytest.raises(RowsRefused) as caught:
        read(body, form)
    return caught.value


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no mark", "byte order mark"])
@pytest.mark.parametrize("last", [True, False], ids=["last line ends", "last line does not end"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_lines_end_in_any_way_with_or_without_a_mark(mark: str, end: str, last: bool) -> None:
    found = read(mark + end.join(["name,code", '"a",C1', "b,C2"]) + end * last)
    assert found.columns == {"name": ["a", "b"], "code": ["C1", "C2"]}
    assert (found.rows, found.received, found.count) == ([2, 3], 2, 0)


@pytest.mark.parametrize(
    "written, read_as",
    [
        ("a", "a"),
        ('"a"', "a"),
        ('""', ""),
        ('""""', '"'),
        ('"a ""b"" c"', 'a "b" c'),
        ('"a,b"', "a,b"),
        ('"a\nb"', "a\nb"),
        ('"a\r\nb"', "a\r\nb"),
        ('"a\rb"', "a\rb"),
        ('"\n"', "\n"),
        (" a ", " a "),
        ("NA", "NA"),
        ("NULL", "NULL"),
        ("null", "null"),
        ("None", "None"),
        ("nan", "nan"),
        ("-", "-"),
        ("00123", "00123"),
        ("9007199254740993", "9007199254740993"),
        ("1e5", "1e5"),
        ("true", "true"),
        ("'a'", "'a'"),
        ("\\n", "\\n"),
        ("# a", "# a"),
        ("=1+1", "=1+1"),
        ("\u2028", "\u2028"),
        ("\x85", "\x85"),
        ("\ufeffa", "\ufeffa"),
        ("Cafe\u0301", "Cafe\u0301"),
        ("😀", "😀"),
    ],
)
def test_a_cell_is_read_as_it_stands(written: str, read_as: str) -> None:
    assert read(f"code,name,region\nC1,{written},x\n").columns["name"] == [read_as]
    assert read(f"name,code\n{written},C1\n").columns["name"] == [read_as]
    assert read(f"code,name\nC1,{written}").columns["name"] == [read_as]


@pytest.mark.parametrize(
    "body, words",
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n\n", "empty"),
        (b" \t\n", "empty"),
        (b"code,name\nC1,a\0\n", "NUL"),
        (b"code\0,name\nC1,a\n", "NUL"),
        ("code,name\nC1,Köln\n".encode("latin-1"), "byte 15 is 0xf6"),
        ("\ufeffcode,name\nC1,K".encode() + b"\xf6ln\n", "byte 18 is 0xf6"),
        (b"code,name\nC1,\xc3", "byte 14 is 0xc3"),
        (b"code,name\nC1,\xed\xa0\x80\n", "byte 14 is 0xed"),
        (b"code,name\nC1,\xc0\xaf\n", "byte 14 is 0xc0"),
        ("code,name\nC1,a\n".encode("utf-16"), "byte 1 is 0xff"),
        ("code,name\nC1,a\n".encode("utf-16-le"), "NUL"),
        (b'code,name\nC1,"a\n', "near line 2: a quote is not closed"),
        (b'code,name\nC1,"a\nC2,b\n' + b"C3,c\n" * 10, "near line 2: a quote is not closed"),
        (b'code,name\nC1,"a"b\n', "near line 2: a quote stands inside a cell"),
        (b'code,name\nC1,a"b\n', "near line 2: a quote stands inside a cell"),
        (b'code,name\nC1,a"b"\n', "near line 2"),
        (b'code,name\nC1, "a"\n', "near line 2"),
        (b'code,name\nC1,"a" \n', "near line 2"),
        (b'code,name\nC1,a\nC2,5" pipe\n', "near line 3"),
        (b'code,name\nC1,"a";"b"\n', "near line 2"),
        (b'"code,name\nC1,a\n', "header"),
        (b'co"de,name\nC1,a\n', "near line 1"),
        (b'"code"x,name\nC1,a\n', "near line 1"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00!\x00", "NUL"),
        (b"PK\x03\x04\xff", "byte 5 is 0xff"),
        (b"\x1f\x8b\x08\x00", "byte 2 is 0x8b"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "byte 11 is 0xe2"),
    ],
)
def test_what_is_not_csv_is_refused_as_a_whole(body: bytes, words: str) -> None:
    assert words in refused(body)


@pytest.mark.parametrize("body", ["code,name\n", "code,name\r\n", "code", "code,name\n\n\n,\n", "\ufeffcode\n"])
def test_a_table_without_rows_says_so(body: str) -> None:
    assert [(one.row, one.column, one.code) for one in refused_header(body).problems] == [(None, None, "no_rows")]


@pytest.mark.parametrize(
    "header, column, code, words",
    [
        ("code,nam", "nam", "unknown_column", "did you mean name?"),
        ("code, name", " name", "unknown_column", "did you mean name?"),
        ("code,Name", "Name", "unknown_column", "did you mean name?"),
        ("code,colour", "colour", "unknown_column", "no column 'colour'"),
        ("code,id", "id", "unknown_column", "no column 'id'"),
        ("code,created_at", "created_at", "unknown_column", "no column"),
        ("code,__class__", "__class__", "unknown_column", "no column"),
        ("code,", "", "unknown_column", "no column ''"),
        ("code,\ufeffname", "\ufeffname", "unknown_column", "did you mean name?"),
        ("code,name,name,name", "name", "duplicate_column", "more than once"),
        ("name", "code", "missing_column", "code is needed"),
        ("\nC1", "code", "missing_column", "code is needed"),
    ],
)
def test_a_wrong_header_names_the_column(header: str, column: str, code: str, words: str) -> None:
    found = refused_header(header + "\n1\n2\n").problems
    assert [(one.row, one.column, one.code) for one in found] == [(1, column, code)]
    assert words in found[0].message


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_header_cut_by_something_that_was_not_declared_is_refused(delimiter: str) -> None:
    found = refused_header(delimiter.join(["code", "name"]) + "\n" + delimiter.join("ab") + "\n")
    assert [one.code for one in found.problems] == ["unknown_column", "missing_column"]


def test_all_that_is_wrong_with_a_header_is_told_at_once() -> None:
    told = {(one.column, one.code) for one in refused_header("code,code,nam\n", FORMS["salespeople"]).problems}
    assert told == {("nam", "unknown_column"), ("code", "duplicate_column"), ("start", "missing_column")}


def test_a_file_without_a_header_is_refused_at_its_first_row() -> None:
    found = refused_header("C1,a\nC2,b\n").problems
    assert {(one.row, one.code) for one in found} == {(1, "unknown_column"), (1, "missing_column")}


def test_a_form_of_the_group_has_no_subsidiary() -> None:
    found = refused_header("period,currency,reference,rate,subsidiary\n", FORMS["exchange-rates"]).problems
    assert [one.code for one in found] == ["unknown_column"]


@pytest.mark.parametrize("names", [["code"] * 150_000, [f"c{number}" for number in range(150_000)]])
def test_a_header_of_very_many_columns_costs_little(names: list[str]) -> None:
    begin = process_time()
    found = refused_header(",".join(names) + "\n")
    assert process_time() - begin < 5, "each name was compared with all the others"
    assert len(found.problems) <= LISTED_PROBLEMS


def test_a_header_without_an_end_is_refused() -> None:
    assert "header is longer" in refused("code," * 1_000_000)


def test_rows_without_content_are_passed_over_and_keep_their_numbers() -> None:
    found = read("code,name\n\nC1,a\n,\n\n\nC2,b\n\n")
    assert (found.lines, found.rows, found.received) == ([("C1", "a"), ("C2", "b")], [3, 7], 2)


def test_a_table_of_one_column_is_read() -> None:
    found = read("code\nC1\n\nC2\n")
    assert (found.lines, found.rows) == ([("C1",), ("C2",)], [2, 4])


def test_a_row_of_a_wrong_length_is_refused_with_its_number() -> None:
    found = read('code,name\nC1,"a\nb"\n\nC2\nC3,c,\nC4,d\n,,\n')
    assert (found.lines, found.rows, found.received) == ([("C1", "a\nb"), ("C4", "d")], [2, 6], 5)
    assert found.told == [(row, None, "wrong_number_of_cells") for row in (4, 5, 7)]
    assert [one.message.split(".")[0] for one in found.problems[:2]] == [
        "The row has 1 cells, the header 2",
        "The row has 3 cells, the header 2",
    ]


def test_a_comment_line_is_a_row_like_any_other() -> None:
    assert read("code,name\n# a comment\nC1,a\n").told == [(2, None, "wrong_number_of_cells")]


def test_a_header_in_the_middle_is_a_row_like_any_other() -> None:
    found = checked("period,revenue\n2025-01,1\nperiod,revenue\n2025-02,2\n")
    assert (found.rows, found.told) == ([2, 4], [(3, "period", "bad_month"), (3, "revenue", "bad_number")])


def test_many_columns_of_a_row_are_counted_and_not_kept() -> None:
    found = read("code,name\n" + "," * 100_000 + "\nC1,a\n")
    assert (found.rows, found.told) == ([3], [(2, None, "wrong_number_of_cells")])


def test_a_row_that_does_not_end_is_refused() -> None:
    assert "longer than" in refused("code,name\nC1," + "a" * 3_000_000)
    assert "longer than" in refused("code,name\n" + "," * 3_000_000)
    assert "not closed" in refused('code,name\nC1,"' + "a" * 3_000_000)


@EACH_DIALECT
def test_each_delimiter_cuts_and_the_others_are_text(dialect: Dialect) -> None:
    mark = DELIMITERS[dialect.delimiter]
    others = "".join(one for one in DELIMITERS.values() if one != mark)
    body = f'code{mark}name\nC1{mark}a{others}b\nC2{mark}"a{mark}b"\n'
    assert read(body, dialect=dialect).columns["name"] == [f"a{others}b", f"a{mark}b"]


WRITTEN = {
    "utf-8": ("Köln Łódź Київ €😀", ["utf-8", "utf-8-sig"]),
    "utf-16": ("Köln Łódź Київ €😀", ["utf-16", "utf-16-le with a mark", "utf-16-be with a mark"]),
    "utf-16le": ("Köln Łódź Київ €😀", ["utf-16-le", "utf-16-le with a mark"]),
    "utf-16be": ("Köln Łódź Київ €😀", ["utf-16-be", "utf-16-be with a mark"]),
    "windows-1250": ("Köln Łódź €", ["cp1250"]),
    "windows-1251": ("Київ ЁжЪ №", ["cp1251"]),
    "windows-1252": ("Köln € „Œ“", ["cp1252"]),
}


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 20])
@pytest.mark.parametrize(
    "charset, text, encoding", [(name, text, how) for name, (text, ways) in WRITTEN.items() for how in ways]
)
def test_each_charset_is_read(
    charset: str, text: str, encoding: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, marked, _ = encoding.partition(" with")
    body = (("\ufeff" if marked else "") + f'code,name\r\nC1,{text}\r\nC2,"{text}"\r\n').encode(name)
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    text_of = delimited._Text(io.BytesIO(body), Dialect(charset=charset))
    assert text_of.header() == ["code", "name"]
    rest = b"".join(iter(text_of.read, b"")).decode().removeprefix("\ufeff")
    assert rest == f'C1,{text}\r\nC2,"{text}"\r\n'


def test_every_charset_is_among_the_read_ones() -> None:
    assert WRITTEN.keys() == ENCODINGS.keys()


@pytest.mark.parametrize(
    "charset, body, words",
    [
        ("utf-16", "code\nC1\n".encode("utf-16-le"), "does not start with BOM"),
        ("utf-16", b"c", "not utf-16"),
        ("utf-16", "code\nC1\n".encode("utf-16")[:-1], "not utf-16"),
        ("utf-16le", b"\x00\xdc\n\x00", "byte 1"),
        ("windows-1252", b"code\n\x81\n", "byte 6 is 0x81"),
        ("windows-1250", b"code\n\x81\n", "byte 6 is 0x81"),
        ("windows-1251", b"code\n\x98\n", "byte 6 is 0x98"),
    ],
)
def test_bytes_that_are_not_in_the_charset_are_refused(charset: str, body: bytes, words: str) -> None:
    assert words in refused(body, dialect=Dialect(charset=charset))


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_the_place_of_a_bad_byte_is_told_wherever_a_piece_ends(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    text = delimited._Text(io.BytesIO("\ufeffcode\nü".encode() + b"\xe2\x82A\n"), Dialect())
    with pytest.raises(BadBody, match="byte 11 is 0xe2"):
        list(iter(text.read, b""))


TRICKY = 'code,name\r\nC1,"a ""b"""\r\nC2,"x\r\ny"\r\n\r\nC3,"é😀"\r\nC4,""\r\nC5,"""\r\n"""\r\nC6,z'
TRICKY_LINES = [("C1", 'a "b"'), ("C2", "x\r\ny"), ("C3", "é😀"), ("C4", ""), ("C5", '"\r\n"'), ("C6", "z")]


@pytest.mark.parametrize("filler", range(40))
def test_a_piece_may_end_anywhere(filler: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same body moved byte by byte over the ends of pieces that are longer than two of its rows."""
    monkeypatch.setattr(delimited, "CHUNK", 40)
    body = TRICKY.replace("C1", "C" * filler + "C1")
    found = read(body)
    assert found.lines == [("C" * filler + "C1", 'a "b"'), *TRICKY_LINES[1:]]
    assert (found.rows, found.received, found.count) == ([2, 3, 5, 6, 7, 8], 6, 0)


@pytest.mark.parametrize("chunk", range(1, 12))
def test_a_piece_of_any_size_gives_the_same_text(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    text = delimited._Text(io.BytesIO(TRICKY.encode()), Dialect())
    assert text.header() == ["code", "name"]
    pieces = list(iter(text.read, b""))
    assert b"".join(pieces) == codecs.BOM_UTF8 + TRICKY.encode().partition(b"\r\n")[2]
    assert not any(piece.endswith(b"\r") for piece in pieces)


@pytest.mark.parametrize("chunk", range(1, 12))
@pytest.mark.parametrize("body", ['code\nC"1', 'code\n"C1"x', 'code\n"C1', 'code\n"a"" b" c', 'code\nx"'])
def test_a_wrong_quote_is_found_wherever_a_piece_ends(body: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    text = delimited._Text(io.BytesIO(body.encode()), Dialect())
    with pytest.raises(BadBody):
        list(iter(text.read, b""))


@pytest.mark.parametrize("chunk", [64, 200, 1 << 20])
def test_numbers_of_rows_are_right_over_many_batches(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CHUNK", chunk)
    kinds = ["C{n},name", "", "C{n}", ",", "C{n},a,b", 'C{n},"x\ny"', 'C{n},"a ""q"""', "C{n},a,b,c", "\ufeffC{n},"]
    lines = [kinds[(number * number + number // 7) % len(kinds)].format(n=number) for number in range(2, 2_000)]
    found = read("\n".join(["code,name", *lines]))
    good = [number for number, line in enumerate(lines, start=2) if line != "," and len(next(csv.reader([line]))) == 2]
    bad = [number for number, line in enumerate(lines, start=2) if line and len(next(csv.reader([line]))) != 2]
    assert found.rows == good
    assert [f"C{row}" for row in found.rows] == [(code or "").removeprefix("\ufeff") for code in found.columns["code"]]
    assert [one.row for one in found.problems] == bad
    assert found.received == len(good) + len(bad)


def test_long_runs_of_bad_rows_over_many_batches_are_numbered_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 16_384)
    lines = (["C"] * 15_000 + ["C,good"]) * 2 + [""] * 5_000 + ["C,good"] + ["C"] * 1_000
    found = read("\n".join(["code,name", *lines]))
    assert found.rows == [15_002, 30_003, 35_004]
    assert (found.count, found.received, len(found.problems)) == (31_000, 31_003, KEPT_PROBLEMS)
    assert [one.row for one in found.problems] == list(range(2, 2 + KEPT_PROBLEMS))


def test_a_table_of_rows_of_a_wrong_length_alone_is_counted() -> None:
    found = read("code,name\n" + "C\n" * 20_000)
    assert (found.rows, found.received, found.count, len(found.problems)) == ([], 20_000, 20_000, KEPT_PROBLEMS)


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
TABLE = st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[TEXT] * width), min_size=1, max_size=8))


@given(TABLE, st.sampled_from(list(DELIMITERS)), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_any_texts_come_back_in_any_dialect(
    rows: list[tuple[str, ...]], delimiter: str, line_end: str, data: st.DataObject
) -> None:
    charset = data.draw(st.sampled_from(list(ENCODINGS)))
    python_name = ENCODINGS[charset]
    rows = [tuple(cell.encode(python_name, "ignore").decode(python_name) for cell in row) for row in rows]
    out = io.StringIO()
    quoting = data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    # Python 3.11 leaves a lone CR unquoted where the line ends in something else: all is quoted then.
    odd = any("\r" in cell or "\n" in cell for row in rows for cell in row)
    writer = csv.writer(
        out, delimiter=DELIMITERS[delimiter], lineterminator=line_end, quoting=csv.QUOTE_ALL if odd else quoting
    )
    writer.writerows([NAMES[: len(rows[0])], *rows])
    body = out.getvalue().encode(python_name)
    filled = [row for row in rows if any(row)]
    dialect = Dialect(delimiter, charset=charset)
    if filled:
        found = read(body, dialect=dialect)
        assert found.lines == filled
        assert found.rows == [number for number, row in enumerate(rows, start=2) if any(row)]
    else:
        with pytest.raises(RowsRefused):
            read(body, dialect=dialect)


def _by_python(text: str, delimiter: str, width: int) -> list[tuple[int, list[str]]] | None:
    """Rows of the right length with content, and their numbers, as Python reads them; None if it refuses."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return [(number, row) for number, row in enumerate(rows, start=2) if len(row) == width and any(row)]


@given(st.text("a\"',;\n\r\t 0.1-", max_size=30), st.sampled_from(list(DELIMITERS)), st.integers(1, 3))
@example('"a\r\nb"', "comma", 1)
@example('""""', "comma", 1)
@example('a\r\r\n"b"', "tab", 1)
def test_a_text_is_cut_as_python_cuts_it_or_is_refused(text: str, delimiter: str, width: int) -> None:
    mark = DELIMITERS[delimiter]
    try:
        found = read(mark.join(NAMES[:width]) + "\n" + text, dialect=Dialect(delimiter))
    except (BadBody, RowsRefused):
        return
    assert list(zip(found.rows, map(list, found.lines), strict=True)) == _by_python(text, mark, width)


@given(st.text("a',\n\r ", max_size=20), st.integers(1, 3))
def test_a_text_without_quotes_is_never_refused_for_its_cells(text: str, width: int) -> None:
    expected = _by_python(text, ",", width)
    if expected:
        found = read(",".join(NAMES[:width]) + "\n" + text)
        assert list(zip(found.rows, map(list, found.lines), strict=True)) == expected


def test_every_short_text_is_cut_as_python_cuts_it_or_is_refused() -> None:
    for length in range(1, 5):
        for letters in product('a",\n\r', repeat=length):
            text = "".join(letters)
            try:
                found = read("code,name\n" + text)
            except (BadBody, RowsRefused):
                continue
            assert list(zip(found.rows, map(list, found.lines), strict=True)) == _by_python(text, ",", 2), text


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda body: b"code,name\n" + body))
@pytest.mark.parametrize("charset", ENCODINGS)
def test_no_bytes_do_anything_but_be_read_or_refused(charset: str, body: bytes) -> None:
    for form in (CUSTOMERS, FORMS["deals"]):
        with contextlib.suppress(KontorError):
            checked(body, form, csv_reader(Dialect(charset=charset)))
