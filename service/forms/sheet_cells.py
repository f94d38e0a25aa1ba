"""In the child: from a workbook to batches of text. Formulas stay what they were last calculated to; macros sleep."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import python_calamine

from service.errors import BadBody, Problem, RowsRefused
from service.forms.archive import DAMAGED, Archive
from service.forms.limits import Limits
from service.forms.sheet_scan import Scan, Sheet, check_strings, column_letters, corner, scan, sheets_of
from service.forms.text_batches import TextWriter
from service.wording import Message, say

SIGNIFICANT_DIGITS = 15
AMOUNT_DECIMALS = 4
NOISE = Decimal("1e-9")
"""An amount this close to four decimals is meant to have four: the rest is what subtracting floats left over."""
BATCH_CELLS = 262_144
Row = tuple[int, list[Any]]


def read(
    path: str, folder: Path, limits: Limits, *, sheet: str | None, known: Mapping[str, str], shapes: Mapping[str, str]
) -> dict[str, Any]:
    """`known` is folded heading → column, `shapes` how a typed cell of a column is written."""
    archive = Archive(Path(path), limits)
    chosen = _choose(sheets_of(archive, limits), sheet)
    check_strings(archive, limits)
    found = scan(archive, chosen.part, limits)
    table = _table(Path(path), folder, chosen, found)
    left = table.start[1] + 1 if table.start else 1
    rows = _rows(table, {row for row, _ in (*found.errors, *found.valueless)})
    number, header = next(rows, (0, []))
    headings = {place: _name(heading, known) for place, heading in enumerate(header) if heading != ""}
    if not headings:
        raise BadBody(
            say("The sheet {name!r} is empty: a row of headings and rows of data are needed.", name=chosen.name)
        )
    names = list(headings.values())
    report = {"names": names, "row": number, "sheet": chosen.name, "received": 0}
    if len(set(names)) != len(names) or not shapes.keys() >= set(names):
        return report
    _refuse_merged(found, number, left, headings)
    columns = {place: _Column(name, left + place, shapes[name], found, limits) for place, name in headings.items()}
    with TextWriter(folder / "rows.arrow", names, limits.unpacked) as writer:
        for numbers, cells in _gathered(rows, left, columns):
            arrays: dict[str, pa.Array] = {}
            problems: list[Problem] = []
            for place, column in columns.items():
                arrays[column.name] = column.take(numbers, cells[place], problems)
            problems.sort(key=lambda problem: problem.row or 0)
            writer.write(pa.array(numbers, pa.int64()), arrays, problems)
    letters = {column.name: column_letters(column.number) for column in columns.values()}
    return report | {"letters": letters, "received": writer.received}


def _choose(sheets: Sequence[Sheet], name: str | None) -> Sheet:
    chosen = next((sheet for sheet in sheets if (sheet.visible if name is None else sheet.name == name)), None)
    if chosen is None:
        shown = ", ".join(sheet.name for sheet in sheets[:10])
        if name is None:
            raise BadBody(say("The workbook has no visible sheet. It has: {sheets}.", sheets=shown or "–"))
        raise BadBody(say("The workbook has no sheet {name!r}. It has: {sheets}.", name=name[:40], sheets=shown or "–"))
    return chosen


def _table(path: Path, folder: Path, sheet: Sheet, found: Scan) -> python_calamine.CalamineSheet:
    # The library goes by the ending of the name.
    book = folder / "book.xlsx"
    book.symlink_to(path)
    table = python_calamine.CalamineWorkbook.from_path(book).get_sheet_by_name(sheet.name)
    if table.end is not None and (table.end[0] >= found.last_row or table.end[1] >= found.last_column):
        raise BadBody(DAMAGED)
    return table


def _rows(table: python_calamine.CalamineSheet, odd: set[int]) -> Iterator[Row]:
    """The rows that hold something, by their number in the sheet; `odd` rows may only seem to be empty."""
    empty: list[Any] = [""] * table.width
    for number, cells in enumerate(table.iter_rows(), start=1):
        if cells != empty or number in odd:
            yield number, cells


def _name(heading: Any, known: Mapping[str, str]) -> str:
    text = str(heading).strip()
    return known.get(text.casefold(), text)


def _refuse_merged(found: Scan, header: int, left: int, headings: Mapping[int, str]) -> None:
    """A merged cell has one value and several rows: whose it is cannot be told."""
    problems = []
    for reference in found.merged:
        first, _, last = reference.partition(":")
        (top, from_column), (bottom, to_column) = corner(first), corner(last or first)
        within = any(from_column <= left + place <= to_column for place in headings)
        if within and bottom > header and top <= found.last_row:
            message = say(
                "The cells {reference} are merged: split them and write the value into every row.", reference=reference
            )
            problems.append(Problem(max(top, header + 1), None, "merged_cells", message))
    if problems:
        raise RowsRefused(problems, len(problems), 0)


def _gathered(
    rows: Iterator[Row], left: int, columns: Mapping[int, "_Column"]
) -> Iterator[tuple[list[int], list[tuple[Any, ...]]]]:
    """Some rows at a time: their numbers and their cells by place."""
    numbers: list[int] = []
    lines: list[list[Any]] = []
    for number, cells in rows:
        numbers.append(number)
        lines.append(cells)
        if len(lines) * len(cells) >= BATCH_CELLS:
            yield numbers, _by_place(numbers, lines, left, columns)
            numbers, lines = [], []
    if lines:
        yield numbers, _by_place(numbers, lines, left, columns)


def _by_place(
    numbers: list[int], lines: list[list[Any]], left: int, columns: Mapping[int, "_Column"]
) -> list[tuple[Any, ...]]:
    cells = list(zip(*lines, strict=True))
    for place, column in enumerate(cells):
        if place not in columns and any(cell != "" for cell in column):
            number = next(number for number, cell in zip(numbers, column, strict=True) if cell != "")
            letters = column_letters(left + place)
            message = say("The column {letters} of the sheet has values but no heading.", letters=letters)
            raise RowsRefused([Problem(number, None, "unknown_column", message)], 1, 0)
    return cells


class _Misfit(Exception):
    """A cell that becomes no text: why."""

    def __init__(self, code: str, message: Message) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Column:
    """A column of the form within the sheet."""

    def __init__(self, name: str, number: int, shape: str, found: Scan, limits: Limits) -> None:
        self.name = name
        self.number = number
        self._shape = shape
        self._longest = limits.cell
        self._errors = {row: error for (row, column), error in found.errors.items() if column == number}
        self._valueless = {row for row, column in found.valueless if column == number}

    def take(self, numbers: Sequence[int], cells: Sequence[Any], problems: list[Problem]) -> pa.Array:
        """The cells as text, null where one is added to `problems`."""
        texts: list[str | None] = []
        for number, cell in zip(numbers, cells, strict=True):
            try:
                if cell == "":
                    self._check_empty(number)
                texts.append(self._text(cell))
            except _Misfit as misfit:
                texts.append(None)
                value = str(self._errors.get(number, cell))[:80]
                problems.append(Problem(number, self.name, misfit.code, misfit.message, value))
        return pa.array(texts, pa.string())

    def _check_empty(self, number: int) -> None:
        if number in self._errors:
            raise _Misfit(
                "cell_error", say("The cell holds the error {error} instead of a value.", error=self._errors[number])
            )
        if number in self._valueless:
            message = say(
                "The cell holds a formula that was never calculated: open and save the workbook, or write the value."
            )
            raise _Misfit("formula_without_value", message)

    def _text(self, cell: Any) -> str:
        if isinstance(cell, str):
            if len(cell) > self._longest:
                raise _Misfit(
                    "too_long", say("A cell of a sheet has at most {longest} characters.", longest=self._longest)
                )
            return cell
        if isinstance(cell, bool):
            if self._shape != "flag":
                raise _Misfit("wrong_type", say("The cell holds true or false; text or a number is needed."))
            return "true" if cell else "false"
        if isinstance(cell, float | int):
            return number_text(cell, self._shape)
        if isinstance(cell, date):
            return self._day(cell)
        raise _Misfit(
            "wrong_type", say("The cell is formatted as a time or a duration: format it as a number or a date.")
        )

    def _day(self, cell: date) -> str:
        if isinstance(cell, datetime):
            if cell.time() != time():
                raise _Misfit("bad_date", say("The cell holds a day with a time of day: only the day is needed."))
            cell = cell.date()
        text = cell.isoformat()
        return text[:7] if self._shape == "month" else text


def number_text(number: float, shape: str) -> str:
    """Plain decimal text of a cell's number, of the 15 digits that a spreadsheet keeps."""
    if not math.isfinite(number):
        raise _Misfit("not_a_number", say("The cell holds no number that can be written."))
    if shape == "text" and abs(number) >= 10**SIGNIFICANT_DIGITS:
        message = say(
            "A spreadsheet keeps {count} digits of a number: format the cell as text and write it anew.",
            count=SIGNIFICANT_DIGITS,
        )
        raise _Misfit("too_many_digits", message)
    if number.is_integer() and abs(number) < 10**SIGNIFICANT_DIGITS:
        return str(int(number))
    text = repr(number)
    if len(text) < SIGNIFICANT_DIGITS and "e" not in text and len(text.partition(".")[2]) <= AMOUNT_DECIMALS:
        return text
    value = Decimal(f"{number:.{SIGNIFICANT_DIGITS}g}")
    if shape == "amount" and abs(number) < 10**SIGNIFICANT_DIGITS:
        rounded = round(value, AMOUNT_DECIMALS)
        value = rounded if abs(value - rounded) <= NOISE else value
    return plain(value)


def plain(value: Decimal) -> str:
    """Decimal text without exponent, needless zeros or a negative zero."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
