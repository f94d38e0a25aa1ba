"""LibreOffice opens the files that the service gives out: numbers are numbers there, dates dates, and codes text."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import Service, service_at
from tests.group import hand_in_subsidiary

pytestmark = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed here; make test-spreadsheets"
)
TABLES = ("customers", "statistics")
BY_WORKBOOK, BY_CSV = "xlsx", "csv"
GERMAN_CSV = "CSV:59,34,76,1,,1031,false,true"
"""What the dialog shows for such a file: semicolons, UTF-8, German; dates are found out."""


@pytest.fixture(scope="module")
def service(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = shutil.copy(migrated_file, tmp_path_factory.mktemp("kontor") / "kontor.db")
    with service_at(f"sqlite:///{path}") as made:
        hand_in_subsidiary(made, "DE", "EUR")
        given = {"code": "00123", "name": "Müller & Söhne", "since": "2019-05-01", "potential": "1234567.89"}
        made.submit("customers", [given | {"potential_source": "declared"}], subsidiary="DE")
        yield made


@pytest.fixture(scope="module")
def opened(service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """(way, table) → the sheet as LibreOffice saves it."""
    folder = tmp_path_factory.mktemp("opened")
    sheets = {}
    for way, query, filters in (
        (BY_WORKBOOK, {"format": "xlsx"}, []),
        (BY_CSV, {"format": "csv-excel", "locale": "de"}, [f"--infilter={GERMAN_CSV}"]),
    ):
        given = folder / way
        given.mkdir()
        for table in TABLES:
            answer = service.client.get(f"/v1/{table}", params=query)
            assert answer.status_code == 200, answer.text
            (given / f"{table}.{way}").write_bytes(answer.content)
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", *filters]
        command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "saved" / way)]
        subprocess.run([*command, *sorted(given.iterdir())], check=True, capture_output=True, timeout=300)
        for table in TABLES:
            sheets[way, table] = openpyxl.load_workbook(folder / "saved" / way / f"{table}.xlsx").worksheets[0]
    return sheets


def rows(sheet: Any) -> list[dict[str, Any]]:
    names, *found = sheet.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in found]


@pytest.mark.parametrize("way", [BY_WORKBOOK, BY_CSV])
def test_amounts_are_those_of_the_contract(service: Service, opened: dict[tuple[str, str], Any], way: str) -> None:
    told = service.get("/v1/statistics", limit=1000)["items"]
    found = rows(opened[way, "statistics"])
    assert len(found) == len(told) > 100
    for line, row in zip(told, found, strict=True):
        assert isinstance(row["revenue"], int | float)
        assert [Decimal(str(row[name])) for name in ("revenue", "margin")] == [
            Decimal(line[name]) for name in ("revenue", "margin")
        ]
        assert row["customer"] in (line["customer"], None if not line["customer"] else "")


@pytest.mark.parametrize("way", [BY_WORKBOOK, BY_CSV])
def test_a_day_is_a_day_and_a_name_is_whole(opened: dict[tuple[str, str], Any], way: str) -> None:
    (one,) = (row for row in rows(opened[way, "customers"]) if row["name"] == "Müller & Söhne")
    assert isinstance(one["since"], datetime)
    assert one["since"].date() == date(2019, 5, 1)
    assert Decimal(str(one["potential"])) == Decimal("1234567.89")


def test_a_workbook_keeps_the_zeros_of_a_code(opened: dict[tuple[str, str], Any]) -> None:
    assert "00123" in [row["code"] for row in rows(opened[BY_WORKBOOK, "customers"])]
