"""Typing and checking cells and rows: the same outcome in every format."""

import json
import tracemalloc
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.forms import checking
from service.forms.batches import KEPT_PROBLEMS
from service.forms.catalogue import FORMS
from service.method.measures import MEASURES
from service.method.months import month_text, parse_month
from service.values import AMOUNT_SCALE, RATE_DECIMALS, amount_text
from tests.forms.tables import (
    NEWEST,
    POINT,
    STATISTICS,
    Outcome,
    checked,
    checked_csv,
    checked_json,
    checked_ndjson,
    csv_of,
    csv_reader,
)

GOOD = {
    "statistics": {"period": "2025-01"},
    "customers": {"code": "C-1"},
    "salespeople": {"code": "S-1", "start": "2025-02-01"},
    "exchange-rates": {"period": "2025-01", "currency": "PLN", "reference": "EUR", "rate": "0.2345"},
    "orders": {"id": "O-1", "date": "2026-02-01", "customer": "C-1", "amount": "1"},
    "deals": {"id": "D-1", "salesperson": "S-1", "created": "2026-02-01"},
    "activities": {"id": "A-1", "date": "2026-02-01", "salesperson": "S-1", "type": "call"},
    "targets": {"period": "2026-02", "measure": "revenue", "value": "1"},
}
LARGEST = "999999999999.9999"


def in_each_format(row: dict[str, str], form: str) -> list[tuple[int, Outcome]]:
    """The number of the row, and what became of it, in CSV, JSON and NDJSON."""
    kind = FORMS[form]
    filled = row if any(row.values()) else row | {"deleted": "false"}  # an empty line of CSV is no row
    return [(2, checked_csv([filled], kind)), (1, checked_json([row], kind)), (1, checked_ndjson([row], kind))]


