"""A workbook to fill in: the data sheet with headings, types, checks and drop-down lists, and a sheet of notes.

The same input gives the same bytes. Example values stand in the notes only, so that they are never handed in.
"""

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name, xl_range_abs, xl_rowcol_to_cell  # type: ignore[import-untyped]

from service import __version__
from service.forms.cells import TEXT_FORMAT, Say, allowed, number_format, type_name, validation, width
from service.forms.declaration import Column, Form
from service.forms.languages import heading, translate

LISTS = "Lists"
"""Name of the hidden sheet with the values to choose from."""
LAST_ROW = 1_048_575
_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
_SIGNIFICANT_DIGITS = 15
"""A spreadsheet keeps no more digits of a number; a longer one is written as text, so that none is lost."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_FONT = {"font_name": "Calibri", "font_size": 11}
_HEAD = _FONT | {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "border_color": "#BFBFBF"}
_NEEDED = _HEAD | {"bg_color": "#1F4E79", "font_color": "#FFFFFF"}
_WELCOME = _HEAD | {"bg_color": "#DDEBF7", "font_color": "#1F3864"}
_ENTRY = _FONT | {"text_wrap": True, "valign": "vcenter", "bottom": 1, "bottom_color": "#D9D9D9"}
_GAP = {"bg_color": "#FFE699"}
_NOTE_COLUMNS = (32, 18, 13, 16, 18, 56, 42, 26)


def workbook(
    form: Form,
    lang: str,
    choices: Mapping[str, Sequence[str]],
    rows: Sequence[Mapping[str, str]] = (),
    *,
    title: str = "",
) -> bytes:
    """The form as XLSX in a language. `choices` has the values known of a column, such as the subsidiary's customers;
    `rows` stand on the data sheet as values to change; `title` says for whom it is."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    say = translate(lang)
    _describe(book, form, lang, title)
    _Sheets(book, form, lang, say).write(choices, rows, title)
    book.close()
    return out.getvalue()


def sheet_name(form: Form, lang: str) -> str:
    """Name of the data sheet."""
    return translate(lang)(form.title)


def _describe(book: Any, form: Form, lang: str, title: str) -> None:
    book.set_calc_mode("auto")
    book.set_properties(
        {"title": f"{translate(lang)(form.title)} {title}".strip(), "subject": form.name, "author": "Kontor"}
        | {"created": _CREATED.replace(tzinfo=None)}
    )
    for name, value in (("form", form.name), ("language", lang), ("version", __version__)):
        book.set_custom_property(f"kontor_{name}", value, "text")


