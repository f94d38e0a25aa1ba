"""Checks of a submission: they hold for what was stored, and find what was tampered with."""

from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text

from tests.conftest import Service
from tests.group import hand_in_subsidiary

LINE = {"period": "2026-05", "customer": "DE-C1", "revenue": "100"}


@pytest.fixture
def stored(service: Service) -> Service:
    """Submissions DE.1 to DE.3: salespeople, customers, statistics."""
    hand_in_subsidiary(service, "DE", "EUR")
    return service


def _checks(service: Service, submission: str) -> tuple[dict[str, Any], dict[str, Any]]:
    document = service.get(f"/v1/submissions/{submission}/checks")
    return document, {item["name"]: item for item in document["items"]}


def _change(service: Service, statement: str, **values: Any) -> None:
    with service.database.writing() as connection:
        connection.execute(text(statement), values)


@pytest.mark.parametrize("submission, rows", [("DE.1", 2), ("DE.2", 6), ("DE.3", 144)])
def test_the_checks_of_each_form_hold(stored: Service, submission: str, rows: int) -> None:
    document, checks = _checks(stored, submission)
    assert document["holds"] is True
    assert all(item["holds"] for item in document["items"])
    assert list(checks) == ["source_sha256", "source_size", "received", "accepted", "problems", "rows"]
    assert (document["rows_now"], document["rows_replaced"], checks["rows"]["right"]) == (rows, 0, str(rows))


def test_rows_that_were_replaced_are_counted_in_the_history(stored: Service) -> None:
    first = stored.submit("statistics", [LINE, LINE | {"customer": "DE-C2"}], subsidiary="DE")
    stored.submit("statistics", [LINE | {"revenue": "90"}], subsidiary="DE")
    document, _ = _checks(stored, first["id"])
    assert (document["rows_now"], document["rows_replaced"], document["holds"]) == (1, 1, True)


def test_a_submission_that_changed_nothing_claims_no_rows(stored: Service) -> None:
    stored.submit("statistics", [LINE], subsidiary="DE")
    again = stored.submit("statistics", [LINE], subsidiary="DE")
    document, checks = _checks(stored, again["id"])
    assert (document["rows_now"], document["rows_replaced"], document["holds"]) == (None, None, True)
    assert "rows" not in checks


def test_the_groups_submissions_are_checked_too(stored: Service) -> None:
    rate = {"period": "2026-05", "currency": "PLN", "reference": "EUR", "rate": "0.23"}
    receipt = stored.submit("exchange-rates", [rate])
    document, _ = _checks(stored, receipt["id"])
    assert (document["id"], document["rows_now"], document["holds"]) == ("group.1", 1, True)


def test_refused_rows_are_counted(stored: Service) -> None:
    receipt = stored.submit("statistics", [LINE, LINE | {"revenue": "x"}], subsidiary="DE", mode="valid")
    document, checks = _checks(stored, receipt["id"])
    assert (checks["problems"]["left"], checks["received"]["right"], document["holds"]) == ("1", "2", True)


@pytest.mark.parametrize("content", [pa.compress(b"[]", codec="zstd", asbytes=True), b"broken"])
def test_a_source_that_was_tampered_with_is_found(stored: Service, content: bytes) -> None:
    record = stored.get("/v1/submissions/DE.3")
    _change(
        stored, "UPDATE source_chunk SET content = :content WHERE sha256 = :sha", content=content, sha=record["sha256"]
    )
    document, checks = _checks(stored, "DE.3")
    assert document["holds"] is False
    assert checks["source_sha256"]["left"] != checks["source_sha256"]["right"] == record["sha256"]
    assert (checks["source_size"]["holds"], checks["received"]["holds"]) == (False, True)


@pytest.mark.parametrize(
    "statement, name",
    [
        ("DELETE FROM line WHERE period = 24300", "rows"),
        ("UPDATE submission SET rejected = 1 WHERE number = 3", "received"),
        ("UPDATE submission SET unchanged = 1 WHERE number = 3", "accepted"),
        ("UPDATE submission SET problem_count = 1 WHERE number = 3", "problems"),
    ],
)
def test_what_was_changed_behind_the_service_is_found(stored: Service, statement: str, name: str) -> None:
    _change(stored, statement)
    document, checks = _checks(stored, "DE.3")
    assert document["holds"] is False
    assert [found for found, item in checks.items() if not item["holds"]] == [name]
