"""Behind a pooler that gives every transaction another connection: the real PgBouncer, in transaction mode."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import ROLE, free_port, service_at
from tests.group import hand_in_group

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed (package pgbouncer)")
CONFIGURATION = """
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


@pytest.fixture
def pooled(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of the pooler, for the service's role."""
    port = free_port()
    server = conninfo_to_dict(database_url)
    (tmp_path / "users").write_text(f'"{ROLE}" ""\n', encoding="utf-8")
    configuration = CONFIGURATION.format(host=server["host"], dbname=server["dbname"], port=port, folder=tmp_path)
    (tmp_path / "pgbouncer.ini").write_text(configuration, encoding="utf-8")
    command = [PROGRAM, tmp_path / "pgbouncer.ini"]
    if os.geteuid() == 0:  # as whom it refuses to run
        command[1:1] = ["--user", "embedded_postgres"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"postgresql://{ROLE}@127.0.0.1:{port}/pooled"
    try:
        for _ in range(200):
            try:
                psycopg.connect(address, options="-c lock_timeout=1").close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None, "PgBouncer ended"
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_callers_who_share_connections_see_their_own_rows_only(database_url: str, pooled: str) -> None:
    seen: list[tuple[str, str]] = []
    with service_at(pooled) as service:
        hand_in_group(service)

        def ask(code: str) -> None:
            headers = service.as_key(service.key(subsidiaries=[code]))
            for _ in range(10):
                listed = service.client.get("/v1/customers", headers=headers).json()["items"]
                seen.extend((code, row["subsidiary"]) for row in listed)
                card = service.client.get(f"/v1/customers/{code}/{code}-C1", headers=headers).json()
                seen.append((code, card["subsidiary"]))

        threads = [threading.Thread(target=ask, args=(code,)) for code in ("DE", "FR", "DE", "FR")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said, silent = (psycopg.connect(pooled, autocommit=True, prepare_threshold=None) for _ in range(2))
        for _ in range(30):
            said.execute("SET LOCAL kontor.reach = 'group'; SELECT count(*) FROM customer")
            with pytest.raises(psycopg.Error, match=r"malformed|unrecognized"):
                silent.execute("SELECT count(*) FROM customer")
        said.close()
        silent.close()
    assert len(seen) == 4 * 10 * 7
    assert set(seen) == {("DE", "DE"), ("FR", "FR")}
