"""Every change leaves an entry of who did it, and nobody changes the entries without being noticed."""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, func, select

from service.access.keys import Scope
from service.store.audit import TABLE
from tests.api.test_access import ROUTES, _routes, _send, group
from tests.conftest import Service
from tests.group import hand_in_subsidiary

__all__ = ["group"]

_WRITES = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM) (?!\"?(staged_|quota_count))", re.ASCII)
CALCULATES = {
    "/v1/plans/{plan}/goals",
    "/v1/plans/{plan}/goal-seek",
    "/v1/allocations",
    "/v1/chart-links",
    *(path for _, path in ROUTES if path.startswith("/v1/calculations/")),
}
"""Routes that are asked by POST, and keep nothing."""
OTHER = {
    ("PUT", "/v1/subsidiaries/{subsidiary}"): {"name": "DE-Company AG", "country": "DE", "currency": "EUR"},
    ("PUT", "/v1/group"): {"name": "Nordwerk", "fiscal_year_start": 4},
    ("PUT", "/v1/webhooks/{webhook}"): {"url": "https://crm.example.com/x", "events": ["plan.approved"]},
    ("POST", "/v1/resource-requirements"): {"plan": "DE.1", "observed": True},
}
"""Bodies that change something, where those of the matrix change nothing."""
REGISTERS = {"results": "register", "funnel": "register", "activity": "register"}


