"""Reads that may be behind come from a replica, and say how far it is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from service.access import keys
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from service.store import keys as stored
from tests.conftest import NOW

KPIS = {"indicators": "revenue", "from": "2026-01", "to": "2026-01", "currency": "EUR"}


@contextmanager
def _client(url: str, replica: str | None = None) -> Iterator[tuple[TestClient, str]]:
    """A client of the service over a database, and the id of its key."""
    behind = None if replica is None else SecretStr(replica)
    app = create_app(Settings(database_url=SecretStr(url), read_database_url=behind, pool_size=4), clock=lambda: NOW)
    with app.state.database.writing() as connection:
        key = keys.create(connection, "test", list(Scope), None, NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client, key.key_id


def _hand_in(client: TestClient, *revenues: str) -> None:
    client.put("/v1/subsidiaries/DE", json={"name": "DE", "country": "DE", "currency": "EUR"}).raise_for_status()
    for revenue in revenues:
        line = {"period": "2026-01", "revenue": revenue}
        client.post("/v1/submissions/statistics?subsidiary=DE", json=[line]).raise_for_status()


@pytest.fixture
def replica(tmp_path: Path, migrated_file: Path) -> str:
    """A database that knows the first submission alone."""
    url = f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'replica.db')}"
    with _client(url) as (client, _):
        _hand_in(client, "10")
    return url


def test_what_may_be_behind_is_read_from_the_replica_and_says_so(database_url: str, replica: str) -> None:
    with _client(database_url, replica) as (client, key_id):
        _hand_in(client, "10", "20")
        answer = client.get("/v1/kpis", params=KPIS)
        assert answer.json()["items"][0]["value"] == "10"
        assert answer.headers["Data-Revision"] == "DE=1"
        assert client.get("/v1/statistics?subsidiary=DE").json()["items"][0]["revenue"] == "20"
        with client.app.state.database.writing() as connection:
            stored.revoke(connection, key_id, NOW)
        assert client.get("/v1/kpis", params=KPIS).status_code == 401


def test_a_replica_that_does_not_answer_is_passed_over(database_url: str) -> None:
    with _client(database_url, "postgresql://127.0.0.1:1/none") as (client, _):
        _hand_in(client, "10", "20")
        answer = client.get("/v1/kpis", params=KPIS)
        assert answer.json()["items"][0]["value"] == "20"
        assert answer.headers["Data-Revision"] == "DE=2"
