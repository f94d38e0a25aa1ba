"""What the benchmarks share: servers on free ports of this machine, a group to ask for, and figures side by side."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCOPES = ("statistics:write", "statistics:read", "results:read", "plans:write", "admin")


@dataclass(frozen=True, slots=True)
class Kontor:
    """A running service: where it answers, a key for everything, and its process."""

    address: str
    key: str
    process: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], path: str, environment: dict[str, str]) -> Iterator[int]:
    """A server as a process of its own, once `path` answers; its port."""
    with _started(command, path, environment) as (port, _):
        yield port


@contextmanager
def _started(command: list[str], path: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Its port and the number of its process."""
    port = free_port()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for _ in range(400):
                try:
                    if client.get(path).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def kontor(url: str) -> Iterator[tuple[str, str]]:
    """A migrated service; its address and a key for everything."""
    with kontor_process(url) as running:
        yield running.address, running.key


@contextmanager
def kontor_process(url: str, **settings: str) -> Iterator[Kontor]:
    """The same with settings of its own; its process too."""
    environment = {"KONTOR_DATABASE_URL": url} | settings
    command = [sys.executable, "-m", "service"]
    run = {"env": os.environ | environment, "cwd": ROOT, "check": True, "capture_output": True, "text": True}
    subprocess.run([*command, "migrate"], **run)
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    key = subprocess.run([*command, "keys", "create", "--name", "benchmark", *scopes], **run).stdout.strip()
    with _started([*command, "serve"], "/readyz", environment) as (port, process):
        yield Kontor(f"http://127.0.0.1:{port}", key, process)


def report(
    title: str,
    unit: str,
    ours: list[float],
    reference: list[float],
    names: tuple[str, str] = ("kontor", "reference"),
) -> None:
    """Minimum, median and maximum of both sides, and the ratio of the medians."""
    print(title)
    for name, values in zip(names, (ours, reference), strict=True):
        spread = f"min {min(values):.2f}  median {statistics.median(values):.2f}  max {max(values):.2f} {unit}"
        print(f"  {name:<10} {spread}  ({len(values)} runs)")
    print(f"  {' / '.join(names)} = {statistics.median(ours) / statistics.median(reference):.2f}")
