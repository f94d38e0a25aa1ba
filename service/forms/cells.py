"""Cells of a template: how a column's kind looks in a spreadsheet, what may be typed, and how that is said.

Month cells are text, so that no spreadsheet turns 2026-03 into a day in its own notation; a real date is let in too.
Codes and labels are text for the same reason: 00123 keeps its zeros.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from service.forms.declaration import Column
from service.forms.kinds import Kind
from service.values import AMOUNT_DECIMALS, LARGEST_AMOUNT

TEXT_FORMAT = "@"
DAY_FORMAT = "yyyy-mm-dd"
_NUMBER_FORMATS = {"money": "#,##0.00##", "rate": "0.0000########"}
_WIDTHS = {"code": 15, "label": 19, "name": 32, "money": 15, "rate": 16, "month": 11, "date": 13, "currency": 11}
_EDGE = LARGEST_AMOUNT - 10**-AMOUNT_DECIMALS
_EARLIEST_DAY = date(1900, 1, 1)
_LONGEST_TITLE, _LONGEST_MESSAGE = 32, 255
_MONTH = (
    'OR(ISNUMBER({0}),AND(LEN({0})=7,MID({0},5,1)="-",VALUE(LEFT({0},4))>=1900,'
    "VALUE(RIGHT({0},2))>=1,VALUE(RIGHT({0},2))<=12))"
)
_CAPITALS = "AND(LEN({0})=3,EXACT({0},UPPER({0})))"

Say = Callable[[str], str]


def number_format(kind: Kind) -> str:
    if kind.table_type == "date":
        return DAY_FORMAT
    if not kind.numeric:
        return TEXT_FORMAT
    return "0" if kind.table_type == "integer" else _NUMBER_FORMATS.get(kind.name, "0.0###")


def width(kind: Kind) -> int:
    """Characters that a value of the kind usually needs."""
    return _WIDTHS.get(kind.name, 10 if kind.numeric else 16)


def type_name(kind: Kind, say: Say) -> str:
    """What is typed into the cell, in a word."""
    names = {
        "string": say("Text"),
        "yearmonth": say("Month"),
        "date": say("Date"),
        "integer": say("Whole number"),
        "number": say("Number"),
        "boolean": say("Yes or no"),
    }
    return say("Choice") if "enum" in kind.constraints else names.get(kind.table_type, kind.table_type)


def allowed(kind: Kind, say: Say) -> str:
    """What may stand in the cell, as a sentence."""
    limits = kind.constraints
    if "enum" in limits:
        return say("One of: {words}.").format(words=", ".join(limits["enum"]))
    if kind.table_type == "yearmonth":
        return say("A month, written 2026-03.")
    if kind.table_type == "date":
        return say("A day; shown as 2026-03-31.")
    if kind.numeric:
        return _bounds(limits, say)
    if kind.name == "currency":
        return say("Three capital letters, such as EUR.")
    return say("Text of at most {count} characters.").format(count=limits["maxLength"]) if "maxLength" in limits else ""


def _bounds(limits: dict[str, Any], say: Say) -> str:
    if "exclusiveMinimum" in limits:
        return say("A number above {lowest}.").format(lowest=limits["exclusiveMinimum"])
    if "minimum" in limits and "maximum" in limits:
        return say("A number from {lowest} to {highest}.").format(lowest=limits["minimum"], highest=limits["maximum"])
    if "minimum" in limits:
        return say("A number, {lowest} or more.").format(lowest=limits["minimum"])
    return say("A number; it may be negative.")


def validation(column: Column, heading: str, first_cell: str, listed: str | None, say: Say) -> dict[str, Any]:
    """What a spreadsheet checks while somebody types, as XlsxWriter takes it. `listed` is a range with the values to
    choose from; what is not among them is asked about, unless the form has a fixed choice."""
    said = allowed(column.kind, say)
    messages = {
        "input_title": _cut(heading, _LONGEST_TITLE),
        "input_message": _cut(f"{say(column.meaning)}\n{said}".strip(), _LONGEST_MESSAGE),
        "error_title": _cut(say("Please check {heading}").format(heading=heading), _LONGEST_TITLE),
        "error_message": _cut(said or say("This cannot be taken."), _LONGEST_MESSAGE),
    }
    if listed is not None and "enum" not in column.kind.constraints:
        doubt = say("This is not on the list. Keep it if it is new.")
        messages |= {"error_type": "warning", "error_message": _cut(doubt, _LONGEST_MESSAGE)}
    return _criteria(column.kind, first_cell, listed) | messages


def _criteria(kind: Kind, first_cell: str, listed: str | None) -> dict[str, Any]:
    if listed is not None:
        return {"validate": "list", "source": f"={listed}"}
    if kind.table_type == "date":
        return {"validate": "date", "criteria": ">=", "value": _EARLIEST_DAY}
    if kind.numeric:
        return _within(kind)
    custom = {"month": _MONTH, "currency": _CAPITALS}.get(kind.name)
    if custom is not None:
        return {"validate": "custom", "value": "=" + custom.format(first_cell)}
    if "maxLength" in kind.constraints:
        return {"validate": "length", "criteria": "<=", "value": kind.constraints["maxLength"]}
    return {"validate": "any"}


def _within(kind: Kind) -> dict[str, Any]:
    limits = kind.constraints
    if "exclusiveMinimum" in limits:
        return {"validate": "decimal", "criteria": ">", "value": limits["exclusiveMinimum"]}
    whole = "integer" if kind.table_type == "integer" else "decimal"
    lowest, highest = limits.get("minimum", -_EDGE), limits.get("maximum", _EDGE)
    return {"validate": whole, "criteria": "between", "minimum": lowest, "maximum": highest}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
