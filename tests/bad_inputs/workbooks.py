"""B4: workbooks and other archives."""

import io
import struct
import zipfile
from typing import Any

from tests.bad_inputs.case import XLSX, Case, hand_in
from tests.forms.test_sheets import parts_of, zipped

HEAD = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>period</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>revenue</t></is></c></row>'
)
BAD, LARGE, ROWS = "400 bad-body", "413 too-large", "422 rows-refused"


def sheet(name: str, outcome: str, data: str, **more: Any) -> Case:
    return hand_in(name, outcome, zipped(parts_of(HEAD + data, **more)), XLSX)


def archive(name: str, outcome: str, body: bytes) -> Case:
    return hand_in(name, outcome, body, XLSX)


def row(period: str, revenue: str) -> str:
    return f'<row r="2">{period.replace("?", "A2")}{revenue.replace("?", "B2")}</row>'


def text(value: str) -> str:
    return f'<c r="?" t="inlineStr"><is><t>{value}</t></is></c>'


def number(value: str) -> str:
    return f'<c r="?"><v>{value}</v></c>'


def within(levels: int) -> bytes:
    body = zipped({"zeros": bytes(1 << 20)})
    for level in range(levels):
        body = zipped({f"{level}.zip": body})
    return body


def odd_name(name: str, link: bool = False) -> bytes:
    out = io.BytesIO(zipped(parts_of()))
    with zipfile.ZipFile(out, "a") as file:
        entry = zipfile.ZipInfo(name)
        if link:
            entry.external_attr = 0o120777 << 16
        file.writestr(entry, "/etc/passwd")
    return out.getvalue()


def lying(size: int) -> bytes:
    """The directory declares another size than what comes."""
    body = bytearray(zipped(parts_of()))
    place = body.rindex(b"PK\x01\x02")
    body[place + 24 : place + 28] = struct.pack("<I", size)
    return bytes(body)


def elsewhere() -> bytes:
    """The directory says that it, and so each part, begins a byte later than it does."""
    body = bytearray(zipped(parts_of()))
    end = body.rindex(b"PK\x05\x06")
    body[end + 16] += 1
    return bytes(body)


MERGED = '<mergeCells><mergeCell ref="A2:B2"/></mergeCells>'
ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:1/x">]>'
CASES = [
    archive("nothing", BAD, b""),
    archive("a CSV", BAD, b"period,revenue\n2025-02,1\n"),
    archive("an old workbook", BAD, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
    archive("a head alone", BAD, b"PK\x03\x04"),
    archive("an archive whose directory is empty", BAD, zipped({"a": b"a"})[:40] + b"PK\x05\x06" + bytes(18)),
    archive("an empty archive", BAD, b"PK\x05\x06" + bytes(18)),
    archive("a cut archive", BAD, zipped(parts_of())[:-30]),
    archive("an archive cut in its middle", BAD, zipped(parts_of())[:200]),
    archive("an archive with a flipped bit", BAD, zipped(parts_of())[:60] + b"\xff" + zipped(parts_of())[61:]),
    archive("an archive of archives", BAD, within(5)),
    archive("a name that leads out", BAD, odd_name("../../etc/cron.d/x")),
    archive("an absolute name", BAD, odd_name("/etc/cron.d/x")),
    archive("a name with a drive", BAD, odd_name("C:\\x")),
    archive("a link", BAD, odd_name("xl/link", link=True)),
    archive("a part twice", BAD, odd_name("XL/WORKBOOK.XML")),
    archive("a size that is too small", BAD, lying(1)),
    archive("a size that is too large", BAD, lying(10_000)),
    archive("a size of 4 GB", LARGE, lying(2**32 - 2)),
    archive("3 000 parts", LARGE, zipped(parts_of() | {f"x{place}": b"" for place in range(3_000)})),
    archive("200 MB of zeros in a part", LARGE, zipped(parts_of() | {"xl/media/x": bytes(200 << 20)})),
    archive("parts that begin before the file", BAD, elsewhere()),
    archive("no workbook in it", BAD, zipped({"a.txt": b"a"})),
    archive("no sheet in it", BAD, zipped({**parts_of(), "xl/worksheets/sheet1.xml": b""})),
    archive("a sheet that is no XML", BAD, zipped({**parts_of(), "xl/worksheets/sheet1.xml": b"<a><b></a>"})),
    sheet("entities", BAD, "", doctype=ENTITY),
    sheet("an external entity", BAD, "", doctype=EXTERNAL),
    sheet("an empty document type", BAD, "", doctype="<!DOCTYPE x>"),
    sheet("a cell in the far corner", LARGE, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    sheet("a cell beyond the corner", BAD, '<row r="2"><c r="AAAA2"><v>1</v></c></row>'),
    sheet("a cell in row 0", BAD, '<row r="0"><c r="A0"><v>1</v></c></row>'),
    sheet("no rows", f"{ROWS} no_rows", ""),
    sheet("a text for a month", f"{ROWS} bad_month", row(text("Feb 2025"), number("1"))),
    sheet("a number for a month", f"{ROWS} bad_month", row(number("45000"), number("1"))),
    sheet("a text for an amount", f"{ROWS} bad_number", row(text("2025-02"), text("1,5"))),
    sheet("an error in a cell", f"{ROWS} cell_error", row(text("2025-02"), '<c r="?" t="e"><v>#DIV/0!</v></c>')),
    sheet(
        "a formula without a value", f"{ROWS} formula_without_value", row(text("2025-02"), '<c r="?"><f>1+1</f></c>')
    ),
    sheet("true for an amount", f"{ROWS} wrong_type", row(text("2025-02"), '<c r="?" t="b"><v>1</v></c>')),
    sheet("a number that is none", f"{ROWS} bad_number", row(text("2025-02"), number("abc"))),
    sheet("a shared text that is not there", BAD, row(text("2025-02"), '<c r="?" t="s"><v>99</v></c>')),
    sheet("NaN", f"{ROWS} not_a_number", row(text("2025-02"), number("NaN"))),
    sheet("17 digits", f"{ROWS} out_of_range", row(text("2025-02"), number("0.12345678901234567"))),
    sheet(
        "merged cells",
        f"{ROWS} merged_cells",
        row(text("2025-02"), number("1")),
        after=MERGED,
    ),
    sheet("a control character", BAD, row(text("2025-02&#1;"), number("1"))),
]
