"""Data in, result out, nothing kept: a plan, and the people it needs, from the class table in the request."""

from fractions import Fraction
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from service.api.models import NOTHING, Count, Share, Strict, example
from service.api.plans import Contribution, Elasticity, GoalRequest, LeverSetting, PlanClass
from service.api.problems import responses
from service.api.requirements import Norms, RequirementTotal
from service.api.security import Calculates
from service.api.segmented import AbcClass
from service.errors import BadArgument
from service.method.parameters import ResourceNorms
from service.method.plan import goal
from service.method.plan.blocks import BLOCKS, Plan, plan
from service.method.plan.inputs import Input, Inputs
from service.method.plan.levers import Lever, apply, value_of
from service.method.resources import KINDS, requirement
from service.method.segments.classes import CLASSES
from service.method.staffing import hire_capacity
from service.operations import calculations, methods, scenarios
from service.operations.requirements import number, totals
from service.values import Money, Number, round_money, to_amount
from service.wording import say

router = APIRouter(prefix="/calculations", tags=["calculations"])

Positive = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, strict=True)]
Change = Annotated[float, Field(ge=-1, le=10, allow_inf_nan=False, strict=True)]


class OpenDeal(Strict):
    amount: Money
    win_rate: Share
    month: Annotated[int, Field(ge=1, le=12, strict=True)] | None = Field(
        default=None,
        description="Of the plan, in which it is expected to close; without one evenly over the cycle. Not with the "
        "spread `season`.",
    )


class ClassFacts(Strict):
    """What a class is worth, and what its plan is calculated from; absent shares are the method's defaults."""

    abc_class: PlanClass
    customers: Count
    orders: Positive = Field(description="Orders of the window.")
    revenue: Money = Field(description="Revenue of the window.")
    margin_rate: Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False, strict=True)] = 0.0
    leads: Positive = Field(default=0.0, description="A year.")
    conversions: Annotated[list[Share], Field(min_length=3, max_length=3)] | None = None
    cycle_months: Annotated[float, Field(ge=0, le=120, allow_inf_nan=False, strict=True)] | None = None
    pool: Positive = Field(default=0.0, description="Lost and dormant customers whose last class it was.")
    reactivation_rate: Share | None = None
    open_deals: Annotated[list[OpenDeal], Field(max_length=10_000)] = Field(default_factory=list)
    grow_customers: Count = 0
    grow_gap: Money = Field(
        default=NOTHING, validate_default=True, description="Sum over its GROW customers, for the window's length."
    )
    capture: Share | None = None
    price: Change | None = None
    quantity: Change | None = None


class Moved(Strict):
    from_class: AbcClass
    to_class: AbcClass
    customers: Count


class Facts(Strict):
    classes: Annotated[list[ClassFacts], Field(min_length=1, max_length=3)]
    migration: Annotated[list[Moved], Field(max_length=16)] = Field(
        default_factory=list, description="Customers by class before and now; none: the default retention."
    )
    shrinkage: Positive | None = Field(default=None, description="Weight of the pooled retention; null: the method's.")
    months: Annotated[int, Field(ge=1, le=120, strict=True, description="Length of the window.")] = 12
    levers: Annotated[list[LeverSetting], Field(max_length=50)] = Field(default_factory=list)

    def inputs(self) -> Inputs:
        """With the levers, as the method wants them."""
        return apply(self.baseline(), self.moved())

    def moved(self) -> list[Lever]:
        return [one.given() for one in self.levers]

    def baseline(self) -> Inputs:
        """Without levers. BadArgument where a class stands twice."""
        if len({one.abc_class for one in self.classes}) < len(self.classes):
            raise BadArgument("classes", say("A class stands twice."))
        moves: dict[tuple[str, str], int] = {(one.from_class, one.to_class): one.customers for one in self.migration}
        return calculations.inputs(
            {one.abc_class: self._of_class(one) for one in self.classes}, calculations.Counts(moves, self.shrinkage)
        )

    def _of_class(self, one: ClassFacts) -> dict[str, Input]:
        more = ("margin_rate", "leads", "cycle_months", "pool", "reactivation_rate", "grow_customers", "capture")
        named = {name: getattr(one, name) for name in (*more, "price", "quantity")}
        deals = [(float(deal.amount), deal.win_rate, deal.month) for deal in one.open_deals]
        return calculations.of_class(
            one.customers,
            one.orders,
            float(one.revenue),
            self.months,
            one.conversions,
            deals,
            {**named, "grow_gap": float(one.grow_gap)},
        )


