"""Reading the XML of a workbook ahead of the library that builds the sheet in memory.

It finds what that library would allocate (a single cell in the far corner is enough), and what it does not tell:
cells with an error, formulas without a value, merged cells. Expat refuses what is not well-formed; a document type,
and with it every entity, is refused here.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pyexpat import ExpatError, ParserCreate

from service.errors import BadBody, TooLarge
from service.forms.archive import CHUNK, DAMAGED, NOT_A_WORKBOOK, Archive
from service.forms.limits import Limits
from service.wording import say

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})", re.ASCII)
WORKBOOK, WORKSHEET = "/officeDocument", "/worksheet"
Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str
    visible: bool


@dataclass(slots=True)
class Scan:
    """Rows and columns count from 1. `errors` holds error texts, `valueless` formulas never calculated."""

    last_row: int = 0
    last_column: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    valueless: set[tuple[int, int]] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)


def sheets_of(archive: Archive, limits: Limits) -> list[Sheet]:
    """The worksheets in the order of their tabs."""
    workbook = next(iter(_targets(archive, "", WORKBOOK).values()), None)
    if workbook is None or workbook not in archive.names or not workbook.endswith(".xml"):
        raise BadBody(NOT_A_WORKBOOK)
    parts = _targets(archive, workbook, WORKSHEET)
    found: list[Sheet] = []

    def start(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            relation = next((text for key, text in attributes.items() if key.endswith(":id")), "")
            visible = attributes.get("state", "visible") == "visible"
            found.append(Sheet(attributes.get("name", ""), parts.get(relation, ""), visible))
            if len(found) > limits.sheets:
                raise TooLarge(say("The workbook has more than {sheets} sheets.", sheets=limits.sheets))

    _parse(archive, workbook, start)
    if len({sheet.name for sheet in found}) != len(found):
        raise BadBody(DAMAGED)
    return [sheet for sheet in found if sheet.part]


def check_strings(archive: Archive, limits: Limits) -> None:
    """Every part of shared strings that could be meant: they are loaded before the first cell."""
    count = 0

    def start(name: str, _attributes: Attributes) -> None:
        nonlocal count
        if name == "si":
            count += 1
            if count > limits.strings:
                raise TooLarge(
                    say(
                        "The workbook has more than {strings} different texts: hand it in as CSV.",
                        strings=limits.strings,
                    )
                )

    for part in sorted(archive.names):
        if "sharedstrings" in part.lower() and not part.endswith(".rels"):
            _parse(archive, part, start)


def scan(archive: Archive, part: str, limits: Limits) -> Scan:
    scanner = _Scanner(limits)
    _parse(archive, part, scanner.start, scanner)
    scanner.end_of_cell()
    return scanner.found


def corner(reference: str) -> tuple[int, int]:
    """`"F17"` → (17, 6)."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise BadBody(DAMAGED)
    return int(match[2]), column_number(match[1])


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """1 → `"A"`, 27 → `"AA"`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class _Scanner:
    """Follows the cells of a sheet; a cell counts when it holds something, as only then memory is taken for it."""

    def __init__(self, limits: Limits) -> None:
        self.found = Scan()
        self.listening = False
        self._limits = limits
        self._row = self._column = 0
        self._type = ""
        self._formula = self._counted = False
        self._text: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._cell(attributes)
        elif name in {"v", "is", "f"}:
            if not self._counted:
                self._count()
            if name == "f":
                self._formula = True
            self.listening = name == "v" and (self._formula or self._type == "e")
        elif name == "row":
            self._row = int(attributes["r"]) if attributes.get("r", "").isdecimal() else self._row + 1
            self._column = 0
        elif name == "dimension":
            for reference in attributes.get("ref", "").split(":"):
                self._check(*corner(reference))
        elif name == "mergeCell" and len(self.found.merged) <= self._limits.odd_cells:
            self.found.merged.append(attributes.get("ref", ""))

    def text(self, text: str) -> None:
        self._text.append(text[:80])

    def end_of_cell(self) -> None:
        place = self._row, self._column
        text = "".join(self._text).strip()
        if self._type == "e":
            self.found.errors[place] = text[:20] or "#N/A"
        elif self._formula and not text and self._type != "str":
            self.found.valueless.add(place)
        if len(self.found.errors) + len(self.found.valueless) > self._limits.odd_cells:
            raise TooLarge(
                say(
                    "More than {odd_cells} cells hold an error or a formula without a value.",
                    odd_cells=self._limits.odd_cells,
                )
            )
        self._text.clear()
        self._formula = self.listening = False
        self._type = ""

    def _cell(self, attributes: Attributes) -> None:
        if self._formula or self._type == "e":
            self.end_of_cell()
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            self._row, self._column = corner(reference)
        self._type = attributes.get("t", "")
        self._counted = False

    def _count(self) -> None:
        self._counted = True
        row, column = self._row, self._column
        if row > self.found.last_row or column > self.found.last_column:
            self._check(row, column)
            self.found.last_row = max(row, self.found.last_row)
            self.found.last_column = max(column, self.found.last_column)
            if self.found.last_row * self.found.last_column > self._limits.cells:
                raise TooLarge(
                    say(
                        "The sheet spans {last_row} rows and {last_column} columns, more than {cells} cells: hand it"
                        " in in parts, or as CSV.",
                        last_row=self.found.last_row,
                        last_column=self.found.last_column,
                        cells=self._limits.cells,
                    )
                )

    def _check(self, row: int, column: int) -> None:
        if row > self._limits.rows or column > self._limits.columns:
            raise TooLarge(
                say(
                    "The sheet reaches to cell {column}{row}; at most {rows} rows and {columns} columns are read."
                    " Delete what stands beyond.",
                    column=column_letters(column),
                    row=row,
                    rows=self._limits.rows,
                    columns=self._limits.columns,
                )
            )


def _targets(archive: Archive, source: str, kind: str) -> dict[str, str]:
    """Id → part, for the relations of one kind that a part (or the whole archive: "") has."""
    folder, name = posixpath.split(source)
    found: dict[str, str] = {}

    def start(element: str, attributes: Attributes) -> None:
        if element == "Relationship" and attributes.get("Type", "").endswith(kind):
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            found[attributes.get("Id", "")] = posixpath.normpath(path)

    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations not in archive.names:
        raise BadBody(NOT_A_WORKBOOK)
    _parse(archive, relations, start)
    return found


def _parse(
    archive: Archive, part: str, start: Callable[[str, Attributes], None], scanner: _Scanner | None = None
) -> None:
    """Calls `start` for every element by its name without prefix, and the scanner's `text` while it listens."""
    parser = ParserCreate()
    heard = [False]

    def refuse(*_: object) -> None:
        raise BadBody(say("The workbook declares a document type or entities: no spreadsheet program writes such."))

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in {"utf-8", "us-ascii"}:
            raise BadBody(say("The workbook is written in {encoding!r} instead of UTF-8.", encoding=encoding[:20]))

    def element(name: str, attributes: Attributes) -> None:
        start(name.rpartition(":")[2] if ":" in name else name, attributes)
        if scanner is not None and scanner.listening is not heard[0]:
            heard[0] = scanner.listening
            parser.CharacterDataHandler = scanner.text if scanner.listening else None

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.XmlDeclHandler = declared
    parser.StartElementHandler = element
    try:
        with archive.open(part) as stream:
            head = stream.read(CHUNK)
            if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:4]:
                raise BadBody(say("The workbook is written in UTF-16 instead of UTF-8."))
            while head:
                parser.Parse(head, False)
                head = stream.read(CHUNK)
            parser.Parse(b"", True)
    except ExpatError as error:
        raise BadBody(say("The workbook is damaged: a part of it is not well-formed XML.")) from error
