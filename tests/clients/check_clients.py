"""Clients for Node read the metadata and every entity set. `make test-clients` runs this, as it needs Node."""

import json
import subprocess
from pathlib import Path

import httpx

from tests.conftest import Server, Service
from tests.group import hand_in_group

FOLDER = Path(__file__).parent


def test_clients_for_node_read_the_metadata_and_every_set(server: Server) -> None:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, timeout=60) as client:
        hand_in_group(Service(client, None, None, None))
        names = [one["name"] for one in client.get("/odata/v1/").json()["value"]]
        counts = {name: int(client.get(f"/odata/v1/{name}/$count").text) for name in names}
    command = ["node", "read.mjs", f"{server.url}/odata/v1/", server.key]
    made = subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True, timeout=240)
    found = json.loads(made.stdout)
    assert found["messages"] == []
    assert found["paths"] > len(names)
    assert found["sets"] == {name: {"counted": count, "read": count} for name, count in counts.items()}
