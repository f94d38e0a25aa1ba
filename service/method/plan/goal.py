"""Goal-seek with one lever alone: what it must be multiplied by to reach a target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.errors import BadArgument
from service.method.plan.blocks import Spread, plan
from service.method.plan.inputs import Inputs
from service.method.plan.levers import LEVERS, Lever, apply
from service.wording import say

Measure = Literal["revenue", "margin"]
DEFAULT_CAP = 10.0
"""A lever is tried up to this multiple, and down to a tenth, if the caller names no cap."""


@dataclass(frozen=True, slots=True)
class Goal:
    """`multiplier` is what reaches the target, or the cap that comes nearest; `reached` the plan there."""

    reachable: bool
    multiplier: float
    baseline: float
    reached: float
    missing: float
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class Question:
    """What is moved, and how the plan is read."""

    target: float
    measure: Measure
    lever: str
    abc_class: str | None = None
    cap: float | None = None


def seek(inputs: Inputs, season: Sequence[float], question: Question, spread: Spread = "blocks") -> Goal:
    """Bisection on the multiplier: the plan moves one way with every lever, so there is at most one answer."""
    if question.lever not in LEVERS:
        raise BadArgument(
            "lever",
            say("There is no lever {lever!r}; there are {levers}.", lever=question.lever, levers=", ".join(LEVERS)),
        )
    cap = DEFAULT_CAP if question.cap is None else question.cap
    if cap < 1:
        raise BadArgument("cap", say("The cap is a multiple of today's value: at least 1."))

    def moved(multiplier: float) -> Inputs:
        return apply(inputs, [Lever(question.lever, "multiply", multiplier, question.abc_class)])

    def reach(multiplier: float) -> float:
        found = plan(moved(multiplier), season, spread)
        return found.revenue if question.measure == "revenue" else found.margin

    baseline, low, high = reach(1.0), 1 / cap, cap
    rising = reach(high) >= reach(low)
    best = (high if rising else low) if question.target > baseline else (low if rising else high)
    reached = reach(best)
    if abs(question.target - baseline) > abs(reached - baseline):
        return Goal(False, best, baseline, reached, question.target - reached, moved(best))
    near, far = 1.0, best
    while (middle := (near + far) / 2) not in (near, far):
        if abs(reach(middle) - baseline) < abs(question.target - baseline):
            near = middle
        else:
            far = middle
    return Goal(True, far, baseline, reach(far), 0.0, moved(far))
