"""Kinds of cell: how its text is read into an internal value, and how it is described to people and machines.

Internal values: amounts (money, hours, counts, shares) are whole ten-thousandths, months are numbers
(`service.method.months`), rates whole 10⁻¹², days are dates, everything else is text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.method.months import month_of, parse_month
from service.values import AMOUNT_SCALE, RATE_DECIMALS, amount_text, parse_amount
from service.wording import Message, Value

EARLIEST_MONTH = parse_month("1900-01")
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_RATE = re.compile(r"\d{1,6}(\.\d{1,12})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class BadValue(Exception):
    """A cell that cannot be taken, with a stable code and what would be right, as `say` takes it.

    There may be a million of them, and few are listed: the message is made when it is asked for.
    """

    def __init__(self, code: str, template: str, /, **values: Value) -> None:
        super().__init__(code)
        self.code = code
        self._template = template
        self._values = values

    @property
    def message(self) -> Message:
        return Message(self._template.format_map(self._values), self._template, self._values)


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` turns the text of a cell that is not empty into its value, given the newest month allowed.

    `table_type` and `constraints` are Table Schema's words, `json` is the JSON Schema of the cell. `arrow` is the type
    of a column of values. `quick` reads a whole column of texts into the same values, null for each it leaves to
    `read`, which alone says what is wrong.
    """

    name: str
    read: Callable[[str, int], Any]
    table_type: str
    json: dict[str, Any]
    constraints: dict[str, Any] = field(default_factory=dict)
    numeric: bool = False
    arrow: pa.DataType = field(default_factory=pa.string)
    quick: Callable[[pa.Array], pa.Array] | None = None


def _text(longest: int, shortest: int = 0) -> Callable[[str, int], str]:
    def read(text: str, _newest: int) -> str:
        if len(text) > longest:
            raise BadValue(
                "too_long", "At most {longest} characters; these are {count}.", longest=longest, count=len(text)
            )
        if len(text) < shortest:
            raise BadValue("missing_value", "A value is needed here.")
        if text != text.strip():
            raise BadValue("surrounding_space", "Remove the spaces before and after the text.")
        if not text.isprintable():
            raise BadValue("bad_text", "The text has characters that cannot be printed.")
        return text

    return read


