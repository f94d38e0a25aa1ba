"""The typed client in Python: generated from the contract, fit for a strict type checker, and a submission goes there
and back through it. `make test-clients` runs this."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.conftest import Server

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "typed_client.py"
BUILD = ROOT / "build"


def test_the_example_is_typed_by_the_client() -> None:
    checked = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", EXAMPLE]
    done = subprocess.run(
        checked, env=os.environ | {"MYPYPATH": str(BUILD)}, cwd=BUILD, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_submission_goes_there_and_back(server: Server) -> None:
    body = {"name": "Muster GmbH", "country": "DE", "currency": "EUR"}
    headers = {"Authorization": f"Bearer {server.key}"}
    httpx.put(f"{server.url}/v1/subsidiaries/DE", json=body, headers=headers).raise_for_status()
    assert call(server).splitlines() == [
        "DE.1: added 1, corrected 0, unchanged 0",
        "T-1 Muster GmbH, Bavaria: potential 900000 EUR",
    ]
    assert call(server).startswith("DE.2: added 0, corrected 0, unchanged 1")


def call(server: Server) -> str:
    done = subprocess.run(
        [ROOT / ".venv-tools" / "bin" / "python", EXAMPLE, "DE", "--url", server.url],
        env=os.environ | {"KONTOR_KEY": server.key, "PYTHONPATH": str(BUILD)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
