"""Numbers and days in a declared notation: one reading each, and nothing guessed."""

from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.forms import delimited
from service.forms.batches import KEPT_PROBLEMS
from service.forms.catalogue import FORMS
from service.forms.dialect import DateFormat, Dialect
from service.method.months import month_of, month_text, parse_month
from service.values import amount_text
from tests.forms.tables import Outcome, cells, checked, checked_csv, checked_json, csv_reader

POINT, COMMA, UNDECLARED = Dialect("semicolon", "point"), Dialect("semicolon", "comma"), Dialect("semicolon")
EACH_MARK = [POINT, COMMA, UNDECLARED]
RATE = {"period": "2025-01", "currency": "PLN", "reference": "EUR"}
MARKS = pytest.mark.parametrize("dialect", EACH_MARK, ids=["point", "comma", "undeclared"])


def revenue(text: str, dialect: Dialect) -> Outcome:
    return checked_csv([{"period": "2025-01", "revenue": text}], dialect=dialect)


@pytest.mark.parametrize(
    "text, point, comma, undeclared",
    [
        ("1234", 12_340_000, 12_340_000, 12_340_000),
        ("-1234", -12_340_000, -12_340_000, -12_340_000),
        ("1.5", 15_000, "bad_number", 15_000),
        ("1,5", "bad_number", 15_000, "bad_number"),
        ("1.234", 12_340, "bad_number", "ambiguous_number"),
        ("-1.234", -12_340, "bad_number", "ambiguous_number"),
        ("12.345", 123_450, "bad_number", "ambiguous_number"),
        ("999.999", 9_999_990, "bad_number", "ambiguous_number"),
        ("1,234", "bad_number", 12_340, "bad_number"),
        ("1234.567", 12_345_670, "bad_number", 12_345_670),
        ("0.123", 1_230, "bad_number", 1_230),
        ("-0.123", -1_230, "bad_number", -1_230),
        ("00.123", 1_230, "bad_number", 1_230),
        ("01.234", 12_340, "bad_number", 12_340),
        ("1.2345", 12_345, "bad_number", 12_345),
        ("1.23", 12_300, "bad_number", 12_300),
        ("1.234.567", "bad_number", "bad_number", "bad_number"),
        ("1,234,567", "bad_number", "bad_number", "bad_number"),
        ("1.234,50", "bad_number", "bad_number", "bad_number"),
        ("1,234.50", "bad_number", "bad_number", "bad_number"),
        ("1 234", "bad_number", "bad_number", "bad_number"),
        ("1\u00a0234", "bad_number", "bad_number", "bad_number"),
        ("1\u202f234", "bad_number", "bad_number", "bad_number"),
        ("1'234", "bad_number", "bad_number", "bad_number"),
        ("1’234", "bad_number", "bad_number", "bad_number"),
        (",5", "bad_number", "bad_number", "bad_number"),
        ("5,", "bad_number", "bad_number", "bad_number"),
        ("-,5", "bad_number", "bad_number", "bad_number"),
        ("1,-", "bad_number", "bad_number", "bad_number"),
        ("1e5", "bad_number", "bad_number", "bad_number"),
        ("1,5e3", "bad_number", "bad_number", "bad_number"),
        ("1,00005", "bad_number", "out_of_range", "bad_number"),
        ("٣,٥", "bad_number", "bad_number", "bad_number"),
        ("１.２３４", "bad_number", "bad_number", "bad_number"),
        ("1,5\n", "bad_number", "bad_number", "bad_number"),
        ("1.234\n", "bad_number", "bad_number", "bad_number"),
        ("", 0, 0, 0),
    ],
)
def test_a_number_has_one_reading_under_each_declared_mark(text: str, point: Any, comma: Any, undeclared: Any) -> None:
    for dialect, expected in zip(EACH_MARK, (point, comma, undeclared), strict=True):
        found = revenue(text, dialect)
        if isinstance(expected, int):
            assert (found.columns["revenue"], found.problems) == ([expected], []), dialect
        else:
            assert found.told == [(2, "revenue", expected)], dialect
            assert (found.rows, found.count) == ([], 1)


