"""Kinds of cell: `quick` reads a column exactly as `read` reads each text, and leaves it what it cannot."""

import re
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.forms import kinds
from service.forms.catalogue import FORMS
from service.forms.kinds import BadValue, Kind
from service.method.months import month_text
from service.values import parse_amount
from tests.forms.tables import NEWEST

KINDS: dict[str, Kind] = {name: kind for name, kind in vars(kinds).items() if isinstance(kind, Kind)}
QUICK = {name: kind for name, kind in KINDS.items() if kind.quick is not None}
NUMBERS = {name: kind for name, kind in KINDS.items() if kind.numeric}
EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
EACH_QUICK = pytest.mark.parametrize("kind", QUICK.values(), ids=QUICK)
EACH_NUMBER = pytest.mark.parametrize("kind", NUMBERS.values(), ids=NUMBERS)

NUMBER_LIKE = st.text("0123456789.-+,e ", max_size=20) | st.from_regex(r"\A-?[0-9]{0,14}(\.[0-9]{0,6})?\Z")
ANY_TEXT = st.text(max_size=30) | NUMBER_LIKE


def value(kind: Kind, text: str) -> Any:
    """What `read` makes of a text: a value, or the code of its refusal."""
    try:
        return kind.read(text, NEWEST)
    except BadValue as bad:
        return bad.code


def quick(kind: Kind, texts: list[str | None]) -> list[int | None]:
    assert kind.quick is not None
    values = kind.quick(pa.array(texts, pa.string()))
    assert values.type == kind.arrow
    found: list[int | None] = values.to_pylist()
    return found


@EACH_QUICK
@given(st.lists(ANY_TEXT | st.none(), max_size=12))
def test_quick_gives_the_values_of_read_and_null_for_all_that_is_refused(kind: Kind, texts: list[str | None]) -> None:
    for text, found in zip(texts, quick(kind, texts), strict=True):
        if text is None:
            assert found is None
        elif found is not None:
            assert found == kind.read(text, NEWEST), text


@EACH_QUICK
@given(st.from_regex(r"\A-?(0|[1-9][0-9]{0,13})(\.[0-9]{1,5})?\Z"))
def test_quick_leaves_nothing_that_is_plainly_written_and_taken(kind: Kind, text: str) -> None:
    text = text if kind is kinds.MONEY else text.removeprefix("-")
    read = value(kind, text)
    assert quick(kind, [text]) == [None if isinstance(read, str) else read]


@EACH_QUICK
def test_quick_reads_slices_and_empty_columns(kind: Kind) -> None:
    assert quick(kind, []) == []
    assert quick(kind, [None, ""]) == [None, None]
    assert kind.quick is not None
    part = pa.array(["x", "7", "1", "", "2", "y"], pa.string()).slice(2, 3)
    assert kind.quick(part).to_pylist() == [kind.read("1", NEWEST), None, kind.read("2", NEWEST)]


def test_every_number_but_a_rate_is_read_quickly() -> None:
    assert NUMBERS.keys() - QUICK.keys() == {"RATE"}


@EACH
@given(st.text(max_size=100))
def test_a_text_is_taken_or_refused_in_short_words(kind: Kind, text: str) -> None:
    try:
        found = kind.read(text, NEWEST)
    except BadValue as bad:
        said = bad
    else:
        said = None
        pa.array([found], type=kind.arrow)
    assert said is None or (re.fullmatch("[a-z_]+", said.code) and len(said.message) < 200)
    if said is None and isinstance(found, str):
        assert found.isprintable()
        assert found == found.strip()


@EACH
def test_a_very_long_text_is_refused_in_short_words(kind: Kind) -> None:
    for letter in ("1", "x", "2026-01-01", "a=1;", "a=2026-01-01;", ","):
        with pytest.raises(BadValue) as caught:
            kind.read(letter * 100_000, NEWEST)
        assert len(caught.value.message) < 200


@EACH_NUMBER
@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "+5",
            " 5",
            "5 ",
            "5\n",
            "5.",
            ".5",
            "-",
            "--5",
            "5-",
            "1e5",
            "1E+2",
            "0x10",
            "1_000",
            "1,5",
            "1,234.50",
        ),
        *(
            "1 000",
            "1'000",
            "1\u00a0000",
            "€5",
            "5 €",
            "5 EUR",
            "12 pcs",
            "50%",
            "(5)",
            "=5",
            "+cmd",
            "NaN",
            "Infinity",
        ),
        *("-inf", "null", "None", "true", "１", "٣", "−5", "½", "²", "5\0", "\u200b5", "5\ufeff", "1/2", "five"),
    ],
)
def test_what_is_no_plain_number_is_none(kind: Kind, text: str) -> None:
    assert value(kind, text) == "bad_number"
    if kind.quick is not None:
        assert quick(kind, [text]) == [None]


