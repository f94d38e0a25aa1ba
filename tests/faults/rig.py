"""The rig: services that can be killed, a client that writes down all that it does, and what must be stored."""

import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from service.access import keys
from service.access.keys import Scope
from service.store.database import Database
from tests.faults.history import History, Operation
from tests.faults.oracle import Oracle, body_of, canary, rows_of

HOMES = ("A", "B")
PATIENCE = 60.0
_TLS = ssl.create_default_context()
"""Never used, but a client that is not given one makes its own, which takes longer than a request."""
_NURSERY = Path(__file__).with_name("nursery.py")


class Nursery:
    """One for all services of a run; see `nursery.py`."""

    def __init__(self, log: Path, **variables: str) -> None:
        self.log = log
        self._log = log.open("ab")
        self._lock = threading.Lock()
        command = [sys.executable, str(_NURSERY)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | variables
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=environment, text=True
        )

    def serve(self, port: int, environment: dict[str, str]) -> int:
        """The number of a new process."""
        with self._lock:
            self._process.stdin.write(json.dumps({"port": port, "environment": environment}) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._log.close()


class Replica:
    """A service on a port that stays its own."""

    def __init__(self, nursery: Nursery, environment: dict[str, str]) -> None:
        self._nursery = nursery
        self.environment = environment
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = 0

    def start(self, fault: str = "", **settings: str) -> None:
        """Until it is ready, with a failpoint armed."""
        self.launch(KONTOR_FAULT=fault, **settings)
        self.wait_until_ready()

    def launch(self, **settings: str) -> None:
        """Without waiting for anything."""
        self.process = self._nursery.serve(self.port, self.environment | settings)

    def wait_until_ready(self) -> float:
        """Seconds that it took. The connection is closed each time: the service counts answers, not questions."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=10, verify=_TLS).status_code == 200:
                    return time.monotonic() - began
            except httpx.TransportError:
                assert self.alive(), "the service ended"
            time.sleep(0.02)
        raise AssertionError("the service did not become ready")

    def alive(self) -> bool:
        return self.process != 0 and psutil.pid_exists(self.process)

    def kill(self) -> None:
        """As if the power had failed, as far as a process can tell."""
        self.signal(signal.SIGKILL)
        self.wait(30)

    def terminate(self) -> None:
        self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        if self.alive():
            os.kill(self.process, number)

    def wait(self, seconds: float) -> float:
        """Until it has ended; the seconds that it took."""
        began = time.monotonic()
        while self.alive():
            assert time.monotonic() < began + seconds, "the service did not end"
            time.sleep(0.005)
        return time.monotonic() - began


class Rig:
    """Replicas over one database, two subsidiaries with a key each, and one client."""

    def __init__(
        self,
        nursery: Nursery,
        folder: Path,
        database_url: str,
        *,
        service_url: str = "",
        replicas: int = 1,
        **settings: str,
    ) -> None:
        """`service_url` is how the service reaches the database, where it goes through a proxy."""
        self.database = Database(database_url, pool_size=2)
        self.history = History(folder / "history.jsonl")
        self.oracle = Oracle()
        # Counting for quotas writes on its own, at any moment; a failpoint counts what writes.
        unlimited = {"KONTOR_REQUESTS_PER_MINUTE": "0", "KONTOR_ROWS_PER_MINUTE": "0"}
        environment = {"KONTOR_DATABASE_URL": service_url or database_url, **unlimited, **settings}
        self.replicas = [Replica(nursery, environment) for _ in range(replicas)]
        self.keys = self._prepared()
        self.seen: dict[str, list[str]] = {home: [] for home in HOMES}
        """What each subsidiary's key was ever answered."""
        self._turn = 0
        self._numbers = itertools.count()

    @property
    def replica(self) -> Replica:
        return self.replicas[0]

    @property
    def kind(self) -> str:
        return "SQLite" if self.database.is_sqlite else "PostgreSQL"

    def start(self) -> None:
        for replica in self.replicas:
            replica.start()
        with self._client("", self.keys["*"]) as client:
            for home in HOMES:
                about = {"name": canary(home), "country": "DE", "currency": "EUR"}
                assert client.put(f"/v1/subsidiaries/{home}", json=about).is_success
        now = datetime.now(UTC)
        with self.database.writing() as connection:
            for home in HOMES:
                self.keys[home] = str(keys.create(connection, canary(home), list(Scope), [home], now))

    def stop(self) -> None:
        for replica in self.replicas:
            replica.kill()
        self.database.close()
        self.history.close()

    def operation(self, rows: int, home: str = "A") -> Operation:
        """A submission that nobody has made before."""
        number = next(self._numbers)  # whole at once: several clients ask
        made = rows_of(home, number, rows)
        return self.history.new(number, home, body_of(made), made)

    def send(self, operation: Operation, url: str = "", timeout: float = PATIENCE) -> httpx.Response | None:
        """Hand it in; what came back, or None where nothing did. The history knows, whatever happens."""
        self.history.invoke(operation)
        headers = {"Content-Type": "text/csv", "Idempotency-Key": operation.key}
        query = {"subsidiary": operation.home, "decimal": "point"}
        try:
            with self._client(url, self.keys[operation.home], timeout) as client:
                answer = client.post(
                    "/v1/submissions/statistics", params=query, content=operation.body, headers=headers
                )
        except httpx.TransportError as error:
            self.history.ended(operation, "info", None, repr(error))
            return None
        self._judge(operation, answer)
        return answer

    def submit(self, rows: int, home: str = "A", **more: Any) -> Operation:
        operation = self.operation(rows, home)
        self.send(operation, **more)
        return operation

    def ask(self, path: str, home: str = "A", url: str = "", **query: Any) -> httpx.Response:
        with self._client(url, self.keys[home]) as client:
            answer = client.get(path, params=query or None)
        self.seen[home].append(answer.text + str(dict(answer.headers)))
        return answer

    def settle(self, url: str = "") -> float:
        """Ask for every operation without a known end until it is answered; seconds until the first success."""
        began, first = time.monotonic(), 0.0
        for operation in self.history.of_end("info", None):
            self.until_ok(operation, url)
            first = first or time.monotonic() - began
        return first

    def until_ok(self, operation: Operation, url: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.send(operation, url)
            if answer is not None and answer.is_success:
                return
            time.sleep(0.05)
        raise AssertionError(f"operation {operation.number} never succeeded: {operation.statuses}")

    def _judge(self, operation: Operation, answer: httpx.Response) -> None:
        """P7: a refusal is a problem document, says when to come again where it must, and is never a 500."""
        said = f"{operation.key}: {answer.status_code} {answer.text[:200]}"
        self.seen[operation.home].append(answer.text + str(dict(answer.headers)))
        if answer.is_success:
            if operation.answer is None:
                operation.answer = (answer.status_code, answer.text)
                self.oracle.take(operation)
            elif (answer.status_code, answer.text) != operation.answer:
                self.history.dishonest(f"answered otherwise the second time: {said}")
            self.history.ended(operation, "ok", answer.status_code, "")
            return
        if operation.end == "ok" and answer.status_code not in (409, 429, 503, 507):
            self.history.dishonest(f"refused after it was accepted: {said}")
        if answer.status_code == 500 or answer.headers.get("content-type") != "application/problem+json":
            self.history.dishonest(said)
        if answer.status_code in (429, 503, 507) and "retry-after" not in answer.headers:
            self.history.dishonest(f"does not say when to come again: {said}")
        unknown = answer.status_code >= 500 or answer.status_code in (409, 429)
        self.history.ended(operation, "info" if unknown else "fail", answer.status_code, answer.text)

    def _prepared(self) -> dict[str, str]:
        with self.database.writing() as connection:
            return {"*": str(keys.create(connection, "all", list(Scope), None, datetime.now(UTC)))}

    def _client(self, url: str, key: str, timeout: float = PATIENCE) -> httpx.Client:
        if not url:  # one replica after the other
            self._turn += 1
            replicas = self.replicas  # which may be others at any moment
            url = replicas[self._turn % len(replicas)].url
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=timeout, verify=_TLS)


def at_once(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """What the calls gave, all begun at the same moment."""
    chosen = list(calls)
    start = threading.Barrier(len(chosen))
    found: list[Any] = [None] * len(chosen)

    def run(place: int, call: Callable[[], Any]) -> None:
        start.wait()
        found[place] = call()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(chosen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
