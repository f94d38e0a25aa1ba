"""Workbooks: what a cell becomes, and what a file made to do harm comes to."""

import io
import stat
import struct
import zipfile
import zlib
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import BadBody, KontorError, Problem, RowsRefused, TooLarge
from service.forms import kinds
from service.forms.batches import Reading, Sheet
from service.forms.declaration import Column, Form
from service.forms.limits import Limits
from service.forms.sheet_cells import number_text
from service.forms.sheets import read_sheet

FORM = Form(
    "sample",
    "Sample",
    "",
    (
        Column("period", kinds.MONTH, ""),
        Column("code", kinds.CODE, "", required=True),
        Column("day", kinds.DAY, ""),
        Column("amount", kinds.MONEY, ""),
        Column("rate", kinds.RATE, ""),
        Column("deleted", kinds.choice("true", "false"), ""),
    ),
    ("code",),
)
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TWO_HEADINGS = '<c r="{}" t="inlineStr"><is><t>code</t></is></c><c r="{}" t="inlineStr"><is><t>amount</t></is></c>'
HEADER = '<row r="1">' + TWO_HEADINGS.format("A1", "B1") + "</row>"
ROW = '<row r="2"><c r="A2" t="inlineStr"><is><t>C-1</t></is></c><c r="B2"><v>1.5</v></c></row>'
DAMAGED = "The workbook is damaged: its archive contradicts itself."


def relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'


