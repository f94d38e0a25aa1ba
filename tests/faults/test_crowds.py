"""F13, F14, F15: clients that take their time, and more of them than there are connections and threads."""

import select
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psycopg
import pytest

from tests.faults import probe, properties
from tests.faults.conftest import SHARE
from tests.faults.rig import PATIENCE, Rig, at_once

ROWS, LONG = 200, 100_000
CROWDS = (40, 120, 300) if SHARE == 100 else (40,)
SLOW = 100
"""Clients of each kind that take their time."""
NOT_LONGER = 75.0
"""Seconds: after which nobody who took his time has a connection any more."""


@contextmanager
def asked_again_and_again(rig: Rig, path: str) -> Iterator[list[float]]:
    """The seconds that each answer takes while the block runs."""
    found: list[float] = []
    failed: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.05):
            began = time.monotonic()
            answer = rig.ask(path)
            found.append(time.monotonic() - began)
            if answer.status_code != 200:
                failed.append(answer.text)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert found
    assert not failed, failed[0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("name", "table", "fault"),
    [
        ("F14", "line", "every connection for reads waits for a lock"),
        ("F15", "api_key", "every thread waits for a lock"),
    ],
)
def test_a_crowd_is_turned_away_in_time_while_probes_are_answered(rig_of, database_url, campaign, name, table, fault):
    with rig_of(database_url, KONTOR_POOL_SIZE="8") as rig:
        rig.submit(ROWS)
        ledger = campaign(name, fault, rig.kind)
        pressed(rig, database_url, table, CROWDS[0])  # which opens every connection that the service keeps
        before = probe.held_by(rig.replica.process)
        for crowd in CROWDS:
            with asked_again_and_again(rig, "/healthz") as health, asked_again_and_again(rig, "/readyz") as ready:
                told = pressed(rig, database_url, table, crowd)
            assert told.keys() <= {200, 409, 503}, told.keys()
            refused = told[503]
            assert refused, "there was room for all"
            ledger.notes.append(
                f"{crowd} clients: {len(refused)} refused after {statistics.median(refused):.1f} s (median), "
                f"/healthz {max(health):.2f} s, /readyz {max(ready):.2f} s at most"
            )
            assert statistics.median(health) < 0.1
            assert statistics.median(ready) < 0.2
            began = time.monotonic()
            assert rig.submit(ROWS).end == "ok"
            for _ in refused:
                ledger.tried(answered=False, stored=False, recovered=time.monotonic() - began)
        assert not probe.leaked(rig.replica.process, before), "P9"
        properties.check(rig)


def pressed(rig: Rig, database_url: str, table: str, crowd: int) -> dict[int, list[float]]:
    """Status → seconds of each answer to a crowd that asks at once, while a table is locked for all."""
    told: dict[int, list[float]] = {200: [], 409: [], 503: []}

    def ask() -> None:
        began = time.monotonic()
        answer = rig.ask("/v1/statistics", subsidiary="A")
        assert answer.status_code != 503 or "retry-after" in answer.headers
        told.setdefault(answer.status_code, []).append(time.monotonic() - began)

    with psycopg.connect(database_url) as holder:
        holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        at_once([ask] * crowd)
        holder.rollback()
    return told


def slow_clients(rig: Rig, operation: str) -> dict[str, list[socket.socket]]:
    """So many of each kind. An answer that is not read is longer than what lies between the two holds."""
    address = ("127.0.0.1", rig.replica.port)
    key = f"Authorization: Bearer {rig.keys['A']}\r\n".encode()
    head = b"POST /v1/submissions/statistics?subsidiary=A HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n" + key
    asks = f"GET /v1/submissions/{operation}/source HTTP/1.1\r\nHost: a\r\n".encode() + key + b"\r\n"
    begun = {
        "idle": b"",
        "half a head": head[:40],
        "half a body": head + b"Content-Length: 900\r\n\r\nperiod,channel",
        "drips": head + b"Content-Length: 900\r\n\r\n",
        "does not read": asks,
    }
    made: dict[str, list[socket.socket]] = {}
    for kind, first in begun.items():
        made[kind] = [socket.socket() for _ in range(SLOW)]
        for one in made[kind]:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(address)
            one.sendall(first)
            one.setblocking(False)
    return made


def ended(one: socket.socket) -> bool:
    """Whether the other side has closed it, in order or not."""
    poll = select.poll()
    poll.register(one, select.POLLRDHUP)
    return bool(poll.poll(0))


def drip(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.send(b"x")


@pytest.mark.skipif(SHARE < 100, reason="takes minutes: part of `make faults`; each deadline is tried in tests/serving")
def test_clients_that_take_their_time_are_let_go_and_slow_nobody_down(rig, database_url, campaign):
    ledger = campaign("F13", f"{5 * SLOW} clients that take their time, of five kinds", rig.kind)
    submission = httpx.Response(200, text=rig.submit(LONG).answer[1]).json()["id"]
    path = "/v1/kpis?subsidiary=A&indicators=revenue&from=2000-01&to=2000-02"
    with asked_again_and_again(rig, path) as calm:
        time.sleep(10)
    # Which opens every connection that the service keeps.
    if rig.kind == "PostgreSQL":
        pressed(rig, database_url, "line", 40)
    else:
        at_once([lambda: rig.ask("/v1/statistics", subsidiary="A", limit="1000")] * 40)
    before = probe.held_by(rig.replica.process)
    clients, began = slow_clients(rig, submission), time.monotonic()
    gone: dict[str, float] = {}
    with asked_again_and_again(rig, path) as meanwhile:
        while len(gone) < len(clients) and time.monotonic() - began < NOT_LONGER:
            time.sleep(1)
            drip(clients["drips"])
            for kind, sockets in clients.items():
                if kind not in gone and all(map(ended, sockets)):
                    gone[kind] = time.monotonic() - began
    assert gone.keys() == clients.keys(), gone
    for sockets in clients.values():
        for one in sockets:
            one.close()
            ledger.tried(answered=False, stored=False)
    late = statistics.quantiles(meanwhile, n=20)[-1] / statistics.quantiles(calm, n=20)[-1]
    said = ", ".join(f"{kind} {seconds:.0f} s" for kind, seconds in gone.items())
    ledger.notes.append(f"let go: {said}; other answers (95 of 100) within {late:.2f} of the calm time")
    assert max(gone[kind] for kind in ("idle", "half a head")) < 15
    assert not probe.leaked(rig.replica.process, before), "P9"
    properties.check(rig)
