"""Schemathesis against the running service: no server error, no answer that breaks the contract."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import Server
from tests.group import hand_in_group

CONTRACT = Path(__file__).parents[2] / "openapi" / "kontor.v1.yaml"
CHECKS = Path(__file__).with_name("schemathesis.toml")
MEDIA_TYPES = Path(__file__).with_name("media_types.py")
SECONDS = 100


class Remote:
    """What `hand_in_group` needs of a service, over HTTP."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def submit(self, form: str, rows: Any, **query: Any) -> None:
        self.client.post(f"/v1/submissions/{form}", params=query, json=rows).raise_for_status()

    def post(self, path: str, body: Any) -> None:
        self.client.post(path, json=body).raise_for_status()


def test_no_request_breaks_the_service_or_the_contract(server: Server, tmp_path: Path) -> None:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, timeout=60) as client:
        hand_in_group(Remote(client))
    schemathesis = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CHECKS)]
    command = [*schemathesis, "run", str(CONTRACT), "--url", server.url]
    limits = ["--max-examples", "12", "--max-time", str(SECONDS), "--seed", "1", "--request-timeout", "30"]
    shown = ["--continue-on-failure", "--no-color", "--warnings", "off"]
    headers = ["-H", f"Authorization: Bearer {server.key}"]
    done = subprocess.run(
        [*command, *limits, *shown, *headers],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(MEDIA_TYPES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:]
