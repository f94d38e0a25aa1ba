"""The core of the connectors against the service: marks, refusals, retries, and the folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from folder import hand_in_folder
from handing_in import Kontor, Refused
from mapping import Unmapped, row_of
from sync import hand_in, write_back

from tests.conftest import Service

CUSTOMERS = [{"id": 1, "name": "Alpha", "changed": "2026-01-01"}, {"id": 2, "name": "Beta", "changed": "2026-01-02"}]
READ = {"customers": {"from": "customers", "columns": {"code": "id", "name": "name"}}}


class Listed:
    """A CRM of these records."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.listed = records
        self.written: list[tuple[str, dict[str, str]]] = []

    def records(self, _reading: dict[str, Any], since: str | None) -> Iterator[dict[str, Any]]:
        yield from (one for one in self.listed if since is None or one["changed"] >= since)

    def write(self, _writing: dict[str, Any], code: str, values: dict[str, str]) -> None:
        self.written.append((code, values))


@pytest.fixture
def kontor(service: Service, monkeypatch: pytest.MonkeyPatch) -> Kontor:
    """The service as a connector sees it, in this process."""
    found = Kontor("http://testserver", "", "DE", pause=0)
    monkeypatch.setattr(found, "_client", service.client)
    found.prepare("Muster GmbH", "DE", "EUR", ["orders"])
    return found


def test_what_did_not_change_is_read_no_more_and_unchanged_when_it_is(
    kontor: Kontor, capsys: pytest.CaptureFixture[str]
) -> None:
    crm, marks = Listed(CUSTOMERS), {}
    assert hand_in({"read": READ}, crm, kontor, marks) == 0
    assert marks == {"customers": "2026-01-02"}
    hand_in({"read": READ}, crm, kontor, marks)
    hand_in({"read": READ}, crm, kontor, {})
    assert capsys.readouterr().out.splitlines() == [
        "customers: read 2, added 2, corrected 0, unchanged 0, rejected 0",
        "customers: read 1, added 0, corrected 0, unchanged 1, rejected 0",
        "customers: read 2, added 0, corrected 0, unchanged 2, rejected 0",
    ]


def test_the_mark_stays_where_a_row_was_refused(kontor: Kontor, capsys: pytest.CaptureFixture[str]) -> None:
    crm, marks = Listed([*CUSTOMERS, {"id": "x" * 65, "changed": "2026-01-03"}]), {}
    assert hand_in({"read": READ}, crm, kontor, marks) == 1
    assert marks == {}
    assert "row 3, code" in capsys.readouterr().out


def test_the_subsidiary_has_the_feeds_of_what_is_handed_in(kontor: Kontor, service: Service) -> None:
    assert service.get("/v1/subsidiaries/DE/feeds")["results"] == "register"
    kontor.prepare("Muster GmbH", "DE", "EUR", ["orders"])


def test_results_are_written_once(kontor: Kontor) -> None:
    crm = Listed(CUSTOMERS)
    hand_in({"read": READ}, crm, kontor, {})
    order = {"id": "O-1", "date": "2026-01-05", "customer": "1", "amount": "100"}
    list(kontor.submit("orders", [order]))
    written: dict[str, dict[str, str]] = {}
    writing = {"fields": {"abc_class": "", "segment": "", "planned_revenue": "", "next_step": ""}}
    for _ in range(2):
        write_back(writing, crm, kontor, written)
    assert {code: values["abc_class"] for code, values in crm.written} == {"1": "A", "2": "N"}
    assert len(crm.written) == 2


def test_a_request_without_an_answer_is_sent_again_with_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.ConnectError("lost")
        return httpx.Response(503 if len(keys) == 2 else 201, json={"problems": []})

    kontor = Kontor("http://testserver", "", "DE", pause=0)
    monkeypatch.setattr(kontor, "_client", httpx.Client(base_url="http://t", transport=httpx.MockTransport(answer)))
    assert list(kontor.submit("customers", [{"code": "1"}])) == [{"problems": []}]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_word_that_the_mapping_does_not_know_is_told() -> None:
    columns = {"outcome": {"from": "state", "values": {"W": "won"}}}
    assert row_of({"state": "W"}, columns) == {"outcome": "won"}
    with pytest.raises(Unmapped, match="'X'"):
        row_of({"state": "X"}, columns)
    assert row_of({"state": "X"}, {"outcome": columns["outcome"] | {"default": "open"}}) == {"outcome": "open"}


def test_the_first_path_with_a_value_counts_and_lists_give_their_first() -> None:
    columns = {"customer": {"from": ["a.id", "b.id"]}, "type": {"value": "call"}, "product_group": "lines.group"}
    record = {"a": None, "b": {"id": 7}, "lines": [{"group": "pumps"}, {"group": "valves"}]}
    assert row_of(record, columns) == {"customer": "7", "type": "call", "product_group": "pumps"}


def test_the_folder_takes_good_files_and_keeps_bad_ones_apart(kontor: Kontor, tmp_path: Path) -> None:
    (tmp_path / "customers-1.csv").write_text("code;name;potential\nC-1;Alpha;1,5\n")
    (tmp_path / "customers-2.csv").write_text("code;name;potential\nC-2;Beta;many\n")
    (tmp_path / "customers-3.txt").write_text("code\nC-3\n")
    (tmp_path / "customers-4.csv.part").write_text("code;na")
    reading = {"from": "customers*", "query": {"delimiter": "semicolon", "decimal": "comma"}}
    document = {"folder": str(tmp_path), "read": {"customers": reading}}
    assert hand_in_folder(document, kontor) == 1
    assert [path.name for path in sorted((tmp_path / "done").iterdir())] == ["customers-1.csv"]
    kept = {path.name: path.read_text() for path in (tmp_path / "quarantine").iterdir()}
    assert "row 2, potential" in kept["customers-2.csv.report.txt"]
    assert "415" in kept["customers-3.txt.report.txt"]
    assert (tmp_path / "customers-4.csv.part").exists()
    (tmp_path / "customers-1.csv").write_text("code;name;potential\nC-1;Alpha;1,5\n")
    assert hand_in_folder(document, kontor) == 0


def test_a_refusal_that_sending_again_does_not_mend_is_raised_at_once(kontor: Kontor) -> None:
    with pytest.raises(Refused, match="404"):
        kontor.ask("GET", "/v1/subsidiaries/XX")