def _number(text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        if "," in text:
            raise BadValue(
                "bad_number",
                "{text!r} is not a number: the decimal mark is a point, without grouping.",
                text=text[:20],
            )
        raise BadValue(
            "bad_number",
            "{text!r} is not a number: write digits with a decimal point, as in 12.5.",
            text=text[:20],
        )
    return text


def amount(lowest: int | None = None, highest: int | None = None) -> Callable[[str, int], int]:
    """Reads ten-thousandths within bounds (in whole units)."""

    def read(text: str, _newest: int) -> int:
        try:
            value = parse_amount(_number(text))
        except ValueError as error:
            raise BadValue("out_of_range", "At most 12 digits before the decimal point and 4 after it.") from error
        if lowest is not None and value < lowest * AMOUNT_SCALE:
            raise BadValue("out_of_range", "It may not be below {lowest}.", lowest=lowest)
        if highest is not None and value > highest * AMOUNT_SCALE:
            raise BadValue("out_of_range", "It may not be above {highest}.", highest=highest)
        return value

    return read


def _quick(pattern: str, lowest: int | None, highest: int | None) -> Callable[[pa.Array], pa.Array]:
    """The same for a column: texts of this pattern, within bounds."""

    def read(texts: pa.Array) -> pa.Array:
        plain = pc.if_else(pc.match_substring_regex(texts, pattern), texts, None)
        values = _ten_thousandths(plain)
        for bound, within in ((lowest, pc.greater_equal), (highest, pc.less_equal)):
            if bound is not None:
                values = pc.if_else(within(values, bound * AMOUNT_SCALE), values, None)
        return values

    return read


def _ten_thousandths(texts: pa.Array) -> pa.Array:
    """Decimals of at most 16 digits, of which Arrow keeps 128 bits each: the lower 64 are the whole number."""
    decimals = texts.cast(pa.decimal128(16, 4))
    words = np.frombuffer(decimals.buffers()[1], dtype=np.int64, count=2 * len(texts))[::2]
    return pa.array(words, mask=np.asarray(texts.is_null()))


def _count(text: str, _newest: int) -> int:
    if _COUNT.fullmatch(_number(text)) is None:
        raise BadValue("not_a_count", "A whole number from 0 to 999999999 is needed.")
    return int(text) * AMOUNT_SCALE


def _rate(text: str, _newest: int) -> int:
    if _RATE.fullmatch(_number(text)) is None:
        raise BadValue("out_of_range", "A rate is above 0 and below 1000000, with at most 12 decimals.")
    whole, _, decimals = text.partition(".")
    value = int(whole + decimals.ljust(RATE_DECIMALS, "0"))
    if value == 0:
        raise BadValue("out_of_range", "A rate is above 0.")
    return value


def _month(text: str, newest: int) -> int:
    try:
        month = parse_month(text)
    except ValueError as error:
        raise BadValue("bad_month", "{text!r} is not a month: write YYYY-MM, as in 2026-03.", text=text[:20]) from error
    if month > newest:
        raise BadValue("future_period", "{text} has not begun yet.", text=text)
    if month < EARLIEST_MONTH:
        raise BadValue("out_of_range", "Months before 1900-01 are not taken.")
    return month


def _planned_month(text: str, newest: int) -> int:
    return _month(text, newest + 1200)


def _day(text: str, _newest: int) -> date:
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(text)  # noqa: TRY301
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadValue(
            "bad_date", "{text!r} is not a day: write YYYY-MM-DD, as in 2026-03-31.", text=text[:20]
        ) from error
    if month_of(day) < EARLIEST_MONTH:
        raise BadValue("out_of_range", "Days before 1900 are not taken.")
    return day


def _currency(text: str, _newest: int) -> str:
    if _CURRENCY.fullmatch(text) is None:
        raise BadValue(
            "bad_currency", "{text!r} is not a currency: write three capital letters, as in EUR.", text=text[:20]
        )
    return text


def _flag(text: str, _newest: int) -> int:
    if text not in ("true", "false"):
        raise BadValue("not_a_choice", "It must be true or false.")
    return int(text == "true")


LONGEST_SHARES, LONGEST_STAGES = 1000, 2000
_SHARE = re.compile(r"(?P<code>[^=;]{1,64})=(?P<share>[01](\.\d{1,4})?)", re.ASCII)
_STAGE = re.compile(r"(?P<stage>[^=;]{1,60})=(?P<day>\d{4}-\d{2}-\d{2})", re.ASCII)


def _shares(text: str, newest: int) -> str:
    """`S-1=0.6; S-2=0.4`, in the order of the codes."""
    shares: dict[str, int] = {}
    for part in _text(LONGEST_SHARES)(text, newest).split(";"):
        found = _SHARE.fullmatch(part.strip())
        if found is None or found["code"].strip() in shares:
            raise BadValue("bad_shares", "Write each seller once, with his share of 1, as in S-1=0.6; S-2=0.4.")
        shares[found["code"].strip()] = parse_amount(found["share"])
    if sum(shares.values()) > AMOUNT_SCALE or not all(shares.values()):
        raise BadValue("bad_shares", "Shares are above 0 and add to at most 1; the rest is not attributed.")
    return ";".join(f"{code}={amount_text(share)}" for code, share in sorted(shares.items()))


def read_shares(text: str) -> dict[str, int]:
    """Code of the seller → ten-thousandths, of a value of kind SHARES."""
    pairs = (part.split("=") for part in text.split(";") if part)
    return {code: parse_amount(share) for code, share in pairs}


def _stages(text: str, newest: int) -> str:
    """`lead=2026-01-05; offer=2026-02-11`, in the order of the days."""
    stages: dict[str, str] = {}
    for part in _text(LONGEST_STAGES)(text, newest).split(";"):
        found = _STAGE.fullmatch(part.strip())
        if found is None or found["stage"].strip() in stages:
            raise BadValue("bad_stages", "Write each stage once, with the day it began, as in offer=2026-02-11.")
        stages[found["stage"].strip()] = _day(found["day"], newest).isoformat()
    return ";".join(f"{stage}={day}" for stage, day in sorted(stages.items(), key=lambda item: (item[1], item[0])))


def read_stages(text: str) -> dict[str, date]:
    """Stage → first day in it, of a value of kind STAGES."""
    pairs = (part.split("=") for part in text.split(";") if part)
    return {stage: date.fromisoformat(day) for stage, day in pairs}


def choice(*words: str) -> Kind:
    """One of these words."""

    def read(text: str, _newest: int) -> str:
        if text not in words:
            raise BadValue("not_a_choice", "It must be one of {words}.", words=", ".join(words))
        return text

    return Kind("choice", read, "string", {"type": "string", "enum": ["", *words]}, {"enum": list(words)})


def _amount(name: str, lowest: int | None = None, highest: int | None = None, whole: str = "{1,12}") -> Kind:
    pattern = rf"^-?[0-9]{whole}(\.[0-9]{{1,4}})?$" if lowest is None else rf"^[0-9]{whole}(\.[0-9]{{1,4}})?$"
    bounds = {"minimum": lowest, "maximum": highest}
    constraints = {word: bound for word, bound in bounds.items() if bound is not None}
    return _numeric(name, amount(lowest, highest), pattern, _quick(pattern, lowest, highest), constraints)


def _numeric(
    name: str,
    read: Callable[[str, int], Any],
    pattern: str,
    quick: Callable[[pa.Array], pa.Array],
    constraints: dict[str, Any],
    table_type: str = "number",
) -> Kind:
    schema = {"type": ["string", "number"], "pattern": _EMPTY_OR.format(pattern.strip("^$"))}
    return Kind(name, read, table_type, schema, constraints, numeric=True, arrow=pa.int64(), quick=quick)


def _of_text(name: str, longest: int) -> Kind:
    schema = {"type": "string", "maxLength": longest}
    return Kind(name, _text(longest), "string", schema, {"maxLength": longest})


_EMPTY_OR = r"^(|{})$"
_COUNTS = r"^[0-9]{1,9}$"
CODE = _of_text("code", 64)
LABEL = _of_text("label", 120)
NAME = _of_text("name", 200)
MONEY = _amount("money")
POSITIVE_MONEY = _amount("money", 0)
HOURS = _amount("hours", 0)
FTE = _amount("fte", 0, 2, "{1}")
HOURS_A_DAY = _amount("hours", 0, 24, "{1,2}")
COUNT = _numeric("count", _count, _COUNTS, _quick(_COUNTS, 0, None), {"minimum": 0, "maximum": 999_999_999}, "integer")
RATE = Kind(
    "rate",
    _rate,
    "number",
    {"type": ["string", "number"], "pattern": r"^[0-9]{1,6}(\.[0-9]{1,12})?$"},
    {"exclusiveMinimum": 0, "exclusiveMaximum": 1_000_000},
    numeric=True,
    arrow=pa.int64(),
)
MONTH = Kind(
    "month",
    _month,
    "yearmonth",
    {"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$"},
    {"minimum": "1900-01"},
    arrow=pa.int64(),
)
PLANNED_MONTH = Kind("month", _planned_month, MONTH.table_type, MONTH.json, MONTH.constraints, arrow=pa.int64())
DAY = Kind(
    "date",
    _day,
    "date",
    {"type": "string", "pattern": _EMPTY_OR.format(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")},
    arrow=pa.date32(),
)
CURRENCY = Kind("currency", _currency, "string", {"type": "string", "pattern": "^[A-Z]{3}$"}, {"pattern": "[A-Z]{3}"})
FLAG = Kind(
    "flag",
    _flag,
    "boolean",
    {"type": ["string", "boolean"], "enum": ["", "true", "false", True, False]},
    {"enum": ["true", "false"]},
    arrow=pa.int64(),
)
SHARES = Kind(
    "shares", _shares, "string", {"type": "string", "maxLength": LONGEST_SHARES}, {"maxLength": LONGEST_SHARES}
)
STAGES = Kind(
    "stages", _stages, "string", {"type": "string", "maxLength": LONGEST_STAGES}, {"maxLength": LONGEST_STAGES}
)
