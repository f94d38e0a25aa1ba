"""Nothing outside is needed: `kontor serve` in a network namespace that has a loopback and no route."""

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.group import OverHttp, hand_in_subsidiary

_CLONE_NEWNET = 0x40000000
_PAGES = ("/", "/docs", "/readyz", "/openapi.json")


def _leave_the_network() -> None:
    """Moves this thread, and the processes that it starts, into a namespace of their own."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@pytest.fixture
def isolated() -> Iterator[ThreadPoolExecutor]:
    """A thread without a network."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces are made on Linux, by root")
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(_leave_the_network).result()
        except OSError as refused:
            pytest.skip(f"no network namespace can be made here: {refused}")
        yield thread


def _asked(serving: Callable[..., Any], url: str) -> dict[str, Any]:
    """What a service answers while nothing outside can be reached."""
    with socket.socket() as outside:
        assert outside.connect_ex(("192.0.2.1", 443)) == errno.ENETUNREACH
    with (
        serving(url) as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, timeout=60) as client,
    ):
        answers = {path: client.get(path) for path in _PAGES}
        linked = re.findall(r'(?:src|href)="([^"]+)"', answers["/"].text + answers["/docs"].text)
        answers |= {path: client.get(path) for path in linked if path.startswith("/")}
        hand_in_subsidiary(OverHttp(client), "DE", "EUR")
        answers["segmentation"] = client.post("/v1/segmentations", json={"subsidiary": "DE"})
        return answers


def test_everything_is_answered_and_nothing_outside_is_named(
    isolated: ThreadPoolExecutor, server_of: Callable[..., Any], tmp_path: Path
) -> None:
    answers = isolated.submit(_asked, server_of, f"sqlite:///{tmp_path}/isolated.db").result()
    wrong = {path: answer.status_code for path, answer in answers.items() if answer.status_code not in (200, 201)}
    assert wrong == {}
    assert "/static-offline-docs/swagger-ui-bundle.js" in answers
    for page in ("/", "/docs"):
        assert re.findall(r"(?:https?:)?//[\w.]+\.\w+", answers[page].text) == []