@pytest.mark.parametrize(
    "dialect, text, words",
    [
        (UNDECLARED, "1.234", "decimal=point"),
        (COMMA, "1.5", "declared as a comma"),
        (COMMA, "1.234,50", "no grouping"),
        (POINT, "1,5", "decimal mark is a point"),
    ],
)
def test_a_refused_number_is_shown_with_what_would_be_right(dialect: Dialect, text: str, words: str) -> None:
    problem = revenue(text, dialect).problems[0]
    assert problem.value == text
    assert words in problem.message


def test_each_kind_of_number_follows_the_mark_and_texts_do_not() -> None:
    lines = [
        ("statistics", {"period": "2025-01", "hours": "1,5", "channel": "1,5"}, "hours", 15_000),
        ("salespeople", {"code": "1,5", "start": "2025-01-01", "fte": "0,5"}, "fte", 5_000),
        (
            "exchange-rates",
            {"period": "2025-01", "currency": "PLN", "reference": "EUR", "rate": "0,25"},
            "rate",
            25 * 10**10,
        ),
        ("customers", {"code": "1.234", "potential": "1,5"}, "potential", 15_000),
    ]
    for form, row, column, value in lines:
        found = checked_csv([row], FORMS[form], COMMA)
        assert (found.columns[column], found.problems) == ([value], [])
    assert checked_csv([{"code": "1.234", "name": "1.234"}], FORMS["customers"], UNDECLARED).columns["code"] == [
        "1.234"
    ]


def test_a_count_that_may_be_thousands_is_refused() -> None:
    found = checked_csv([{"period": "2025-01", "orders": "1.234"}], dialect=UNDECLARED)
    assert found.told == [(2, "orders", "ambiguous_number")]


def test_shares_are_written_with_a_point_whatever_is_declared() -> None:
    row = {"id": "1", "date": "2025-01-01", "customer": "C", "amount": "1,5", "credit_shares": "S-1=0.6"}
    assert checked_csv([row], FORMS["orders"], COMMA).columns["credit_shares"] == ["S-1=0.6"]
    assert checked_csv([row | {"credit_shares": "S-1=0,6"}], FORMS["orders"], COMMA).told == [
        (2, "credit_shares", "bad_shares")
    ]


ISO, GERMAN, BRITISH, AMERICAN = (Dialect(dates=name) for name in get_args(DateFormat))
DAY, BAD = date(2026, 2, 3), "bad_date"


@pytest.mark.parametrize(
    "text, iso, german, british, american",
    [
        ("2026-02-03", DAY, DAY, DAY, DAY),
        ("03.02.2026", BAD, DAY, BAD, BAD),
        ("03/02/2026", BAD, BAD, DAY, date(2026, 3, 2)),
        ("13/02/2026", BAD, BAD, date(2026, 2, 13), BAD),
        ("02/13/2026", BAD, BAD, BAD, date(2026, 2, 13)),
        ("3.2.2026", BAD, BAD, BAD, BAD),
        ("03.02.26", BAD, BAD, BAD, BAD),
        ("03-02-2026", BAD, BAD, BAD, BAD),
        ("03.02.2026 ", BAD, BAD, BAD, BAD),
        ("03.02.2026\n", BAD, BAD, BAD, BAD),
        ("03.02.2026 00:00", BAD, BAD, BAD, BAD),
        ("30.02.2026", BAD, BAD, BAD, BAD),
        ("29.02.2026", BAD, BAD, BAD, BAD),
        ("29.02.2024", BAD, date(2024, 2, 29), BAD, BAD),
        ("31.12.1899", BAD, "out_of_range", BAD, BAD),
        ("01.01.0000", BAD, BAD, BAD, BAD),
        ("٠٣.٠٢.٢٠٢٦", BAD, BAD, BAD, BAD),
        ("46056", BAD, BAD, BAD, BAD),
        ("", None, None, None, None),
    ],
)
def test_a_day_has_one_reading_in_each_declared_format(
    text: str, iso: Any, german: Any, british: Any, american: Any
) -> None:
    for dialect, expected in zip((ISO, GERMAN, BRITISH, AMERICAN), (iso, german, british, american), strict=True):
        found = checked_csv([{"code": "C", "since": text}], FORMS["customers"], dialect)
        if isinstance(expected, str):
            assert found.told == [(2, "since", expected)], dialect
        else:
            assert (found.columns["since"], found.problems) == ([expected], []), dialect


