"""Reading and checking forms: what every format must agree on, and what no bytes may do."""

import contextlib
import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from service.errors import KontorError
from service.forms.catalogue import FORMS
from service.forms.checking import KEPT_PROBLEMS, Checked, check
from service.forms.readers import read_csv, read_json
from service.forms.schema import example_csv, example_rows, row_schema, table_schema
from service.method.months import parse_month
from service.values import amount_text, parse_amount

NEWEST = parse_month("2026-11")
STATISTICS = FORMS["statistics"]
TEXT = st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)
ROW = st.fixed_dictionaries(
    {
        "period": st.sampled_from(["2025-01", "2026-11", "2026-12", "2025-1", ""]),
        "customer": TEXT,
        "channel": TEXT,
        "revenue": st.sampled_from(["", "1", "-2.5", "0.0001", "1,5", "999999999999.9999", "1.00001", "x"]),
        "orders": st.sampled_from(["", "0", "3", "-1", "1.5"]),
    }
)


def checked_csv(rows: list[dict[str, str]]) -> Checked:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return check(STATISTICS, read_csv(io.BytesIO(out.getvalue().encode()), STATISTICS), NEWEST)


def checked_json(rows: list[dict[str, Any]]) -> Checked:
    return check(STATISTICS, read_json(io.BytesIO(json.dumps(rows).encode()), STATISTICS), NEWEST)


@given(st.lists(ROW, min_size=1, max_size=12))
def test_csv_and_json_of_the_same_rows_check_to_the_same(rows: list[dict[str, str]]) -> None:
    from_csv, from_json = checked_csv(rows), checked_json(rows)
    assert from_csv.columns == from_json.columns
    assert [row - 1 for row in from_csv.rows] == list(from_json.rows)
    told = [(one.row, one.column, one.code) for one in from_json.problems]
    assert [(one.row - 1 if one.row else None, one.column, one.code) for one in from_csv.problems] == told
    assert len(from_json.rows) + len({one.row for one in from_json.problems}) == len(rows)


@given(st.binary(max_size=300))
@pytest.mark.parametrize("reader", [read_csv, read_json])
def test_no_bytes_do_anything_but_be_read_or_refused(reader: Any, content: bytes) -> None:
    for form in FORMS.values():
        with contextlib.suppress(KontorError):
            check(form, reader(io.BytesIO(content), form), NEWEST)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_value_in_a_cell_does_anything_but_be_read_or_refused(value: Any) -> None:
    checked_json([{"period": "2025-01", "revenue": value, "customer": value, "orders": value}])


@given(st.integers(-(10**16) + 1, 10**16 - 1))
def test_an_amount_reads_as_it_is_written(amount: int) -> None:
    assert parse_amount(amount_text(amount)) == amount


def test_a_json_number_is_taken_digit_by_digit() -> None:
    rows = b'[{"period": "2025-01", "revenue": 0.1}, {"period": "2025-02", "revenue": 123456789012.345}]'
    checked = check(STATISTICS, read_json(io.BytesIO(rows), STATISTICS), NEWEST)
    assert list(checked.columns["revenue"]) == [1000, 1234567890123450]


def test_columns_that_are_absent_have_their_defaults() -> None:
    checked = checked_json([{"period": "2025-01"}])
    assert {name: values[0] for name, values in checked.columns.items() if name != "period"} == {
        name: column.default for name, column in STATISTICS.by_name.items() if name != "period"
    }


def test_a_bad_table_keeps_the_first_problems_and_counts_all() -> None:
    content = "period,revenue\n" + "x,y\n" * (KEPT_PROBLEMS + 5)
    checked = check(STATISTICS, read_csv(io.BytesIO(content.encode()), STATISTICS), NEWEST)
    assert checked.problem_count == 2 * (KEPT_PROBLEMS + 5)
    assert len(checked.problems) == KEPT_PROBLEMS
    assert [one.row for one in checked.problems[:3]] == [2, 2, 3]


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_a_form_describes_itself_and_its_example_is_good(form: Any) -> None:
    rows = example_rows(form)
    Draft202012Validator(row_schema(form)).validate(rows[0])
    for table in (
        read_json(io.BytesIO(json.dumps(rows).encode()), form),
        read_csv(io.BytesIO(example_csv(form).encode()), form),
    ):
        assert check(form, table, NEWEST).problem_count == 0
    schema = table_schema(form)
    assert [field["name"] for field in schema["fields"]] == list(form.by_name)
    assert set(schema["primaryKey"]) <= set(form.by_name)
    assert all(field["description"] for field in schema["fields"])
