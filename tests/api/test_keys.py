"""Keys over HTTP: nobody reaches further by them, a rotation overlaps, a revocation holds everywhere at once."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from service.access.keys import Scope, Token
from service.app import create_app
from service.settings import Settings
from tests.conftest import NOW, Service
from tests.group import hand_in_group

READER = {"name": "bi", "scopes": ["statistics:read"]}


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_group(service)
    return service


def asked(service: Service, key: str) -> int:
    return service.client.get("/v1/customers", headers=service.as_key(key)).status_code


def state(service: Service, key: str) -> dict[str, Any]:
    found: dict[str, Any] = service.get(f"/v1/keys/{Token.read(key).key_id}")
    return found


def test_a_key_is_made_and_shown_once(group: Service) -> None:
    made = group.post("/v1/keys", READER | {"subsidiaries": ["FR"], "days": 30})
    assert asked(group, made["key"]) == 200
    assert (made["subsidiaries"], made["scopes"], made["state"]) == (["FR"], ["statistics:read"], "works")
    shown = group.client.get(f"/v1/keys/{made['id']}").text
    assert Token.read(made["key"]).secret not in shown
    assert Token.read(made["key"]).secret not in group.client.get("/v1/keys").text
    group.later(days=31)
    assert asked(group, made["key"]) == 401
    assert group.get(f"/v1/keys/{made['id']}")["state"] == "expired"


def test_keys_come_in_pages(group: Service) -> None:
    for _ in range(3):
        group.key(subsidiaries=["FR"])
    whole = [one["id"] for one in group.get("/v1/keys")["items"]]
    assert whole == sorted(whole)
    pages, after = [], {}
    while after is not None:
        page = group.get("/v1/keys", limit=1, **after)
        pages += [one["id"] for one in page["items"]]
        after = {"after": page["next"]} if page["next"] else None
    assert pages == whole


def test_nobody_sees_or_makes_a_key_that_reaches_further(group: Service) -> None:
    wide, other, own = group.key(), group.key(subsidiaries=["DE", "FR"]), group.key(subsidiaries=["DE"])
    headers = group.as_key(group.key(subsidiaries=["DE"], scopes=[Scope.ADMIN]))
    seen = [one["id"] for one in group.client.get("/v1/keys", headers=headers).json()["items"]]
    assert Token.read(own).key_id in seen
    for hidden in (wide, other):
        number = Token.read(hidden).key_id
        assert number not in seen
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
            answer = group.client.request(method, f"/v1/keys/{number}{path}", headers=headers, json={})
            assert answer.status_code == 404
        assert asked(group, hidden) == 200
    for body, status in ((READER, 403), (READER | {"subsidiaries": ["FR"]}, 404), (READER | {"subsidiaries": []}, 422)):
        assert group.client.post("/v1/keys", json=body, headers=headers).status_code == status
    assert group.client.post("/v1/keys", json=READER | {"subsidiaries": ["DE"]}, headers=headers).status_code == 201


def test_a_rotation_overlaps(group: Service) -> None:
    old = group.key()
    number = Token.read(old).key_id
    new = group.post(f"/v1/keys/{number}/rotate", {"overlap_hours": 2}, status=200)["key"]
    assert [asked(group, key) for key in (old, new)] == [200, 200]
    group.later(hours=2)
    assert [asked(group, key) for key in (old, new)] == [401, 200]
    newest = group.post(f"/v1/keys/{number}/rotate", {"overlap_hours": 0}, status=200)["key"]
    assert [asked(group, key) for key in (old, new, newest)] == [401, 401, 200]
    third = group.post(f"/v1/keys/{number}/rotate", {}, status=200)["key"]
    assert [asked(group, key) for key in (new, newest, third)] == [401, 200, 200]


def test_a_key_that_has_ended_is_not_rotated(group: Service) -> None:
    key = group.key()
    number = Token.read(key).key_id
    assert group.client.delete(f"/v1/keys/{number}").json()["state"] == "revoked"
    assert group.client.delete(f"/v1/keys/{number}").json()["revoked_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert group.client.post(f"/v1/keys/{number}/rotate", json={}).status_code == 409
    assert asked(group, key) == 401


def test_a_revocation_holds_in_every_process_at_once(group: Service, database_url: str) -> None:
    key = group.key()
    other = create_app(Settings(database_url=SecretStr(database_url), pool_size=2), clock=lambda: NOW)
    with TestClient(other) as client:
        assert client.get("/v1/customers", headers=group.as_key(key)).status_code == 200
        group.client.delete(f"/v1/keys/{Token.read(key).key_id}").raise_for_status()
        assert client.get("/v1/customers", headers=group.as_key(key)).status_code == 401


def test_a_card_is_read_for_a_second_at_most_after_the_revocation(group: Service) -> None:
    key, card = group.key(subsidiaries=["DE"]), "/v1/customers/DE/DE-C1"
    number = Token.read(key).key_id
    assert group.client.get(card, headers=group.as_key(key)).status_code == 200
    wrong = str(Token(number, "x" * 30))
    assert group.client.get(card, headers=group.as_key(wrong)).status_code == 401
    assert group.client.get("/v1/customers/FR/FR-C1", headers=group.as_key(key)).status_code == 404
    group.client.delete(f"/v1/keys/{number}").raise_for_status()
    assert asked(group, key) == 401
    group.later(seconds=1)
    assert group.client.get(card, headers=group.as_key(key)).status_code == 401


def test_the_last_use_is_stored_now_and_then_and_never_goes_back(group: Service) -> None:
    key = group.key()
    assert state(group, key)["last_used_at"] is None
    uses = group.client.app.state.uses  # type: ignore[attr-defined]
    uses.store(group.database)
    assert state(group, key)["last_used_at"] is None, "nobody used it"
    asked(group, key)
    assert state(group, key)["last_used_at"] is None, "a reader writes nothing"
    uses.store(group.database)
    told = state(group, key)["last_used_at"]
    assert told == NOW.isoformat().replace("+00:00", "Z")
    group.later(hours=-1)
    asked(group, key)
    uses.store(group.database)
    assert state(group, key)["last_used_at"] == told


def test_what_is_refused_to_a_key_is_logged_with_its_name(group: Service, caplog: pytest.LogCaptureFixture) -> None:
    key = group.key(subsidiaries=["DE"], scopes=[Scope.STATISTICS_READ])
    number, mistyped = Token.read(key).key_id, key[:-1] + ("a" if key[-1] != "a" else "b")
    tried = (
        ("GET", "/v1/kpis", key, 403, "forbidden", number),
        ("PUT", "/v1/subsidiaries/DE", key, 403, "forbidden", number),
        ("GET", "/v1/customers/FR/FR-C1", key, 404, "not-found", number),
        ("GET", "/v1/customers/FR/FR-C1", mistyped, 401, "not-authenticated", None),
    )
    caplog.set_level("INFO", "service.api.guard")
    for method, path, given, status, problem, name in tried:
        caplog.clear()
        body = {"json": {"name": "x", "country": "DE", "currency": "EUR"}} if method == "PUT" else {}
        answer = group.client.request(method, path, headers=group.as_key(given), **body)
        assert answer.status_code == status, answer.text
        (line,) = [one.__dict__ for one in caplog.records if one.name == "service.api.guard"]
        assert (line["status"], line["problem"], line.get("principal")) == (status, problem, name)


def test_what_is_refused_counts_in_the_quota(group: Service) -> None:
    headers = group.as_key(group.key(scopes=[Scope.AUDIT_READ]))
    left = [group.client.get("/v1/customers", headers=headers) for _ in range(3)]
    assert [one.status_code for one in left] == [403] * 3
    assert [one.headers["RateLimit"].partition(";t=")[0] for one in left] == [
        f'"requests";r={1_000_000 - number}' for number in (1, 2, 3)
    ]
