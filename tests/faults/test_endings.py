"""F8, F19, F21, F25: a full disk, an orderly end under load, work that was accepted for later, and a restored copy."""

import os
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from service.store.database import Database
from tests.faults import properties
from tests.faults.conftest import RECOVERY_SECONDS, SHARE, trials
from tests.faults.history import Operation
from tests.faults.rig import PATIENCE, Rig

ROWS = 2_000
GRACE_SECONDS = 25
ROOM = 40
"""Submissions, at most, that a full disk has room for yet: in files that are as long already."""


def test_an_end_under_load_finishes_what_was_begun_or_leaves_nothing(rig, campaign):
    ledger = campaign("F19", "SIGTERM with a submission under way and a body half sent", rig.kind)
    for place in range(trials(25)):
        rig.replica.kill()
        point = ("after_rows", "before_commit", "after_commit_before_response")[place % 3]
        rig.replica.start(f"{point}:1:sleep")
        operation = rig.operation(ROWS)
        sending = threading.Thread(target=rig.send, args=(operation,))
        sending.start()
        with socket.create_connection(("127.0.0.1", rig.replica.port)) as half:
            half.sendall(b"POST /v1/submissions/statistics HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nperiod")
            time.sleep(1)
            rig.replica.terminate()
            assert rig.replica.wait(GRACE_SECONDS) < GRACE_SECONDS
        sending.join(PATIENCE)
        assert operation.end == "ok", "what was under way is finished and answered"
        rig.replica.start()
        ledger.tried(answered=True, stored=properties.whole(rig, operation))
    properties.check(rig)


@pytest.mark.parametrize("point", ["job_after_claim", "job_before_done"])
def test_what_was_accepted_for_later_is_done_once_though_its_worker_is_killed(rig, campaign, point):
    ledger = campaign("F21", f"worker killed at {point}", rig.kind)
    for _ in range(trials(50)):
        rig.replica.kill()
        rig.replica.start(f"{point}:1:exit")
        operation = rig.operation(ROWS)
        with suppress(httpx.TransportError):  # the worker may be quicker than the answer
            accepted(rig, operation)
        rig.replica.wait(20)
        assert not properties.whole(rig, operation), "it was killed before the end"
        began = time.monotonic()
        rig.replica.start()
        assert ended(rig, accepted(rig, operation)) == "done"
        ledger.tried(answered=False, stored=False, recovered=time.monotonic() - began)
        assert properties.whole(rig, operation)


def accepted(rig: Rig, operation: Operation) -> str:
    headers = {
        "Authorization": f"Bearer {rig.keys['A']}",
        "Content-Type": "text/csv",
        "Idempotency-Key": operation.key,
        "Prefer": "respond-async",
    }
    query = {"subsidiary": "A", "decimal": "point"}
    url = f"{rig.replica.url}/v1/submissions/statistics"
    answer = httpx.post(url, params=query, content=operation.body, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def ended(rig: Rig, job: str) -> str:
    deadline = time.monotonic() + PATIENCE
    while (status := rig.ask(f"/v1/jobs/{job}").json()["status"]) == "waiting" and time.monotonic() < deadline:
        time.sleep(0.1)
    return status


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB, half of it taken by the file `ballast`."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def on_small_disk(request: pytest.FixtureRequest, small_disk: Path) -> Callable[[str], str]:
    """The address of a database whose data are there; PostgreSQL's log is on another, as it should be."""

    def make(kind: str) -> str:
        if kind == "SQLite":
            url = f"sqlite:///{small_disk}/kontor.db"
        else:
            server = request.getfixturevalue("own_postgres")
            space = small_disk / "space"
            space.mkdir()
            subprocess.run(["chown", "embedded_postgres", str(space)], check=True)
            subprocess.run(["chmod", "a+x", str(small_disk), str(small_disk.parent)], check=True)
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
                connection.execute("CREATE DATABASE small TABLESPACE small")
            url = server.url.replace("/postgres?", "/small?")
        database = Database(url, pool_size=1)
        database.migrate()
        database.close()
        (small_disk / "ballast").write_bytes(bytes(2 << 20))
        return url

    return make


@pytest.mark.skipif(SHARE < 100, reason="mounts a disk of its own: part of `make faults`, run as root")
@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_a_full_disk_is_told_and_left_behind(on_small_disk, small_disk, rig_of, campaign, kind):
    with rig_of(on_small_disk(kind)) as rig:
        ledger = campaign("F8", "the disk of the data is full", kind)
        rig.submit(ROWS)
        for _ in range(trials(20)):
            ballast = small_disk / "ballast"
            fill(ballast)
            full = next(one for one in (rig.submit(ROWS) for _ in range(ROOM)) if one.statuses == [507])
            assert not properties.whole(rig, full), "told as not stored"
            os.truncate(ballast, 0)
            seconds = rig.settle()
            assert seconds < RECOVERY_SECONDS, "P8"
            ledger.tried(answered=False, stored=False, recovered=seconds)
            room = os.statvfs(small_disk)
            if room.f_bavail * room.f_frsize < 4 << 20:
                break
        properties.check(rig)


def fill(ballast: Path) -> None:
    """Until nothing more fits."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while file.write(bytes(1 << 14)):
                pass
        except OSError:
            return


def write_until(rig: Rig, stop: threading.Event) -> None:
    while not stop.is_set():
        rig.submit(50)


def test_a_copy_made_while_others_write_is_what_some_of_them_had_stored(rig_of, tmp_path, campaign):
    """F25, for SQLite: its own way of copying a file that is in use."""
    url = f"sqlite:///{tmp_path}/kontor.db"
    database = Database(url, pool_size=1)
    database.migrate()
    database.close()
    with rig_of(url) as rig:
        ledger = campaign("F25", "copied while others write, and opened again", "SQLite")
        for place in range(trials(5, 2)):
            stop = threading.Event()
            writer = threading.Thread(
                target=lambda stop=stop: [rig.submit(50) for _ in range(200) if not stop.is_set()]
            )
            writer.start()
            time.sleep(1)
            copy = tmp_path / f"copy{place}.db"
            source, target = sqlite3.connect(tmp_path / "kontor.db"), sqlite3.connect(copy)
            source.backup(target)
            source.close()
            target.execute("PRAGMA wal_checkpoint")
            assert target.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            numbers = [row[0] for row in target.execute("SELECT number FROM submission ORDER BY number")]
            lines = target.execute("SELECT count(*) FROM line").fetchone()[0]
            target.close()
            stop.set()
            writer.join(PATIENCE)
            assert numbers == list(range(1, len(numbers) + 1)), "a first part of the history"
            assert lines == 50 * len(numbers)
            ledger.tried(answered=True, stored=True)
        properties.check(rig)
