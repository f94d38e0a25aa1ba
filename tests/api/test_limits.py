"""Quotas, lanes and deadlines as a client meets them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from service.access import keys
from service.access.audit import Origin
from service.access.keys import Scope, Token
from service.api.guard import Guard
from service.api.lanes import Lane, Lanes
from service.api.visit import Visit
from service.app import create_app
from service.errors import Unavailable
from service.settings import Settings
from service.store.database import Database
from tests.conftest import NOW

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}
QUICK = 0.05


@contextmanager
def _client(database_url: str, **settings: Any) -> Iterator[TestClient]:
    app = create_app(Settings(database_url=SecretStr(database_url), pool_size=4, **settings), clock=lambda: NOW)
    with app.state.database.writing() as connection:
        key = keys.create(connection, "test", list(Scope), None, NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


def test_the_headers_count_down_to_the_refusal(database_url: str) -> None:
    with _client(database_url, requests_per_minute=2, rows_per_minute=10) as client:
        first = client.get("/v1/forms")
        assert first.headers["RateLimit-Policy"] == '"requests";q=2;w=60, "burst";q=2;w=60'
        assert first.headers["RateLimit"] == '"requests";r=1;t=60, "burst";r=1;t=30'
        handed_in = client.post("/v1/submissions/exchange-rates", json=[])
        assert handed_in.headers["RateLimit-Policy"] == '"requests";q=2;w=60, "burst";q=2;w=60, "rows";q=10;w=60'
        assert handed_in.headers["RateLimit"] == '"requests";r=0;t=60, "burst";r=0;t=60, "rows";r=10;t=60'
        refused = client.get("/v1/forms")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "60"
        assert refused.headers["Content-Type"] == "application/problem+json"
        document = refused.json()
        assert document["type"] == "/problems/quota-exceeded"
        assert document["violated_policies"] == ["requests"]
        assert client.get("/v1/nowhere").status_code == 429, "nothing is looked at any further"
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200


DISGUISES: dict[str, dict[str, Any]] = {
    **{
        f"header {name}": {"headers": {name: value}}
        for name, value in {
            "X-Forwarded-For": "192.0.2.7",
            "X-Real-IP": "192.0.2.8",
            "Forwarded": "for=192.0.2.9",
            "True-Client-IP": "192.0.2.10",
            "X-Forwarded-Host": "other.example",
            "Host": "other.example",
            "User-Agent": "somebody else",
            "Cookie": "session=new",
            "Idempotency-Key": "new",
            "X-Request-Id": "new",
            "Accept": "text/csv",
        }.items()
    },
    "another path": {"url": "/v1/customers"},
    "a query": {"url": "/v1/forms?a=1"},
    "a method that writes": {"url": "/v1/segmentations", "method": "POST", "json": {"subsidiary": "DE"}},
    "a path that is none": {"url": "/V1/forms/"},
}


def test_no_disguise_gets_another_quota(database_url: str) -> None:
    with _client(database_url, requests_per_minute=1) as client:
        assert client.get("/v1/forms").status_code == 200
        bearer = client.headers["Authorization"].replace("Bearer", "bearer")
        for name, given in (DISGUISES | {"the word in small letters": {"headers": {"Authorization": bearer}}}).items():
            answer = client.request(**{"method": "GET", "url": "/v1/forms", **given})
            assert answer.status_code == (404 if name == "a path that is none" else 429), f"{name}: {answer.text}"


def test_rows_are_counted_whether_they_are_taken_or_refused(database_url: str) -> None:
    good = {"period": "2026-01", "currency": "PLN", "reference": "EUR", "rate": "0.23"}
    with _client(database_url, rows_per_minute=3) as client:
        bad = client.post("/v1/submissions/exchange-rates", json=[good, {**good, "rate": "x"}])
        assert bad.status_code == 422
        taken = client.post("/v1/submissions/exchange-rates", json=[good, {**good, "currency": "CZK"}])
        assert taken.status_code == 201
        assert '"rows";r=1;' in taken.headers["RateLimit"]
        refused = client.post("/v1/submissions/exchange-rates", json=[good])
        assert refused.status_code == 429
        assert refused.json()["violated_policies"] == ["rows"]


def test_wrong_keys_are_refused_without_the_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = []
    with _client(database_url, wrong_keys_per_minute=3) as client:
        assert client.get("/v1/forms").status_code == 200
        monkeypatch.setattr(keys.keys, "get", lambda _connection, key_id: looked_up.append(key_id))
        wrong = [{"Authorization": f"Bearer {Token('a' * 12, f'{number:030}')}"} for number in range(20)]
        answers = [client.get("/v1/forms", headers=headers).status_code for headers in wrong]
        monkeypatch.undo()
        assert answers == [401] * 3 + [429] * 17
        assert len(looked_up) == 3
        assert client.get("/v1/forms").status_code == 200, "who had a good key keeps getting in"


def test_a_full_lane_turns_away_and_leaves_the_others_alone(database_url: str) -> None:
    with _client(database_url) as client:
        lanes: Lanes = client.app.state.lanes
        client.portal.call(lanes.heavy.enter, "another")
        begun = time.monotonic()
        refused = client.get("/v1/kpis")
        assert 0.9 < time.monotonic() - begun < 5
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "2"
        assert "heavy" in refused.json()["detail"]
        assert client.get("/v1/forms").status_code == 200
        assert client.post("/v1/submissions/exchange-rates", json=[]).status_code == 422
        client.portal.call(lanes.heavy.leave, "another", 1.0)
        assert client.get("/v1/kpis").status_code == 422
        assert [lane.taken for lane in lanes.every] == [0, 0, 0]


def test_who_finds_too_many_waiting_is_turned_away_at_once() -> None:
    async def crowd() -> tuple[float, list[Any]]:
        lane = Lane("light", 1)
        await lane.enter("one")
        begun = time.monotonic()
        waiting = [asyncio.create_task(lane.enter("one")) for _ in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await lane.enter("one")
        at_once = time.monotonic() - begun
        lane.leave("one", 0.01)
        return at_once, await asyncio.gather(*waiting, return_exceptions=True)

    at_once, ends = asyncio.run(crowd())
    assert at_once < 0.5
    assert sum(isinstance(end, Unavailable) for end in ends) == 7


def test_who_would_wait_too_long_is_turned_away_at_once() -> None:
    """By what a place was taken for of late: of two behind one that takes a second, the second would not get it."""

    async def asked(held: float) -> list[float]:
        lane = Lane("light", 1)
        for _ in range(50):
            await lane.enter("one")
            lane.leave("one", held)
        await lane.enter("one")
        begun = time.monotonic()

        async def one() -> float:
            with pytest.raises(Unavailable):
                await lane.enter("one")
            return time.monotonic() - begun

        return list(await asyncio.gather(one(), one()))

    assert [seconds > 0.9 for seconds in asyncio.run(asked(1.0))] == [True, False]
    assert [seconds > 0.9 for seconds in asyncio.run(asked(0.01))] == [True, True]
    assert [seconds > 0.9 for seconds in asyncio.run(asked(600.0))] == [True, False]


async def _crowd(lane: Lane, callers: str) -> dict[asyncio.Task[None], str]:
    """One of each of these callers, in this order, wants a place."""
    crowd = {}
    for caller in callers:
        crowd[asyncio.create_task(lane.enter(caller))] = caller
        await asyncio.sleep(0)
    return crowd


@pytest.mark.parametrize(
    ("places", "callers", "served"), [(1, "aaaabcab", "aabcabaa"), (2, "aaaabc", "aabaca"), (2, "aaaaabbc", "aabacbaa")]
)
def test_a_place_goes_to_the_caller_with_the_fewest_in_turn(places: int, callers: str, served: str) -> None:
    async def order() -> str:
        lane = Lane("light", places)
        found: list[str] = []

        async def one(caller: str) -> None:
            await lane.enter(caller)
            found.append(caller)

        async with asyncio.TaskGroup() as crowd:
            for caller in callers:
                crowd.create_task(one(caller))
                await asyncio.sleep(0)
            for number in range(len(callers)):
                await asyncio.sleep(0)
                lane.leave(found[number], 0.01)
        assert (lane.waiting, lane.taken) == (0, 0)
        return "".join(found)

    assert asyncio.run(order()) == served


def test_where_too_many_wait_the_newest_of_who_has_most_gives_way() -> None:
    async def crowded() -> None:
        lane = Lane("light", 1)
        crowd = await _crowd(lane, "a" * 9 + "bb")
        await asyncio.sleep(0)
        turned_away = [number for number, one in enumerate(crowd) if one.done() and one.exception()]
        assert turned_away == [7, 8], "the newest of a, twice"
        assert lane.waiting == 8
        with pytest.raises(Unavailable):
            lane.expect("a")
        lane.expect("c")
        for one in crowd:
            one.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        assert (lane.waiting, lane.taken) == (0, 1)

    asyncio.run(crowded())


def test_a_place_is_not_lost_with_who_leaves_in_the_moment_in_which_he_gets_it() -> None:
    async def left() -> None:
        lane = Lane("light", 1)
        crowd = await _crowd(lane, "abc")
        lane.leave("a", 0.01)
        _, leaving, third = crowd
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await third
        assert (lane.waiting, lane.taken) == (0, 1)
        lane.leave("c", 0.01)
        assert lane.taken == 0

    asyncio.run(left())


def test_who_would_be_turned_away_is_not_asked_for_his_body(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with _client(database_url) as client:
        intake = client.app.state.lanes.intake
        for _ in range(50):
            client.portal.call(intake.enter, "another")
            client.portal.call(intake.leave, "another", 600.0)
        assert client.post("/v1/submissions/exchange-rates", json=[]).status_code == 422, "a place is free"
        client.portal.call(intake.enter, "another")
        monkeypatch.setattr(intake, "_held", 600.0)
        monkeypatch.setattr(client.app.state.quotas, "expect_rows", None)
        refused = client.post("/v1/submissions/exchange-rates", json=[])
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        client.portal.call(intake.leave, "another", 1.0)


@pytest.mark.parametrize(("light", "places"), [(1, [1, 1, 1]), (4, [4, 1, 1]), (16, [16, 2, 4])])
def test_every_lane_has_a_place(light: int, places: list[int]) -> None:
    assert [lane.places for lane in Lanes.of(light).every] == places


def _visited(database: Database, leave: bool, most_seconds: float, monkeypatch: pytest.MonkeyPatch) -> str:
    """Reads without end, in a thread, while the client leaves or stays; what the reader is told."""
    monkeypatch.setattr("service.api.visit.WATCHED_AFTER", QUICK)
    monkeypatch.setattr("service.api.visit._AGAIN", QUICK)
    statement = ENDLESS["sqlite" if database.is_sqlite else "postgresql"]

    async def receive() -> Any:
        await asyncio.sleep(QUICK if leave else 60)
        return {"type": "http.disconnect"}

    def read(visit: Visit) -> None:
        with database.reading() as connection, visit.reading(connection):
            connection.exec_driver_sql(statement)

    async def visited() -> str:
        visit = Visit(Origin("address", "id"), most_seconds)
        visit.body_taken = True
        visit.watch(receive)
        try:
            with pytest.raises(Unavailable):
                await asyncio.wait_for(asyncio.to_thread(read, visit), 10)
            with pytest.raises(Unavailable) as refused:
                await asyncio.to_thread(read, visit)
            return refused.value.detail
        finally:
            visit.over()

    return asyncio.run(visited())


def test_a_client_that_leaves_stops_what_it_asked_for(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_url, pool_size=1)
    assert "left" in _visited(database, leave=True, most_seconds=60, monkeypatch=monkeypatch)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    database.close()


def test_a_request_that_reads_too_long_is_stopped(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_url, pool_size=1)
    assert "longer than" in _visited(database, leave=False, most_seconds=QUICK, monkeypatch=monkeypatch)
    database.close()


def test_what_went_before_a_read_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large body that was written for a minute is read back yet."""
    monkeypatch.setattr("service.api.visit.WATCHED_AFTER", QUICK)
    monkeypatch.setattr("service.api.visit._AGAIN", QUICK)
    database = Database("sqlite://", pool_size=1)

    async def receive() -> Any:
        await asyncio.sleep(60)

    def read(visit: Visit) -> int:
        with database.reading() as connection, visit.reading(connection):
            return int(connection.exec_driver_sql("SELECT 1").scalar_one())

    async def visited() -> None:
        visit = Visit(Origin("address", "id"), 4 * QUICK)
        visit.body_taken = True
        visit.watch(receive)
        for _ in range(3):
            await asyncio.sleep(3 * QUICK)
            assert await asyncio.to_thread(read, visit) == 1
        visit.over()

    asyncio.run(visited())
    database.close()


