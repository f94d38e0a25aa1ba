"""F4 to F7: connections that are slow, silent or broken, to the database and to the client."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.faults import probe, properties
from tests.faults.conftest import RECOVERY_SECONDS, trials
from tests.faults.ledger import Campaign
from tests.faults.proxy import FaultProxy, Kind, Toxic
from tests.faults.rig import Rig, at_once

ROWS = 200
SILENT_SECONDS = 0.5
POOL = 27
"""Connections that a process keeps once it has needed them."""
GIVEN_UP_SECONDS = 12.0
"""The eight of `KONTOR_SILENCE_SECONDS`, and what starting 31 requests at once takes a busy machine."""


def toxics(chance: random.Random, length: int) -> list[Toxic]:
    """One of each kind; where they cut is by chance within so many bytes."""
    return [
        Toxic(Kind.LATENCY, 0.01),
        Toxic(Kind.BANDWIDTH, 300_000),
        Toxic(Kind.SLICER, 11),
        Toxic(Kind.BLACK_HOLE),
        Toxic(Kind.RESET, chance.randrange(length)),
        Toxic(Kind.HALF_CLOSE, chance.randrange(length)),
        Toxic(Kind.LIMIT, chance.randrange(length)),
        Toxic(Kind.RESET, chance.randrange(300), upstream=False),
        Toxic(Kind.DOWN),
    ]


@contextmanager
def spoilt(proxy: FaultProxy, toxic: Toxic) -> Iterator[None]:
    """While the block runs. Who is silent is silent for a while only, and then gone."""
    proxy.spoil(toxic)
    end = threading.Timer(SILENT_SECONDS, proxy.break_all)
    if toxic.kind is Kind.BLACK_HOLE:
        end.start()
    yield
    end.cancel()
    proxy.heal()


@pytest.fixture
def through_proxy(rig_of, postgres: str, database_url: str) -> Iterator[tuple[Rig, FaultProxy]]:
    """A rig whose service reaches PostgreSQL through a proxy."""
    about = psycopg.conninfo.conninfo_to_dict(database_url)
    proxy = FaultProxy.to_socket(Path(about["host"]) / ".s.PGSQL.5432")
    through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{about['dbname']}?sslmode=disable"
    with rig_of(database_url, service_url=through) as rig:
        yield rig, proxy
    proxy.stop()


only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def recovered(rig: Rig, ledger: Campaign, *, answered: bool, stored: bool) -> None:
    seconds = rig.settle()
    assert seconds < RECOVERY_SECONDS, "P8"
    ledger.tried(answered=answered, stored=stored, recovered=seconds)


@only_postgresql
def test_broken_connections_to_the_database_lose_nothing(through_proxy, campaign):
    rig, proxy = through_proxy
    rig.submit(ROWS)
    before = probe.held_by(rig.replica.process)
    ledgers = {kind: campaign("F5", f"to the database: {kind}", "PostgreSQL") for kind in Kind if kind != "cut reply"}
    chance = random.Random(5)  # noqa: S311
    for _ in range(trials(25)):
        for toxic in toxics(chance, 20_000):
            with spoilt(proxy, toxic):
                operation = rig.submit(ROWS)
            assert proxy.struck, toxic
            assert set(operation.statuses) <= {201, 503}, operation.statuses
            stored = properties.whole(rig, operation)
            recovered(rig, ledgers[toxic.kind], answered=operation.end == "ok", stored=stored)
    assert not probe.leaked(rig.replica.process, before), "P9"
    properties.check(rig)


@only_postgresql
def test_a_database_that_stays_silent_is_given_up_in_time(through_proxy, campaign):
    rig, proxy = through_proxy
    rig.submit(ROWS)
    ledger = campaign("F5", "to the database: silence that lasts", "PostgreSQL")
    for _ in range(trials(10)):
        operation = rig.operation(ROWS)
        proxy.spoil(Toxic(Kind.BLACK_HOLE))
        began = time.monotonic()
        answers = at_once([partial(rig.send, operation), *[partial(rig.ask, "/v1/statistics", subsidiary="A")] * 30])
        assert time.monotonic() - began < GIVEN_UP_SECONDS
        assert proxy.struck
        for answer in answers:
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        proxy.heal()
        stored = properties.whole(rig, operation)
        recovered(rig, ledger, answered=False, stored=stored)
    assert probe.held_by(rig.replica.process).connections <= POOL + 5, "P9"
    properties.check(rig)


@only_postgresql
def test_a_commit_that_is_not_answered_is_told_as_such_and_done_once(through_proxy, campaign):
    rig, proxy = through_proxy
    ledger = campaign("F6", "the answer to the commit is cut", "PostgreSQL")
    for _ in range(trials(200)):
        with spoilt(proxy, Toxic(Kind.CUT_REPLY, pattern=b"COMMIT\x00")):
            operation = rig.operation(ROWS)
            answer = rig.send(operation)
        assert answer is not None
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/outcome-unknown")
        assert properties.whole(rig, operation), "the proxy passed the commit on"
        recovered(rig, ledger, answered=False, stored=True)
    properties.check(rig)


def test_clients_that_break_off_leave_all_or_nothing(rig, campaign):
    proxy = FaultProxy.to_port(rig.replica.port)
    url = f"http://127.0.0.1:{proxy.port}"
    rig.submit(ROWS)
    before = probe.held_by(rig.replica.process)
    ledgers = {one: campaign("F7", f"to the client: {one}", rig.kind) for one in Kind if one != "cut reply"}
    chance = random.Random(7)  # noqa: S311
    for _ in range(trials(25)):
        for toxic in toxics(chance, len(rig.history.operations[0].body) - 200):  # less than any body is long
            operation = rig.operation(ROWS)
            with spoilt(proxy, toxic):
                rig.send(operation, url, timeout=30)
            assert proxy.struck, toxic
            stored = properties.whole(rig, operation)
            if toxic.upstream and toxic.kind in (Kind.BLACK_HOLE, Kind.RESET, Kind.HALF_CLOSE, Kind.LIMIT, Kind.DOWN):
                assert not stored, f"a part of a body was stored: {toxic}"
            recovered(rig, ledgers[toxic.kind], answered=operation.end == "ok", stored=stored)
    proxy.stop()
    assert not probe.leaked(rig.replica.process, before), "P9"
    properties.check(rig)


def test_a_client_that_goes_at_each_tenth_of_the_body_leaves_nothing(rig, campaign):
    proxy = FaultProxy.to_port(rig.replica.port)
    ledger = campaign("F7", "client gone at each tenth of the body", rig.kind)
    for tenth in range(10):
        operation = rig.operation(ROWS * 10)
        with spoilt(proxy, Toxic(Kind.LIMIT, len(operation.body) * tenth // 10)):
            assert rig.send(operation, f"http://127.0.0.1:{proxy.port}", timeout=30) is None
        stored = properties.whole(rig, operation)
        assert not stored
        ledger.tried(answered=False, stored=stored)
    proxy.stop()
    properties.check(rig)


@pytest.mark.parametrize("how", ["fast", "immediate", "terminated"])
def test_a_restarted_postgresql_is_found_again(own_postgres, rig_of, campaign, how):
    with rig_of(own_postgres.migrated()) as rig:
        rig.submit(ROWS)
        ledger = campaign("F4", f"PostgreSQL {how}", "PostgreSQL")
        for place in range(trials(40)):
            operation = rig.operation(ROWS)
            sending = threading.Thread(target=rig.send, args=(operation,))
            sending.start()
            time.sleep(0.05 * (place % 4))
            if how == "terminated":
                own_postgres.end_sessions()
            else:
                own_postgres.restart(signal.SIGINT if how == "fast" else signal.SIGQUIT)
            sending.join(60)
            rig.database.close()  # the rig's own connections were ended, too
            assert set(operation.statuses) <= {201, 503}, operation.statuses
            stored = properties.whole(rig, operation)
            recovered(rig, ledger, answered=operation.end == "ok", stored=stored)
        properties.check(rig)
