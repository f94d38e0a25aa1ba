"""Lanes: how many requests of each kind are worked on at once, and how many wait for it.

Heavy calculations cannot take the places of quick reads, and neither those of handing in. Who finds every place taken
waits a second at most; who finds too many waiting, or would wait longer by what those before him took, is turned away
at once, so that nothing piles up and few wait for a refusal.
"""

import asyncio
from dataclasses import dataclass

from service import metrics
from service.errors import Unavailable

LIGHT, HEAVY, INTAKE = "light", "heavy", "intake"
WAIT_SECONDS = 1.0
WAITING_PER_PLACE = 8
_LEARNT = 0.1
"""How much the newest request counts in what one takes."""


class Lane:
    """Places for requests of one kind. For one event loop."""

    def __init__(self, name: str, places: int) -> None:
        self.name = name
        self.places = places
        self.taken = 0
        self.waiting = 0
        self._held = 0.0
        """Seconds that a place is taken, by those of late."""
        self._free = asyncio.Semaphore(places)

    async def enter(self) -> None:
        """Take a place. Raises Unavailable where none becomes free in time."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        self.taken += 1

    def expect(self) -> None:
        """Raises Unavailable where who came now would be turned away at once."""
        # Whoever is worked on now is half done.
        wait = (self.waiting + 0.5) * self._held / self.places
        if self._free.locked() and (self.waiting >= self.places * WAITING_PER_PLACE or wait > WAIT_SECONDS):
            raise self._busy()

    async def _wait(self) -> None:
        self.expect()
        self.waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise self._busy() from None
        finally:
            self.waiting -= 1

    def leave(self, seconds: float) -> None:
        """Give the place back, after so long."""
        self.taken -= 1
        # One that took a minute says no more than that it was not over in time.
        self._held += _LEARNT * (min(seconds, 2 * WAIT_SECONDS) - self._held)
        self._free.release()

    def measure(self) -> None:
        """Tell how full it is."""
        metrics.WORKED_ON.labels(self.name).set(self.taken)
        metrics.WAITING.labels(self.name).set(self.waiting)

    def _busy(self) -> Unavailable:
        metrics.TURNED_AWAY.labels(self.name).inc()
        return Unavailable(f"The service is busy with other requests of this kind ({self.name}). Try again.")


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of a process; each place has a database connection."""

    light: Lane
    heavy: Lane
    intake: Lane

    @classmethod
    def of(cls, light: int) -> "Lanes":
        """So many places for quick requests; beside them an eighth of that for heavy calculations, which take a
        processor each, and a quarter for handing in."""
        return cls(Lane(LIGHT, light), Lane(HEAVY, max(1, light // 8)), Lane(INTAKE, max(1, light // 4)))

    @property
    def every(self) -> tuple[Lane, ...]:
        return self.light, self.heavy, self.intake

    @property
    def places(self) -> int:
        return sum(lane.places for lane in self.every)
