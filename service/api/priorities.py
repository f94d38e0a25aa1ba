"""What to do first."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.models import PersonName, Share, Strict, example
from service.api.pages import Limit
from service.api.plan_calculations import Positive
from service.api.problems import responses
from service.api.security import Calculates
from service.api.tables import AS_FILE, AsTable
from service.errors import NoData, NotFound
from service.method.parameters import LeverName
from service.method.priorities import Candidate, class_of, ranked
from service.operations import lever_priorities, methods, priorities
from service.values import Broken, Code, Hours, Money, Number, OfUnit

router = APIRouter()


class CustomerPriority(Strict):
    customer: str
    reason: Literal["at risk", "GROW", "WIN"]
    gain: Money = Field(description="Margin a year that is expected of it; at risk: that is kept.")
    three_year_gain: Money = Field(description="Over three years, with the retention of the class.")
    hours: Hours
    margin_per_hour: Annotated[Number, OfUnit("currency per hour")] | None = Field(
        description="Null where no effort is recorded."
    )
    taken: bool = Field(description="Within the hours there are, in this order.")


class StoredCustomerPriority(CustomerPriority):
    name: PersonName
    salesperson: str


class CustomerPriorities(Strict):
    segmentation: str
    currency: str
    fresh: bool = Field(description="Whether nothing has changed in the data since the segmentation.")
    at_risk_known: bool = Field(description="False: no orders with dates of class A customers are known.")
    customers: int = Field(description="How many there are in all.")
    hours_taken: Number
    items: list[StoredCustomerPriority]


class LeverPriority(Strict):
    """Half the way to the best quarter of the plan's units, in every unit and class that is behind it."""

    lever: LeverName
    meaning: str
    elasticity: Number | None = Field(description="Per cent of the plan's margin for one per cent of the lever.")
    units: int = Field(description="Units that are behind.")
    gain: Money = Field(description="Margin in the plan's year.")
    hours: Hours = Field(description="Hours more in the plan's year, by the norms.")
    margin_per_hour: Annotated[Number, OfUnit("currency per hour")] | None
    three_year_gain: Money
    three_year_hours: Number


class LeverPriorities(Strict):
    plan: str
    units: int = Field(description="Peers that are compared: a plan of one unit shows no step.")
    priced: list[LeverPriority] = Field(description="The best margin an hour first.")
    unpriced: list[LeverPriority] = Field(description="No effort is recorded for these: no margin an hour can be told.")
    without_step: list[LeverName] = Field(description="Levers in which no unit is behind its peers.")


class CustomerToRank(Strict):
    code: Annotated[str, Field(min_length=1, max_length=64)]
    segment: Literal["WIN", "GROW", "KEEP", "LIMIT"]
    abc_class: Literal["A", "B", "C", "N"]
    potential_class: Literal["A", "B", "C", "N"]
    gap: Money
    potential: Money
    revenue: Money
    at_risk: bool = Field(default=False, strict=True)


class PriorityFacts(Strict):
    """Customers of a segmentation, the margin rates of classes A, B and C, and the hours there are."""

    model_config = example(
        customers=[
            {
                "code": "C02",
                "segment": "GROW",
                "abc_class": "A",
                "potential_class": "A",
                "gap": "700",
                "potential": "1000",
                "revenue": "300",
            }
        ],
        margin_rates=[0.22, 0.28, 0.3],
        hours=100,
    )

    customers: Annotated[list[CustomerToRank], Field(min_length=1, max_length=20_000)]
    margin_rates: Annotated[list[Share], Field(min_length=3, max_length=3)]
    hours: Positive | None = Field(default=None, description="None: as many as it takes.")


class CalculatedPriorities(Strict):
    method: str
    items: list[CustomerPriority]


@router.get(
    "/priorities/customers",
    operation_id="listCustomerPriorities",
    summary="Customers to work on first",
    response_model=CustomerPriorities,
    responses={**AS_FILE, **responses(NotFound, NoData)},
    tags=["priorities"],
)
def list_customer_priorities(
    entry: Calculates,
    subsidiary: Annotated[Code, Query(description="Code of the subsidiary.", examples=["DE"])],
    salesperson: Annotated[Code | None, Query(description="Only of this seller's portfolio.")] = None,
    hours: Annotated[
        Broken | None, Query(ge=0, le=1e9, allow_inf_nan=False, description="That there are a year; none: all.")
    ] = None,
    limit: Limit = 100,
    table: AsTable = None,
) -> Any:
    """By the newest segmentation: class A customers at risk, then by the margin that an hour is expected to bring."""
    with entry.reading() as caller:
        found = priorities.customers(caller, subsidiary, salesperson, hours, None if table else limit)
    if table is not None:
        return table.of_rows(f"priorities-{subsidiary}", StoredCustomerPriority, found["items"])
    return CustomerPriorities(**found)


@router.get(
    "/priorities/levers",
    operation_id="listLeverPriorities",
    summary="Levers to work on first",
    response_model=LeverPriorities,
    responses={**AS_FILE, **responses(NotFound)},
    tags=["priorities"],
)
def list_lever_priorities(
    entry: Calculates,
    plan: Annotated[str, Query(max_length=80, description="Id of a plan with several units.", examples=["DE.1"])],
    table: AsTable = None,
) -> Any:
    """By the margin an hour of a step that peers have shown; one year and three, as acquisition pays later.

    As a table it is the priced ones, then those without a price.
    """
    with entry.reading() as caller:
        found = lever_priorities.levers(caller, plan)
    if table is not None:
        return table.of_rows(f"lever-priorities-{plan}", LeverPriority, [*found["priced"], *found["unpriced"]])
    return LeverPriorities(plan=plan, **found)


@router.post(
    "/calculations/priorities",
    operation_id="calculatePriorities",
    summary="Customers to work on first",
    tags=["calculations"],
)
def calculate_priorities(facts: PriorityFacts, entry: Calculates) -> CalculatedPriorities:
    """The customers in the request, by the margin that an hour is expected to bring."""
    with entry.reading():
        method = methods.standard()
    rates = dict(zip("ABC", facts.margin_rates, strict=True))
    candidates = [
        Candidate(
            one.code,
            one.segment,
            float(one.gap),
            float(one.potential),
            float(one.revenue),
            rates.get(class_of(one.abc_class, one.potential_class)),
            method.plan.default_retention,
            one.at_risk,
        )
        for one in facts.customers
    ]
    found = ranked(candidates, method.priorities, method.resources.hours_a_reactivation, facts.hours)
    return CalculatedPriorities(method=method.id, items=[priorities.told(one) for one in found])