TAKEN: list[tuple[str, str, str, Any]] = [
    ("statistics", "period", "1900-01", parse_month("1900-01")),
    ("statistics", "period", month_text(NEWEST), NEWEST),
    ("statistics", "customer", "", ""),
    ("statistics", "customer", "K-7/ä b", "K-7/ä b"),
    ("statistics", "channel", "x" * 120, "x" * 120),
    ("statistics", "revenue", "-12.5", -125_000),
    ("statistics", "revenue", "-0", 0),
    ("statistics", "revenue", "-0.0001", -1),
    ("statistics", "revenue", LARGEST, 10**16 - 1),
    ("statistics", "margin", "-" + LARGEST, 1 - 10**16),
    ("statistics", "revenue", "", 0),
    ("statistics", "orders", "3", 30_000),
    ("statistics", "orders", "007", 70_000),
    ("statistics", "orders", "999999999", 999_999_999 * AMOUNT_SCALE),
    ("statistics", "hours", "0.0001", 1),
    ("customers", "potential", "", None),
    ("customers", "potential", "0", 0),
    ("customers", "potential_source", "norm", "norm"),
    ("customers", "potential_source", "", ""),
    ("customers", "since", "2024-02-29", date(2024, 2, 29)),
    ("customers", "name", "x" * 200, "x" * 200),
    ("salespeople", "fte", "", AMOUNT_SCALE),
    ("salespeople", "fte", "2", 2 * AMOUNT_SCALE),
    ("salespeople", "hours_a_day", "", 8 * AMOUNT_SCALE),
    ("salespeople", "hours_a_day", "24", 24 * AMOUNT_SCALE),
    ("salespeople", "end", "", None),
    ("salespeople", "end", "2025-02-01", date(2025, 2, 1)),
    ("exchange-rates", "currency", "XAU", "XAU"),
    ("statistics", "deleted", "true", 1),
    ("statistics", "deleted", "false", 0),
    ("statistics", "deleted", "", 0),
    ("statistics", "customer", "NA", "NA"),
    ("statistics", "customer", "00123", "00123"),
    ("statistics", "channel", "Cafe\u0301", "Cafe\u0301"),
    ("statistics", "channel", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    ("orders", "amount", "-12.5", -125_000),
    ("orders", "credit_shares", "S-2=0.4; S-1=0.6", "S-1=0.6;S-2=0.4"),
    ("deals", "stages", "offer=2026-02-11; lead=2026-01-05", "lead=2026-01-05;offer=2026-02-11"),
    ("deals", "new_customer", "true", 1),
    ("deals", "abc_class", "A", "A"),
    ("deals", "closed", "", None),
    ("activities", "hours", "", 0),
    ("targets", "period", "2027-01", parse_month("2027-01")),
    ("targets", "measure", "revenue", "revenue"),
    ("exchange-rates", "rate", "0.000000000001", 1),
    ("exchange-rates", "rate", "999999.999999999999", 10**18 - 1),
    ("exchange-rates", "rate", "4.25", 425 * 10 ** (RATE_DECIMALS - 2)),
]

REFUSED: list[tuple[str, str, str, str, str]] = [
    ("statistics", "period", "", "missing_value", "needed"),
    ("statistics", "period", "2025-13", "bad_month", "YYYY-MM"),
    ("statistics", "period", "2025-1", "bad_month", "YYYY-MM"),
    ("statistics", "period", "2025-01-01", "bad_month", "YYYY-MM"),
    ("statistics", "period", "２０２５-01", "bad_month", "YYYY-MM"),
    ("statistics", "period", "0000-01", "bad_month", "YYYY-MM"),
    ("statistics", "period", " 2025-01", "bad_month", "YYYY-MM"),
    ("statistics", "period", "2026-12", "future_period", "not begun"),
    ("statistics", "period", "1899-12", "out_of_range", "1900-01"),
    ("statistics", "customer", "x" * 65, "too_long", "64"),
    ("statistics", "customer", "C-1 ", "surrounding_space", "spaces"),
    ("statistics", "customer", "\u00a0C-1", "surrounding_space", "spaces"),
    ("statistics", "channel", "x" * 121, "too_long", "120"),
    ("statistics", "channel", "a\u0007b", "bad_text", "printed"),
    ("statistics", "channel", "a\u202eb", "bad_text", "printed"),
    ("statistics", "revenue", "1,5", "bad_number", "decimal mark is a point"),
    ("statistics", "revenue", "1,234.50", "bad_number", "decimal mark is a point"),
    ("statistics", "revenue", "1_000", "bad_number", "digits"),
    ("statistics", "revenue", "+5", "bad_number", "digits"),
    ("statistics", "revenue", " 5", "bad_number", "digits"),
    ("statistics", "revenue", "5\n", "bad_number", "digits"),
    ("statistics", "revenue", "5.", "bad_number", "digits"),
    ("statistics", "revenue", ".5", "bad_number", "digits"),
    ("statistics", "revenue", "1e5", "bad_number", "digits"),
    ("statistics", "revenue", "0x10", "bad_number", "digits"),
    ("statistics", "revenue", "１", "bad_number", "digits"),
    ("statistics", "revenue", "٣", "bad_number", "digits"),
    ("statistics", "revenue", "−5", "bad_number", "digits"),
    ("statistics", "revenue", "NaN", "bad_number", "digits"),
    ("statistics", "revenue", "Infinity", "bad_number", "digits"),
    ("statistics", "revenue", "12 EUR", "bad_number", "digits"),
    ("statistics", "revenue", "1" * 13, "out_of_range", "12 digits"),
    ("statistics", "revenue", "1" * 30, "out_of_range", "12 digits"),
    ("statistics", "revenue", "1" * 5_000, "bad_number", "digits"),
    ("statistics", "revenue", "1.00001", "out_of_range", "4 after"),
    ("statistics", "quote_value", "-0.01", "out_of_range", "below 0"),
    ("statistics", "hours", "-1", "out_of_range", "below 0"),
    ("statistics", "orders", "-1", "not_a_count", "whole number"),
    ("statistics", "orders", "1.5", "not_a_count", "whole number"),
    ("statistics", "orders", "1.0", "not_a_count", "whole number"),
    ("statistics", "orders", "1000000000", "not_a_count", "whole number"),
    ("statistics", "orders", "three", "bad_number", "digits"),
    ("statistics", "deleted", "True", "not_a_choice", "true or false"),
    ("statistics", "deleted", "1", "not_a_choice", "true or false"),
    ("orders", "amount", "", "missing_value", "needed"),
    ("orders", "date", "46082", "bad_date", "YYYY-MM-DD"),
    ("orders", "credit_shares", "S-1=0.6; S-2=0.5", "bad_shares", "at most 1"),
    ("deals", "stages", "offer", "bad_stages", "offer=2026-02-11"),
    ("deals", "stages", "offer=2026-02-30", "bad_date", "YYYY-MM-DD"),
    ("deals", "outcome", "won", "closed_and_outcome", "closed"),
    ("deals", "closed", "2026-02-02", "closed_and_outcome", "closed"),
    ("deals", "abc_class", "D", "not_a_choice", "A, B, C"),
    ("activities", "type", "", "missing_value", "needed"),
    ("targets", "measure", "profit", "not_a_choice", "revenue"),
    ("targets", "period", "2127-01", "future_period", "not begun"),
    ("customers", "code", "", "missing_value", "needed"),
    ("customers", "name", "x" * 201, "too_long", "200"),
    ("customers", "potential", "-1", "out_of_range", "below 0"),
    ("customers", "potential_source", "guess", "not_a_choice", "declared, norm, peer"),
    ("customers", "potential_source", "Norm", "not_a_choice", "declared, norm, peer"),
    ("customers", "since", "2025-02-29", "bad_date", "YYYY-MM-DD"),
    ("customers", "since", "20250201", "bad_date", "YYYY-MM-DD"),
    ("customers", "since", "2025-W05-1", "bad_date", "YYYY-MM-DD"),
    ("customers", "since", "01.02.2025", "bad_date", "YYYY-MM-DD"),
    ("customers", "since", "２０２５-02-01", "bad_date", "YYYY-MM-DD"),
    ("customers", "since", "0000-01-01", "bad_date", "YYYY-MM-DD"),
    ("customers", "since", "1899-12-31", "out_of_range", "1900"),
    ("salespeople", "start", "", "missing_value", "needed"),
    ("salespeople", "fte", "2.0001", "out_of_range", "above 2"),
    ("salespeople", "fte", "-0.1", "out_of_range", "below 0"),
    ("salespeople", "hours_a_day", "24.5", "out_of_range", "above 24"),
    ("salespeople", "end", "2025-01-31", "ends_before_start", "before the first"),
    ("exchange-rates", "currency", "pln", "bad_currency", "three capital letters"),
    ("exchange-rates", "currency", "ＰＬＮ", "bad_currency", "three capital letters"),
    ("exchange-rates", "currency", "PLNN", "bad_currency", "three capital letters"),
    ("exchange-rates", "reference", "PLN", "same_currency", "in itself"),
    ("exchange-rates", "rate", "", "missing_value", "needed"),
    ("exchange-rates", "rate", "0", "out_of_range", "above 0"),
    ("exchange-rates", "rate", "0.000000000000", "out_of_range", "above 0"),
    ("exchange-rates", "rate", "-1", "out_of_range", "above 0"),
    ("exchange-rates", "rate", "1000000", "out_of_range", "below 1000000"),
    ("exchange-rates", "rate", "0.1234567890123", "out_of_range", "12 decimals"),
    ("exchange-rates", "rate", "4,25", "bad_number", "decimal mark is a point"),
]


@pytest.mark.parametrize("form, column, text, value", TAKEN)
def test_a_good_cell_has_its_internal_value_in_each_format(form: str, column: str, text: str, value: Any) -> None:
    for number, found in in_each_format(GOOD[form] | {column: text}, form):
        assert (found.problems, found.rows) == ([], [number])
        assert found.columns[column] == [value]
        assert type(found.columns[column][0]) is type(value)


@pytest.mark.parametrize("form, column, text, code, words", REFUSED)
def test_a_bad_cell_is_refused_in_each_format_with_what_would_be_right(
    form: str, column: str, text: str, code: str, words: str
) -> None:
    for number, found in in_each_format(GOOD[form] | {column: text}, form):
        told = [(number, "closed" if code == "closed_and_outcome" else column, code)]
        assert (found.told, found.count, found.rows) == (told, 1, [])
        assert words in found.problems[0].message
        assert all(values == [] for values in found.columns.values())


def test_each_kind_of_cell_is_among_the_taken_and_the_refused() -> None:
    every = {column.kind.name for form in FORMS.values() for column in form.columns}
    assert {FORMS[form].by_name[column].kind.name for form, column, *_ in TAKEN} == every
    assert {FORMS[form].by_name[column].kind.name for form, column, *_ in REFUSED} == every


@pytest.mark.parametrize("form", GOOD)
def test_columns_that_are_absent_are_as_empty_ones(form: str) -> None:
    row = GOOD[form]
    absent = {column.name: [column.default] for column in FORMS[form].columns if column.name not in row}
    for _, found in in_each_format(row, form):
        assert {name: found.columns.get(name, default) for name, default in absent.items()} == absent
    full = dict.fromkeys(FORMS[form].by_name, "") | row
    for _, found in in_each_format(full, form):
        assert {name: found.columns[name] for name in absent} == absent


def test_every_form_has_a_good_row() -> None:
    assert GOOD.keys() == FORMS.keys()


RULES = [
    ("salespeople", {"start": "2025-02-01", "end": "2025-02-01"}, None),
    ("salespeople", {"start": "2025-02-01", "end": "2025-01-31"}, "ends_before_start"),
    ("orders", {"salesperson": "S-1"}, None),
    ("orders", {"credit_shares": "S-1=0.5"}, None),
    ("orders", {"salesperson": "S-1", "credit_shares": "S-1=0.5"}, "two_attributions"),
    ("deals", {"outcome": "won"}, "closed_and_outcome"),
    ("deals", {"outcome": "lost"}, "closed_and_outcome"),
    ("deals", {"outcome": "open"}, None),
    ("deals", {"outcome": "open", "closed": "2026-03-01"}, "closed_and_outcome"),
    ("deals", {"closed": "2026-03-01"}, "closed_and_outcome"),
    ("deals", {"outcome": "won", "closed": "2026-03-01"}, None),
    ("deals", {"outcome": "won", "closed": "2026-01-31"}, "closed_before_created"),
    ("exchange-rates", {"currency": "EUR"}, "same_currency"),
    ("exchange-rates", {"currency": "XXX", "reference": "PLN"}, None),
]


@pytest.mark.parametrize("form, cells, code", RULES)
def test_rules_hold_for_columns_that_were_not_handed_in_too(form: str, cells: dict[str, str], code: str | None) -> None:
    for _, found in in_each_format(GOOD[form] | cells, form):
        assert [one.code for one in found.problems] == ([] if code is None else [code])


def test_every_rule_is_broken_once() -> None:
    assert {code for _, _, code in RULES if code} == {rule.code for form in FORMS.values() for rule in form.rules}


def test_a_row_with_a_bad_cell_is_not_told_of_rules() -> None:
    row = GOOD["salespeople"] | {"end": "2025-01-31", "fte": "9"}
    for number, found in in_each_format(row, "salespeople"):
        assert found.told == [(number, "fte", "out_of_range")]


def test_every_measure_has_a_column_of_its_kind() -> None:
    names = [column.name for column in STATISTICS.columns if column.name != "deleted"]
    assert names[-len(MEASURES) :] == list(MEASURES)
    for name, measure in MEASURES.items():
        assert (checked_json([{"period": "2025-01", name: "-1"}]).count == 0) == measure.may_be_negative


def test_a_needed_field_that_no_row_has_is_told_of_each_row() -> None:
    assert checked_json([{"revenue": "1"}, {"revenue": "2"}]).told == [
        (1, "period", "missing_value"),
        (2, "period", "missing_value"),
    ]


def test_problems_come_by_row_and_good_rows_stay_aligned() -> None:
    found = checked("period,revenue,orders\n2025-01,1,1\nx,y,z\n2025-02,2,2\n2025-03,3,1.5\n2025-04,4,4,4\n")
    told = [(3, "period"), (3, "orders"), (3, "revenue"), (5, "orders"), (6, None)]
    assert {(one.row, one.column) for one in found.problems} == set(told)
    assert [one.row for one in found.problems] == [row for row, _ in told]
    assert (found.count, found.rows) == (5, [2, 4])
    assert (found.columns["revenue"], found.columns["orders"]) == ([10_000, 20_000], [10_000, 20_000])


def test_the_value_of_a_problem_is_what_was_sent_in_short() -> None:
    found = checked_csv([{"period": "2025-01", "channel": "x" * 500, "revenue": "y" * 500}])
    assert [one.value for one in found.problems] == ["x" * 80, "y" * 80]


def test_values_are_remembered_and_forgotten_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_REMEMBERED", 3)
    monkeypatch.setattr("service.forms.objects.BATCH_ROWS", 5)
    rows = [{"period": "2025-01", "customer": f"C{number % 7}", "revenue": f"{number}x"} for number in range(23)]
    found = checked_json(rows)
    assert found.told == [(number, "revenue", "bad_number") for number in range(1, 24)]
    assert checked_json([row | {"revenue": "1"} for row in rows]).columns["customer"] == [
        f"C{number % 7}" for number in range(23)
    ]


@pytest.mark.parametrize("line, of_each_row", [("x,{n},y,1", 2), ("2025-01,{n},{n}x,-1", 2)], ids=["same", "new"])
def test_a_bad_table_keeps_the_first_problems_and_counts_all(line: str, of_each_row: int) -> None:
    count = KEPT_PROBLEMS + 5
    body = "period,customer,revenue,orders\n" + "".join(line.format(n=number) + "\n" for number in range(count))
    found = checked(body)
    assert (found.count, len(found.problems), found.rows) == (of_each_row * count, KEPT_PROBLEMS, [])
    assert {one.row for one in found.problems} <= set(range(2, count + 2))


@pytest.mark.parametrize("row", ["2025-01,x", "2025-01,1.234", "2025-01,,"], ids=["number", "ambiguous", "cells"])
def test_a_million_bad_rows_are_counted_and_the_first_ten_thousand_are_kept(row: str) -> None:
    count = 1_000_000 if row != "2025-01,," else 100_000  # Arrow hands over a row of a wrong length on its own: slowly
    body = ("period,revenue\n" + f"{row}\n" * count).encode()
    tracemalloc.start()
    found = checked(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.count, len(found.problems), found.rows) == (count, 10_000, [])
    assert [one.row for one in found.problems] == list(range(2, 10_002))
    assert peak < 60 << 20


TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)
ROW = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["2025-01", "2026-11", "2026-12", "2025-1", ""]),
        "customer": TEXT,
        "channel": TEXT,
        "revenue": st.sampled_from(["", "1", "-2.5", "0.0001", "1.234", "1,5", LARGEST, "1.00001", "x"]),
        "orders": st.sampled_from(["", "0", "3", "-1", "1.5"]),
        "deleted": st.sampled_from(["", "true", "false", "1"]),
    }
)


