"""Handing in: corrections keep history, retries are harmless, the source is kept, all of it in one transaction."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from service.operations import intake
from tests.conftest import Service
from tests.group import hand_in_subsidiary

LINE = {"period": "2025-01", "customer": "DE-C1", "salesperson": "DE-S2", "channel": "direct"}
RATE = {"period": "2025-01", "currency": "PLN", "reference": "EUR", "rate": "0.2345"}


@pytest.fixture
def stored(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    return service


def revenue(service: Service) -> str:
    (line,) = service.get("/v1/statistics", subsidiary="DE", customer="DE-C1", **{"from": "2025-01", "to": "2025-01"})[
        "items"
    ]
    return str(line["revenue"])


def test_the_same_rows_again_change_nothing(stored: Service) -> None:
    body = [LINE | {"revenue": "7"}]
    first = stored.submit("statistics", body, subsidiary="DE")
    again = stored.submit("statistics", body, subsidiary="DE")
    assert (first["corrected"], again["corrected"], again["unchanged"]) == (1, 0, 1)
    assert again["data_revision"] == first["data_revision"]


def test_a_correction_replaces_and_keeps_what_was(stored: Service) -> None:
    assert revenue(stored) == "100.25"
    receipt = stored.submit("statistics", [LINE | {"orders": 1, "revenue": "-3.5"}], subsidiary="DE")
    assert (receipt["corrected"], receipt["added"]) == (1, 0)
    assert revenue(stored) == "-3.5"
    with stored.database.reading() as connection:
        former = connection.execute(text("SELECT revenue, revision, until_revision FROM line_history")).all()
    assert [tuple(row) for row in former] == [(1002500, 3, 4)]


@pytest.mark.parametrize("form", ["customers", "salespeople"])
def test_master_data_keep_their_history_too(stored: Service, form: str) -> None:
    row = {"customers": {"code": "DE-C1", "name": "Renamed"}, "salespeople": {"code": "DE-S1", "start": "2020-01-01"}}
    receipt = stored.submit(form, [row[form]], subsidiary="DE")
    assert receipt["corrected"] == 1
    table = {"customers": "customer_history", "salespeople": "employment_history"}[form]
    with stored.database.reading() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1


def test_rates_are_corrected_and_kept(service: Service) -> None:
    service.submit("exchange-rates", [RATE])
    receipt = service.submit("exchange-rates", [RATE | {"rate": "0.24"}])
    assert receipt["id"] == "group.2"
    assert receipt["corrected"] == 1
    assert [one["rate"] for one in service.get("/v1/exchange-rates")["items"]] == ["0.24"]
    assert service.get("/v1/submissions/group.2")["subsidiary"] is None


def test_json_and_csv_mean_the_same(stored: Service) -> None:
    stored.submit("statistics", [LINE | {"revenue": "12.5", "orders": 2}], subsidiary="DE")
    content = "period,customer,salesperson,channel,revenue,orders\r\n2025-01,DE-C1,DE-S2,direct,12.50,2\r\n"
    answer = stored.client.post(
        "/v1/submissions/statistics?subsidiary=DE",
        content=b"\xef\xbb\xbf" + content.encode(),
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )
    assert answer.json()["unchanged"] == 1


def test_a_new_key_gets_the_first_answer_again(stored: Service) -> None:
    def send(body: Any, key: str) -> Any:
        path = "/v1/submissions/statistics?subsidiary=DE"
        return stored.client.post(path, json=body, headers={"Idempotency-Key": key})

    first = send([LINE | {"revenue": "1"}], "k1")
    again = send([LINE | {"revenue": "1"}], "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = send([LINE | {"revenue": "2"}], "k1")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    assert revenue(stored) == "1"
    assert send([LINE | {"revenue": "2"}], "k2").json()["corrected"] == 1


def test_a_refused_request_leaves_its_key_free(stored: Service) -> None:
    path, headers = "/v1/submissions/statistics?subsidiary=DE", {"Idempotency-Key": "k"}
    assert stored.client.post(path, json=[LINE | {"revenue": "x"}], headers=headers).status_code == 422
    assert stored.client.post(path, json=[LINE | {"revenue": "9"}], headers=headers).status_code == 201


def test_the_same_request_at_once_has_one_effect(stored: Service) -> None:
    def send(_: int) -> Any:
        path = "/v1/submissions/statistics?subsidiary=DE"
        return stored.client.post(path, json=[LINE | {"revenue": "55"}], headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    worked = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in worked}) == 1
    records = stored.get("/v1/submissions", form="statistics")["items"]
    assert len(records) == 2


def test_results_take_a_key_too(stored: Service) -> None:
    headers = {"Idempotency-Key": "s1"}
    first = stored.client.post("/v1/segmentations", json={"subsidiary": "DE"}, headers=headers)
    stored.submit("statistics", [LINE | {"revenue": "1"}], subsidiary="DE")
    again = stored.client.post("/v1/segmentations", json={"subsidiary": "DE"}, headers=headers)
    assert again.content == first.content
    fresh = stored.post("/v1/segmentations", {"subsidiary": "DE"})
    assert fresh["data_revision"] == first.json()["data_revision"] + 1


def test_the_source_is_kept_byte_by_byte(stored: Service) -> None:
    content = b'[ {"period":"2025-01",\n "customer": "DE-C1"} ]'
    path = "/v1/submissions/statistics?subsidiary=DE"
    receipt = stored.client.post(path, content=content, headers={"Content-Type": "application/json"}).json()
    assert receipt["sha256"] == hashlib.sha256(content).hexdigest()
    source = stored.client.get(f"/v1/submissions/{receipt['id']}/source")
    assert source.content == content
    assert source.headers["content-type"] == "application/json"


def test_a_failure_in_the_middle_stores_nothing(stored: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(intake.submissions, "keep_source", fail)
    answer = stored.client.post("/v1/submissions/statistics?subsidiary=DE", json=[LINE | {"revenue": "8"}])
    assert answer.status_code == 500
    assert "disk" not in answer.text
    monkeypatch.undo()
    assert revenue(stored) == "100.25"
    assert stored.get("/v1/subsidiaries/DE")["data_revision"] == 3


def test_a_commit_that_fails_is_not_acknowledged(stored: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = stored.database._engine
    commit = engine.dialect.do_commit

    def fail(connection: Any) -> None:
        engine.dialect.do_rollback(connection)
        raise RuntimeError("the commit failed")

    monkeypatch.setattr(engine.dialect, "do_commit", fail)
    answer = stored.client.post("/v1/submissions/statistics?subsidiary=DE", json=[LINE | {"revenue": "8"}])
    monkeypatch.setattr(engine.dialect, "do_commit", commit)
    assert answer.status_code == 500
    assert revenue(stored) == "100.25"


def test_rows_may_name_their_subsidiary(stored: Service) -> None:
    assert stored.submit("statistics", [LINE | {"subsidiary": "DE", "revenue": "3"}])["corrected"] == 1


def test_pages_hold_everything_once(stored: Service) -> None:
    whole = stored.get("/v1/statistics", limit=1000)["items"]
    parts, after = [], None
    while True:
        answer = stored.client.get("/v1/statistics", params={"limit": 7} | ({"after": after} if after else {}))
        page = answer.json()
        parts += page["items"]
        after = page["next"]
        assert ('rel="next"' in answer.headers.get("link", "")) == (after is not None)
        if after is None:
            break
    assert json.dumps(parts) == json.dumps(whole)


def test_amounts_come_back_as_they_went_in(stored: Service) -> None:
    for amount in ("999999999999.9999", "-999999999999.9999", "0.0001", "-0.01", "10"):
        stored.submit("statistics", [LINE | {"revenue": amount}], subsidiary="DE")
        assert revenue(stored) == amount
