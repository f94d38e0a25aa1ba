from datetime import date

import pytest

from service.method.months import Window, month_of, month_text, parse_month, quarter_text, year_text


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
