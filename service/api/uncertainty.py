"""How far a year may end from its plan by chance."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.models import ResultPath, Strict, example
from service.api.plan_calculations import PlanFacts
from service.api.problems import responses
from service.api.security import Calculates
from service.errors import BadArgument, NotFound
from service.method.plan.blocks import plan
from service.method.plan.levers import apply
from service.operations import uncertainty
from service.values import Money, Number, Whole, round_money

router = APIRouter()

Draws = Annotated[Whole, Field(ge=100, le=100_000)]
Seed = Annotated[Whole, Field(ge=0, le=2**31 - 1)]


class Law(Strict):
    law: Literal["normal", "simulation"]
    standard_deviation: Money
    p10: Money = Field(description="One year in ten ends below this.")
    p50: Money
    p90: Money = Field(description="One year in ten ends above this.")
    probability: Number | None = Field(description="Of reaching the target; null where none was given.")


class UnitUncertainty(Strict):
    salesperson: str
    channel: str
    revenue: Money
    laws: list[Law] = Field(description="Without a probability: the target is of the whole plan.")


class UncertaintyDocument(Strict):
    plan: str
    revenue: Money
    laws: list[Law] = Field(description="Without the simulation where the plan has too many units for so many draws.")
    units: list[UnitUncertainty] = Field(description="Each by itself: the simulated years of all make the plan's.")


class UncertaintyFacts(PlanFacts):
    """A plan's facts, a target to be reached, and how to simulate."""

    model_config = example(
        classes=[{"abc_class": "A", "customers": 4, "orders": 50, "revenue": "1120", "leads": 10, "pool": 1}],
        target="1200",
        draws=5000,
        seed=1,
    )

    target: Money | None = None
    draws: Annotated[Draws, Field(strict=True)] = 10_000
    seed: Annotated[Seed, Field(strict=True)] = 1


class CalculatedUncertainty(Strict):
    revenue: Money
    laws: list[Law]


@router.get(
    "/plans/{plan}/uncertainty",
    operation_id="getPlanUncertainty",
    summary="How sure a plan is",
    responses=responses(NotFound, BadArgument),
    tags=["plans"],
)
def get_plan_uncertainty(
    plan: ResultPath,
    entry: Calculates,
    target: Annotated[Money | None, Query(description="Revenue whose probability is asked for.")] = None,
    draws: Annotated[Draws, Query(description="Simulated years.")] = 10_000,
    seed: Annotated[Seed, Query(description="The same seed simulates the same years.")] = 1,
) -> UncertaintyDocument:
    """Standard deviation, percentiles and the probability of a target, of the plan and of each unit: by the normal law,
    and simulated."""
    with entry.reading() as caller:
        found = uncertainty.of_plan(caller, plan, None if target is None else float(target), draws, seed)
    return UncertaintyDocument(plan=plan, **found)


@router.post(
    "/calculations/uncertainty",
    operation_id="calculateUncertainty",
    summary="How sure a calculated plan is",
    responses=responses(BadArgument),
    tags=["calculations"],
)
def calculate_uncertainty(facts: UncertaintyFacts, entry: Calculates) -> CalculatedUncertainty:
    """The plan of `POST /v1/calculations/plan` with its open deals one by one."""
    with entry.reading():
        inputs = apply(facts.baseline(), facts.moved())
    planned = plan(inputs, facts.season, facts.spread).revenue
    deals = [(float(one.amount), one.win_rate, 0) for of_class in facts.classes for one in of_class.open_deals]
    target = None if facts.target is None else float(facts.target)
    found, _ = uncertainty.laws(inputs, deals, [planned], target, facts.draws, facts.seed)
    return CalculatedUncertainty(revenue=round_money(planned), laws=found)
