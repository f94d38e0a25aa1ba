"""How a table is written: declared by the sender, never guessed."""

from dataclasses import dataclass
from typing import Literal

Delimiter = Literal["comma", "semicolon", "tab"]
DecimalMark = Literal["point", "comma"]
DateFormat = Literal["YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY"]

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
}
"""What a content type may declare as `charset`, and Python's name for it. A byte order mark is passed over."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Without a declared decimal mark it is the point, and a number that could be grouped thousands is refused.

    `sheet` is for workbooks; without it the first visible one is read.
    """

    delimiter: Delimiter = "comma"
    decimal: DecimalMark | None = None
    dates: DateFormat = "YYYY-MM-DD"
    charset: str = "utf-8"
    sheet: str | None = None
