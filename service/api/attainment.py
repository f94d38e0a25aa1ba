"""A plan against what came, and its life from draft to superseded."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.models import PRINTABLE, ResultPath, Strict, example
from service.api.plan_calculations import Positive
from service.api.plans import PlanDocument, plan_document
from service.api.problems import responses
from service.api.security import Approves, Calculates
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NoData, NotFound, StalePlan, Superseded
from service.operations import approvals, attainment, keeping
from service.store import results
from service.values import Broken, Money, Number, Ratio

router = APIRouter()

Part = Literal["months", "units", "classes"]
Weight = Annotated[Broken, Field(ge=0, le=1, allow_inf_nan=False)]


class ApprovalRequest(Strict):
    model_config = example(note="Agreed for the year.", stale=True)

    note: str = Field(default="", max_length=1000, pattern=PRINTABLE)
    stale: bool = Field(default=False, strict=True, description="Approve it although the data changed since.")


class AttainmentMonth(Strict):
    """A month of the plan; null what has not come yet."""

    period: str
    planned_revenue: Money
    actual_revenue: Money | None
    cumulative_planned_revenue: Money
    cumulative_actual_revenue: Money | None
    revenue_attainment: Ratio | None = Field(description="Cumulative actual / cumulative plan.")
    planned_margin: Money
    actual_margin: Money | None
    cumulative_planned_margin: Money
    cumulative_actual_margin: Money | None
    margin_attainment: Ratio | None
    target_revenue: Money | None = Field(description="Of the form targets; null where there is none.")
    cumulative_target_revenue: Money | None = Field(description="Null where a month so far has none.")
    revenue_target_attainment: Ratio | None = Field(description="Cumulative actual / cumulative target.")
    target_margin: Money | None
    cumulative_target_margin: Money | None
    margin_target_attainment: Ratio | None


class ToDate(Strict):
    months: int
    planned_revenue: Money
    actual_revenue: Money
    revenue_attainment: Ratio | None
    planned_margin: Money
    actual_margin: Money
    margin_attainment: Ratio | None
    target_revenue: Money | None
    revenue_target_attainment: Ratio | None
    target_margin: Money | None
    margin_target_attainment: Ratio | None


class AttainmentUnit(Strict):
    salesperson: str
    channel: str
    planned_revenue: Money
    actual_revenue: Money
    revenue_attainment: Ratio | None
    target_revenue: Money | None = Field(description="To date, of the form targets.")
    target_attainment: Ratio | None = Field(description="Actual / target to date.")


class ClassDeviation(Strict):
    """By the class that customers had when the plan was made; N: who was in none, new and won customers."""

    abc_class: Literal["A", "B", "C", "N"]
    planned: Money
    actual: Money
    customers_effect: Money = Field(description="More or fewer customers who buy.")
    frequency_effect: Money = Field(description="More or fewer orders of each.")
    value_effect: Money = Field(description="Orders of more or less revenue.")
    planned_customers: Number
    planned_orders: Number
    actual_customers: Number
    actual_orders: Number


class ReforecastDocument(Strict):
    weight: float
    additive: Money = Field(description="What came + what is planned for the months left.")
    ratio: Money | None = Field(
        description="The months left at the ratio to date; null where nothing was planned, or next to nothing."
    )
    blend: Money | None = Field(description="(1 − weight) × additive + weight × ratio; null as ratio is.")


class AttainmentDocument(Strict):
    plan: str
    data_revision: int = Field(description="The state of the data that the actual figures are from.")
    to_date: ToDate
    months: list[AttainmentMonth]
    units: list[AttainmentUnit] = Field(description="Actual: of the customers of its portfolio, as it is now.")
    unattributed: Money = Field(description="Revenue to date that names no customer.")
    classes: list[ClassDeviation] = Field(description="The three effects add up to actual − planned exactly.")
    reforecast: ReforecastDocument


class Counted(Strict):
    customers: Positive
    orders: Positive
    revenue: Money

    def sums(self) -> tuple[float, float, float]:
        return self.customers, self.orders, float(self.revenue)


class MeasuredClass(Strict):
    abc_class: Literal["A", "B", "C", "N"]
    planned: Counted
    actual: Counted


class AttainmentFacts(Strict):
    """A plan's months, what came in the first of them, and what a deviation is to be split from."""

    model_config = example(
        planned=["100", "100", "100", "120", "120", "120", "110", "110", "110", "110", "110", "110"],
        actual=["95", "105", "90"],
        classes=[
            {
                "abc_class": "A",
                "planned": {"customers": 5, "orders": 52, "revenue": "1160"},
                "actual": {"customers": 4, "orders": 50, "revenue": "1120"},
            }
        ],
    )

    planned: Annotated[list[Money], Field(min_length=12, max_length=12)]
    actual: Annotated[list[Money], Field(min_length=1, max_length=12)]
    weight: Annotated[Weight, Field(strict=True)] = 0.5
    classes: Annotated[list[MeasuredClass], Field(max_length=4)] = Field(default_factory=list)


