"""Lanes: how many requests of each kind are worked on at once, and how many wait for it.

Heavy calculations cannot take the places of quick reads, and neither those of handing in. Who finds every place taken
waits a second at most; who finds too many waiting, or would wait longer by what those before him took, is turned away
at once, so that nothing piles up and few wait for a refusal.

Callers share a lane: a place that becomes free goes to the one of those who wait that has the fewest, in turn; and
where too many wait, the newest request of the caller with most of them gives way.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

from service import metrics
from service.errors import Unavailable
from service.wording import say

LIGHT, HEAVY, INTAKE = "light", "heavy", "intake"
WAIT_SECONDS = 1.0
WAITING_PER_PLACE = 8
_LEARNT = 0.1
"""How much the newest request counts in what one takes."""


class Lane:
    """Places for requests of one kind. For one event loop. A caller is whatever tells one from another."""

    def __init__(self, name: str, places: int) -> None:
        self.name = name
        self.places = places
        self.taken = 0
        self._taken_by: Counter[str] = Counter()
        self._lines: dict[str, deque[asyncio.Future[bool]]] = {}
        """Who waits, by caller, in the order of their turns: a future each, of whether he gets a place."""
        self._held = 0.0
        """Seconds that a place is taken, by those of late."""

    @property
    def waiting(self) -> int:
        return sum(map(len, self._lines.values()))

    async def enter(self, caller: str) -> None:
        """Take a place. Raises Unavailable where none becomes free in time."""
        if self.taken < self.places:
            self.taken += 1
            self._taken_by[caller] += 1
        else:
            await self._wait(caller)

    def expect(self, caller: str) -> None:
        """Raises Unavailable where he who came now would be turned away at once."""
        own = len(self._lines.get(caller, ()))
        if self._is_full() and max(map(len, self._lines.values()), default=0) <= own + 1:
            raise self._busy()

    def _is_full(self) -> bool:
        waiting = self.waiting
        # Whoever is worked on now is half done.
        wait = (waiting + 0.5) * self._held / self.places
        return self.taken >= self.places and (waiting >= self.places * WAITING_PER_PLACE or wait > WAIT_SECONDS)

    async def _wait(self, caller: str) -> None:
        self.expect(caller)
        if self._is_full():
            _tell(max(self._lines.values(), key=len).pop(), found=False)
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(caller, deque()).append(place)
        found = False
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                found = await place
        except TimeoutError:
            pass
        finally:
            if not found:
                self._withdraw(caller, place)
        if not found:
            raise self._busy()

    def _withdraw(self, caller: str, place: asyncio.Future[bool]) -> None:
        line = self._lines.get(caller)
        if line is not None and place in line:
            line.remove(place)
            if not line:
                del self._lines[caller]
        elif not place.cancelled() and place.result():  # given in the moment in which he went
            self._give_back(caller)

    def leave(self, caller: str, seconds: float) -> None:
        """Give the place back, after so long."""
        # One that took a minute says no more than that it was not over in time.
        self._held += _LEARNT * (min(seconds, 2 * WAIT_SECONDS) - self._held)
        self._give_back(caller)

    def _give_back(self, caller: str) -> None:
        self._taken_by[caller] -= 1
        if not self._taken_by[caller]:
            del self._taken_by[caller]
        while self._lines:
            nearest = min(self._lines, key=self._taken_by.__getitem__)
            line = self._lines.pop(nearest)
            place = line.popleft()
            if line:
                self._lines[nearest] = line  # behind the others
            if _tell(place, found=True):
                self._taken_by[nearest] += 1
                return
        self.taken -= 1

    def measure(self) -> None:
        """Tell how full it is."""
        metrics.WORKED_ON.labels(self.name).set(self.taken)
        metrics.WAITING.labels(self.name).set(self.waiting)

    def _busy(self) -> Unavailable:
        metrics.TURNED_AWAY.labels(self.name).inc()
        return Unavailable(
            say("The service is busy with other requests of this kind ({name}). Try again.", name=self.name)
        )


def _tell(place: asyncio.Future[bool], *, found: bool) -> bool:
    """Whether he waits still."""
    waits = not place.done()
    if waits:
        place.set_result(found)
    return waits


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