@dataclass(frozen=True, slots=True)
class _Sheets:
    book: Any
    form: Form
    lang: str
    say: Say

    def write(self, choices: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, str]], title: str) -> None:
        data = self.book.add_worksheet(sheet_name(self.form, self.lang))
        self._notes(title)
        listed = self._lists(choices)
        self._header(data)
        for place, column in enumerate(self.form.columns):
            shape = self._shape(column)
            data.set_column(place, place, self._width(column), shape)
            self._check(data, place, column, listed.get(column.name))
            for number, row in enumerate(rows, start=1):
                _write(data, number, place, column, row.get(column.name, ""), shape)
        data.freeze_panes(1, 0)
        data.autofilter(0, 0, max(len(rows), 1), len(self.form.columns) - 1)
        data.set_landscape()
        data.set_paper(9)
        data.fit_to_pages(1, 0)
        data.repeat_rows(0)
        data.activate()

    def _header(self, data: Any) -> None:
        lines = 1
        for place, column in enumerate(self.form.columns):
            text = heading(column, self.lang)
            look = self.book.add_format(_NEEDED if column.required else _WELCOME)
            data.write_string(0, place, text, look)
            note = self._note(column)
            size = {"width": 300, "height": 30 + 17 * sum(1 + len(line) // 42 for line in note.split("\n"))}
            data.write_comment(0, place, note, {"author": "Kontor", "font_size": 9} | size)
            lines = max(lines, -(-len(text) // (self._width(column) - 2)))
        data.set_row(0, 8 + 15 * max(lines, 2))

    def _note(self, column: Column) -> str:
        """What the heading's comment says."""
        said = [self.say(column.meaning), allowed(column.kind, self.say)]
        said += [self.say("Unit: {unit}").format(unit=self.say(column.unit))] if column.unit else []
        said += [self.say("Example: {example}").format(example=column.example)] if column.example else []
        first = self.say("Required.") if column.required else self.say("May stay empty.")
        return "\n".join([heading(column, self.lang), first, *filter(None, said)])

    def _check(self, data: Any, place: int, column: Column, listed: str | None) -> None:
        """Checks while typing; and what is missing in a row that was begun shows up."""
        first = xl_rowcol_to_cell(1, place)
        rule = validation(column, heading(column, self.lang), first, listed, self.say)
        data.data_validation(1, place, LAST_ROW, place, rule)
        if column.required:
            last = xl_col_to_name(len(self.form.columns) - 1)
            begun = f"=AND(LEN({first})=0,COUNTA($A2:${last}2)>0)"
            gap = {"type": "formula", "criteria": begun, "format": self.book.add_format(_GAP)}
            data.conditional_format(1, place, LAST_ROW, place, gap)

    def _lists(self, choices: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Ranges of the hidden sheet by column: fixed choices of the form, and values known."""
        wanted = {column.name: _values(column, choices) for column in self.form.columns}
        wanted = {name: values for name, values in wanted.items() if values}
        if not wanted:
            return {}
        sheet = self.book.add_worksheet(LISTS)
        sheet.hide()
        text = self.book.add_format({"num_format": TEXT_FORMAT})
        ranges = {}
        for place, (name, values) in enumerate(wanted.items()):
            for number, value in enumerate(values):
                sheet.write_string(number, place, value, text)
            ranges[name] = f"{LISTS}!{xl_range_abs(0, place, len(values) - 1, place)}"
        return ranges

    def _width(self, column: Column) -> int:
        """Wide enough for values and for the longest word of the heading beside the filter's button."""
        longest = max(map(len, heading(column, self.lang).split()))
        return max(width(column.kind), longest + 4)

    def _shape(self, column: Column) -> Any:
        return self.book.add_format(_FONT | {"num_format": number_format(column.kind)})

    def _notes(self, title: str) -> None:
        sheet = self.book.add_worksheet(self.say("Notes"))
        plain = self.book.add_format(_FONT | {"text_wrap": True, "valign": "top"})
        bold = self.book.add_format(_FONT | {"bold": True, "font_size": 16, "font_color": "#1F4E79"})
        for place, characters in enumerate(_NOTE_COLUMNS):
            sheet.set_column(place, place, characters)
        sheet.write_string(0, 0, f"{self.say(self.form.title)} – {title}" if title else self.say(self.form.title), bold)
        line = 1
        for line, text in enumerate(self._introduction(), start=1):
            sheet.merge_range(line, 0, line, len(_NOTE_COLUMNS) - 1, "", plain)
            sheet.write_string(line, 0, text, plain)
            sheet.set_row(line, _height([text], [sum(_NOTE_COLUMNS)]))
        self._described(sheet, line + 2)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _introduction(self) -> list[str]:
        say = self.say
        by_name = self.form.by_name
        key = ", ".join(heading(by_name[name], self.lang) for name in self.form.key)
        sheet = sheet_name(self.form, self.lang)
        return [
            say(self.form.meaning),
            say("Fill in the sheet “{sheet}”, from row 2 on. This sheet is not handed in.").format(sheet=sheet),
            say("Columns marked * are required: their headings are dark. Other columns may be left out or stay empty."),
            say("Columns may stand in any order. Leave the headings as they are, in any of the languages offered."),
            say("A row with the same {key} as one handed in before replaces it.").format(key=key),
        ]

    def _described(self, sheet: Any, top: int) -> None:
        """A row for each column."""
        say = self.say
        head, plain = self.book.add_format(_NEEDED), self.book.add_format(_ENTRY)
        titles = (say("Column"), say("Technical name"), say("Required"), say("Type"), say("Unit"), say("Meaning"))
        for place, text in enumerate((*titles, say("Allowed values"), say("Example"))):
            sheet.write_string(top, place, text, head)
        sheet.set_row(top, 24)
        for number, column in enumerate(self.form.columns, start=top + 1):
            required = " *" if column.required else ""
            cells = [heading(column, self.lang) + required, column.name, say("yes") if required else ""]
            cells += [type_name(column.kind, say), say(column.unit), say(column.meaning), allowed(column.kind, say)]
            for place, text in enumerate(cells):
                sheet.write_string(number, place, text, plain)
            sheet.set_row(number, _height([*cells, column.example], _NOTE_COLUMNS))
            look = {"num_format": number_format(column.kind), "align": "left"}
            _write(sheet, number, len(cells), column, column.example, self.book.add_format(_ENTRY | look))
            if not column.example:
                sheet.write_blank(number, len(cells), None, plain)


def _values(column: Column, choices: Mapping[str, Sequence[str]]) -> Sequence[str]:
    fixed: Sequence[str] = column.kind.constraints.get("enum", ())
    return list(fixed) or list(dict.fromkeys(value for value in choices.get(column.name, ()) if value))


def _height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """Of a row whose texts are wrapped. Not every spreadsheet finds it out by itself."""
    return 5 + 15 * max(-(-len(text) // (width - 1)) or 1 for text, width in zip(texts, widths, strict=True))


def _write(sheet: Any, row: int, place: int, column: Column, text: str, shape: Any) -> None:
    """Text is always written as text: nothing that begins with = + - @ becomes a formula."""
    if not text:
        return
    with suppress(ValueError):
        if column.kind.table_type == "date":
            sheet.write_datetime(row, place, date.fromisoformat(text), shape)
            return
        if column.kind.numeric and _NUMBER.fullmatch(text) and sum(map(str.isdigit, text)) <= _SIGNIFICANT_DIGITS:
            sheet.write_number(row, place, float(text), shape)
            return
    sheet.write_string(row, place, text, shape)