class CalculatedDeviation(Strict):
    abc_class: Literal["A", "B", "C", "N"]
    planned: Money
    actual: Money
    customers_effect: Money
    frequency_effect: Money
    value_effect: Money


class CalculatedAttainment(Strict):
    attainment: Number | None
    reforecast: ReforecastDocument
    classes: list[CalculatedDeviation] = Field(description="The three effects add up to actual − planned exactly.")


_PARTS: Mapping[Part, type[Strict]] = {
    "months": AttainmentMonth,
    "units": AttainmentUnit,
    "classes": ClassDeviation,
}


@router.post(
    "/plans/{plan}/approve",
    operation_id="approvePlan",
    summary="Approve a plan",
    responses=responses(NotFound, StalePlan, Superseded),
    tags=["plans"],
)
def approve_plan(plan: ResultPath, asked: ApprovalRequest, entry: Approves) -> PlanDocument:
    """From now on it is the plan; the approved one that begins in the same month is superseded. Again: no change."""
    with entry.writing() as caller:
        approvals.approve(caller, plan, asked.note, stale=asked.stale)
        row = keeping.find(caller, results.PLAN, plan)[1]
        return plan_document(row, approvals.told(caller, [row]))


@router.get(
    "/plans/{plan}/attainment",
    operation_id="getPlanAttainment",
    summary="A plan against what came",
    response_model=AttainmentDocument,
    responses={**AS_FILE, **responses(NotFound, NoData)},
    tags=["plans"],
)
def get_plan_attainment(
    plan: ResultPath,
    entry: Calculates,
    weight: Annotated[Weight, Query(description="Of the ratio in the blended re-forecast.")] = 0.5,
    part: Annotated[Part, Query(description="Of a table: which part of the answer it is.")] = "months",
    table: AsTable = None,
) -> Any:
    """By month and cumulative against the seasonal plan, by unit, the deviation by class, and three re-forecasts."""
    with entry.reading() as caller:
        found = attainment.attained(caller, plan, weight)
    if table is not None:
        return table.of_rows(f"plan-{plan}-attainment-{part}", _PARTS[part], found[part])
    return AttainmentDocument(plan=plan, **found)


@router.post(
    "/calculations/attainment",
    operation_id="calculateAttainment",
    summary="A plan against what came",
    responses=responses(BadArgument),
    tags=["calculations"],
)
def calculate_attainment(facts: AttainmentFacts, entry: Calculates) -> CalculatedAttainment:
    """Attainment and re-forecasts from months, and deviations split over customers, their orders and their value."""
    with entry.reading():
        found = attainment.calculated(
            [float(one) for one in facts.planned],
            [float(one) for one in facts.actual],
            facts.weight,
            {one.abc_class: (one.planned.sums(), one.actual.sums()) for one in facts.classes},
        )
    return CalculatedAttainment(**found)
