"""Bad inputs as a served process meets them, byte by byte: what it answers, how long that takes, and how it grows."""

import os
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.bad_inputs import framing, sizes
from tests.bad_inputs.framing import Framed
from tests.bad_inputs.test_families import FAMILIES, SECONDS, outcome
from tests.conftest import Server
from tests.faults.probe import held_by
from tests.group import OverHttp, hand_in_subsidiary

SHARE = 1 if "KONTOR_FUZZ" in os.environ else 4
"""Every which case is asked: all of them in `make fuzz`."""
PAUSE = 2.0
ROOM = 64 << 20
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@pytest.fixture(scope="module")
def pressed(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_file: Path,
    server_of: Callable[..., AbstractContextManager[Server]],
) -> Iterator[Server]:
    """A served group whose limits are within reach of a test."""
    limits = {
        "KONTOR_MAX_JSON_BYTES": str(sizes.MOST_JSON),
        "KONTOR_MAX_BODY_BYTES": str(sizes.MOST_BODY),
        "KONTOR_BODY_TIMEOUT_SECONDS": str(PAUSE),
        "KONTOR_WRONG_KEYS_PER_MINUTE": "0",
    }
    with server_of(f"sqlite:///{shutil.copy(migrated_file, tmp_path_factory.mktemp('served'))}", **limits) as server:
        with _client(server) as client:
            hand_in_subsidiary(OverHttp(client), "DE", "EUR")
            hand_in_subsidiary(OverHttp(client), "FR", "EUR")
        yield server


def _client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, timeout=30)


def _connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=SECONDS)


def _answered(server: Server, case: Framed) -> bytes:
    """All that comes back. Who expects fewer answers closes his side after a while."""
    came = b""
    with _connected(server) as connection, suppress(ConnectionError):
        connection.sendall(case.sent.replace(b"KEY", server.key.encode()))
        if case.statuses in ((), (100,)):
            time.sleep(0.05)
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(1 << 16):
            came += piece
    return came


def _misjudged(server: Server, case: Framed) -> str:
    begun = time.monotonic()
    came = _answered(server, case)
    found = tuple(map(int, _STATUS.findall(came)))
    if found != case.statuses:
        return f"{case.name}: {found[:9]}, not {case.statuses[:9]}"
    if any(status >= 400 for status in found) and b"application/problem+json" not in came:
        return f"{case.name}: no problem document: {came[:300]!r}"
    return f"{case.name}: hung" if time.monotonic() - begun > SECONDS else ""


def test_every_request_has_one_answer_or_its_connection_is_closed(pressed: Server) -> None:
    with _client(pressed) as client:
        before = held_by(pressed.process.pid)
        wrong = [found for case in framing.CASES if (found := _misjudged(pressed, case))]
        assert not wrong, "\n".join(wrong)
        after = held_by(pressed.process.pid)
        assert after.memory - before.memory < ROOM
        assert client.get("/v1/forms").status_code == 200
    assert not [line for line in pressed.log() if '"level": "ERROR"' in line]


def test_what_is_refused_takes_neither_long_nor_memory(pressed: Server) -> None:
    """The bodies of B10; then the other families, of which the tests in one process know what comes of them."""
    with _client(pressed) as client:
        service: Any = SimpleNamespace(client=client)
        # What is loaded with the first of its kind is no growth.
        service.client.get("/v1/kpis", params={"subsidiary": "DE"}).raise_for_status()
        before = held_by(pressed.process.pid)
        wrong, most = [], 0
        for case in sizes.cases():
            begun = time.monotonic()
            found = outcome(service, case)
            seconds, most = time.monotonic() - begun, max(most, held_by(pressed.process.pid).memory)
            if found != case.outcome or seconds > SECONDS:
                wrong.append(f"{case.name}: {found}, not {case.outcome}, after {seconds:.1f} s")
        for family, cases in FAMILIES.items():
            # Workbooks are read in processes of their own, which takes its time.
            for case in cases[:: SHARE**2 if family == "B4 workbooks" else SHARE]:
                begun = time.monotonic()
                found = outcome(service, case)
                seconds, most = time.monotonic() - begun, max(most, held_by(pressed.process.pid).memory)
                if found[0] == "5" or seconds > SECONDS:
                    wrong.append(f"{family}: {case.name}: {found} after {seconds:.1f} s")
        assert not wrong, "\n".join(wrong)
        assert most - before.memory < ROOM, f"grew by {most - before.memory >> 20} MB"


def test_a_body_of_a_byte_a_second_is_given_up(pressed: Server) -> None:
    case = Framed("drips", framing.post(b"Content-Length: 1000", body=b"["), (408,))
    begun = time.monotonic()
    with _connected(pressed) as connection:
        connection.sendall(case.sent.replace(b"KEY", pressed.key.encode()))
        connection.settimeout(1)
        came = b""
        while not came:
            with suppress(TimeoutError):
                came = connection.recv(1 << 16)
            if not came:
                connection.sendall(b" ")
            assert time.monotonic() - begun < PAUSE + SECONDS
    assert b" 408 " in came