@pytest.mark.parametrize(
    "text, iso, other",
    [
        ("2026-03", True, True),
        ("03.2026", False, True),
        ("03/2026", False, True),
        ("3.2026", False, False),
        ("13.2026", False, False),
        ("03-2026", False, False),
        ("2026.03", False, False),
        ("01.03.2026", False, False),
        ("03.26", False, False),
    ],
)
def test_a_month_follows_the_declared_format_of_days(text: str, iso: bool, other: bool) -> None:
    for dialect in (ISO, GERMAN, BRITISH, AMERICAN):
        found = checked_csv([{"period": text}], dialect=dialect)
        if iso if dialect is ISO else other:
            assert (found.columns["period"], found.problems) == ([parse_month("2026-03")], [])
        else:
            assert found.told == [(2, "period", "bad_month")]


def test_json_is_of_no_dialect() -> None:
    found = checked_json([{"period": "2025-01", "revenue": text} for text in ("1.234", "1,5")])
    assert found.columns["revenue"] == [12_340]
    assert found.told == [(2, "revenue", "bad_number")]
    assert checked_json([{"period": "03.2025"}]).told == [(1, "period", "bad_month")]


@MARKS
def test_every_ambiguous_number_is_counted_and_the_first_are_told(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "CHUNK", 1 << 24)
    count = 7_000
    body = "period;revenue;margin\n" + "2025-01;1.234;x\n" * count
    found = cells(body, reader=csv_reader(dialect))
    odd = 0 if dialect is POINT else count
    assert (found.count, len(found.problems), found.columns["revenue"].count(None)) == (odd, odd, odd)
    body = "period;revenue;margin\n" + "2025-01;1.234;2.345\n" * count
    found = cells(body, reader=csv_reader(dialect))
    assert (found.count, len(found.problems)) == (2 * odd, min(2 * odd, KEPT_PROBLEMS))
    assert checked(body, reader=csv_reader(dialect)).count == 2 * odd


@given(st.lists(st.integers(1 - 10**16, 10**16 - 1), min_size=1, max_size=12), st.sampled_from([POINT, COMMA]))
def test_amounts_come_back_under_each_mark(amounts: list[int], dialect: Dialect) -> None:
    mark = "," if dialect is COMMA else "."
    rows = [{"period": "2025-01", "revenue": amount_text(amount).replace(".", mark)} for amount in amounts]
    assert checked_csv(rows, dialect=dialect).columns["revenue"] == amounts


@given(st.lists(st.dates(date(1900, 1, 1)), min_size=1, max_size=12), st.sampled_from([ISO, GERMAN, BRITISH, AMERICAN]))
def test_days_come_back_in_each_format(days: list[date], dialect: Dialect) -> None:
    form = dialect.dates.replace("YYYY", "{0:04d}").replace("MM", "{1:02d}").replace("DD", "{2:02d}")
    rows = [{"code": "C", "since": form.format(day.year, day.month, day.day)} for day in days]
    assert checked_csv(rows, FORMS["customers"], dialect).columns["since"] == days


@given(
    st.dates(date(1900, 1, 1), date(2026, 11, 1)), st.sampled_from([GERMAN, BRITISH, AMERICAN]), st.sampled_from("./")
)
def test_months_come_back_in_each_format(day: date, dialect: Dialect, mark: str) -> None:
    year, _, month = month_text(month_of(day)).partition("-")
    assert checked_csv([{"period": f"{month}{mark}{year}"}], dialect=dialect).columns["period"] == [month_of(day)]
