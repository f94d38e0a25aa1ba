"""A plan broken down to customers, and the plan of one customer."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.models import PersonName, ResultPath, Strict, SubsidiaryPath
from service.api.overrides import CustomerPath
from service.api.problems import responses
from service.api.security import ReadsResults
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NotFound
from service.operations import breakdown, customer_plans, keeping
from service.store import results
from service.values import Money, Number
from service.wording import say

router = APIRouter(tags=["plans"])

MOST_ROWS = 20_000


class PlanCustomer(Strict):
    """What a customer is to bring. With an empty code: what is of no customer who is known by now."""

    salesperson: str
    channel: str
    customer: str
    abc_class: str
    segment: str
    revenue: Money
    margin: Money
    existing_revenue: Money
    new_revenue: Money
    reactivated_revenue: Money
    carried_over_revenue: Money
    grown_revenue: Money
    existing_margin: Money
    new_margin: Money
    reactivated_margin: Money
    carried_over_margin: Money
    grown_margin: Money
    monthly_revenue: list[Money] = Field(description="The 12 months; they add up to the year.")
    monthly_margin: list[Money]


class PlanCustomerRow(Strict):
    """A row of the file; together they add up to the plan."""

    salesperson: str
    channel: str
    customer: str
    abc_class: str
    segment: str
    currency: str
    block: str
    period: str
    revenue: Money
    margin: Money


class PlanCustomers(Strict):
    plan: str
    currency: str
    fresh: bool = Field(description="False: the data changed since; customers and their revenue are those of now.")
    periods: list[str]
    items: list[PlanCustomer] = Field(
        description="By unit and code; all of a unit add up to its plan, by block and month."
    )


class CustomerPlan(Strict):
    """Flat, because CRMs map fields; null where there is nothing to say."""

    subsidiary: str
    customer: str
    name: PersonName
    currency: str
    segmentation: str | None
    abc_class: str | None = Field(description="The one that counts: set by a person, else computed.")
    potential_class: str | None
    segment: str | None
    plan: str | None
    fresh: bool | None
    periods: list[str] | None
    planned_revenue: Money | None = Field(description="What the plan expects of him in its 12 months.")
    planned_margin: Money | None
    monthly_revenue: list[Money] | None
    monthly_margin: list[Money] | None
    contacts_a_year: Number | None = Field(description="The norm of his class.")
    contact_hours_a_year: Number | None
    contacts_so_far: Number | None = Field(description="Calls and meetings in the plan's months.")
    contact_hours_so_far: Number | None
    next_reason: str | None = Field(description="GROW, WIN or at risk; null: keep to the norm of contacts.")
    next_rank: int | None = Field(description="His place among all customers to work on, from 1.")
    next_gain: Money | None = Field(description="Margin a year that the step is expected to bring, or to keep.")
    next_three_year_gain: Money | None
    next_hours: Number | None
    next_margin_per_hour: Number | None


@router.get(
    "/plans/{plan}/customers",
    operation_id="listPlanCustomers",
    summary="A plan by customer",
    response_model=PlanCustomers,
    responses={**AS_FILE, **responses(NotFound, BadArgument)},
)
def list_plan_customers(
    plan: ResultPath,
    entry: ReadsResults,
    salesperson: Annotated[str | None, Query(max_length=64)] = None,
    customer: Annotated[str | None, Query(max_length=64)] = None,
    table: AsTable = None,
) -> Any:
    """Existing business by revenue within the class, growth by gap, reactivation evenly; the rest is nobody's yet.

    All customers in one answer; as a file a row a customer, block and month.
    """
    with entry.reading() as caller:
        home, row = keeping.find(caller, results.PLAN, plan)
        found = breakdown.read(caller, home, row, salesperson, customer)
    if table is not None:
        return table.of_rows(f"plan-{plan}-customers", PlanCustomerRow, found.rows())
    if len(found.parts) > MOST_ROWS:
        raise BadArgument(
            "salesperson", say("More than {most} customers: ask for one seller, or for a file.", most=MOST_ROWS)
        )
    return PlanCustomers(**found.told())


@router.get(
    "/customers/{subsidiary}/{code:path}/plan",
    operation_id="getCustomerPlan",
    summary="A customer's plan and next step",
    responses=responses(NotFound),
)
def get_customer_plan(
    subsidiary: SubsidiaryPath,
    code: CustomerPath,
    entry: ReadsResults,
    plan: Annotated[
        str | None, Query(max_length=80, description="Default: the approved plan that begins last, else the newest.")
    ] = None,
) -> CustomerPlan:
    """What the plan expects of him, the norm of contacts and what was done of it, and the next step with its worth."""
    with entry.reading() as caller:
        return CustomerPlan(**customer_plans.told(caller, subsidiary, code, plan))
