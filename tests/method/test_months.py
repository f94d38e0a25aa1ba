from datetime import date

import pytest

from service.method.months import Window, month_of, month_text, parse_month, parse_period, quarter_text, year_text


@pytest.mark.parametrize("text", ["2026-01", "1999-12", "0001-01"])
def test_a_month_reads_and_writes_the_same(text: str) -> None:
    assert month_text(parse_month(text)) == text


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "0000-01", "2026-1", " 2026-01", "２０２６-01", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        parse_month(text)


def test_the_prior_window_has_the_same_length_and_ends_the_month_before() -> None:
    window = Window(parse_month("2025-01"), parse_month("2025-03"))
    assert str(window.prior) == "2024-10..2024-12"
    assert len(window) == len(window.prior) == 3
    assert list(window.months)[-1] == window.last
    assert parse_month("2025-02") in window
    assert parse_month("2025-04") not in window


def test_a_window_upside_down_is_refused() -> None:
    with pytest.raises(ValueError, match="begins in 2025-02"):
        Window(parse_month("2025-02"), parse_month("2025-01"))


def test_a_day_lies_in_its_month() -> None:
    assert month_text(month_of(date(2026, 2, 28))) == "2026-02"


def test_quarters_and_years_are_calendar_ones() -> None:
    assert [quarter_text(parse_month(f"2026-{m:02d}")) for m in (1, 3, 4, 12)] == [
        "2026-Q1",
        "2026-Q1",
        "2026-Q2",
        "2026-Q4",
    ]
    assert year_text(parse_month("2026-07")) == "2026"


@pytest.mark.parametrize(
    "text, year_start, expected",
    [
        ("2026-03", 4, "2026-03..2026-03"),
        ("2026", 4, "2026-01..2026-12"),
        ("2026-H1", 4, "2026-01..2026-06"),
        ("2026-H2", 4, "2026-07..2026-12"),
        ("2026-Q4", 4, "2026-10..2026-12"),
        ("FY2026", 1, "2026-01..2026-12"),
        ("FY2026-Q1", 1, "2026-01..2026-03"),
        ("FY2026", 4, "2025-04..2026-03"),
        ("FY2026-Q1", 4, "2025-04..2025-06"),
        ("FY2026-Q4", 4, "2026-01..2026-03"),
        ("FY2026-H2", 4, "2025-10..2026-03"),
        ("FY2026-M1", 4, "2025-04..2025-04"),
        ("FY2026-M12", 4, "2026-03..2026-03"),
        ("FY2026", 12, "2025-12..2026-11"),
        ("FY2026-M3", 7, "2025-09..2025-09"),
        ("FY0001", 1, "0001-01..0001-12"),
    ],
)
def test_a_period_names_its_months(text: str, year_start: int, expected: str) -> None:
    assert str(parse_period(text, year_start)) == expected


@pytest.mark.parametrize("year_start", range(1, 13))
def test_the_parts_of_a_fiscal_year_follow_each_other_and_fill_it(year_start: int) -> None:
    whole = parse_period("FY2026", year_start)
    assert (len(whole), whole.first % 12 + 1) == (12, year_start)
    assert parse_period("FY2027", year_start).first == whole.last + 1
    for letter, count in (("H", 2), ("Q", 4), ("M", 12)):
        parts = [parse_period(f"FY2026-{letter}{number}", year_start) for number in range(1, count + 1)]
        assert [month for part in parts for month in part.months] == list(whole.months)


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-Q5", "2026-H3", "2026-M3", "FY2026-M13", "FY2026-Q0", "FY2026-03", "fy2026", "0000", "FY0000"],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_period(text)


def test_a_fiscal_year_that_begins_before_the_year_1_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_period("FY0001", 4)


def test_a_window_begins_on_its_first_day_and_ends_on_its_last() -> None:
    assert Window(parse_month("2024-01"), parse_month("2024-02")).days == (date(2024, 1, 1), date(2024, 2, 29))
    assert Window(parse_month("2025-12"), parse_month("2025-12")).days == (date(2025, 12, 1), date(2025, 12, 31))
