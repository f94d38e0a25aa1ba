"""The command `kontor`."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from service.store.database import newest_revision
from tests.conftest import Server, commanded

KONTOR = [sys.executable, "-m", "service"]
AS_A_PROGRAM = ("serve", "demo", "openapi")
"""The others run in this process, which is quicker."""


def run(url: str, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KONTOR_DATABASE_URL": url}
    if words[0] not in AS_A_PROGRAM:
        return commanded(environment, *words)
    return subprocess.run([*KONTOR, *words], env=environment, cwd=folder, capture_output=True, text=True, check=False)


def test_serve_refuses_a_postgresql_database_that_is_behind(postgres: str) -> None:
    done = run(postgres, "serve", "--port", "1")
    assert done.returncode == 1
    assert "run `kontor migrate` first" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_migrates_an_empty_sqlite_file(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"KONTOR_DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}
    process = subprocess.Popen([*KONTOR, "serve", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
    try:
        transport = httpx.HTTPTransport(retries=20)
        with httpx.Client(transport=transport) as client:
            assert client.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_keys_are_made_shown_once_listed_and_revoked(empty_database_url: str) -> None:
    assert run(empty_database_url, "migrate").stdout == f"The database is at revision {newest_revision()}.\n"
    made = run(empty_database_url, "keys", "create", "--name", "crm", "--scope", "statistics:read", "--days", "5")
    key = made.stdout.strip()
    assert key.startswith("kontor_")
    listed = run(empty_database_url, "keys", "list").stdout
    key_id = key.split("_")[1]
    assert listed == f"{key_id}\tcrm\tstatistics:read\tall\tworks\n"
    assert key.split("_")[2] not in listed
    assert run(empty_database_url, "keys", "revoke", key_id).returncode == 0
    assert run(empty_database_url, "keys", "list").stdout.endswith("ended\n")
    again = run(empty_database_url, "keys", "revoke", key_id)
    assert (again.returncode, "no working key" in again.stderr) == (1, True)


def test_a_key_for_a_subsidiary_that_is_not_there_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/k.db"
    run(url, "migrate")
    done = run(url, "keys", "create", "--name", "x", "--scope", "admin", "--subsidiary", "XX")
    assert done.returncode == 1
    assert "There is no subsidiary 'XX'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_revoked_key_is_refused_at_once(server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.key}"}
    assert httpx.get(f"{server.url}/v1/forms", headers=headers).status_code == 200
    run(server.environment["KONTOR_DATABASE_URL"], "keys", "revoke", server.key.split("_")[1])
    assert httpx.get(f"{server.url}/v1/forms", headers=headers).status_code == 401


def test_the_contract_is_written(tmp_path: Path) -> None:
    done = run("sqlite://", "openapi", str(tmp_path / "openapi"))
    assert done.returncode == 0
    assert (tmp_path / "openapi" / "kontor.v1.yaml").read_text(encoding="utf-8").startswith("openapi: 3.1")


def test_the_demonstration_ends_after_printing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    done = run(url, "demo", "--once", "--port", "0", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "API key of this run, shown once: kontor_" in done.stdout


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////no/such/folder/k.db", "oracle://x"]
)
@pytest.mark.parametrize("words", [("serve",), ("migrate",), ("keys", "list")])
def test_a_database_that_cannot_be_opened_is_told_in_a_line(url: str, words: tuple[str, ...]) -> None:
    done = run(url, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("kontor: ")
    assert "Traceback" not in done.stderr


def test_a_mapping_is_checked_and_all_that_is_wrong_is_named(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    good = (Path(__file__).parents[2] / "examples" / "connectors" / "mappings" / "tryton.yaml").read_text()
    mapping.write_text(good)
    assert run("sqlite://", "mapping", "check", str(mapping)).returncode == 0
    mapping.write_text(good.replace("  key: code", "  key: ").replace("amount: untaxed_amount", "sum: untaxed_amount"))
    done = run("sqlite://", "mapping", "check", str(mapping))
    assert done.returncode == 1
    told = [line.split(": ")[1] for line in done.stderr.splitlines()]
    assert told == ["write.key", "read.orders.columns.amount", "read.orders.columns.sum"]
