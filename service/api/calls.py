"""Sales as a response to calls, and the calls allocated over accounts."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from service.api.models import Strict, example
from service.api.problems import responses
from service.api.security import Calculates
from service.errors import BadArgument
from service.method.calls import Account, allocate_calls
from service.method.money import closed
from service.method.response import LEAST_EFFORT, SHAPES, Response, fitted, judged
from service.values import AMOUNT_SCALE, Money, Number, round_money, round_ratio, to_amount, to_decimal
from service.wording import say

router = APIRouter(prefix="/calculations", tags=["calculations"])

MOST_TIME = 1000
MOST_OPTIONS = 100_000
Effort = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False, strict=True)]
SomeEffort = Annotated[float, Field(ge=LEAST_EFFORT, le=1e6, allow_inf_nan=False, strict=True)]
Sales = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False, strict=True)]
Level = Annotated[float, Field(ge=0, le=1e14, allow_inf_nan=False, strict=True)]


class Curve(Strict):
    """ADBUDG: sales at an effort x are a + (b − a)·xᶜ/(d + xᶜ)."""

    a: Level = Field(description="Sales without effort.")
    b: Level = Field(description="Sales with all the effort there is; not below a.")
    c: float = Field(ge=SHAPES[0], le=SHAPES[1], allow_inf_nan=False, strict=True, description="Above 1: S-shaped.")
    d: float = Field(gt=0, le=1e100, allow_inf_nan=False, strict=True)

    def response(self) -> Response:
        return Response(self.a, self.b, self.c, self.d)


class Point(Strict):
    effort: SomeEffort
    sales: Sales


class Observation(Strict):
    effort: Effort
    sales: Sales


class ResponseFacts(Strict):
    """Either judgements (none, saturation and two points) or observations."""

    model_config = example(
        none=0.2,
        saturation=1.6,
        points=[{"effort": 1, "sales": 1}, {"effort": 1.5, "sales": 1.25}],
        efforts=[0.5, 2],
    )

    none: Sales | None = Field(default=None, description="Sales without effort.")
    saturation: Sales | None = Field(default=None, description="Sales with all the effort there is.")
    points: Annotated[list[Point], Field(max_length=2)] = Field(default_factory=list, description="Two between.")
    observations: Annotated[list[Observation], Field(max_length=10_000)] = Field(
        default_factory=list, description="What was sold at which effort, at least four different ones."
    )
    efforts: Annotated[list[Effort], Field(max_length=1000)] = Field(
        default_factory=list, description="Where sales are asked for."
    )


class SalesAt(Strict):
    effort: float
    sales: Number


class CalculatedResponse(Strict):
    curve: Curve
    error: Number | None = Field(description="Root of the mean squared error of a fit.")
    explained: Number | None = Field(description="Share of the variance of sales that a fit explains.")
    open_end: bool = Field(
        description="The observations do not show where sales stop growing: b is a limit of the fit."
    )
    sales: list[SalesAt]


class AccountFacts(Strict):
    name: Annotated[str, Field(min_length=1, max_length=120)]
    curve: Curve
    call: Annotated[int, Field(ge=1, le=MOST_TIME, strict=True, description="Units of time that a call takes.")] = 1
    travel: Annotated[
        int, Field(ge=0, le=MOST_TIME, strict=True, description="Units of time once, where there is any call.")
    ] = 0
    least: Annotated[int, Field(ge=0, le=MOST_TIME, strict=True, description="Calls that must be made.")] = 0
    most: Annotated[int, Field(ge=0, le=MOST_TIME, strict=True)] | None = None


class CallFacts(Strict):
    model_config = example(
        time=12,
        accounts=[
            {"name": "P", "curve": {"a": 10, "b": 100, "c": 1, "d": 4}},
            {"name": "Q", "curve": {"a": 40, "b": 160, "c": 1.5, "d": 8}},
            {"name": "R", "curve": {"a": 0, "b": 60, "c": 2, "d": 16}},
        ],
    )

    time: Annotated[int, Field(ge=0, le=MOST_TIME, strict=True, description="Units there are; 1 a call if not said.")]
    tolerance: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False, strict=True)] = Field(
        default=0.01, description="Share of the sales within which an allocation counts as good as the best."
    )
    accounts: Annotated[list[AccountFacts], Field(min_length=1, max_length=1000)]


class AllocatedCalls(Strict):
    name: str
    calls: int
    time: int
    sales: Money
    fewest: int = Field(description="With so few, and the rest where it does most, sales stay within the tolerance.")
    most: int


class CallAllocation(Strict):
    sales: Money = Field(description="The accounts' sales add up to it.")
    next_best: Money | None = Field(description="Of the best other allocation; null where there is no other.")
    time: int = Field(description="Units used.")
    accounts: list[AllocatedCalls]


@router.post(
    "/response-functions",
    operation_id="calculateResponseFunction",
    summary="Sales as a response to effort",
    responses=responses(BadArgument),
)
def calculate_response_function(facts: ResponseFacts, entry: Calculates) -> CalculatedResponse:
    """The ADBUDG curve through judgements, or the one with the least squared errors to observations."""
    with entry.reading():
        points = [(one.effort, one.sales) for one in facts.points]
    error = explained = None
    open_end = False
    if facts.none is not None and facts.saturation is not None and len(points) == 2 and not facts.observations:
        curve = judged(facts.none, facts.saturation, points)
    elif facts.observations and facts.none is None and facts.saturation is None and not points:
        found = fitted([(one.effort, one.sales) for one in facts.observations])
        curve, open_end, error = found.response, found.open_end, round_ratio(found.error)
        explained = None if found.explained is None else round_ratio(found.explained)
    else:
        raise BadArgument("observations", say("Give either observations, or none, saturation and two points."))
    return CalculatedResponse(
        curve=Curve(a=curve.a, b=curve.b, c=curve.c, d=curve.d),
        error=error,
        explained=explained,
        open_end=open_end,
        sales=[SalesAt(effort=effort, sales=round_ratio(curve.at(effort))) for effort in facts.efforts],
    )


@router.post(
    "/call-allocation",
    operation_id="calculateCallAllocation",
    summary="Calls allocated over accounts",
    responses=responses(BadArgument),
)
def calculate_call_allocation(facts: CallFacts, entry: Calculates) -> CallAllocation:
    """The best of all allocations of the time, by dynamic programming, and how flat the optimum is."""
    with entry.reading():
        accounts = [
            Account(one.name, one.curve.response(), one.call, one.travel, one.least, one.most) for one in facts.accounts
        ]
    if len({one.name for one in accounts}) < len(accounts):
        raise BadArgument("accounts", say("Two accounts have the same name."))
    if any(one.curve.b < one.curve.a for one in facts.accounts):
        raise BadArgument("accounts", say("A curve has b below a: effort would cost sales."))
    if sum(len(one.options(facts.time)) for one in accounts) > MOST_OPTIONS:
        raise BadArgument(
            "accounts", say("Accounts × calls are more than {most}: take a larger unit of time.", most=MOST_OPTIONS)
        )
    found = allocate_calls(accounts, facts.time, facts.tolerance)
    total = to_amount(round_money(found.sales))
    sales = closed(total, [one.sales * AMOUNT_SCALE for one in found.accounts], [one.name for one in found.accounts])
    return CallAllocation(
        sales=to_decimal(total),
        next_best=None if found.next_best is None else round_money(found.next_best),
        time=sum(one.time for one in found.accounts),
        accounts=[
            AllocatedCalls(
                name=one.name,
                calls=one.calls,
                time=one.time,
                sales=to_decimal(amount),
                fewest=one.fewest,
                most=one.most,
            )
            for one, amount in zip(found.accounts, sales, strict=True)
        ],
    )