@given(st.lists(ROW, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_the_same_rows_check_to_the_same_in_each_format(rows: list[dict[str, str]], line_end: str) -> None:
    rows = [row if any(row.values()) else row | {"customer": "C"} for row in rows]  # an empty line of CSV is no row
    from_csv = checked(csv_of(rows, line_end=line_end), reader=csv_reader(POINT))
    for found in (checked_json(rows), checked_ndjson(rows)):
        assert from_csv.columns == {name: found.columns[name] for name in from_csv.columns}
        assert [row - 1 for row in from_csv.rows] == found.rows
        told = [(one.row, one.column, one.code, one.message, one.value) for one in found.problems]
        of_csv = from_csv.problems
        assert [((one.row or 0) - 1, one.column, one.code, one.message, one.value) for one in of_csv] == told
        assert len(found.rows) + len({one.row for one in found.problems}) == len(rows)


@given(st.lists(st.integers(1 - 10**16, 10**16 - 1), min_size=1, max_size=12))
def test_amounts_are_read_as_they_are_written(amounts: list[int]) -> None:
    rows = [{"period": "2025-01", "revenue": amount_text(one)} for one in amounts]
    assert checked_csv(rows).columns["revenue"] == amounts
    assert checked_json(rows).columns["revenue"] == amounts


@given(st.integers(1, 10**18 - 1))
def test_rates_are_read_as_they_are_written(rate: int) -> None:
    written = f"{rate // 10**RATE_DECIMALS}.{rate % 10**RATE_DECIMALS:012d}"
    for _, found in in_each_format(GOOD["exchange-rates"] | {"rate": written}, "exchange-rates"):
        assert found.columns["rate"] == [rate]


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_a_json_number_is_taken_digit_by_digit(amount: int) -> None:
    text = amount_text(amount)
    body = json.dumps([{"period": "2025-01", "revenue": 7}]).replace("7", text)
    assert checked_json(body).columns["revenue"] == [amount]
