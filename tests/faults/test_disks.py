"""F9, F24: a disk that does not keep what it took, and a SQLite file that is locked, removed or not to be written."""

import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from service.store.database import Database
from tests.faults import properties
from tests.faults.conftest import RECOVERY_SECONDS, SHARE, trials
from tests.faults.ledger import Campaign
from tests.faults.rig import PATIENCE, Rig

ROWS = 200
SYNCS = "fsync,fdatasync"
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def failing(processes: list[psutil.Process], calls: str, error: str) -> Iterator[None]:
    """While the block runs, these system calls of the processes fail, and of whatever these start."""
    command = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={calls}:error={error}", "-e", f"trace={calls}"]
    for process in processes:
        command += ["-p", str(process.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while not all(map(traced, processes)):
            assert tracer.poll() is None, "strace may not trace here"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield
    finally:
        tracer.terminate()
        tracer.wait(30)


def traced(process: psutil.Process) -> bool:
    """Whether every thread of it is."""
    tasks = Path(f"/proc/{process.pid}/task").glob("*/status")
    return all("TracerPid:\t0\n" not in task.read_text("utf-8") for task in tasks)


def struck(rig: Rig, ledger: Campaign, processes: list[psutil.Process], begin_again: Callable[[], None]) -> None:
    """Submissions while nothing reaches the disk: none is acknowledged, and afterwards all are stored."""
    with failing(processes, SYNCS, "EIO"):
        operations = [rig.submit(ROWS) for _ in range(2)]
    assert all(set(one.statuses) == {503} for one in operations), [one.statuses for one in operations]
    begin_again()
    began = time.monotonic()
    rig.database.close()  # the rig's own connections may have ended, too
    rig.until_ok(operations[0])
    seconds = time.monotonic() - began
    assert seconds < RECOVERY_SECONDS, "P8"
    rig.settle()
    for _ in operations:
        ledger.tried(answered=False, stored=False, recovered=seconds)


@needs_strace
@only_sqlite
def test_what_sqlite_could_not_bring_to_the_disk_is_not_acknowledged(rig, campaign):
    rig.submit(ROWS)
    ledger = campaign("F9", "fsync fails (EIO)", rig.kind)
    for _ in range(trials(10)):
        struck(rig, ledger, [psutil.Process(rig.replica.process)], lambda: None)
    properties.check(rig)


@needs_strace
def test_what_postgresql_could_not_bring_to_the_disk_is_not_acknowledged(own_postgres, rig_of, campaign):
    """It stops at once then (PANIC), and recovers from what had reached the disk before."""
    with rig_of(own_postgres.migrated()) as rig:
        rig.submit(ROWS)
        ledger = campaign("F9", "fsync of the log fails (EIO): all sessions end", rig.kind)
        for _ in range(trials(10)):
            struck(rig, ledger, own_postgres.processes(), own_postgres.start)
        properties.check(rig)


@only_sqlite
def test_a_file_that_another_process_has_locked_is_told_and_waited_for(rig, campaign, tmp_path):
    ledger = campaign("F24", "another process has locked the file for longer than is waited", rig.kind)
    for _ in range(trials(5)):
        other = sqlite3.connect(tmp_path / "kontor.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        end = threading.Timer(6, other.execute, ("ROLLBACK",))
        end.start()
        operation = rig.submit(ROWS)
        assert operation.statuses == [409], "told as under way, within the time that it waits for a lock"
        assert rig.ask("/v1/statistics", subsidiary="A").status_code == 200, "readers wait for nobody"
        assert not properties.whole(rig, operation)
        end.join()
        other.close()
        ledger.tried(answered=False, stored=False, recovered=rig.settle())
    properties.check(rig)


@only_sqlite
@pytest.mark.parametrize("back", ["put back", "replaced by a copy"])
def test_a_file_that_is_removed_takes_no_submission_with_it(rig, campaign, tmp_path, back):
    """Whoever still has it open could write on, into nothing."""
    rig.submit(ROWS)
    ledger = campaign("F24", f"the file is removed and {back}", rig.kind)
    for _ in range(trials(10)):
        parts = set_aside(rig, tmp_path, copied=back != "put back")
        operations = [rig.submit(ROWS) for _ in range(2)]
        assert all(one.statuses == [503] for one in operations), [one.statuses for one in operations]
        assert not any((tmp_path / part).exists() for part in parts), "nobody makes an empty one"
        for part in parts:
            (tmp_path / "aside" / part).rename(tmp_path / part)
        began = time.monotonic()
        rig.replica.wait_until_ready()
        for one in operations:
            rig.until_ok(one)
            ledger.tried(answered=False, stored=False, recovered=time.monotonic() - began)
    properties.check(rig)


def set_aside(rig: Rig, folder: Path, *, copied: bool) -> list[str]:
    """The file with its log, or a sound copy of it while it is removed."""
    (folder / "aside").mkdir(exist_ok=True)
    rig.database.close()
    if copied:
        source, target = sqlite3.connect(folder / "kontor.db"), sqlite3.connect(folder / "aside" / "kontor.db")
        source.backup(target)
        source.close()
        target.close()
    parts = [path.name for path in folder.glob("kontor.db*")]
    for part in parts:
        if copied:
            (folder / part).unlink()
        else:
            (folder / part).rename(folder / "aside" / part)
    return ["kontor.db"] if copied else parts


@pytest.fixture
def may_not_write(tmp_path: Path) -> Iterator[Path]:
    """A folder with a database that cannot be written, until `remount` it."""
    folder = tmp_path / "fixed"
    folder.mkdir()
    database = Database(f"sqlite:///{folder}/kontor.db", pool_size=1)
    database.migrate()
    database.close()
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how},bind", folder], check=True)


@pytest.mark.skipif(SHARE < 100, reason="mounts a folder: part of `make faults`, run as root")
def test_a_service_does_not_begin_on_a_file_that_may_not_be_written(may_not_write, rig_of, campaign):
    with rig_of(f"sqlite:///{may_not_write}/kontor.db") as rig:
        ledger = campaign("F24", "the file may not be written: the service does not begin", rig.kind)
        for _ in range(trials(5)):
            operation = rig.submit(ROWS)
            rig.replica.kill()
            rig.database.close()
            remount(may_not_write, "ro")
            rig.replica.launch()
            rig.replica.wait(PATIENCE)
            remount(may_not_write, "rw")
            began = time.monotonic()
            rig.replica.start()
            stored = properties.whole(rig, operation)
            ledger.tried(answered=operation.end == "ok", stored=stored, recovered=time.monotonic() - began)
        properties.check(rig)
