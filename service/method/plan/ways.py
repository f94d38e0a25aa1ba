"""Ways to a target: each lever alone, all levers together, or those that cost the fewest hours; each up to its cap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Literal

from service.errors import BadArgument
from service.method.parameters import ResourceNorms
from service.method.plan.blocks import plan
from service.method.plan.goal import Measure
from service.method.plan.inputs import Inputs
from service.method.plan.levers import Lever, apply
from service.method.resources import requirement
from service.wording import say

Form = Literal["alone", "together", "cheapest"]
MOST_MOVERS = 6
"""The cheapest way looks at every subset."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A lever that may move: up to `cap` times what it is, or down to what it is divided by it."""

    lever: str
    abc_class: str | None
    cap: float


@dataclass(frozen=True, slots=True)
class Aim:
    """What the plan is to be, and how."""

    target: float
    measure: Measure
    form: Form


@dataclass(frozen=True, slots=True)
class Way:
    """What the movers are multiplied by, in their order, how much of the way to its cap each went, and where it leads.

    `hours` is what the plan needs there more than at its baseline.
    """

    multipliers: tuple[float, ...]
    fractions: tuple[float, ...]
    reachable: bool
    reached: float
    missing: float
    hours: float


class _Road:
    """From the baseline (fractions 0) to the caps (fractions 1), each mover in the direction of the target."""

    def __init__(
        self, inputs: Inputs, season: Sequence[float], norms: ResourceNorms, aim: Aim, movers: Sequence[Mover]
    ) -> None:
        self._inputs, self._season, self._norms = inputs, season, norms
        self._aim, self._movers = aim, movers
        self.nowhere = (0.0,) * len(movers)
        self._ends = [1.0] * len(movers)
        self.baseline = self.value(self.nowhere)
        self._ends = [self._end(place) for place in range(len(movers))]

    def _end(self, place: int) -> float:
        mover = self._movers[place]
        more, less = (self._figure([self._lever(place, factor)]) for factor in (mover.cap, 1 / mover.cap))
        upwards = self._aim.target >= self.baseline
        return mover.cap if (more >= less) == upwards else 1 / mover.cap

    def _lever(self, place: int, multiplier: float) -> Lever:
        return Lever(self._movers[place].lever, "multiply", multiplier, self._movers[place].abc_class)

    def _figure(self, levers: Sequence[Lever]) -> float:
        found = plan(apply(self._inputs, levers), self._season)
        return found.revenue if self._aim.measure == "revenue" else found.margin

    def multipliers(self, fractions: Sequence[float]) -> tuple[float, ...]:
        return tuple(1 + part * (end - 1) for part, end in zip(fractions, self._ends, strict=True))

    def _levers(self, fractions: Sequence[float]) -> list[Lever]:
        return [self._lever(place, factor) for place, factor in enumerate(self.multipliers(fractions)) if factor != 1]

    def value(self, fractions: Sequence[float]) -> float:
        return self._figure(self._levers(fractions))

    def hours(self, fractions: Sequence[float]) -> float:
        there, here = (apply(self._inputs, self._levers(one)).average for one in (fractions, self.nowhere))
        return float((requirement(there, self._norms).unit_hours - requirement(here, self._norms).unit_hours).sum())

    def enough(self, fractions: Sequence[float]) -> bool:
        return abs(self.value(fractions) - self.baseline) >= abs(self._aim.target - self.baseline)

    def way(self, fractions: tuple[float, ...]) -> Way:
        reached, reachable = self.value(fractions), self.enough(fractions)
        missing = 0.0 if reachable else self._aim.target - reached
        return Way(self.multipliers(fractions), fractions, reachable, reached, missing, self.hours(fractions))


def ways(inputs: Inputs, season: Sequence[float], norms: ResourceNorms, aim: Aim, movers: Sequence[Mover]) -> list[Way]:
    """`alone`: a way for each mover, the others at rest. `together`: the smallest common fraction of the way to the
    caps. `cheapest`: the fewest hours more, among all ways on which at most one mover stops before its cap.

    A way that does not reach the target ends at its caps and says how much is missing. BadArgument for no movers, more
    than can be tried, the same one twice, or a cap that leaves no room.
    """
    _check(movers)
    road = _Road(inputs, season, norms, aim, movers)
    everybody = (1.0,) * len(movers)
    if aim.form == "alone":
        return [_first(road, road.nowhere, _moved(road.nowhere, place)) for place in range(len(movers))]
    if aim.form == "together" or not road.enough(everybody):
        return [_first(road, road.nowhere, everybody)]
    return [_cheapest(road, len(movers))]


def _cheapest(road: _Road, count: int) -> Way:
    """Of the ways that reach the target with some movers at their caps and one more on the way there."""
    subsets = [tuple(float(place in full) for place in range(count)) for full in _subsets(count)]
    enough = {start: road.enough(start) for start in subsets}
    hours = {start: road.hours(start) for start in subsets}
    # Hours lie between those at both ends: what cannot be cheaper than the best known way is not followed.
    pairs = [
        (min(hours[start], hours[end]), start, end)
        for start in subsets
        for end in (_moved(start, place) for place in range(count))
        if enough[end] and not enough[start]
    ]
    best = road.way(road.nowhere)
    for least, start, end in sorted(pairs):
        if not best.reachable or least < best.hours:
            way = _first(road, start, end)
            best = way if not best.reachable or way.hours < best.hours else best
    return best


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(range(count), size) for size in range(count + 1))


def _first(road: _Road, start: tuple[float, ...], end: tuple[float, ...]) -> Way:
    """The first place between these that reaches the target, by bisection; the end where none does."""

    def at(part: float) -> tuple[float, ...]:
        return tuple(low + part * (high - low) for low, high in zip(start, end, strict=True))

    if road.enough(start) or not road.enough(end):
        return road.way(start if road.enough(start) else end)
    near, far = 0.0, 1.0
    while (middle := (near + far) / 2) not in (near, far):
        near, far = (near, middle) if road.enough(at(middle)) else (middle, far)
    return road.way(at(far))


def _moved(fractions: tuple[float, ...], place: int) -> tuple[float, ...]:
    """With this mover at its cap."""
    return tuple(1.0 if one == place else part for one, part in enumerate(fractions))


def _check(movers: Sequence[Mover]) -> None:
    if not movers:
        raise BadArgument("levers", say("Name at least one lever that may move."))
    if len(movers) > MOST_MOVERS:
        raise BadArgument(
            "levers", say("At most {most} levers may move; these are {count}.", most=MOST_MOVERS, count=len(movers))
        )
    if len({(one.lever, one.abc_class) for one in movers}) < len(movers):
        raise BadArgument("levers", say("A lever stands twice."))
    for one in movers:
        if one.cap <= 1:
            raise BadArgument(
                "cap",
                say(
                    "The cap of {lever} is a multiple of what it is: above 1, not {cap:g}.",
                    lever=one.lever,
                    cap=one.cap,
                ),
            )
