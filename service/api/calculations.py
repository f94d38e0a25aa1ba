"""Data in, result out, nothing kept: for those who only want the mathematics."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from service.api.models import Strict, example
from service.api.plans import GoalRequest, LeverSetting, PlanClass
from service.api.problems import responses
from service.api.requirements import Norms, RequirementTotal
from service.api.security import ReadsResults
from service.api.segmented import AbcClass, ClassRow, CustomerFigures, Floors, Migration, customer_figures
from service.errors import AmountTooLarge, BadArgument
from service.method.parameters import ResourceNorms
from service.method.plan import goal, levers
from service.method.plan.blocks import BLOCKS, Plan, plan
from service.method.plan.inputs import Inputs
from service.method.resources import KINDS, requirement
from service.method.segments.cells import Cells
from service.method.segments.classes import CLASSES
from service.method.segments.table import class_table
from service.operations import calculations, methods
from service.operations.plans import lever_values
from service.operations.requirements import number, totals
from service.operations.segments import RULES, migrated, told
from service.values import AMOUNT_SCALE, Money, Number, round_money, to_decimal

router = APIRouter(prefix="/calculations", tags=["calculations"])

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
Positive = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False, strict=True)]
Change = Annotated[float, Field(ge=-1, le=10, allow_inf_nan=False, strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Label = Annotated[str, Field(max_length=120)]
NOTHING = "0"
MONTHS_A_YEAR = 12


class CustomerFacts(Strict):
    """What a customer bought in two windows of the same length."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    scope: Label = ""
    channel: Label = ""
    revenue: Money = Field(description="Net revenue of the window.")
    prior_revenue: Money = Field(default=NOTHING, validate_default=True, description="Of the window before.")
    margin: Money = Field(default=NOTHING, validate_default=True)
    prior_margin: Money = Field(default=NOTHING, validate_default=True)
    orders: Count = 0
    quotes: Count = 0
    contacts: Count = 0
    hours: Money = Field(default=NOTHING, validate_default=True, description="Hours, at most 4 decimals.")
    bought_before: Flag = Field(default=False, description="Whether he bought before both windows.")
    potential: Money | None = Field(default=None, description="A year's; null if not known.")


class SegmentationParameters(Strict):
    """Values that replace those of the standard method; absent ones stay."""

    rule: Literal["cumulative", "floors", "computed"] | None = None
    measure: Literal["revenue", "margin"] | None = None
    floor_a: Money | None = Field(default=None, description="A year's, for the rule floors, as floor_b.")
    floor_b: Money | None = None
    a: Share | None = None
    b: Share | None = None
    potential_limit_a: Money | None = Field(default=None, description="Needs potential_limit_b too.")
    potential_limit_b: Money | None = None
    default_wallet_share: Share | None = None
    grow_wallet_share_below: Share | None = None
    grow_gap_at_least: Money | None = None


class SegmentationFacts(Strict):
    model_config = example(
        customers=[
            {"code": "C01", "revenue": "500", "prior_revenue": "450", "orders": 20, "potential": "800"},
            {"code": "C02", "revenue": "300", "prior_revenue": "320", "orders": 12, "potential": "1000"},
            {"code": "C03", "revenue": "40", "prior_revenue": "0", "orders": 5},
        ],
        parameters={"a": 0.80, "b": 0.95},
    )

    customers: Annotated[list[CustomerFacts], Field(min_length=1, max_length=20_000)]
    months: Annotated[int, Field(ge=1, le=120, strict=True)] = 12
    parameters: SegmentationParameters = Field(default_factory=SegmentationParameters)


class CalculatedCustomer(CustomerFigures):
    customer: str


class CalculatedSegmentation(Strict):
    method: str
    customers: list[CalculatedCustomer]
    floors: list[Floors]
    classes: list[ClassRow]
    migration: list[Migration] = Field(description="By frozen floors, and by each window's own limits.")


