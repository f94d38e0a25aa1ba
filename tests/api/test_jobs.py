"""Submissions that are worked on later: accepted with 202, done exactly once, over a restart too."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from service.app import create_app
from service.settings import Settings
from tests.conftest import NOW, Service

ASYNC = {"Prefer": "respond-async"}
LINES = [{"period": "2025-03", "revenue": "5"}, {"period": "2025-04", "revenue": "7"}]


@pytest.fixture
def home(service: Service) -> Service:
    body = {"name": "Deutschland", "country": "DE", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/DE", json=body).status_code == 201
    return service


def accepted(service: Service, rows: Any, **headers: str) -> Any:
    query = {"subsidiary": "DE"}
    answer = service.client.post("/v1/submissions/statistics", params=query, json=rows, headers=ASYNC | headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json()['id']}"
    return answer.json()


def ended(service: Service, job: str) -> Any:
    for _ in range(200):
        found = service.get(f"/v1/jobs/{job}")
        if found["status"] in ("done", "refused"):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_job_is_done_and_names_its_submission(home: Service) -> None:
    job = accepted(home, LINES)
    done = ended(home, job["id"])
    assert (done["status"], done["rows_checked"], done["rows_loaded"], done["problem_type"]) == ("done", 2, 2, None)
    submission = home.get(f"/v1/submissions/{done['submission']}")
    assert (submission["received"], submission["added"]) == (2, 2)
    assert len(home.get("/v1/statistics")["items"]) == 2


def test_a_refused_job_says_why_and_stores_nothing(home: Service) -> None:
    job = accepted(home, [*LINES, {"period": "2025-13", "revenue": "1"}])
    refused = ended(home, job["id"])
    assert refused["status"] == "refused"
    assert (refused["problem_type"], refused["errors_total"]) == ("/problems/rows-refused", 1)
    assert [(error["row"], error["code"]) for error in refused["errors"]] == [(3, "bad_month")]
    assert home.get("/v1/statistics")["items"] == []


def test_the_same_key_gets_the_same_job(home: Service) -> None:
    first = accepted(home, LINES, **{"Idempotency-Key": "k"})
    ended(home, first["id"])
    again = accepted(home, LINES, **{"Idempotency-Key": "k"})
    assert again["id"] == first["id"]
    assert len(home.get("/v1/submissions")["items"]) == 1


def test_a_job_survives_a_restart(home: Service, database_url: str) -> None:
    worker = home.client.app.state.worker  # type: ignore[attr-defined]
    worker.stop()
    job = accepted(home, LINES)
    assert home.get(f"/v1/jobs/{job['id']}")["status"] == "waiting"
    app = create_app(Settings(database_url=SecretStr(database_url), pool_size=4), clock=lambda: NOW)
    with TestClient(app) as other:
        other.headers["Authorization"] = home.client.headers["Authorization"]
        for _ in range(200):
            found = other.get(f"/v1/jobs/{job['id']}").json()
            if found["status"] == "done":
                break
            time.sleep(0.05)
        assert found["status"] == "done"
    assert len(home.get("/v1/statistics")["items"]) == 2


def test_two_workers_do_each_job_once(home: Service, database_url: str) -> None:
    app = create_app(Settings(database_url=SecretStr(database_url), pool_size=4), clock=lambda: NOW)
    with TestClient(app):
        found = [accepted(home, [{"period": "2025-03", "channel": f"c{n}", "revenue": "1"}]) for n in range(12)]
        assert {ended(home, job["id"])["status"] for job in found} == {"done"}
    assert len(home.get("/v1/submissions", limit=100)["items"]) == 12
