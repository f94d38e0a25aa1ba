"""Templates as a person meets them: every form in every language, read back cell by cell."""

import io
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.languages import LANGUAGES, fold, headings
from service.forms.template import sheet_name, workbook

STATISTICS = FORMS["statistics"]
ROWS = [
    {"period": "2026-03", "customer": "00123", "channel": "direkt", "orders": "2", "revenue": "1250.5", "hours": "4.5"},
    {"period": "2026-03", "customer": "=1+1", "salesperson": "+S", "product_group": "@x", "revenue": "-0.0001"},
]
SHOWN: list[dict[str, Any]] = [
    {"period": "2026-03", "customer": "00123", "channel": "direkt", "orders": 2.0, "revenue": 1250.5, "hours": 4.5},
    {"period": "2026-03", "customer": "=1+1", "salesperson": "+S", "product_group": "@x", "revenue": -0.0001},
]


def cells(body: bytes, form: Form) -> list[dict[str, Any]]:
    """The rows of the data sheet by column, without empty cells."""
    header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    known = headings(form)
    names = [known[fold(str(text))] for text in header]
    return [{name: value for name, value in zip(names, row, strict=True) if value != ""} for row in rows]


def opened(body: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(body))


def rules(body: bytes) -> dict[str, Any]:
    """What a spreadsheet checks, by column letter."""
    found = opened(body).worksheets[0].data_validations.dataValidation
    return {str(rule.sqref).split(":")[0].rstrip("0123456789"): rule for rule in found}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_an_example_stands_on_the_notes_and_never_on_the_data_sheet(form: Form, lang: str) -> None:
    body = workbook(form, lang, {}, title="DE Muster GmbH")
    assert cells(body, form) == []
    data, notes, *_ = opened(body).worksheets
    assert data.title == sheet_name(form, lang)
    assert [cell.value for cell in data[1]] == [notes.cell(row, 1).value.removesuffix(" *") for row in described(notes)]
    written = {str(cell.value) for row in notes.iter_rows() for cell in row}
    assert {column.name for column in form.columns} <= written
    assert all(cell.comment is not None for cell in data[1])


def described(notes: Any) -> range:
    """Rows of the notes that describe columns."""
    last = notes.max_row
    first = next(row for row in range(last, 0, -1) if notes.cell(row, 2).value is None) + 2
    return range(first, last + 1)


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_every_column_is_checked_while_somebody_types(form: Form) -> None:
    found = rules(workbook(form, "de", {}))
    assert len(found) == len(form.columns)
    for column, rule in zip(form.columns, found.values(), strict=True):
        assert len(rule.promptTitle) <= 32
        assert 0 < len(rule.prompt) <= 255
        assert rule.error
        assert (rule.type == "list") == ("enum" in column.kind.constraints)


def test_bounds_are_those_of_the_form() -> None:
    found = rules(workbook(FORMS["salespeople"], "en", {}))
    assert (found["E"].type, found["E"].formula1, found["E"].formula2) == ("decimal", "0", "2")
    assert (found["F"].formula1, found["F"].formula2) == ("0", "24")
    rate = rules(workbook(FORMS["exchange-rates"], "en", {}))["D"]
    assert (rate.type, rate.operator, rate.formula1) == ("decimal", "greaterThan", "0")


def test_a_column_of_codes_is_text_and_a_day_is_a_day() -> None:
    sheet = opened(workbook(FORMS["customers"], "en", {})).worksheets[0]
    formats = {column.name: place for place, column in enumerate(FORMS["customers"].columns, start=1)}
    letters = {name: openpyxl.utils.get_column_letter(place) for name, place in formats.items()}
    shown = {name: sheet.column_dimensions[letter].number_format for name, letter in letters.items()}
    assert (shown["code"], shown["potential"], shown["since"]) == ("@", "#,##0.00##", "yyyy-mm-dd")


def test_a_list_holds_ten_thousand_customers_and_lets_new_ones_in() -> None:
    customers = [f"{number:05}" for number in range(10_000)]
    body = workbook(STATISTICS, "fr", {"customer": customers, "channel": ["=A1", "=A1", ""]})
    found = rules(body)
    assert (found["B"].type, found["B"].errorStyle) == ("list", "warning")
    lists = opened(body)["Lists"]
    assert lists.sheet_state == "hidden"
    assert found["B"].formula1 == "Lists!$A$1:$A$10000"
    assert [cell.value for cell in lists["A"]] == customers
    assert found["D"].formula1 == "Lists!$B$1"
    assert (lists["B1"].value, lists["B1"].data_type) == ("=A1", "s")


def test_a_choice_of_the_form_is_final() -> None:
    rule = rules(workbook(FORMS["customers"], "en", {"potential_source": ["guess"]}))["G"]
    assert (rule.type, rule.errorStyle) == ("list", None)


def test_rows_stand_there_as_they_were_given() -> None:
    body = workbook(STATISTICS, "pl", {}, ROWS)
    assert cells(body, STATISTICS) == SHOWN
    assert opened(body).worksheets[0]["B3"].data_type == "s"


def test_a_number_with_more_digits_than_a_spreadsheet_keeps_is_text() -> None:
    rows = [{"period": "2026-03", "revenue": "999999999999.9999"}, {"period": "2026-03", "revenue": "99999999999.9999"}]
    assert [row["revenue"] for row in cells(workbook(STATISTICS, "en", {}, rows), STATISTICS)] == [
        "999999999999.9999",
        99999999999.9999,
    ]


def test_a_day_is_written_as_a_day() -> None:
    rows = [{"code": "C-1", "since": "2019-05-01"}, {"code": "C-2", "since": "some time"}]
    found = cells(workbook(FORMS["customers"], "en", {}, rows), FORMS["customers"])
    assert [row["since"] for row in found] == [date(2019, 5, 1), "some time"]


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = (workbook(STATISTICS, "de", {"channel": ["direkt"]}, ROWS, title="DE") for _ in range(2))
    assert first == second


def test_the_document_says_which_form_and_language_it_is() -> None:
    book = opened(workbook(STATISTICS, "ru", {}))
    assert {item.name: item.value for item in book.custom_doc_props.props}.items() >= {
        ("kontor_form", "statistics"),
        ("kontor_language", "ru"),
    }


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed here")
def test_libreoffice_saves_the_same_cells(tmp_path: Path) -> None:
    body = workbook(STATISTICS, "de", {"customer": ["00123"]}, ROWS)
    (tmp_path / "filled.xlsx").write_bytes(body)
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "saved")]
    subprocess.run([*command, str(tmp_path / "filled.xlsx")], check=True, capture_output=True, timeout=120)
    saved = (tmp_path / "saved" / "filled.xlsx").read_bytes()
    assert cells(saved, STATISTICS) == SHOWN
    found = rules(saved)
    assert found["B"].type == "list"
    assert {"A", "F", "G"} <= found.keys()
