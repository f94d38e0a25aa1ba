"""A target from above spread over units: each its bottom-up plan, and the rest by headroom, up to caps."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from service.method.money import closed, largest_remainder


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit: its bottom-up plan, the headroom that a missing amount is shared by, and the most it may be given more.

    Whole numbers of the smallest coin; a headroom of nothing takes nothing.
    """

    name: str
    planned: int
    headroom: int
    cap: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """`extra` of each unit; `unplaced` is what is left when all caps are reached."""

    extra: list[int]
    unplaced: int


def allocate(candidates: Sequence[Candidate], target: int) -> Allocation:
    """Bottom-up + missing amount ∝ headroom, caps, repeated until placed; a surplus ∝ bottom-up. Ties by name.

    What is given adds up to the target less what is unplaced, to the last coin.
    """
    missing = target - sum(one.planned for one in candidates)
    names = [one.name for one in candidates]
    if missing < 0:
        weights = [float(max(one.planned, 0)) for one in candidates]
        if not any(weights):
            return Allocation([0] * len(candidates), missing)
        return Allocation([-share for share in largest_remainder(-missing, weights, names)], 0)
    exact = _filled(candidates, missing)
    placed = min(missing, sum(one.cap for one in candidates if one.headroom))
    return Allocation(closed(placed, exact, names), missing - placed)


def _filled(candidates: Sequence[Candidate], missing: int) -> list[Fraction]:
    """Water-filling: whoever would get more than his cap gets that, and the rest is shared among the others again."""
    found = [Fraction(0)] * len(candidates)
    open_ones = {place for place, one in enumerate(candidates) if one.headroom}
    left = Fraction(missing)
    while open_ones:
        level = left / sum(candidates[place].headroom for place in open_ones)
        full = {place for place in open_ones if level * candidates[place].headroom >= candidates[place].cap}
        for place in full or open_ones:
            found[place] = Fraction(candidates[place].cap) if full else level * candidates[place].headroom
            left -= found[place]
        open_ones = open_ones - full if full else set()
    return found