class PlanFacts(Facts):
    model_config = example(
        classes=[
            {
                "abc_class": "A",
                "customers": 4,
                "orders": 50,
                "revenue": "1120",
                "margin_rate": 0.22,
                "leads": 10,
                "pool": 1,
                "open_deals": [{"amount": "120", "win_rate": 0.4}],
                "grow_customers": 2,
                "grow_gap": "1180",
                "price": 0.03,
            }
        ],
        migration=[
            {"from_class": "A", "to_class": "A", "customers": 4},
            {"from_class": "A", "to_class": "N", "customers": 1},
        ],
        shrinkage=0,
        goals=[{"target": "1200", "lever": "leads"}],
    )

    season: Annotated[list[Positive], Field(min_length=12, max_length=12)] = Field(
        default_factory=lambda: [1.0] * 12, description="Index of each month of the plan; mean 1."
    )
    spread: Literal["blocks", "season"] = Field(
        default="blocks", description="`blocks`: each block as its customers come. `season`: the year by season alone."
    )
    goals: Annotated[list[GoalRequest], Field(max_length=10)] = Field(default_factory=list)


class CalculatedBlocks(Strict):
    abc_class: PlanClass
    existing: Money
    new: Money
    reactivated: Money
    carried_over: Money
    grown: Money
    revenue: Money
    margin: Money
    retention: Number


class CalculatedGoal(Strict):
    reachable: bool
    multiplier: Number
    exact_multiplier: float = Field(
        description="The same with all digits: put back as a lever, it leads to the target."
    )
    reached: Money
    missing: Money
    values: list[Number] = Field(description="The lever in A, B, C.")


class CalculatedPlan(Strict):
    method: str
    revenue: Money
    margin: Money
    classes: list[CalculatedBlocks]
    months: list[Money]
    quarters: list[Money]
    goals: list[CalculatedGoal] = Field(description="For each goal of the request, in its order.")
    baseline_revenue: Money = Field(description="Without the levers.")
    baseline_margin: Money
    contributions: list[Contribution] = Field(
        description="What each lever adds: exactly the difference to the baseline."
    )
    not_split: str | None = Field(description="Why there are no contributions, where there are levers.")
    elasticities: list[Elasticity] = Field(description="Of price and quantity: of 1 + change.")


class ResourceFacts(Facts):
    model_config = example(
        classes=[{"abc_class": "A", "customers": 150, "orders": 0, "revenue": "0"}],
        norms={"contacts_a_year": [52, 24, 12], "hours_a_contact": [1, 0.5, 0.25]},
        fte_present=10,
    )

    norms: Norms = Field(default_factory=Norms)
    fte_present: Positive | None = None
    hires: Annotated[list[Annotated[int, Field(ge=1, le=12, strict=True)]], Field(max_length=1000)] = Field(
        default_factory=list, description="Months of the year in which new people begin."
    )


class CalculatedHours(Strict):
    abc_class: PlanClass
    average_customers: Number
    contacts: Number
    acquisition: Number
    orders: Number
    reactivation: Number
    growth: Number
    programmes: Number


class CalculatedHire(Strict):
    month: int
    fte_years: Number = Field(description="What he is worth in the year, after the ramp.")


class CalculatedResources(RequirementTotal):
    method: str
    classes: list[CalculatedHours]
    hires: list[CalculatedHire]


