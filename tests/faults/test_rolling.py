"""F18: an older version and this one side by side on one schema, under load; and this one taken back."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from service.store.database import Database
from tests.faults import properties
from tests.faults.conftest import SHARE, trials
from tests.faults.rig import PATIENCE, Replica, Rig

ROOT = Path(__file__).parents[2]
ROWS = 20
SECONDS = 2.0


class Former:
    """The code before the last migration, as a nursery."""

    def __init__(self, folder: Path) -> None:
        added = git("log", "-1", "--format=%H", "--diff-filter=A", "--", "migrations/versions")
        self.folder, self.revision = folder, git("rev-parse", "--short", f"{added}^")
        git("worktree", "add", "--detach", str(folder), self.revision)
        self._log = (folder.parent / "former.log").open("ab")

    def migrate(self, database_url: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(self.folder), "KONTOR_DATABASE_URL": database_url}
        command = [sys.executable, "-m", "service", "migrate"]
        subprocess.run(command, cwd=self.folder, env=environment, check=True, stdout=self._log, stderr=self._log)

    def serve(self, port: int, environment: dict[str, str]) -> int:
        variables = os.environ | environment | {"PYTHONPATH": str(self.folder)}
        command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=self.folder, env=variables, stdout=self._log, stderr=self._log)
        threading.Thread(target=process.wait, daemon=True).start()  # or nobody would notice its end
        return process.pid

    def remove(self) -> None:
        self._log.close()
        git("worktree", "remove", "--force", str(self.folder))


def git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def former(tmp_path: Path) -> Iterator[Former]:
    one = Former(tmp_path / "former")
    yield one
    one.remove()


class Load:
    """Clients who write and read without a pause. Nothing that they send may fail."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stop = threading.Event()
        self.failed: list[str] = []
        self.reads = 0
        self._threads = [threading.Thread(target=self._run, args=(home,)) for home in "AB"]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self, home: str) -> None:
        while not self._stop.is_set():
            operation = self._rig.submit(ROWS, home)
            if operation.statuses != [201]:
                self.failed.append(f"{operation.key} {operation.statuses}")
            answer = self._rig.ask("/v1/statistics", home, subsidiary=home, limit=10)
            self.reads += 1
            if answer.status_code != 200:
                self.failed.append(answer.text)


@pytest.mark.skipif(
    SHARE < 100 or shutil.which("git") is None or not (ROOT / ".git").exists(),
    reason="starts an older version from the history of the repository: part of `make faults`",
)
def test_two_versions_serve_one_schema_and_the_newer_can_be_taken_back(
    former, nursery, empty_database_url, tmp_path, campaign
):
    former.migrate(empty_database_url)
    rig = Rig(former, tmp_path, empty_database_url)
    old = rig.replica
    newer = Replica(nursery, old.environment)
    try:
        rig.start()
        ledger = campaign("F18", f"{former.revision} and this version on one schema", rig.kind)
        with Load(rig) as load:
            time.sleep(SECONDS)
            database = Database(empty_database_url, pool_size=1)
            database.migrate()
            database.close()
            time.sleep(SECONDS)
            for _ in range(trials(4)):
                newer.start()
                rig.replicas = [old, newer]
                time.sleep(SECONDS)
                rig.replicas = [newer]
                time.sleep(SECONDS / 5)
                rig.replicas = [old]  # taken back
                newer.terminate()
                newer.wait(PATIENCE)
                ledger.tried(answered=True, stored=True)
            newer.start()
            rig.replicas = [newer]
            old.terminate()
            old.wait(PATIENCE)
        assert not load.failed, load.failed[:5]
        ledger.notes.append(f"{len(rig.history.operations)} submissions and {load.reads} reads, none failed")
        properties.check(rig)
    finally:
        rig.replicas = [old, newer]
        rig.stop()
