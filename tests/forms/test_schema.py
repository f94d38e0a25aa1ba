"""Forms described for machines: what the checks take the descriptions allow."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.dialect import Dialect
from service.forms.objects import read_ndjson
from service.forms.schema import example_csv, example_ndjson, example_rows, row_schema, table_schema
from tests.forms.tables import cells, checked, checked_csv, checked_json
from tests.forms.test_checking import GOOD, REFUSED, TAKEN

EACH_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
BEYOND_A_SCHEMA = {
    *{("period", "0000-01"), ("period", "1899-12"), ("period", "2026-12"), ("period", "2127-01")},
    *{("customer", "C-1 "), ("customer", "\u00a0C-1"), ("channel", "a\u0007b"), ("channel", "a\u202eb")},
    *{("since", "2025-02-29"), ("since", "0000-01-01"), ("since", "1899-12-31"), ("end", "2025-01-31")},
    *{("reference", "PLN"), ("rate", "0"), ("rate", "0.000000000000")},
    *{("fte", "2.0001"), ("hours_a_day", "24.5")},
    *{("code", ""), ("type", ""), ("start", ""), ("amount", "")},
    *{("credit_shares", "S-1=0.6; S-2=0.5"), ("stages", "offer"), ("stages", "offer=2026-02-30")},
    *{("outcome", "won"), ("closed", "2026-02-02")},
}
"""Bad cells that the schema of a row lets through: they need the calendar, today, kinds of characters, bounds of
numbers as text, or another column."""


@EACH_FORM
def test_the_example_of_a_form_fits_its_schema_and_is_good(form: Form) -> None:
    rows = example_rows(form)
    Draft202012Validator(row_schema(form)).validate(rows[0])
    found = [
        checked_json(rows, form),
        checked(example_csv(form), form),
        checked(example_ndjson(form), form, read_ndjson),
    ]
    assert [(one.count, len(one.rows)) for one in found] == [(0, 1)] * 3


@EACH_FORM
def test_the_example_csv_is_one_header_and_one_row_with_its_key(form: Form) -> None:
    found = cells(example_csv(form), form)
    assert found.received == 1
    required = {column.name for column in form.columns if column.required}
    assert required <= set(found.columns)


@EACH_FORM
def test_a_row_schema_is_flat_and_names_every_accepted_column(form: Form) -> None:
    schema = row_schema(form)
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == list(form.accepted)
    assert schema["required"] == [column.name for column in form.columns if column.required]
    assert schema["additionalProperties"] is False
    assert all(one["description"] for one in schema["properties"].values())
    assert not re.search(r'"(anyOf|oneOf|allOf|\$ref)"', json.dumps(schema))


@EACH_FORM
def test_a_table_schema_names_every_column_with_type_meaning_and_key(form: Form) -> None:
    schema = table_schema(form)
    fields = {field["name"]: field for field in schema["fields"]}
    assert list(fields) == list(form.by_name)
    assert tuple(schema["primaryKey"]) == form.key
    assert set(form.key) <= set(fields)
    assert {field["type"] for field in fields.values()} <= {
        *("string", "number", "integer", "boolean"),
        *("date", "yearmonth"),
    }
    assert all(field["description"] for field in fields.values())
    for name, column in form.by_name.items():
        assert fields[name]["constraints"].get("required", False) is column.required
        assert fields[name]["kontor:unit"] == column.unit
        assert fields[name]["kontor:usedBy"] == list(column.used_by)


@EACH_FORM
def test_a_cell_that_may_be_left_out_may_be_null_or_empty(form: Form) -> None:
    for column in form.columns:
        if not column.required:
            for nothing in (None, ""):
                row = GOOD[form.name] | {column.name: nothing}
                assert checked_json([row], form).problems == []
                Draft202012Validator(row_schema(form)).validate(row)


@pytest.mark.parametrize("form, column, text", [case[:3] for case in TAKEN])
def test_the_schema_allows_what_the_checks_take(form: str, column: str, text: str) -> None:
    Draft202012Validator(row_schema(FORMS[form])).validate(GOOD[form] | {column: text})


def test_the_schema_refuses_what_the_checks_refuse_as_far_as_a_schema_can() -> None:
    let_through = {
        (column, text)
        for form, column, text, *_ in REFUSED
        if not text.endswith("\n")  # Python lets a last line end pass at `$`; JSON Schema's patterns do not
        and Draft202012Validator(row_schema(FORMS[form])).is_valid(GOOD[form] | {column: text})
    }
    assert let_through == BEYOND_A_SCHEMA


@given(st.from_regex(r"\A-?[0-9]{0,14}(\.[0-9]{0,6})?\Z"))
@pytest.mark.parametrize(
    "form, column",
    [("statistics", "revenue"), ("statistics", "orders"), ("statistics", "hours"), ("customers", "potential")],
)
def test_a_text_that_the_pattern_of_a_number_allows_is_taken(form: str, column: str, text: str) -> None:
    row = GOOD[form] | {column: text}
    if Draft202012Validator(row_schema(FORMS[form])).is_valid(row):
        assert checked_json([row], FORMS[form]).problems == []


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    ["", "1", "2025-01", "2025-01-01", "A", "EUR", "true", "S=1", 1, 0.5, -1]
)


@given(st.data())
@EACH_FORM
def test_what_the_checks_take_the_schema_allows(form: Form, data: st.DataObject) -> None:
    row = GOOD[form.name] | data.draw(st.dictionaries(st.sampled_from(list(form.by_name)), VALUES, max_size=4))
    if checked_json([row], form).count == 0:
        Draft202012Validator(row_schema(form)).validate(row)


def test_a_row_of_the_schema_may_come_as_csv_in_any_dialect() -> None:
    for delimiter in ("comma", "semicolon", "tab"):
        for form in FORMS.values():
            dialect = Dialect(delimiter, "point")  # type: ignore[arg-type]
            assert checked_csv(example_rows(form), form, dialect).count == 0
