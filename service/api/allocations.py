"""A target from above, spread over units."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from service.api.models import Strict, example
from service.api.problems import responses
from service.api.security import Calculates
from service.errors import BadArgument, NotFound
from service.method.plan.allocation import Candidate, allocate
from service.operations import allocations
from service.values import Currency, Money, smallest_coin, to_amount
from service.wording import say

router = APIRouter()


class UnitCap(Strict):
    salesperson: str = Field(default="", max_length=64)
    channel: str = Field(default="", max_length=120)
    cap: Annotated[Money, Field(ge=0)] = Field(description="At most so much more than its plan.")


class AllocationRequest(Strict):
    """A target for a plan's year; without caps a unit gets at most its headroom."""

    model_config = example(plan="DE.1", target="1500000", caps=[{"salesperson": "", "channel": "", "cap": "20000"}])

    plan: str = Field(max_length=80, description="Id of a plan.", examples=["DE.1"])
    target: Annotated[Money, Field(ge=0)]
    caps: Annotated[list[UnitCap], Field(max_length=10_000)] = Field(default_factory=list)


class AllocatedAmounts(Strict):
    planned: Money = Field(description="Bottom-up.")
    headroom: Money = Field(description="What a missing amount is shared by.")
    cap: Money
    extra: Money = Field(description="What it is given more, or less.")
    allocated: Money


class AllocatedUnit(AllocatedAmounts):
    salesperson: str
    channel: str


class AllocationDocument(Strict):
    plan: str
    target: Money
    planned: Money
    unplaced: Money = Field(description="Left when all units are at their caps: planned + extra + unplaced = target.")
    units: list[AllocatedUnit]


class UnitFacts(Strict):
    name: Annotated[str, Field(min_length=1, max_length=120)]
    planned: Money
    headroom: Annotated[Money, Field(ge=0)]
    cap: Annotated[Money, Field(ge=0)] | None = Field(default=None, description="None: its headroom.")

    @property
    def most(self) -> Decimal:
        return self.headroom if self.cap is None else self.cap


class AllocationFacts(Strict):
    model_config = example(
        target="1500",
        units=[
            {"name": "north", "planned": "800", "headroom": "1530"},
            {"name": "south", "planned": "600", "headroom": "600", "cap": "20"},
        ],
    )

    target: Money
    currency: Currency | None = Field(
        default=None, description="In whole coins of it, target and plans as well; without one to the fourth decimal."
    )
    units: Annotated[list[UnitFacts], Field(min_length=1, max_length=10_000)]


class AllocatedName(AllocatedAmounts):
    name: str


class CalculatedAllocation(Strict):
    planned: Money
    unplaced: Money
    units: list[AllocatedName]


@router.post(
    "/allocations",
    operation_id="allocateTarget",
    summary="Spread a target over a plan's units",
    responses=responses(NotFound, BadArgument),
    tags=["plans"],
)
def allocate_target(asked: AllocationRequest, entry: Calculates) -> AllocationDocument:
    """Bottom-up plan + missing amount by headroom, up to caps, repeated until placed; a surplus by the plan."""
    caps = {(one.salesperson, one.channel): to_amount(one.cap) for one in asked.caps}
    with entry.reading() as caller:
        found = allocations.of_plan(caller, asked.plan, to_amount(asked.target), caps)
    return AllocationDocument(plan=asked.plan, **found)


@router.post(
    "/calculations/allocation",
    operation_id="calculateAllocation",
    summary="Spread a target over units",
    responses=responses(BadArgument),
    tags=["calculations"],
)
def calculate_allocation(facts: AllocationFacts, entry: Calculates) -> CalculatedAllocation:
    """The same from units that the request brings, in whole coins by largest remainder, ties by name."""
    step = 1 if facts.currency is None else smallest_coin(facts.currency)
    with entry.reading():
        amounts = [to_amount(one) for one in (facts.target, *(one.planned for one in facts.units))]
        if any(amount % step for amount in amounts):
            raise BadArgument(
                "currency", say("Give target and plans in whole coins of {currency}.", currency=str(facts.currency))
            )
        candidates = [
            Candidate(one.name, amount // step, to_amount(one.headroom) // step, to_amount(one.most) // step)
            for one, amount in zip(facts.units, amounts[1:], strict=True)
        ]
    found = allocate(candidates, amounts[0] // step)
    names = [{"name": one.name} for one in facts.units]
    return CalculatedAllocation(**allocations.told(candidates, found, step, names))
