"""What a service holds: memory, files, threads, connections; before a campaign and after it."""

import time
from dataclasses import dataclass

import psutil

CALM_SECONDS = 60.0
ROOM = 64 << 20
"""So much memory may stay: allocators and libraries keep what they once took."""


@dataclass(frozen=True, slots=True)
class Held:
    memory: int
    files: int
    threads: int
    connections: int

    def more_than(self, before: "Held") -> list[str]:
        """What has grown, in words; a twentieth is noise, and so are two of a kind."""
        found = []
        if self.memory > before.memory * 1.05 + ROOM:
            found.append(f"memory {before.memory >> 20} → {self.memory >> 20} MB")
        for name in ("files", "threads", "connections"):
            was, now = getattr(before, name), getattr(self, name)
            if now > was * 1.05 + 2:
                found.append(f"{name} {was} → {now}")
        return found


def held_by(process: int) -> Held:
    one = psutil.Process(process)
    with one.oneshot():
        return Held(one.memory_info().rss, one.num_fds(), one.num_threads(), len(one.net_connections(kind="tcp")))


def leaked(process: int, before: Held, seconds: float = CALM_SECONDS) -> list[str]:
    """What has not come back to what it was within the time."""
    deadline = time.monotonic() + seconds
    while (found := held_by(process).more_than(before)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found