def _asked(pieces: list[tuple[float, bytes]], busy: float = 0, **settings: Any) -> tuple[int, dict[str, str]]:
    """What an application behind the guard answers to a body that comes in pieces, each after so many seconds, and that
    it works on for `busy` seconds each."""
    app = create_app(Settings(database_url=SecretStr("sqlite://"), **settings))

    async def whole(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        while message.get("more_body"):
            await asyncio.sleep(busy)
            message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guarded = app.middleware_stack or app.build_middleware_stack()
    inner = guarded
    while not isinstance(inner, Guard):
        inner = inner.app
    inner.app.app = whole  # behind the handlers of refusals
    coming = iter(pieces)
    told: list[Any] = []

    async def receive() -> Any:
        seconds, body = next(coming)
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": body, "more_body": bool(body)}

    async def send(message: Any) -> None:
        told.append(message)

    headers = [(b"transfer-encoding", b"chunked")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b"", "app": app}
    asyncio.run(guarded(scope, receive, send))
    return told[0]["status"], {name.decode(): value.decode() for name, value in told[0]["headers"]}


def test_a_body_that_stops_coming_is_given_up() -> None:
    status, headers = _asked([(0, b"x"), (60, b"x")], body_timeout_seconds=QUICK)
    assert status == 408
    assert headers["connection"] == "close"


def test_a_body_that_keeps_coming_may_take_long() -> None:
    """Ten times as long as it may stop."""
    status, _ = _asked([(QUICK / 2, b"x" * 1000)] * 20 + [(0, b"")], body_timeout_seconds=QUICK)
    assert status == 200


def test_a_client_does_not_answer_for_how_long_we_take() -> None:
    status, _ = _asked([(0, b"x")] * 10 + [(0, b"")], busy=QUICK, body_timeout_seconds=QUICK)
    assert status == 200


def test_a_body_that_drips_is_given_up() -> None:
    status, _ = _asked([(QUICK / 2, b"x")] * 100, body_timeout_seconds=QUICK)
    assert status == 408


def test_a_body_that_has_no_end_is_given_up() -> None:
    status, headers = _asked([(0, b"x" * 1000)] * 100, max_json_bytes=10_000)
    assert status == 413
    assert headers["connection"] == "close"