@pytest.fixture
def written(group: Service) -> Iterator[list[str]]:
    """The statements by which requests write."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _WRITES.match(statement) and not threading.current_thread().name.startswith("kontor-"):
            statements.append(statement)

    event.listen(group.database._engine, "before_cursor_execute", note)
    yield statements
    event.remove(group.database._engine, "before_cursor_execute", note)


def entries(service: Service) -> int:
    with service.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(TABLE)).scalar_one())


def test_every_route_that_writes_leaves_an_entry(group: Service, written: list[str]) -> None:
    routes = [
        (method, route)
        for method, route in _routes()
        if method != "GET" and 501 not in ROUTES[method, route.path].inside
    ]
    by_register = ("orders", "deals", "activities")
    routes.sort(key=lambda one: one[1].path.endswith((*by_register, "/feeds")))  # by lines first, then by register
    routes.sort(key=lambda one: one[1].path.endswith(by_register))
    key = group.key()
    for method, route in routes:
        name = f"{method} {route.path}"
        before = entries(group)
        written.clear()
        if route.path.endswith("/feeds"):
            path = "/v1/subsidiaries/DE/feeds?replace=true"
            answer = group.client.put(path, json=REGISTERS, headers=group.as_key(key))
        elif route.path.endswith("/replay"):
            (tried, *_) = group.get("/v1/webhooks/DE.1/deliveries")["items"]
            answer = group.client.post(
                "/v1/webhooks/DE.1/replay", json={"deliveries": [tried["id"]]}, headers=group.as_key(key)
            )
        elif (method, route.path) in OTHER:
            path = route.path.replace("{subsidiary}", "DE").replace("{webhook}", "DE.1")
            headers = group.as_key(key) | {"If-Match": "*"}
            answer = group.client.request(method, path, json=OTHER[method, route.path], headers=headers)
        else:
            answer = _send(group, method, route, key)
        assert answer.is_success, f"{name}: {answer.text}"
        assert bool(written) == (route.path not in CALCULATES), f"{name} writes, or is said to write and does not"
        assert bool(written) == (entries(group) > before), f"{name} leaves no entry, or one for nothing"
        if written:
            newest = group.get("/v1/audit", limit=1000)["items"]
            (mine, *_) = [one for one in newest if one["request_id"] == answer.headers["X-Request-Id"]]
            assert (mine["principal"], mine["address"]) == (key.split("_")[1], "testclient"), name
    told = json.dumps(group.get("/v1/audit", limit=1000))
    for name in ("Seller", "Customer", "a late credit note", "A test.", "a test"):
        assert name not in told, "entries hold codes and ids, and no free text"


def test_settings_are_told_as_they_were_and_are(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    values = {"name": "Other", "country": "DE", "currency": "EUR"}
    service.client.put("/v1/subsidiaries/DE", json=values, headers={"If-Match": "*"})
    override = {"abc_class": "A", "until": "2027-01", "reason": "She asked for it."}
    service.client.put("/v1/customers/DE/DE-C1/override", json=override)
    service.client.delete("/v1/customers/DE/DE-C1/override")
    (change,) = service.get("/v1/audit", action="subsidiary.change")["items"]
    assert (change["before"]["name"], change["after"]["name"]) == ("DE-Company", "Other")
    assert (change["id"], change["resource"]) == ("DE.5", "subsidiaries/DE")
    given, ended = service.get("/v1/audit", resource="customers/DE/DE-C1/override")["items"]
    standing = {"abc_class": "A", "segment": None, "until": "2027-01"}
    assert (given["before"], given["after"], ended["before"], ended["after"]) == (None, standing, standing, None)


def test_the_audit_is_read_in_pages_and_by_what_is_asked(group: Service) -> None:
    everything = group.get("/v1/audit", limit=1000)["items"]
    after, found = None, []
    while after is not None or not found:
        page = group.get("/v1/audit", limit=7, **({"after": after} if after else {}))
        found += page["items"]
        after = page["next"]
    assert found == everything
    assert {one["subsidiary"] for one in everything} == {"DE", "FR"}
    mine = group.get("/v1/audit", principal=everything[0]["principal"], limit=1000)["items"]
    assert mine == everything
    assert group.get("/v1/audit", principal="somebody")["items"] == []
    assert group.get("/v1/audit", until="2026-11-15T12:00:00Z")["items"] == []
    assert group.get("/v1/audit", since="2026-11-15T13:00:00+01:00", limit=1000)["items"] == everything
    group.get("/v1/audit", action="nothing", status=422)
    group.get("/v1/audit", subsidiary="XX", status=404)


def test_what_was_done_to_a_key_is_told_where_it_reaches(group: Service) -> None:
    body = {"name": "Anna Schmidt", "scopes": ["statistics:read"], "subsidiaries": ["DE", "FR"]}
    made = group.post("/v1/keys", body)["id"]
    whole = group.post("/v1/keys", {"name": "all", "scopes": ["statistics:read"]})["id"]
    group.post(f"/v1/keys/{made}/rotate", {}, status=200)
    group.client.delete(f"/v1/keys/{made}")
    group.client.delete(f"/v1/keys/{made}")
    told = group.get("/v1/audit", resource=f"keys/{made}")["items"]
    words = ["key.create", "key.rotate", "key.revoke"]
    assert [(one["subsidiary"], one["action"]) for one in told] == [
        (code, word) for code in ("DE", "FR") for word in words
    ]
    assert "Anna" not in json.dumps(told)
    assert told[2]["before"]["revoked_at"] is None
    assert told[2]["after"]["revoked_at"] == "2026-11-15T12:00:00+00:00"
    only_de = group.as_key(group.key(scopes=[Scope.AUDIT_READ], subsidiaries=["DE"]))
    assert '"FR"' not in group.client.get("/v1/audit?limit=1000", headers=only_de).text
    for resource, count in ((f"keys/{made}", 3), (f"keys/{whole}", 0)):
        found = group.client.get("/v1/audit", params={"resource": resource}, headers=only_de).json()["items"]
        assert len(found) == count, "a key of the whole group is told to those who reach it"


def test_a_replayed_request_leaves_no_second_entry(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    before = entries(service)
    path, rows = "/v1/submissions/customers?subsidiary=DE", [{"code": "X-1"}]
    for _ in range(2):
        assert service.client.post(path, json=rows, headers={"Idempotency-Key": "once"}).status_code == 201
    assert entries(service) == before + 1
    assert service.client.post(path, json=[{"code": ""}]).status_code == 422
    assert entries(service) == before + 1


def test_a_job_is_told_as_from_where_it_was_handed_in(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    headers = {"Prefer": "respond-async", "X-Request-Id": "the-request"}
    path = "/v1/submissions/customers?subsidiary=DE"
    job = service.client.post(path, json=[{"code": "X-1"}], headers=headers).json()["id"]
    while service.get(f"/v1/jobs/{job}")["status"] not in ("done", "refused"):
        pass
    mine = [one for one in service.get("/v1/audit", limit=1000)["items"] if one["request_id"] == "the-request"]
    assert [(one["action"], one["address"]) for one in mine] == [
        ("job.accept", "testclient"),
        ("submission.accept", "testclient"),
    ]