def parts_of(data: str = HEADER + ROW, before: str = "", after: str = "", doctype: str = "") -> dict[str, str]:
    """A workbook as small as can be."""
    sheet = f'<worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData>{after}</worksheet>'
    tabs = '<sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets>'
    book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{tabs}</workbook>'
    relations = f'<Relationships xmlns="{PACKAGE}">{{}}</Relationships>'
    return {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations.format(relation("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": relations.format(relation("r1", "worksheet", "worksheets/sheet1.xml")),
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0" encoding="UTF-8"?>{doctype}{sheet}',
    }


def zipped(parts: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def read(tmp_path: Path, body: bytes, sheet: str | None = None, **limits: Any) -> Reading:
    path = tmp_path / "spooled"
    path.write_bytes(body)
    return read_sheet(path, FORM, {"kunde": "code", "umsatz": "amount"}, sheet, limits=Limits(**limits))


def refused(tmp_path: Path, body: bytes, sheet: str | None = None, **limits: Any) -> tuple[type[KontorError], str]:
    with pytest.raises(KontorError) as caught:
        read(tmp_path, body, sheet, **limits)
    error = caught.value
    detail = error.problems[0].message if isinstance(error, RowsRefused) else error.detail
    return type(error), detail


def written(tmp_path: Path, rows: list[list[Any]], options: dict[str, Any] | None = None) -> bytes:
    """A workbook of typed rows; a tuple is a formula with its value."""
    path = tmp_path / "made.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", **(options or {})}) as book:
        sheet = book.add_worksheet("Statistics")
        for row, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                if isinstance(cell, tuple):
                    sheet.write_formula(row, place, cell[0], None, cell[1])
                elif isinstance(cell, str):
                    sheet.write_string(row, place, cell)
                else:
                    sheet.write(row, place, cell)
    return path.read_bytes()


def taken(reading: Reading) -> tuple[list[int], dict[str, list[str | None]], list[Problem]]:
    rows: list[int] = []
    columns: dict[str, list[str | None]] = {name: [] for name in reading.names}
    problems: list[Problem] = []
    for batch in reading.batches:
        assert batch.received == len(batch.rows)
        rows += batch.rows.to_pylist()
        problems += batch.problems
        for name in columns:
            columns[name] += batch.columns[name].to_pylist()
    return rows, columns, problems


def one(tmp_path: Path, column: str, cell: Any, options: dict[str, Any] | None = None) -> str | Problem | None:
    """What one typed cell becomes: its text, or the problem."""
    rows = [["code", column], ["x", cell]] if column != "code" else [[column], [cell]]
    _, columns, problems = taken(read(tmp_path, written(tmp_path, rows, options)))
    if problems:
        assert columns[column] == [None]
        assert len(problems) == 1
        return problems[0]
    return columns[column][0]


def test_typed_cells_become_text(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        written(
            tmp_path,
            [
                ["Period", " Kunde ", "DAY", "Umsatz", "rate", "deleted"],
                [date(2026, 3, 31), 1001, date(2026, 3, 31), 0.1 + 0.2, 1.0000001, True],
                [],
                ["2026-04", " C-2 ", "2026-04-01", "12.50", 7, "false"],
            ],
        ),
    )
    rows, columns, problems = taken(reading)
    assert rows == [2, 4]
    assert problems == []
    assert columns == {
        "period": ["2026-03", "2026-04"],
        "code": ["1001", " C-2 "],
        "day": ["2026-03-31", "2026-04-01"],
        "amount": ["0.3", "12.50"],
        "rate": ["1.0000001", "7"],
        "deleted": ["true", "false"],
    }
    assert reading.sheet.cell is not None
    assert reading.sheet.cell(17, "rate") == "Statistics!E17"


@pytest.mark.parametrize(
    "number,shape,text",
    [
        (0.1 + 0.2, "amount", "0.3"),
        (1000000.1 - 1000000, "amount", "0.1"),
        (0.3 - 0.1 - 0.2, "amount", "0"),
        (0.00005, "amount", "0.00005"),
        (1000000.1 - 1000000, "number", "0.0999999999767169"),
        (1e-7, "number", "0.0000001"),
        (-0.0, "amount", "0"),
        (-12.5, "amount", "-12.5"),
        (1e20, "amount", "100000000000000000000"),
        (1.23456789012345e-5, "number", "0.0000123456789012345"),
        (123456789012.3456, "amount", "123456789012.346"),
        (1001.0, "text", "1001"),
        (3.25, "text", "3.25"),
    ],
)
def test_a_number_is_written_plainly(number: float, shape: str, text: str) -> None:
    assert number_text(number, shape) == text


@pytest.mark.parametrize(
    "column,cell,code",
    [
        ("amount", True, "wrong_type"),
        ("amount", time(12, 30), "wrong_type"),
        ("day", datetime(2026, 3, 31, 12, 0), "bad_date"),  # noqa: DTZ001
        ("amount", ("=1/0", "#DIV/0!"), "cell_error"),
        ("code", ("=NA()", "#N/A"), "cell_error"),
        ("code", 1234567890123456.0, "too_many_digits"),
    ],
)
def test_a_cell_that_is_no_text_is_a_problem(tmp_path: Path, column: str, cell: Any, code: str) -> None:
    problem = one(tmp_path, column, cell)
    assert isinstance(problem, Problem)
    assert (problem.row, problem.column, problem.code) == (2, column, code)
    if code == "cell_error":
        assert cell[1] in problem.message
        assert problem.value == cell[1]


@pytest.mark.parametrize("value,text", [(12.5, "12.5"), ("C-9", "C-9")])
def test_a_formula_counts_as_its_last_value(tmp_path: Path, value: Any, text: str) -> None:
    assert one(tmp_path, "amount", ("=B9", value)) == text


def test_a_formula_may_come_to_empty_text(tmp_path: Path) -> None:
    row = '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="str"><f>""</f><v></v></c></row>'
    assert taken(read(tmp_path, zipped(parts_of(HEADER + row)))) == ([2], {"code": ["1"], "amount": [""]}, [])


@pytest.mark.parametrize("formula", ["<f>1+1</f>", "<f>1+1</f><v></v>", "<f>1+1</f><v/>"])
def test_a_formula_without_a_value_is_a_problem(tmp_path: Path, formula: str) -> None:
    row = f'<row r="2"><c r="A2"><v>1</v></c><c r="B2">{formula}</c></row>'
    rows, columns, problems = taken(read(tmp_path, zipped(parts_of(HEADER + row))))
    assert (rows, columns) == ([2], {"code": ["1"], "amount": [None]})
    assert [(problem.row, problem.column, problem.code) for problem in problems] == [
        (2, "amount", "formula_without_value")
    ]


def test_infinity_is_no_number(tmp_path: Path) -> None:
    row = '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>inf</v></c></row>'
    _, columns, problems = taken(read(tmp_path, zipped(parts_of(HEADER + row))))
    assert columns["amount"] == [None]
    assert [problem.code for problem in problems] == ["not_a_number"]


def test_days_of_the_1904_system(tmp_path: Path) -> None:
    assert one(tmp_path, "day", date(2026, 3, 31), {"date_1904": True}) == "2026-03-31"
    assert one(tmp_path, "period", date(2026, 3, 31), {"date_1904": True}) == "2026-03"


def test_text_that_looks_like_a_day_stays_text(tmp_path: Path) -> None:
    assert one(tmp_path, "day", "31.03.2026") == "31.03.2026"


def test_a_table_may_start_anywhere(tmp_path: Path) -> None:
    data = (
        '<row r="4">' + TWO_HEADINGS.format("C4", "E4") + "</row>"
        '<row r="7"><c r="C7"><v>1</v></c><c r="E7"><v>2</v></c></row>'
        '<row r="8"><c r="E8" t="e"><v>#REF!</v></c></row>'
    )
    reading = read(tmp_path, zipped(parts_of(data)))
    rows, columns, problems = taken(reading)
    assert (rows, columns) == ([7, 8], {"code": ["1", ""], "amount": ["2", None]})
    assert [(problem.row, problem.column, problem.value) for problem in problems] == [(8, "amount", "#REF!")]
    assert reading.sheet.cell is not None
    assert reading.sheet.cell(8, "amount") == "A!E8"


def test_a_column_with_values_needs_a_heading(tmp_path: Path) -> None:
    body = written(tmp_path, [["code", "", "amount"], ["a", "", 1], ["b", "note", 2]])
    assert refused(tmp_path, body) == (RowsRefused, "The column B of the sheet has values but no heading.")
    body = written(tmp_path, [["code", "", "amount"], ["a", "", 1]])
    assert taken(read(tmp_path, body))[1] == {"code": ["a"], "amount": ["1"]}


def test_headings_are_checked(tmp_path: Path) -> None:
    with pytest.raises(RowsRefused) as caught:
        read(tmp_path, written(tmp_path, [[], ["amount", "Umsatz", "ammount"], [1, 2, 3]]))
    found = [(problem.row, problem.column, problem.code) for problem in caught.value.problems]
    assert found == [(2, "amount", "duplicate_column"), (2, "ammount", "unknown_column"), (2, "code", "missing_column")]


def test_no_rows(tmp_path: Path) -> None:
    assert refused(tmp_path, written(tmp_path, [["code"]])) == (RowsRefused, "There are no rows: nothing to hand in.")
    empty = "The sheet 'Statistics' is empty: a row of headings and rows of data are needed."
    assert refused(tmp_path, written(tmp_path, [])) == (BadBody, empty)


def test_the_first_visible_sheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "made.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheets = [book.add_worksheet(name) for name in ("Secret", "It's 2026", "Third")]
        for number, sheet in enumerate(sheets):
            sheet.write_column(0, 0, ["code", f"C-{number}"])
        sheets[1].activate()
        sheets[1].set_first_sheet()
        sheets[0].hide()
    reading = read(tmp_path, path.read_bytes())
    assert taken(reading)[1] == {"code": ["C-1"]}
    assert reading.sheet.cell is not None
    assert reading.sheet.cell(2, "code") == "'It''s 2026'!A2"
    assert taken(read(tmp_path, path.read_bytes(), "Secret"))[1] == {"code": ["C-0"]}
    detail = "The workbook has no sheet 'Fourth'. It has: Secret, It's 2026, Third."
    assert refused(tmp_path, path.read_bytes(), "Fourth") == (BadBody, detail)


@pytest.mark.parametrize(
    "name,prefix",
    [
        ("Statistics", "Statistics"),
        ("Umsätze_26", "Umsätze_26"),
        ("A1", "'A1'"),
        ("R1C1", "'R1C1'"),
        ("2026", "'2026'"),
    ],
)
def test_a_sheet_stands_in_quotes_where_needed(name: str, prefix: str) -> None:
    assert Sheet(name, {"code": "A"}).cell(1, "code") == f"{prefix}!A1"


def test_merged_cells_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "made.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "amount"])
        sheet.merge_range("A2:A3", "C-1")
        sheet.write_column(1, 1, [1, 2])
    detail = "The cells A2:A3 are merged: split them and write the value into every row."
    assert refused(tmp_path, path.read_bytes()) == (RowsRefused, detail)


def test_macros_sleep(tmp_path: Path) -> None:
    body = zipped(parts_of() | {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 Sub AutoOpen()"})
    assert taken(read(tmp_path, body))[1] == {"code": ["C-1"], "amount": ["1.5"]}


@pytest.mark.parametrize(
    "data,before",
    [
        (HEADER + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', ""),
        (HEADER + ROW, '<dimension ref="A1:XFD1048576"/>'),
    ],
)
def test_a_far_cell_takes_no_memory(tmp_path: Path, data: str, before: str) -> None:
    body = zipped(parts_of(data, before))
    assert len(body) < 2000
    kind, detail = refused(tmp_path, body)
    assert kind is TooLarge
    assert detail.startswith("The sheet reaches to cell XFD1048576; at most 1048576 rows and 100 columns are read.")


def test_a_far_corner_within_the_columns_takes_no_memory(tmp_path: Path) -> None:
    body = zipped(parts_of(HEADER + '<row r="1048576"><c r="CV1048576"><v>1</v></c></row>'))
    detail = "The sheet spans 1048576 rows and 100 columns, more than 2500000 cells: hand it in in parts, or as CSV."
    assert refused(tmp_path, body) == (TooLarge, detail)


def test_a_cell_outside_the_sheet_is_damage(tmp_path: Path) -> None:
    assert refused(tmp_path, zipped(parts_of(HEADER + '<row r="2"><c r="A0"><v>1</v></c></row>'))) == (BadBody, DAMAGED)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY e "' + "x" * 50_000 + '">]>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "http://127.0.0.1:1/x">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
    ],
)
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_entities_are_refused(tmp_path: Path, doctype: str, part: str) -> None:
    parts = {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"/>'} | parts_of()
    parts[part] = doctype + parts[part].partition("?>")[2] if "?>" in parts[part] else doctype + parts[part]
    detail = "The workbook declares a document type or entities: no spreadsheet program writes such."
    assert refused(tmp_path, zipped(parts)) == (BadBody, detail)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    parts: dict[str, Any] = dict(parts_of())
    text = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = text.replace("UTF-8", "UTF-16").encode("utf-16")
    assert refused(tmp_path, zipped(parts)) == (BadBody, "The workbook is written in UTF-16 instead of UTF-8.")
    parts["xl/worksheets/sheet1.xml"] = text.replace("UTF-8", "ISO-8859-1")
    assert refused(tmp_path, zipped(parts)) == (BadBody, "The workbook is written in 'ISO-8859-1' instead of UTF-8.")


def test_too_many_shared_texts(tmp_path: Path) -> None:
    texts = "".join(f"<si><t>{zlib.crc32(b'%d' % number)}</t></si>" for number in range(2_000_001))
    body = zipped(parts_of() | {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>'})
    detail = "The workbook has more than 2000000 different texts: hand it in as CSV."
    assert refused(tmp_path, body) == (TooLarge, detail)


def test_ten_million_empty_shared_texts(tmp_path: Path) -> None:
    body = zipped(parts_of() | {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"<si><t/></si>" * 10**7}</sst>'})
    assert refused(tmp_path, body) == (TooLarge, "The workbook unpacks to more than 200 times its size.")


def test_a_long_text_meant_a_million_times_takes_no_memory(tmp_path: Path) -> None:
    """The library copies a shared text into every cell: the bound of memory holds."""
    data = HEADER + "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, 60_002))
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si></sst>'
    detail = "The file needs more memory to be read than the service gives: hand it in in parts, or as CSV."
    assert refused(tmp_path, zipped(parts_of(data) | {"xl/sharedStrings.xml": strings})) == (TooLarge, detail)


def test_a_thousand_sheets(tmp_path: Path) -> None:
    parts = parts_of()
    many = "".join(f'<sheet name="S{number}" sheetId="{number}" r:id="r1"/>' for number in range(2, 1001))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("</sheets>", many + "</sheets>")
    assert refused(tmp_path, zipped(parts)) == (TooLarge, "The workbook has more than 200 sheets.")


def test_many_full_sheets_of_one_value(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(1, 20_001))
    many = {f"xl/worksheets/sheet{number}.xml": f"<worksheet>{rows}</worksheet>" for number in range(2, 51)}
    body = zipped(parts_of() | many)
    assert refused(tmp_path, body, unpacked=40 << 20) == (TooLarge, "The workbook unpacks to more than 40 MiB.")
    assert refused(tmp_path, body, ratio=8) == (TooLarge, "The workbook unpacks to more than 8 times its size.")


def test_two_thousand_parts(tmp_path: Path) -> None:
    body = zipped(parts_of() | {f"xl/media/{number}": "" for number in range(1996)})
    assert refused(tmp_path, body) == (TooLarge, "The workbook has 2001 parts; at most 2000 are opened.")


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/passwd", "xl/../../x", "xl\\..\\x", "C:x"])
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    body = zipped(parts_of() | {name: "x"})
    assert refused(tmp_path, body) == (BadBody, f"The workbook has a part named {name!r}, which leads out of it.")


def test_a_link_within(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("xl/link.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO(zipped(parts_of()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    detail = "The workbook has a part that is a link: 'xl/link.xml'."
    assert refused(tmp_path, out.getvalue()) == (BadBody, detail)


@pytest.mark.parametrize("levels", [1, 5])
def test_an_archive_within(tmp_path: Path, levels: int) -> None:
    inner = b"\0" * 100_000
    for _ in range(levels):
        inner = zipped({"x.zip": inner})
    body = zipped(parts_of() | {"xl/embeddings/x.zip": inner})
    detail = "The workbook has an archive within: 'xl/embeddings/x.zip'."
    assert refused(tmp_path, body) == (BadBody, detail)


def test_a_part_larger_than_it_says(tmp_path: Path) -> None:
    body = bytearray(zipped(parts_of() | {"xl/media/x": b"\0" * 1_000_000}))
    entry = bytes(body).rindex(b"PK\x01\x02", 0, bytes(body).rindex(b"xl/media/x"))
    body[entry + 24 : entry + 28] = struct.pack("<L", 10)
    assert refused(tmp_path, bytes(body)) == (BadBody, DAMAGED)
    detail = "The workbook unpacks to more than 0 MiB."
    assert refused(tmp_path, bytes(body), unpacked=500_000) == (TooLarge, detail)


def test_a_zip64_part_that_claims_an_exabyte(tmp_path: Path) -> None:
    out = io.BytesIO(zipped(parts_of()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/media/x", b"")
        archive.getinfo("xl/media/x").file_size = 1 << 60
    assert refused(tmp_path, out.getvalue()) == (TooLarge, "The workbook unpacks to more than 1024 MiB.")


def test_parts_that_share_their_bytes(tmp_path: Path) -> None:
    """Part b lies within part a, and both are whole."""
    content = b"x" * 1000
    inner = zipfile.ZipInfo("xl/media/b")
    inner.CRC, inner.file_size, inner.compress_size = zlib.crc32(content), len(content), len(content)
    out = io.BytesIO(zipped(parts_of()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/media/a", b"-" + inner.FileHeader() + content, zipfile.ZIP_STORED)
        outer = archive.getinfo("xl/media/a")
        inner.header_offset = outer.header_offset + len(outer.FileHeader()) + 1
        archive.filelist.append(inner)
    assert zipfile.ZipFile(out).testzip() is None
    assert refused(tmp_path, out.getvalue()) == (BadBody, DAMAGED)


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    body = zipped(parts_of() | {"XL/Worksheets/Sheet1.xml": "<worksheet/>"})
    assert refused(tmp_path, body) == (BadBody, DAMAGED)


OLE = "The workbook is encrypted, or it has the old format .xls: save it without a password as .xlsx."
NO_WORKBOOK = "The body is not an XLSX workbook: save it as .xlsx, or hand it in as CSV."


@pytest.mark.parametrize(
    "body,detail",
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), OLE),
        (b"code,amount\nC-1,1\n", NO_WORKBOOK),
        (b"", NO_WORKBOOK),
        (bytes(range(256)) * 40, NO_WORKBOOK),
        (b"PK\x03\x04" + bytes(range(256)) * 40, DAMAGED),
        (zipped(parts_of())[:-300], DAMAGED),
        (b"#!/bin/sh\n" + zipped(parts_of()), NO_WORKBOOK),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"}), NO_WORKBOOK),
        (zipped(parts_of(data="<row>")), "The workbook is damaged: a part of it is not well-formed XML."),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, body: bytes, detail: str) -> None:
    assert refused(tmp_path, body) == (BadBody, detail)


def test_an_encrypted_part(tmp_path: Path) -> None:
    body = bytearray(zipped(parts_of()))
    entry = bytes(body).index(b"PK\x01\x02")
    body[entry + 8] |= 1
    assert refused(tmp_path, bytes(body)) == (BadBody, "The workbook is encrypted: save it without a password.")


@given(st.data())
@settings(max_examples=25)
def test_damage_anywhere_is_a_refusal_or_rows(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    body = bytearray(zipped(parts_of()))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        taken(read(tmp_path_factory.mktemp("damage"), bytes(body)))
    except (BadBody, TooLarge, RowsRefused) as error:
        assert error.detail  # noqa: PT017  # a refusal is one of two right outcomes


TEXT = st.text(st.characters(min_codepoint=0x21, exclude_categories=("C", "Z")), min_size=1, max_size=20)
AMOUNT = st.decimals(-(10**10), 10**10, places=4)


@given(st.lists(st.tuples(TEXT, AMOUNT, st.dates(date(1900, 3, 1), date(2100, 1, 1))), min_size=1, max_size=30))
@settings(max_examples=25)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Decimal, date]]
) -> None:
    tmp_path = tmp_path_factory.mktemp("round")
    cells = [[code, float(amount), day, day] for code, amount, day in rows]
    body = written(tmp_path, [["code", "amount", "day", "period"], *cells])
    numbers, columns, problems = taken(read(tmp_path, body))
    assert problems == []
    assert numbers == list(range(2, len(rows) + 2))
    assert columns["code"] == [code for code, _, _ in rows]
    assert [Decimal(text or "") for text in columns["amount"]] == [amount for _, amount, _ in rows]
    assert columns["day"] == [day.isoformat() for _, _, day in rows]
    assert columns["period"] == [day.isoformat()[:7] for _, _, day in rows]
