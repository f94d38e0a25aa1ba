"""The real PgBouncer in transaction mode: every transaction may get another connection."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import free_port

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
ABSENT = "PgBouncer is not installed (package pgbouncer)"
_CONFIGURATION = """
[databases]
pooled = host={host} dbname={dbname}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = options
"""


class Pooler:
    """Between a role and a database, with two connections to it."""

    def __init__(self, database_url: str, role: str, folder: Path) -> None:
        server, port = conninfo_to_dict(database_url), free_port()
        (folder / "users").write_text(f'"{role}" ""\n', encoding="utf-8")
        text = _CONFIGURATION.format(host=server["host"], dbname=server["dbname"], port=port, folder=folder)
        (folder / "pgbouncer.ini").write_text(text, encoding="utf-8")
        self._command = [PROGRAM, folder / "pgbouncer.ini"]
        if os.geteuid() == 0:  # as whom it refuses to run
            self._command[1:1] = ["--user", "embedded_postgres"]
        self.url = f"postgresql://{role}@127.0.0.1:{port}/pooled"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                psycopg.connect(self.url, options="-c lock_timeout=1").close()
                break
            except psycopg.OperationalError:
                assert self._process.poll() is None, "PgBouncer ended"
                time.sleep(0.05)

    def stop(self, *, killed: bool = False) -> None:
        if self._process is not None:
            (self._process.kill if killed else self._process.terminate)()
            self._process.wait(timeout=30)
