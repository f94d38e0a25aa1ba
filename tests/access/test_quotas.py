"""What a key may ask for in a minute, counted by several processes together."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from fakeredis import TcpFakeServer

from service.access.quotas import Quotas
from service.access.tally import DatabaseTally, RedisTally, Tally
from service.errors import NotAuthenticated, QuotaExceeded, Unavailable
from service.store.database import Database

START = datetime(2026, 11, 15, 12, 0, 20, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class NoTally:
    """A tally that cannot be reached."""

    def add(self, *_asked: Any) -> Any:
        raise Unavailable("not there")

    totals = add


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tally_of(database_url: str, redis: str) -> Iterator[Callable[[str], Tally]]:
    databases = []

    def make(kind: str) -> Tally:
        if kind == "redis":
            return RedisTally(redis)
        databases.append(Database(database_url, pool_size=2))
        return DatabaseTally(databases[-1])

    yield make
    for database in databases:
        database.close()


def _quotas(tally: Tally, clock: Clock, requests: int = 3, rows: int = 100) -> Quotas:
    return Quotas(requests, rows, 5, tally, clock)


def _admitted(quotas: Quotas, principal: str, tries: int) -> int:
    """How many of so many requests are let in."""
    count = 0
    for _ in range(tries):
        try:
            quotas.count_request(principal)
        except QuotaExceeded:
            continue
        count += 1
    return count


def test_a_key_gets_its_quota_in_a_minute_and_again_in_the_next(clock: Clock) -> None:
    quotas = _quotas(NoTally(), clock)
    standing, _ = quotas.count_request("key")
    assert (standing.kind, standing.quota, standing.left, standing.seconds) == ("requests", 3, 2, 40)
    assert _admitted(quotas, "key", 5) == 2
    assert _admitted(quotas, "other", 1) == 1
    with pytest.raises(QuotaExceeded) as refused:
        quotas.count_request("key")
    assert refused.value.retry_after == 40
    assert refused.value.extra() == {"violated_policies": ["requests"]}
    clock.move(60)
    assert _admitted(quotas, "key", 5) == 3


@pytest.mark.parametrize(("quota", "at_once"), [(3, 3), (60, 10), (600, 30), (6_000, 300)])
def test_a_minutes_quota_is_not_sent_at_once(quota: int, at_once: int, clock: Clock) -> None:
    quotas = _quotas(NoTally(), clock, requests=quota)
    _, burst = quotas.count_request("key")
    assert (burst.kind, burst.quota, burst.left) == ("burst", at_once, at_once - 1)
    assert burst.window == at_once * 60 / quota
    assert _admitted(quotas, "key", quota) == at_once - 1
    assert _admitted(quotas, "another", quota) == at_once
    if at_once < quota:
        with pytest.raises(QuotaExceeded) as refused:
            quotas.count_request("key")
        assert refused.value.retry_after == 1
        assert refused.value.extra() == {"violated_policies": ["burst"]}
        clock.move(2)
        assert _admitted(quotas, "key", quota) == quota // 30, "it fills with the quota's speed"
    clock.move(60)
    assert _admitted(quotas, "key", quota) == at_once, "and no further than it was"


def test_a_minutes_quota_is_not_sent_twice_around_its_end(clock: Clock) -> None:
    quotas = _quotas(NoTally(), clock)
    clock.move(39)
    assert _admitted(quotas, "key", 9) == 3
    clock.move(1)
    assert _admitted(quotas, "key", 9) == 0
    clock.move(20)
    assert _admitted(quotas, "key", 9) == 1


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing(clock: Clock) -> None:
    quotas = _quotas(NoTally(), clock, requests=600)
    assert _admitted(quotas, "key", 20) == 20
    clock.move(-10)
    assert _admitted(quotas, "key", 99) == 10


@pytest.mark.parametrize("kind", ["database", "redis"])
def test_processes_share_a_quota(kind: str, tally_of: Callable[[str], Tally], clock: Clock) -> None:
    one, two = (_quotas(tally_of(kind), clock, requests=10) for _ in range(2))
    key = f"shared-{id(one)}"
    assert _admitted(one, key, 6) == 6
    assert _admitted(two, key, 1) == 1
    one.synchronise()
    two.synchronise()
    assert _admitted(two, key, 10) == 3
    two.synchronise()
    one.count_request(key)  # what `two` let in since the last time is not known here yet
    one.synchronise()
    assert _admitted(one, key, 10) == 0


@pytest.mark.parametrize("kind", ["database", "redis"])
def test_rows_beyond_the_quota_use_up_the_next_minutes(
    kind: str, tally_of: Callable[[str], Tally], clock: Clock
) -> None:
    one, two = (_quotas(tally_of(kind), clock) for _ in range(2))
    key = f"rows-{id(one)}"
    (standing,) = one.expect_rows(key)
    assert standing.left == 100
    one.count_rows(key, 250)
    one.synchronise()
    for minute in range(2):
        for quotas in (one, two):
            with pytest.raises(QuotaExceeded):
                quotas.expect_rows(key)
        clock.move(40 if minute == 0 else 60)
    for quotas in (one, two):
        (standing,) = quotas.expect_rows(key)
        assert standing.left == 50


def test_counts_of_minutes_that_are_over_are_forgotten(database_url: str, clock: Clock) -> None:
    database = Database(database_url, pool_size=2)
    quotas = _quotas(DatabaseTally(database), clock)
    for _ in range(3):
        quotas.count_request("key")
        quotas.synchronise()
        clock.move(60)
    with database.reading() as connection:
        assert len(connection.exec_driver_sql("SELECT * FROM quota_count").all()) == 1
    database.close()


def test_without_a_tally_each_process_counts_by_itself_and_says_so(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    quotas = _quotas(NoTally(), clock)
    assert _admitted(quotas, "key", 2) == 2
    quotas.synchronise()
    quotas.synchronise()
    assert not quotas.shared
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert quotas.expect_rows("key")
    assert _admitted(quotas, "key", 5) == 1


def test_zero_means_no_limit(clock: Clock) -> None:
    quotas = Quotas(0, 0, 0, NoTally(), clock)
    assert _admitted(quotas, "key", 1000) == 1000
    assert not quotas.expect_rows("key")
    quotas.count_rows("key", 10**9)
    for _ in range(100):
        _try_wrong(quotas, "192.0.2.1")
    quotas.enter("192.0.2.1", "wrong")


def _try_wrong(quotas: Quotas, address: str) -> None:
    with pytest.raises(NotAuthenticated), quotas.judging(address):
        raise NotAuthenticated("wrong")


def test_ten_thousand_wrong_keys_from_an_address_are_looked_at_five_times(clock: Clock) -> None:
    quotas = _quotas(NoTally(), clock)
    quotas.admitted("key", "good")
    looked_at = 0
    for attempt in range(10_000):
        try:
            quotas.enter("2001:db8::1", f"wrong {attempt}")
        except QuotaExceeded:
            continue
        looked_at += 1
        _try_wrong(quotas, "2001:db8::1")
    assert looked_at == 5
    quotas.enter("2001:db8::1", "good")
    quotas.enter("2001:db8:0:1::1", "of another network")
    with pytest.raises(QuotaExceeded) as refused:
        quotas.enter("2001:db8::ffff", "the same network")
    assert refused.value.extra() == {"violated_policies": ["wrong-keys"]}
    clock.move(60)
    quotas.enter("2001:db8::1", "wrong")


def test_who_has_used_up_his_quota_is_refused_at_the_door(clock: Clock) -> None:
    quotas = _quotas(NoTally(), clock)
    assert quotas.enter("192.0.2.1", "credentials") is None, "nobody knows him, nor counts him, yet"
    quotas.admitted("key", "credentials")
    for left in (2, 1, 0):
        assert quotas.spent("credentials") is None
        standings = quotas.enter("192.0.2.1", "credentials")
        assert standings is not None
        assert standings[0].left == left
    assert quotas.spent("credentials") is not None
    with pytest.raises(QuotaExceeded):
        quotas.enter("192.0.2.1", "credentials")
    assert quotas.spent("credentials of another") is None
    assert quotas.enter("192.0.2.1", "credentials of another") is None
