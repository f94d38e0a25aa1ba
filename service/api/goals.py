"""Ways for a plan to reach a target, with several levers."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from service.api.models import ResultPath, Strict, example
from service.api.plans import PlanClass
from service.api.problems import responses
from service.api.security import Calculates
from service.errors import BadArgument, NotFound
from service.method.parameters import LeverName
from service.method.plan.ways import MOST_MOVERS, Aim, Form, Mover
from service.operations import goals
from service.values import Money, Number

router = APIRouter(tags=["plans"])


class MovingLever(Strict):
    lever: LeverName
    abc_class: PlanClass | None = Field(default=None, description="Only for this class; null for all.")
    cap: Annotated[float, Field(gt=1, le=1000, allow_inf_nan=False, strict=True)] = Field(
        description="It may be multiplied by this at most, or divided by it, whichever leads to the target."
    )


class WaysRequest(Strict):
    """A target, and the levers that may move towards it, each with its cap."""

    model_config = example(
        target="1450000",
        form="together",
        levers=[{"lever": "retention", "cap": 1.05}, {"lever": "leads", "abc_class": "B", "cap": 2}],
    )

    target: Money = Field(description="For the 12 months of the plan.")
    measure: Literal["revenue", "margin"] = "revenue"
    form: Form = Field(
        default="together",
        description="`alone`: each lever by itself. `together`: all go the same part of the way to their caps, the "
        "smallest that does. `cheapest`: the fewest hours.",
    )
    levers: Annotated[list[MovingLever], Field(min_length=1, max_length=MOST_MOVERS)]


class Move(MovingLever):
    cap: float
    multiplier: Number = Field(description="What the lever is multiplied by.")
    exact_multiplier: float = Field(
        description="The same with all digits: put back as a lever, it leads to the target."
    )
    fraction: Number = Field(description="Part of the way to its cap; 1: at the cap.")


class Way(Strict):
    reachable: bool
    reached: Money = Field(description="The plan with these moves.")
    missing: Money = Field(description="What is still missing there; 0 if it is reachable.")
    hours: Number = Field(description="Hours a year that it takes more than the plan as it is.")
    moves: list[Move]


class WaysDocument(Strict):
    plan: str
    measure: str
    form: str
    target: Money
    baseline: Money
    ways: list[Way] = Field(description="One for each lever where each moves alone, else one.")


@router.post(
    "/plans/{plan}/goals",
    operation_id="reachGoal",
    summary="Ways to a target with several levers",
    responses=responses(NotFound, BadArgument),
)
def reach_goal(plan: ResultPath, asked: WaysRequest, entry: Calculates) -> WaysDocument:
    """Each lever alone, all together, or the way that costs the fewest hours; or what is missing at which caps."""
    with entry.reading() as caller:
        aim = Aim(float(asked.target), asked.measure, asked.form)
        found = goals.reach(caller, plan, aim, [Mover(one.lever, one.abc_class, one.cap) for one in asked.levers])
    head = {"plan": plan, "measure": asked.measure, "form": asked.form, "target": asked.target}
    return WaysDocument(**head, **found)