class OpenDeal(Strict):
    amount: Money
    win_rate: Share


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
        """As the method wants them. BadArgument where a class stands twice."""
        if len({one.abc_class for one in self.classes}) < len(self.classes):
            raise BadArgument("classes", "A class stands twice.")
        moves: dict[tuple[str, str], int] = {(one.from_class, one.to_class): one.customers for one in self.migration}
        given = calculations.inputs(
            {one.abc_class: self._of_class(one) for one in self.classes}, calculations.Counts(moves, self.shrinkage)
        )
        settings = [levers.Lever(one.lever, one.operation, one.value, one.abc_class) for one in self.levers]
        return levers.apply(given, settings)

    def _of_class(self, one: ClassFacts) -> dict[str, float | None]:
        more = ("margin_rate", "leads", "cycle_months", "pool", "reactivation_rate", "grow_customers", "capture")
        named = {name: getattr(one, name) for name in (*more, "price", "quantity")}
        deals = [(float(deal.amount), deal.win_rate) for deal in one.open_deals]
        return calculations.of_class(
            one.customers,
            one.orders,
            float(one.revenue),
            self.months,
            one.conversions,
            deals,
            {**named, "grow_gap": float(one.grow_gap) * MONTHS_A_YEAR / self.months},
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


class ResourceFacts(Facts):
    model_config = example(
        classes=[{"abc_class": "A", "customers": 150, "orders": 0, "revenue": "0"}],
        norms={"contacts_a_year": [52, 24, 12], "hours_a_contact": [1, 0.5, 0.25]},
        fte_present=10,
    )

    norms: Norms = Field(default_factory=Norms)
    fte_present: Positive | None = None


class CalculatedHours(Strict):
    abc_class: PlanClass
    average_customers: Number
    contacts: Number
    acquisition: Number
    orders: Number
    reactivation: Number
    growth: Number


class CalculatedResources(RequirementTotal):
    method: str
    classes: list[CalculatedHours]


@router.post(
    "/segmentation",
    operation_id="calculateSegmentation",
    summary="Segment customers",
    responses=responses(BadArgument, AmountTooLarge),
)
def calculate_segmentation(facts: SegmentationFacts, entry: ReadsResults) -> CalculatedSegmentation:
    """Classes, segments, class table and migration of the customers in the request."""
    with entry.reading():
        parameters = calculations.parameters_with(_changes(facts.parameters))
    found = calculations.segmentation([_row(one) for one in facts.customers], parameters, facts.months)
    cells = Cells.of(found)
    return CalculatedSegmentation(
        method=parameters.id,
        customers=[
            CalculatedCustomer(customer=row.code, **customer_figures(row, parameters.abc))
            for row in found.customers.itertuples(index=False)
        ],
        floors=[Floors(scope=scope, a=_exact(floors.a), b=_exact(floors.b)) for scope, floors in found.floors.items()],
        classes=[ClassRow(**told(row)) for row in class_table(cells)],
        migration=[Migration(rule=rule, **migrated(cells.cells, rule)) for rule in RULES],
    )


@router.post("/plan", operation_id="calculatePlan", summary="Calculate a plan", responses=responses(BadArgument))
def calculate_plan(facts: PlanFacts, entry: ReadsResults) -> CalculatedPlan:
    """Twelve months from the class table in the request, with its five blocks; and what a goal would take."""
    with entry.reading():
        inputs = facts.inputs()
    found = plan(inputs, facts.season, facts.spread)
    months = sum(part.sum(axis=(0, 1)) for part in found.months.values())
    return CalculatedPlan(
        method=methods.standard().id,
        revenue=round_money(found.revenue),
        margin=round_money(found.margin),
        classes=[_blocks(found, inputs, column) for column in range(len(CLASSES))],
        months=[round_money(float(value)) for value in months],
        quarters=[round_money(float(months[place : place + 3].sum())) for place in range(0, 12, 3)],
        goals=[_goal(facts, one, inputs) for one in facts.goals],
    )


@router.post(
    "/resources", operation_id="calculateResources", summary="Hours and people", responses=responses(BadArgument)
)
def calculate_resources(facts: ResourceFacts, entry: ReadsResults) -> CalculatedResources:
    """Hours by class and kind of work, FTE and heads for the plan that the request describes."""
    with entry.reading():
        inputs = facts.inputs()
    document = methods.standard().resources.model_dump() | facts.norms.given()
    norms = ResourceNorms.model_validate(document)
    needed = requirement(inputs, norms)
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
        **totals(needed, present),
    )


def _changes(parameters: SegmentationParameters) -> dict[str, dict[str, Any]]:
    """The parameters given, by group of the method's document."""
    groups = {
        "abc": ("rule", "measure", "a", "b", "floor_a", "floor_b"),
        "potential": ("default_wallet_share",),
        "segments": ("grow_wallet_share_below", "grow_gap_at_least"),
    }
    given = {name: str(value) for name, value in parameters if value is not None}
    changes: dict[str, dict[str, Any]] = {
        group: {name: given[name] for name in names if name in given} for group, names in groups.items()
    }
    limits = {name[-1].upper(): value for name, value in given.items() if name.startswith("potential_limit")}
    if len(limits) == 1:
        raise BadArgument("parameters", "Give both limits of potential, or none.")
    if limits:
        changes["potential"]["limits"] = {"*": limits}
    return changes


def _row(facts: CustomerFacts) -> dict[str, Any]:
    amounts = ("revenue", "prior_revenue", "margin", "prior_margin", "hours", "potential")
    counts = {name: getattr(facts, name) * AMOUNT_SCALE for name in ("orders", "quotes", "contacts")}
    exact = {
        name: None if getattr(facts, name) is None else int(getattr(facts, name) * AMOUNT_SCALE) for name in amounts
    }
    words = {name: getattr(facts, name) for name in ("code", "scope", "channel", "bought_before")}
    return {**words, **counts, **exact}


def _exact(amount: int | None) -> Any:
    return None if amount is None else to_decimal(amount)


def _blocks(found: Plan, inputs: Inputs, column: int) -> CalculatedBlocks:
    years = {block: float(found.year(block)[0, column]) for block in BLOCKS}
    revenue = sum(years.values())
    return CalculatedBlocks(
        abc_class=CLASSES[column],
        **{block: round_money(value) for block, value in years.items()},
        revenue=round_money(revenue),
        margin=round_money(revenue * float(found.margin_rate[0, column])),
        retention=number(float(inputs.retention[0, column])),
    )


def _goal(facts: PlanFacts, asked: GoalRequest, inputs: Inputs) -> CalculatedGoal:
    question = goal.Question(float(asked.target), asked.measure, asked.lever, asked.abc_class, asked.cap)
    found = goal.seek(inputs, facts.season, question, facts.spread)
    values: Any = lever_values(found.inputs, asked.lever)[0]
    return CalculatedGoal(
        reachable=found.reachable,
        multiplier=number(found.multiplier),
        reached=round_money(found.reached),
        missing=round_money(found.missing),
        values=[number(float(value)) for value in values],
    )