@pytest.mark.parametrize(
    "kind, text, expected",
    [
        ("MONEY", "0", 0),
        ("MONEY", "0.00", 0),
        ("MONEY", "-0", 0),
        ("MONEY", "-0.0000", 0),
        ("MONEY", "0.005", 50),
        ("MONEY", "2.675", 26_750),
        ("MONEY", "0.01", 100),
        ("MONEY", "007", 70_000),
        ("MONEY", "0.0001", 1),
        ("MONEY", "0.00001", "out_of_range"),
        ("MONEY", "1.00000", "out_of_range"),
        ("MONEY", "2147483648", 2**31 * 10_000),
        ("MONEY", "90071992547409.93", "out_of_range"),
        ("MONEY", "9007199254.7409", 90_071_992_547_409),
        ("MONEY", "999999999999.9999", 10**16 - 1),
        ("MONEY", "-999999999999.9999", 1 - 10**16),
        ("MONEY", "1000000000000", "out_of_range"),
        ("MONEY", "0000000000001", "out_of_range"),
        ("MONEY", "1" * 40, "out_of_range"),
        ("MONEY", "1" * 41, "bad_number"),
        ("MONEY", "0." + "1" * 60, "bad_number"),
        ("POSITIVE_MONEY", "-0.0001", "out_of_range"),
        ("POSITIVE_MONEY", "-0", 0),
        ("HOURS", "-1", "out_of_range"),
        ("HOURS", "0.333", 3_330),
        ("FTE", "2", 20_000),
        ("FTE", "2.0001", "out_of_range"),
        ("FTE", "-0.1", "out_of_range"),
        ("HOURS_A_DAY", "24", 240_000),
        ("HOURS_A_DAY", "24.0001", "out_of_range"),
        ("COUNT", "0", 0),
        ("COUNT", "007", 70_000),
        ("COUNT", "999999999", 9_999_999_990_000),
        ("COUNT", "1000000000", "not_a_count"),
        ("COUNT", "2147483648", "not_a_count"),
        ("COUNT", "-0", "not_a_count"),
        ("COUNT", "-1", "not_a_count"),
        ("COUNT", "1.0", "not_a_count"),
        ("COUNT", "0.333", "not_a_count"),
        ("RATE", "0", "out_of_range"),
        ("RATE", "0.000000000000", "out_of_range"),
        ("RATE", "0.000000000001", 1),
        ("RATE", "0.0000000000001", "out_of_range"),
        ("RATE", "999999.999999999999", 10**18 - 1),
        ("RATE", "1000000", "out_of_range"),
        ("RATE", "-1", "out_of_range"),
        ("RATE", "1", 10**12),
    ],
)
def test_an_amount_is_taken_exactly_or_refused(kind: str, text: str, expected: int | str) -> None:
    assert value(KINDS[kind], text) == expected
    if kind in QUICK and isinstance(expected, str):
        assert quick(KINDS[kind], [text]) == [None]
    elif kind in QUICK and text != "-0":
        assert quick(KINDS[kind], [text]) == [expected]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("2024-02-29", date(2024, 2, 29)),
        ("1900-01-01", date(1900, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
        ("2026-02-29", "bad_date"),
        ("2026-02-30", "bad_date"),
        ("1900-02-29", "bad_date"),
        ("2026-13-01", "bad_date"),
        ("2026-00-01", "bad_date"),
        ("2026-01-00", "bad_date"),
        ("1899-12-31", "out_of_range"),
        ("0001-01-01", "out_of_range"),
        ("0000-01-01", "bad_date"),
        ("10000-01-01", "bad_date"),
        ("-2026-01-01", "bad_date"),
        ("1772323200", "bad_date"),
        ("1772323200000", "bad_date"),
        ("46082", "bad_date"),
        ("13/02/2026", "bad_date"),
        ("2026-031", "bad_date"),
        ("2026-1-1", "bad_date"),
        ("20260101", "bad_date"),
        ("2026-W05-1", "bad_date"),
        ("2026-W53", "bad_date"),
        ("2026-01-01T00:00", "bad_date"),
        ("2026-01-01T00:00:00", "bad_date"),
        ("2026-12-31T23:59:60Z", "bad_date"),
        ("2026-01-31T23:30:00-12:00", "bad_date"),
        ("2026-01-01z", "bad_date"),
        ("2026-01-01 ", "bad_date"),
        ("2026-01-01\n", "bad_date"),
        ("２０２６-01-01", "bad_date"),
        ("2026−01−01", "bad_date"),
        ("today", "bad_date"),
    ],
)
def test_a_day_is_a_day_of_the_calendar(text: str, expected: Any) -> None:
    assert value(kinds.DAY, text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1900-01", 1900 * 12),
        (month_text(NEWEST), NEWEST),
        (month_text(NEWEST + 1), "future_period"),
        ("9999-12", "future_period"),
        ("1899-12", "out_of_range"),
        ("0001-01", "out_of_range"),
        ("0000-01", "bad_month"),
        ("2026-13", "bad_month"),
        ("2026-00", "bad_month"),
        ("2026-1", "bad_month"),
        ("2026-031", "bad_month"),
        ("2026-01-01", "bad_month"),
        ("2026-Q1", "bad_month"),
        ("2026-W01", "bad_month"),
        ("202601", "bad_month"),
        ("01/2026", "bad_month"),
        ("10000-01", "bad_month"),
        (" 2026-01", "bad_month"),
        ("2026-01\n", "bad_month"),
        ("２０２６-01", "bad_month"),
    ],
)
def test_a_month_is_one_that_has_begun(text: str, expected: Any) -> None:
    assert value(kinds.MONTH, text) == expected


