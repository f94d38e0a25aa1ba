"""A subsidiary is rebuilt from what was handed in: the same messages in the order of their data revisions."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import select

from service.access import keys
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from service.store import revisions
from service.store.database import Database
from tests.api.test_jobs import ended
from tests.conftest import NOW, Service, new_postgres_database
from tests.group import hand_in_subsidiary

LISTS = ("statistics", "customers", "salespeople", "orders", "deals")


@pytest.fixture
def empty(service: Service, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    """A second service of the same kind, with nothing in it."""
    url = f"sqlite:///{tmp_path}/second.db"
    if not service.database.is_sqlite:
        url = new_postgres_database(request.getfixturevalue("postgres"))
    database = Database(url, pool_size=2)
    database.migrate()
    with database.writing() as connection:
        key = keys.create(connection, "test", list(Scope), None, NOW)
    database.close()
    app = create_app(Settings(database_url=SecretStr(url), pool_size=4), clock=lambda: NOW)
    with TestClient(app) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


def order(number: int, amount: str, **more: Any) -> dict[str, Any]:
    return {"id": f"O-{number}", "date": "2025-03-14", "customer": "DE-C1", "amount": amount} | more


def history(service: Service) -> None:
    """Submissions of all kinds, formats and dialects, corrections, switches of feeds, withdrawals."""
    hand_in_subsidiary(service, "DE", "EUR")
    line = {"period": "2025-03", "customer": "DE-C1", "salesperson": "DE-S1"}
    rows = "period;customer;channel;revenue\n03.2025;DE-C2;web;1.234,50\n13.2025;DE-C2;web;1\n"
    query = "subsidiary=DE&mode=valid&delimiter=semicolon&decimal=comma&date_format=DD.MM.YYYY"
    path = f"/v1/submissions/statistics?{query}"
    assert service.client.post(path, content=rows, headers={"Content-Type": "text/csv"}).status_code == 201
    wrong = service.submit("statistics", [line | {"revenue": "7"}], subsidiary="DE")
    delta = "/v1/submissions/statistics?subsidiary=DE&correction=delta"
    headers = {"Idempotency-Key": "d"}
    assert service.client.post(delta, json=[line | {"period": "2025-04", "leads": 2}], headers=headers).is_success
    withdraw(service.client, wrong["id"])
    declared_in_the_content_type(service)
    switch(service.client, {"results": "register", "funnel": "register", "activity": "lines"}, replace=True)
    shares = {"credit_shares": "DE-S1=0.3333; DE-S2=0.3333"}
    service.submit("orders", [order(1, "10", **shares), order(2, "5")], subsidiary="DE")
    late = service.submit("orders", [order(2, "6"), order(1, "10", deleted=True)], subsidiary="DE")
    deal = {"id": "D", "salesperson": "DE-S1", "created": "2025-01-05", "new_customer": True, "amount": "9"}
    service.submit("deals", [deal], subsidiary="DE")
    withdraw(service.client, late["id"])
    switch(service.client, {"results": "register", "funnel": "lines", "activity": "lines"}, replace=True)
    switch(service.client, {"results": "register", "funnel": "lines", "activity": "register"}, replace=True)
    switch(service.client, {"results": "register", "funnel": "lines", "activity": "lines"}, replace=False)


def declared_in_the_content_type(service: Service) -> None:
    """Bytes that nothing but the headers of their request tells how to read: one packed, one worked on later."""
    rows = "period;customer;channel;revenue\n05.2025;DE-C1;розница;1,5\n06.2025;DE-C1;опт;2,5\n"
    query = "subsidiary=DE&delimiter=semicolon&decimal=comma&date_format=DD.MM.YYYY"
    path = f"/v1/submissions/statistics?{query}"
    headers = {"Content-Type": "text/csv; charset=Windows-1251", "Content-Encoding": "gzip"}
    assert service.client.post(path, content=gzip.compress(rows.encode("cp1251")), headers=headers).is_success
    headers = {"Content-Type": "text/csv; charset=utf-16le", "Prefer": "respond-async"}
    later = service.client.post(path, content=rows.replace("2,5", "3,5").encode("utf-16-le"), headers=headers)
    job = ended(service, later.json()["id"])
    record = service.get(f"/v1/submissions/{job['submission']}")
    assert (record["content_type"], record["corrected"]) == ("text/csv; charset=utf-16le", 1)


def withdraw(client: TestClient, submission: str) -> None:
    answer = client.post(f"/v1/submissions/{submission}/withdrawal", json={"reason": "Not ours."})
    assert answer.status_code == 200, answer.text


def switch(client: TestClient, feeds: dict[str, str], *, replace: bool) -> None:
    answer = client.put("/v1/subsidiaries/DE/feeds", params={"replace": replace}, json=feeds)
    assert answer.status_code == 200, answer.text


def replay(service: Service, empty: TestClient) -> None:
    """By what the first service's database says, and nothing else."""
    stored = service.get("/v1/subsidiaries/DE")
    body = {name: stored[name] for name in ("name", "country", "currency", "fiscal_year_start")}
    assert empty.put("/v1/subsidiaries/DE", json=body).status_code == 201
    with service.database.reading() as connection:
        log = connection.execute(select(revisions.TABLE).order_by(revisions.TABLE.c.revision)).all()
    steps = [(row.revision, 0, 0, row) for row in log if row.action != "submission"]
    changing = {row.submission for row in log if row.action == "submission"}
    for record in service.get("/v1/submissions", limit=1000)["items"]:
        number = int(record["id"].rpartition(".")[2])
        steps.append((record["data_revision"], number not in changing, number, record))
    for *_, step in sorted(steps, key=lambda step: step[:3]):
        if isinstance(step, dict):
            hand_in_again(service, empty, step)
        elif step.action == "withdrawal":
            withdraw(empty, f"DE.{step.submission}")
        else:
            switch(empty, **json.loads(step.declared))


def hand_in_again(service: Service, empty: TestClient, record: dict[str, Any]) -> None:
    headers = {"Content-Type": record["content_type"], "Content-Encoding": record["content_encoding"]}
    headers["Idempotency-Key"] = record["id"]
    with service.client.stream("GET", f"/v1/submissions/{record['id']}/source") as source:
        assert source.headers["Content-Type"].startswith(record["content_type"])
        body = b"".join(source.iter_raw())
    answer = empty.post(f"/v1/submissions/{record['form']}?{record['query']}", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["id"], answer.json()["sha256"]) == (record["id"], record["kept_sha256"] or record["sha256"])


def test_what_was_handed_in_rebuilds_a_subsidiary(service: Service, empty: TestClient) -> None:
    history(service)
    replay(service, empty)
    for name in LISTS:
        query = {"subsidiary": "DE", "limit": 1000}
        assert empty.get(f"/v1/{name}", params=query).content == service.client.get(f"/v1/{name}", params=query).content
