"""The sender's workbook back: what was in it stays, what is wrong is marked, and nothing of it runs."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from service.errors import BadBody, Problem
from service.forms import marking
from service.forms.catalogue import FORMS
from service.forms.marking import LISTED, MARKED_CELLS, Marks, mark, marked
from service.forms.template import workbook

COLUMNS = {"period": 1, "customer": 2, "revenue": 7}
BAD = [
    Problem(2, "revenue", "bad_number", "'much' is not a number.", "much"),
    Problem(3, "period", "missing_value", "A value is needed here."),
    Problem(3, "customer", "too_long", "At most 64 characters.", "=1+1"),
]
RED = "FFFFC7CE"


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """A template as somebody filled it in."""
    rows = [{"period": "2026-03", "customer": "00123", "revenue": "much"}, {"customer": "=1+1", "revenue": "7"}]
    path = tmp_path / "sent"
    path.write_bytes(workbook(FORMS["statistics"], "de", {"customer": ["00123"]}, rows))
    return path


def opened(body: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(body))


def edited(path: Path, book: Any) -> Path:
    book.save(path.with_name("edited"))
    return path.with_name("edited")


def listed(sheet: Any) -> list[tuple[Any, ...]]:
    return [row for row in sheet.iter_rows(min_row=4, values_only=True) if any(row)]


def test_bad_cells_are_red_and_say_why_and_the_rest_stays(sent: Path) -> None:
    before = opened(sent.read_bytes())
    book = opened(marked(sent, Marks(BAD, COLUMNS, lang="de")))
    sheet = book.worksheets[0]
    assert sheet["G2"].comment.text == "bad_number: 'much' is not a number."
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.start_color.rgb == RED} == {
        "G2",
        "A3",
        "B3",
    }
    values = [[cell.value for cell in row] for row in sheet.iter_rows(max_row=3)]
    assert values == [[cell.value for cell in row] for row in before.worksheets[0].iter_rows(max_row=3)]
    assert (sheet["B3"].value, sheet["B3"].data_type, sheet["B2"].value) == ("=1+1", "s", "00123")
    assert len(sheet.data_validations.dataValidation) == len(before.worksheets[0].data_validations.dataValidation)
    assert (sheet.freeze_panes, sheet["G3"].number_format) == ("A2", "#,##0.00##")
    assert sheet["A1"].comment is not None
    assert book["Lists"].sheet_state == "hidden"


def test_a_sheet_lists_the_problems_with_links(sent: Path) -> None:
    book = opened(marked(sent, Marks(BAD, COLUMNS, lang="de", headings={"revenue": "Umsatz"})))
    sheet = book["Probleme"]
    called = ["Umsatz", "period", "customer"]
    assert [row[:3] for row in listed(sheet)] == [(p.row, name, p.code) for p, name in zip(BAD, called, strict=True)]
    assert [sheet.cell(line, 1).hyperlink.location for line in (4, 5)] == ["'Statistik'!G2", "'Statistik'!A3"]
    assert (sheet["E6"].value, sheet["E6"].data_type, sheet["E6"].quotePrefix) == ("=1+1", "s", True)
    assert book.active == sheet
    assert [one.title for one in book.worksheets if one.sheet_view.tabSelected] in ([], ["Probleme"])


def test_problems_of_a_cell_stand_together_and_those_of_no_cell_in_the_list(sent: Path) -> None:
    problems = [
        Problem(2, "revenue", "first", "One."),
        Problem(2, "revenue", "second", "Two."),
        Problem(2, None, "row", "Of the whole row."),
        Problem(None, None, "table", "Of the table."),
        Problem(1, "colour", "unknown_column", "There is no such column."),
        Problem(10**9, "revenue", "far", "Beyond any sheet."),
    ]
    book = opened(marked(sent, Marks(problems, COLUMNS)))
    sheet = book.worksheets[0]
    assert sheet["G2"].comment.text == "first: One.\nsecond: Two."
    assert sheet["A2"].comment.text == "row: Of the whole row."
    assert [row[2] for row in listed(book["Problems"])] == [problem.code for problem in problems]
    assert sheet.max_row == 3


def test_many_problems_are_capped_and_it_says_so(sent: Path) -> None:
    problems = [Problem(row, "revenue", "bad_number", "No.") for row in range(2, LISTED + 102)]
    book = opened(marked(sent, Marks(problems, COLUMNS, total=50_000)))
    told = book["Problems"]["A1"].value
    assert "50000" in told
    assert str(LISTED) in told
    assert str(MARKED_CELLS) in told
    assert len(listed(book["Problems"])) == LISTED
    assert sum(cell.comment is not None for cell in book.worksheets[0]["G"][1:]) == MARKED_CELLS


def test_marks_of_an_earlier_check_go_away(sent: Path) -> None:
    once = sent.with_name("once")
    once.write_bytes(mark(sent, Marks(BAD, COLUMNS, lang="fr")))
    book = opened(mark(once, Marks(BAD[:1], COLUMNS, lang="de")))
    assert [name for name in book.sheetnames if name.startswith("Probl")] == ["Probleme"]
    sheet = book.worksheets[0]
    assert (sheet["B3"].comment, sheet["B3"].fill.start_color.rgb == RED) == (None, False)
    assert sheet["G2"].comment.text == "bad_number: 'much' is not a number."


def test_the_senders_own_comments_sheets_and_formulas_stay(sent: Path) -> None:
    book = opened(sent.read_bytes())
    sheet = book.worksheets[0]
    sheet["G2"].comment = Comment("Ask Anna.", "Ben")
    sheet["G3"] = "=SUM(1,2)"
    sheet["A3"].fill = PatternFill("solid", start_color="FF00FF00")
    book.create_sheet("Problems")["A1"] = "mine"
    path = edited(sent, book)
    first = mark(path, Marks(BAD[:1], COLUMNS))
    path.write_bytes(first)
    again = opened(mark(path, Marks([], COLUMNS)))
    assert opened(first).worksheets[0]["G2"].comment.text.startswith("Ask Anna.")
    sheet = again.worksheets[0]
    assert sheet["G2"].comment.text == "Ask Anna."
    assert (sheet["G3"].value, sheet["A3"].fill.start_color.rgb) == ("=SUM(1,2)", "FF00FF00")
    assert again["Problems"]["A1"].value == "mine"


def test_the_sheet_named_is_marked_and_merged_cells_at_their_corner(sent: Path) -> None:
    book = opened(sent.read_bytes())
    other = book.create_sheet("It's here")
    other["A2"] = "merged"
    other.merge_cells("A2:C3")
    found = opened(mark(edited(sent, book), Marks(BAD, COLUMNS, sheet="It's here")))
    assert found["It's here"]["A2"].comment.text.count("\n") == 1
    assert found["Problems"]["A5"].hyperlink.location == "'It''s here'!A3"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\x00=1", "\ud800", "<b>&", "x" * 5000])
def test_any_text_can_be_told_and_none_becomes_a_formula(sent: Path, text: str) -> None:
    book = opened(mark(sent, Marks([Problem(2, "revenue", text, text, text)], COLUMNS)))
    row: Sequence[Any] = book["Problems"][4]
    assert all(cell.data_type == "s" for cell in row[2:])
    assert book.worksheets[0]["G2"].comment is not None


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(BadBody):
        marked(path, Marks(BAD, COLUMNS))


def test_a_bomb_of_entities_is_not_expanded(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet().write_string(0, 0, "lol")
    book.close()
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    replaced(path, "xl/sharedStrings.xml", lambda xml: xml.replace("<sst", bomb + "<sst").replace("lol", "&b;"))
    with pytest.raises(BadBody):
        marked(path, Marks(BAD, COLUMNS))


def replaced(path: Path, name: str, change: Any) -> None:
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    parts[name] = change(parts[name].decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in parts.items():
            archive.writestr(entry, content)


def test_openpyxl_reads_with_entities_forbidden() -> None:
    from openpyxl.xml import DEFUSEDXML  # noqa: PLC0415

    assert DEFUSEDXML
    assert marking.MARKED_CELLS <= marking.LISTED
