"""Templates: filled in and handed back they are accepted as they are, in every language, from any spreadsheet."""

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from service.errors import TooLarge
from service.forms.languages import LANGUAGES
from tests.conftest import Service
from tests.group import hand_in_subsidiary

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def stored(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    return service


def template(service: Service, form: str = "statistics", **query: Any) -> bytes:
    answer = service.client.get(f"/v1/forms/{form}/template.xlsx", params={"subsidiary": "DE"} | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == XLSX
    return answer.content


def hand_in(service: Service, body: bytes, form: str = "statistics", **headers: str) -> Any:
    sent = {"Content-Type": XLSX} | headers
    return service.client.post(f"/v1/submissions/{form}", params={"subsidiary": "DE"}, content=body, headers=sent)


def filled(body: bytes, *rows: dict[int, Any]) -> bytes:
    """The workbook with values by column place in further rows."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = book.worksheets[0]
    last = max((cell.row for cell in sheet["A"] if cell.value), default=1)
    for number, row in enumerate(rows, start=last + 1):
        for place, value in row.items():
            sheet.cell(number, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def line(period: Any, revenue: Any) -> dict[int, Any]:
    return {1: period, 2: "DE-C1", 3: "DE-S1", 4: "direct", 6: 2, 7: revenue}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_template_comes_back_filled_in(stored: Service, lang: str) -> None:
    body = filled(template(stored, lang=lang), line("2023-03", 1250.5), line("2023-04", -3))
    answer = hand_in(stored, body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["added"] == 2
    found = stored.get("/v1/statistics", subsidiary="DE", to="2023-12")["items"]
    assert [(row["period"], row["revenue"], row["orders"]) for row in found] == [
        ("2023-03", "1250.5", 2),
        ("2023-04", "-3", 2),
    ]


@pytest.mark.parametrize("form", ["customers", "salespeople", "orders", "deals", "activities", "targets"])
def test_every_form_has_a_template_with_headings_that_are_read(stored: Service, form: str) -> None:
    answer = hand_in(stored, template(stored, form, lang="ru"), form)
    assert answer.status_code == 422 or form in ("orders", "deals", "activities")
    codes = [error["code"] for error in answer.json().get("errors", [])]
    assert codes in ([], ["no_rows"])  # the example stands on the notes, so there is nothing to hand in


def test_the_months_own_rows_are_unchanged_when_handed_back(stored: Service) -> None:
    receipt = hand_in(stored, template(stored, lang="de", rows="2025-03")).json()
    assert (receipt["received"], receipt["unchanged"]) == (6, 6)


def test_lists_hold_the_subsidiarys_own_codes(stored: Service) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(stored, lang="en")))
    sheet = book.worksheets[0]
    assert (sheet.title, sheet.freeze_panes, sheet["B1"].value) == ("Statistics", "A2", "Customer")
    lists = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in sheet.data_validations.dataValidation}
    name, _, place = lists["B2"].partition("!")
    listed = [cell.value for (cell,) in book[name][place.replace("$", "")]]
    assert listed == [f"DE-C{number}" for number in range(1, 7)]
    assert book[name].sheet_state == "hidden"


def test_a_code_with_zeros_and_a_text_like_a_formula_stay_as_they_are(stored: Service) -> None:
    rows = [{1: "00123", 2: "=1+1"}, {1: "00124", 2: "@x"}]
    assert hand_in(stored, filled_texts(template(stored, "customers"), rows), "customers").status_code == 201
    found = {row["code"]: row["name"] for row in stored.get("/v1/customers", limit=1000)["items"]}
    assert (found["00123"], found["00124"]) == ("=1+1", "@x")


def filled_texts(body: bytes, rows: list[dict[int, str]]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(body))
    for number, row in enumerate(rows, start=2):
        for place, value in row.items():
            cell = book.worksheets[0].cell(number, place)
            cell.value = value
            cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_refused_workbook_comes_back_with_its_errors_in_the_cells(stored: Service) -> None:
    body = filled(template(stored, lang="de"), line("2023-03", 1), line("2023-13", "much") | {2: "DE-C9"})
    plain = hand_in(stored, body)
    assert plain.headers["content-type"] == "application/problem+json"
    errors = {error["cell"].partition("!")[2]: error["code"] for error in plain.json()["errors"]}
    assert errors == {"A3": "bad_month", "G3": "bad_number"}
    answer = hand_in(stored, body, **{"Accept": XLSX, "Accept-Language": "de"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, XLSX)
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    for cell, code in errors.items():
        assert code in sheet[cell].comment.text
    assert sheet["G3"].value == "much"
    assert "Probleme" in book.sheetnames
    listed = [row[2] for row in book["Probleme"].iter_rows(min_row=4, values_only=True)]
    assert sorted(listed) == sorted(errors.values())
    mended = openpyxl.load_workbook(io.BytesIO(answer.content))
    for place, value in line("2023-04", 7).items():
        mended.worksheets[0].cell(3, place, value)
    out = io.BytesIO()
    mended.save(out)
    assert hand_in(stored, out.getvalue()).json()["added"] == 2


def test_errors_are_told_where_the_workbook_is_too_large_to_be_marked(
    stored: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def marked(*_: Any) -> bytes:
        raise TooLarge("It needs more memory.")

    monkeypatch.setattr("service.operations.handed.marked", marked)
    body = filled(template(stored, lang="de"), line("2023-13", 1))
    answer = hand_in(stored, body, Accept=XLSX)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["code"] for error in answer.json()["errors"]] == ["bad_month"]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed here")
@pytest.mark.parametrize("lang", ["de", "ru"])
def test_a_template_saved_by_libreoffice_is_accepted(stored: Service, tmp_path: Path, lang: str) -> None:
    body = filled(template(stored, lang=lang, rows="2025-03"), line("2023-03", 1250.5))
    (tmp_path / "filled.xlsx").write_bytes(body)
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    out = tmp_path / "saved"
    subprocess.run([*command, "--outdir", out, tmp_path / "filled.xlsx"], check=True, capture_output=True, timeout=120)
    receipt = hand_in(stored, (out / "filled.xlsx").read_bytes()).json()
    assert (receipt["received"], receipt["unchanged"], receipt["added"]) == (7, 6, 1)