@router.post("/plan", operation_id="calculatePlan", summary="Calculate a plan", responses=responses(BadArgument))
def calculate_plan(facts: PlanFacts, entry: Calculates) -> CalculatedPlan:
    """Twelve months from the class table in the request, with its five blocks; and what a goal would take."""
    with entry.reading():
        baseline, moved = facts.baseline(), facts.moved()
    inputs = apply(baseline, moved)
    found, first = plan(inputs, facts.season, facts.spread), plan(baseline, facts.season, facts.spread)
    totals = [(round_money(now), round_money(then)) for now, then in zip(_totals(found), _totals(first), strict=True)]
    differences = [to_amount(now - then) for now, then in totals]
    parts, reason = scenarios.contributions(baseline, moved, facts.season, facts.spread, differences, 1)
    months = sum(part.sum(axis=(0, 1)) for part in found.months.values())
    return CalculatedPlan(
        method=methods.standard().id,
        revenue=totals[0][0],
        margin=totals[1][0],
        classes=[_blocks(found, inputs, column) for column in range(len(CLASSES))],
        months=[round_money(float(value)) for value in months],
        quarters=[round_money(float(months[place : place + 3].sum())) for place in range(0, 12, 3)],
        goals=[_goal(facts, one, inputs) for one in facts.goals],
        baseline_revenue=totals[0][1],
        baseline_margin=totals[1][1],
        contributions=parts,
        not_split=reason,
        elasticities=scenarios.elasticities(inputs, facts.season, facts.spread),
    )


@router.post(
    "/resources", operation_id="calculateResources", summary="Hours and people", responses=responses(BadArgument)
)
def calculate_resources(facts: ResourceFacts, entry: Calculates) -> CalculatedResources:
    """Hours by class and kind of work, FTE and heads for the plan that the request describes."""
    with entry.reading():
        inputs = facts.inputs()
    document = methods.standard().resources.model_dump() | facts.norms.given()
    norms = ResourceNorms.model_validate(document)
    needed = requirement(inputs.average, norms)
    present = None if facts.fte_present is None else Fraction(facts.fte_present)
    hours = [
        CalculatedHours(
            abc_class=abc_class,
            average_customers=number(float(needed.average_customers[0, column])),
            **{kind: number(float(needed.hours[kind][0, column])) for kind in KINDS},
        )
        for column, abc_class in enumerate(CLASSES)
    ]
    return CalculatedResources(
        method=methods.standard().id,
        productive_hours=number(needed.productive_hours),
        classes=hours,
        hires=[
            CalculatedHire(month=month, fte_years=number(hire_capacity(norms.ramp, month - 1))) for month in facts.hires
        ],
        **totals(needed, present),
    )


def _totals(found: Plan) -> tuple[float, float]:
    return found.revenue, found.margin


def _blocks(found: Plan, inputs: Inputs, column: int) -> CalculatedBlocks:
    years = {block: float(found.year(block)[0, column]) for block in BLOCKS}
    revenue = sum(years.values())
    return CalculatedBlocks(
        abc_class=CLASSES[column],
        **{block: round_money(value) for block, value in years.items()},
        revenue=round_money(revenue),
        margin=round_money(sum(float(found.margin_year(block)[0, column]) for block in BLOCKS)),
        retention=number(float(inputs.average.retention[0, column])),
    )


def _goal(facts: PlanFacts, asked: GoalRequest, inputs: Inputs) -> CalculatedGoal:
    question = goal.Question(float(asked.target), asked.measure, asked.lever, asked.abc_class, asked.cap)
    found = goal.seek(inputs, facts.season, question, facts.spread)
    values = value_of(found.inputs.average, asked.lever)[0]
    return CalculatedGoal(
        reachable=found.reachable,
        multiplier=number(found.multiplier),
        exact_multiplier=found.multiplier,
        reached=round_money(found.reached),
        missing=round_money(found.missing),
        values=[number(float(value)) for value in values],
    )
