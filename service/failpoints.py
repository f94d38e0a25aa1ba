"""Places at which the service can be made to fail, for tests of faults. Unless that was asked for, they are nothing.

`KONTOR_FAULT=before_commit:2:exit` ends the process, as `kill -9` does, when it is the second time about to commit.
"""

import logging
import os
import signal
import time
from threading import Lock, current_thread

POINTS = (
    "after_body_read",
    "after_key_claim",
    "after_rows",
    "after_aggregates",
    "after_envelope",
    "after_audit",
    "before_commit",
    "after_commit_before_response",
    "mid_response",
    "job_after_claim",
    "job_before_done",
    "outbox_after_send",
)
_BESIDE = ("job_", "outbox_")
"""Points of threads beside requests, which have no other."""
PATTERN = rf"^(({'|'.join(POINTS)}):[1-9][0-9]{{0,5}}:(exit|raise|sleep))?$"
SLEEP_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Fault(Exception):
    """What a failpoint raises: an error that nobody expects."""


class _Armed:
    """One failpoint that strikes once."""

    def __init__(self, fault: str) -> None:
        self.point, left, self._action = fault.split(":")
        self._left = int(left)
        self._lock = Lock()

    def reached(self) -> None:
        with self._lock:
            self._left -= 1
            due = self._left == 0
        if not due:
            return
        if self._action == "exit":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._action == "raise":
            raise Fault(self.point)
        time.sleep(SLEEP_SECONDS)


_armed: _Armed | None = None


def arm(fault: str) -> None:
    """Let one failpoint strike in this process, `point:nth:action`; empty: none."""
    global _armed  # noqa: PLW0603 - a process fails as a whole
    _armed = _Armed(fault) if fault else None
    if fault:
        _log.warning("armed to fail: %s", fault)


def reach(point: str) -> None:
    """Fail here, if this is the point and the time for it."""
    if _armed is None or _armed.point != point:
        return
    if point.startswith(_BESIDE) or not current_thread().name.startswith("kontor-"):
        _armed.reached()
