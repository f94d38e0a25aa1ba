"""The recorder: every operation of a client as lines of JSON, and what is known of its end.

`invoke` before it is sent; then `ok` (accepted), `fail` (refused, so nothing was done) or `info` (nobody can say: no
answer, or one that does not tell).
"""

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

End = Literal["ok", "fail", "info"]


@dataclass(slots=True)
class Operation:
    """A submission of rows under a key. `answer` is the first one that said it was stored."""

    number: int
    home: str
    key: str
    body: str
    rows: list[tuple[str, ...]]
    end: End | None = None
    answer: Any = None
    statuses: list[int] = field(default_factory=list)


class History:
    """Written as it happens, by any number of threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self.operations: list[Operation] = []
        self.faults: list[str] = []
        """What an honest service does not answer."""

    def new(self, number: int, home: str, body: str, rows: list[tuple[str, ...]]) -> Operation:
        operation = Operation(number, home, f"key-{number}", body, rows)
        with self._lock:
            self.operations.append(operation)
        return operation

    def invoke(self, operation: Operation) -> None:
        sha256 = hashlib.sha256(operation.body.encode()).hexdigest()
        self._write(operation, "invoke", {"home": operation.home, "key": operation.key, "sha256": sha256})

    def ended(self, operation: Operation, end: End, status: int | None, said: str) -> None:
        """What was known once stays known: an accepted operation is not lost by a later answer."""
        with self._lock:
            if operation.end != "ok":
                operation.end = end
            if status is not None:
                operation.statuses.append(status)
        self._write(operation, end, {"status": status, "said": said[:300]})

    def dishonest(self, what: str) -> None:
        with self._lock:
            self.faults.append(what)

    def of_end(self, *ends: End | None) -> list[Operation]:
        return [one for one in self.operations if one.end in ends]

    def close(self) -> None:
        self._file.close()

    def _write(self, operation: Operation, kind: str, more: dict[str, Any]) -> None:
        line = json.dumps({"operation": operation.number, "kind": kind, "at": time.monotonic(), **more})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()
