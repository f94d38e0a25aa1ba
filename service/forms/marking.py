"""The sender's own workbook back, with what is wrong marked where it stands.

Bad cells are red and say why in a comment; a sheet lists all problems with a link to each cell. Formulas, formats and
checks stay. A workbook of others is opened in the child process only (`service.forms.sandbox`), which calls `read`.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from service.errors import BadBody, Problem
from service.forms import sandbox
from service.forms.archive import Archive
from service.forms.child import CANNOT_BE_READ, WRITTEN
from service.forms.languages import FALLBACK, LANGUAGES, translate
from service.forms.limits import DEFAULT_LIMITS, Limits

MARKED_CELLS = 1_000
LISTED = 10_000
_AUTHOR = "Kontor: check"
_SEPARATOR = "\n— Kontor —\n"
_RED = PatternFill("solid", start_color="FFFFC7CE", end_color="FFFFC7CE")
_BOLD = Font("Calibri", 11, bold=True)
_LINK = Font("Calibri", 11, color="FF0563C1", underline="single")
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_LONGEST_COMMENT = 1_000
_TAB = "FFC00000"
_WIDTHS = (9, 24, 24, 80, 30)
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Marks:
    """`columns` tells where a column of the form stands (1 is A); rows of the problems count from 1. `total` is how
    many problems there were, where not all are told. Without `sheet` the first one is marked. `headings` are what
    people call the columns."""

    problems: Sequence[Problem]
    columns: Mapping[str, int]
    sheet: str | None = None
    total: int | None = None
    lang: str = FALLBACK
    headings: Mapping[str, str] = field(default_factory=dict)


def marked(original: Path, marks: Marks) -> bytes:
    """The workbook with the marks. Raises BadBody or TooLarge where it cannot be read (again)."""
    told: dict[str, Any] = {"problems": [problem.as_dict() for problem in marks.problems]}
    told |= {"columns": dict(marks.columns)}
    told |= {"sheet": marks.sheet, "total": marks.total, "lang": marks.lang, "headings": dict(marks.headings)}
    written = sandbox.run("marking", original, {"told": told}, DEFAULT_LIMITS).written
    if written is None:
        raise BadBody(CANNOT_BE_READ)
    return written


def read(path: str, folder: Path, limits: Limits, told: dict[str, Any]) -> dict[str, Any]:
    """In the child process: writes the workbook beside the job."""
    Archive(Path(path), limits)
    problems = [Problem.read(problem) for problem in told.pop("problems")]
    (folder / WRITTEN).write_bytes(mark(Path(path), Marks(problems, **told)))
    return {}


def mark(original: Path, marks: Marks) -> bytes:
    """The same, here. Marks of an earlier check are taken away first."""
    with original.open("rb") as file:  # opened here, as openpyxl goes by the ending of a name
        book = load_workbook(file, rich_text=True)
    _unmark(book)
    sheet = _sheet(book, marks.sheet)
    by_place: dict[tuple[int, int], list[Problem]] = {}
    for problem in marks.problems:
        place = _place(problem, marks.columns)
        if place is not None:
            by_place.setdefault(place, []).append(problem)
    for place in list(by_place)[:MARKED_CELLS]:
        _mark(sheet, place, by_place[place])
    _summary(book, sheet, marks, len(by_place))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, name: str | None) -> Worksheet:
    named = [sheet for sheet in book.worksheets if sheet.title == name]
    return named[0] if named else book.worksheets[0]


def _place(problem: Problem, columns: Mapping[str, int]) -> tuple[int, int] | None:
    """Row and column of a problem; that of a whole row stands at its first cell."""
    if problem.row is None or not 1 <= problem.row <= _LAST_ROW:
        return None
    column = min(columns.values(), default=1) if problem.column is None else columns.get(problem.column, 0)
    return (problem.row, column) if 1 <= column <= _LAST_COLUMN else None


def _mark(sheet: Worksheet, place: tuple[int, int], problems: Sequence[Problem]) -> None:
    cell = sheet.cell(*place)
    if isinstance(cell, MergedCell):
        spans = (span for span in sheet.merged_cells.ranges if cell.coordinate in span)
        cell = next((sheet.cell(span.min_row, span.min_col) for span in spans), cell)
    if not isinstance(cell, Cell):
        return
    text = _clean("\n".join(f"{problem.code}: {problem.message}" for problem in problems))[:_LONGEST_COMMENT]
    theirs = cell.comment
    between = "\n" if theirs and theirs.author == _AUTHOR else _SEPARATOR
    comment = Comment(theirs.text + between + text, theirs.author) if theirs else Comment(text, _AUTHOR)
    comment.width = 320
    comment.height = 30 + 18 * sum(1 + len(line) // 45 for line in comment.text.split("\n"))
    cell.comment = comment
    cell.fill = _RED


def _unmark(book: Workbook) -> None:
    """Takes away what an earlier check left."""
    titles = {translate(lang)("Problems") for lang in LANGUAGES}
    for sheet in book.worksheets[1:]:
        colour = sheet.sheet_properties.tabColor
        if sheet.title in titles and colour is not None and colour.rgb == _TAB:
            book.remove(sheet)
    for sheet in book.worksheets:
        # `iter_rows` would make a cell of every empty place, and double the memory.
        for cell in sheet._cells.values():  # noqa: SLF001
            if isinstance(cell, Cell) and cell.comment:
                _unmark_cell(cell)


def _unmark_cell(cell: Cell) -> None:
    comment = cell.comment
    if comment is None:
        return
    if comment.author == _AUTHOR:
        cell.comment = None
    elif _SEPARATOR in comment.text:
        cell.comment = Comment(comment.text.partition(_SEPARATOR)[0], comment.author)
    else:
        return
    if cell.fill == _RED:
        cell.fill = PatternFill()


def _summary(book: Workbook, marked_sheet: Worksheet, marks: Marks, places: int) -> None:
    say = translate(marks.lang)
    listed = marks.problems[:LISTED]
    total = max(marks.total or 0, len(marks.problems))
    sheet: Worksheet = book.create_sheet(say("Problems"))
    said = [say("Problems found: {count}.").format(count=total)]
    if len(listed) < total:
        said.append(say("Only the first {count} are listed.").format(count=len(listed)))
    if places > MARKED_CELLS:
        said.append(say("Only the first {count} cells are marked.").format(count=MARKED_CELLS))
    _put(sheet.cell(1, 1), " ".join(said)).font = _BOLD
    for place, text in enumerate((say("Row"), say("Column"), say("Code"), say("Message"), say("Value")), start=1):
        _put(sheet.cell(3, place), text).font = _BOLD
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS[place - 1]
    for line, problem in enumerate(listed, start=4):
        _list(sheet, line, problem, marks.headings, _link(problem, marks, marked_sheet.title))
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.freeze_panes = "A4"
    sheet.auto_filter.ref = f"A3:E{max(3 + len(listed), 4)}"
    sheet.sheet_properties.tabColor = _TAB
    # A sheet that stays selected beside the active one would be edited with it.
    for other in book.worksheets:
        other.sheet_view.tabSelected = False
    book.active = sheet


def _list(sheet: Worksheet, line: int, problem: Problem, headings: Mapping[str, str], link: str | None) -> None:
    if problem.row is not None:
        cell = sheet.cell(line, 1, problem.row)
        if link is not None:
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=link)
            cell.font = _LINK
    column = problem.column or ""
    texts = (headings.get(column, column), problem.code, problem.message, problem.value)
    for place, text in enumerate(texts, start=2):
        _put(sheet.cell(line, place), text or "").alignment = _WRAPPED


def _link(problem: Problem, marks: Marks, title: str) -> str | None:
    place = _place(problem, marks.columns)
    return None if place is None else f"{quote_sheetname(title)}!{get_column_letter(place[1])}{place[0]}"


def _put(cell: Any, text: str) -> Any:
    """Text that stays text: what begins with = + - @ is no formula, not even after somebody edits the cell."""
    cell.value = _clean(text)
    cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text[:1] in ("=", "+", "-", "@")
    return cell


def _clean(text: str) -> str:
    """Without characters that XML cannot hold."""
    return _SURROGATES.sub("�", ILLEGAL_CHARACTERS_RE.sub("�", text))
