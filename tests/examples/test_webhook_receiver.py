"""The receiver of the guide, run as a program, is told by a service in a process of its own."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.conftest import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"


def test_the_receiver_takes_what_is_signed_and_nothing_else(server: Server) -> None:
    server.kill()
    server.environment |= {"KONTOR_WEBHOOK_ALLOW_PRIVATE": "true", "KONTOR_WEBHOOK_ALLOW_HTTP": "true"}
    server.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, headers = f"http://127.0.0.1:{port}/hook", {"Authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        made = client.post("/v1/webhooks", json={"url": address, "events": ["submission.accepted"]}).json()
        command, environment = [sys.executable, str(EXAMPLE), str(port)], {"WEBHOOK_SECRET": made["secret"]}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as receiver:
            try:
                _until_it_listens(port)
                forged = {"webhook-id": "m", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,eA=="}
                assert httpx.post(address, content=b"{}", headers=forged).status_code == 401
                old = forged | {"webhook-timestamp": "1"}
                assert httpx.post(address, content=b"{}", headers=old).status_code == 401
                assert client.post("/v1/webhooks/group.1/test").status_code == 202
                lines = [receiver.stdout.readline() for _ in range(3)]
            finally:
                receiver.terminate()
    assert lines == [
        "refused: no signature fits\n",
        "refused: it was signed too long ago, or the clocks differ\n",
        'took webhook.test: {"webhook": "group.1"}\n',
    ]


def _until_it_listens(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the receiver did not start")