def test_a_planned_month_lies_at_most_a_century_ahead() -> None:
    assert value(kinds.PLANNED_MONTH, month_text(NEWEST + 1200)) == NEWEST + 1200
    assert value(kinds.PLANNED_MONTH, month_text(NEWEST + 1201)) == "future_period"


TAKEN_AS_THEY_STAND = [
    *("Café", "Cafe\u0301", "A", "А", "😀", "👍🏽", "O'Brien; DROP TABLE line;--", "%s {0} ${jndi:ldap://x} {{7*7}}"),
    *(
        "=cmd|' /C calc'!A0",
        "+cmd",
        "@SUM(1)",
        "-",
        "-1",
        "NA",
        "N/A",
        "null",
        "NULL",
        "None",
        "nan",
        "true",
        "0",
        "00123",
    ),
    *("1e5", "CON", "aux.txt", "../../etc/passwd", "<script>", "a  b", "a\\nb", "#REF!", "日本語", "שלום", "x" * 64),
]


@pytest.mark.parametrize("kind", ["CODE", "LABEL", "NAME"])
@pytest.mark.parametrize("text", TAKEN_AS_THEY_STAND)
def test_a_text_is_kept_letter_by_letter(kind: str, text: str) -> None:
    assert value(KINDS[kind], text) == text


@pytest.mark.parametrize("kind", ["CODE", "LABEL", "NAME"])
@pytest.mark.parametrize(
    "text, code",
    [
        *(
            (text, "surrounding_space")
            for text in (" a", "a ", "\ta", "a\n", "\u00a0a", "a\u3000", " ", "\r\n", "a\x85")
        ),
        *(
            (f"a{letter}b", "bad_text")
            for letter in "\0\a\t\n\r\x1b\x7f\x85\u00ad\u200b\u200d\u200e\u202e\u2028\ufeff\ufffe\ue000"
        ),
        *((f"a{letter}b", "bad_text") for letter in "\u00a0\u2009\u3000\U000e0041"),
        ("\tx=1", "surrounding_space"),
    ],
)
def test_a_text_with_what_nobody_sees_is_refused(kind: str, text: str, code: str) -> None:
    assert value(KINDS[kind], text) == code


@pytest.mark.parametrize("kind, longest", [("CODE", 64), ("LABEL", 120), ("NAME", 200)])
def test_a_text_may_be_so_long(kind: str, longest: int) -> None:
    for letter in "xé😀":
        assert value(KINDS[kind], letter * longest) == letter * longest
        assert value(KINDS[kind], letter * (longest + 1)) == "too_long"


@pytest.mark.parametrize("text", ["EUR", "XXX", "XAU"])
def test_a_currency_is_three_capital_letters(text: str) -> None:
    assert value(kinds.CURRENCY, text) == text


@pytest.mark.parametrize("text", ["eur", "EU", "EURO", "€", "ＥＵＲ", "ЕUR", "EUR\n", " EUR", "978", "E R"])
def test_anything_else_is_no_currency(text: str) -> None:
    assert value(kinds.CURRENCY, text) == "bad_currency"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("S-1=0.6; S-2=0.4", "S-1=0.6;S-2=0.4"),
        ("S-2=0.4;S-1=0.6", "S-1=0.6;S-2=0.4"),
        ("S=1", "S=1"),
        ("S=1.0000", "S=1"),
        ("S=0.5", "S=0.5"),
        ("a=0.3333;b=0.3333;c=0.3334", "a=0.3333;b=0.3333;c=0.3334"),
        ("ä b=0.5", "ä b=0.5"),
        *(
            (text, "bad_shares")
            for text in ("S", "S=", "=1", "S=0", "S=0.0", "S=-0.5", "S=1.5", "S=2", "S=.5", "S=0,5")
        ),
        *(
            (text, "bad_shares")
            for text in ("S=0.6;T=0.5", "S=0.5;S=0.5", "S=0.5;", ";S=0.5", "S=0.5;;T=0.5", "S = 0.5")
        ),
        *(
            (text, "bad_shares")
            for text in ("S=0.12345", "S=50%", "S=1e0", "S=١", "S=0.5,T=0.5", "S=T=0.5", "x" * 65 + "=1")
        ),
        *((text, "bad_text") for text in ("S\0=1", "S=0.5;\nT=0.5", "S\u200b=1")),
        (" S=1", "surrounding_space"),
        (";".join(f"seller number {number}=0.0001" for number in range(60)), "too_long"),
    ],
)
def test_shares_have_one_written_form(text: str, expected: str) -> None:
    assert value(kinds.SHARES, text) == expected
    if expected not in ("bad_shares", "bad_text", "surrounding_space", "too_long"):
        assert value(kinds.SHARES, expected) == expected
        assert sum(kinds.read_shares(expected).values()) <= 10_000


@pytest.mark.parametrize(
    "text, expected",
    [
        ("offer=2026-02-11; qualified=2026-01-20", "qualified=2026-01-20;offer=2026-02-11"),
        ("b=2026-01-01;a=2026-01-01", "a=2026-01-01;b=2026-01-01"),
        ("lead=2026-01-05", "lead=2026-01-05"),
        *((text, "bad_stages") for text in ("offer", "offer=", "=2026-01-01", "offer=2026-1-1", "offer=01.02.2026")),
        *(
            (text, "bad_stages")
            for text in ("a=2026-01-01;a=2026-01-02", "a=2026-01-01;", ";", "a=b=2026-01-01", "x" * 61 + "=2026-01-01")
        ),
        *((text, "bad_date") for text in ("offer=2026-02-30", "offer=0000-01-01")),
        ("offer=1899-12-31", "out_of_range"),
        *((text, "bad_text") for text in ("a\0=2026-01-01", "a\n=2026-01-01", "a=2026-01-01;\tb=2026-01-01")),
        ("a=2026-01-01 ", "surrounding_space"),
        (";".join(f"stage {number}=2026-01-01" for number in range(200)), "too_long"),
    ],
)
def test_stages_have_one_written_form(text: str, expected: str) -> None:
    assert value(kinds.STAGES, text) == expected


@given(
    st.dictionaries(
        st.text("abcäS-1 ", min_size=1, max_size=8).map(str.strip).filter(bool),
        st.integers(1, 2_000),
        min_size=1,
        max_size=5,
    )
)
def test_shares_come_back(shares: dict[str, int]) -> None:
    text = "; ".join(f"{code}=0.{share:04d}" for code, share in shares.items())
    assert kinds.read_shares(kinds.SHARES.read(text, NEWEST)) == shares


@given(st.dictionaries(st.sampled_from(["lead", "offer", "won deal"]), st.dates(date(1900, 1, 1)), min_size=1))
def test_stages_come_back(stages: dict[str, date]) -> None:
    text = ";".join(f"{stage}={day}" for stage, day in stages.items())
    assert kinds.read_stages(kinds.STAGES.read(text, NEWEST)) == stages


@given(st.integers(1 - 10**16, 10**16 - 1))
def test_an_amount_read_quickly_is_the_amount(amount: int) -> None:
    sign, digits = "-" * (amount < 0), f"{abs(amount):05d}"
    text = f"{sign}{digits[:-4]}.{digits[-4:]}"
    assert quick(kinds.MONEY, [text]) == [amount] == [parse_amount(text)]


def test_every_kind_of_the_catalogue_is_described() -> None:
    for form in FORMS.values():
        for column in form.columns:
            assert column.kind.json["type"]
            assert column.kind.table_type in {"string", "number", "integer", "boolean", "date", "yearmonth"}
