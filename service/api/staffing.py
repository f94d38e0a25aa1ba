"""A requirement by month: hours, people, hires and pay; and the plan that the people there can serve."""

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from service.api.models import ResultPath, Strict
from service.api.problems import responses
from service.api.requirements import KindHours
from service.api.security import Calculates
from service.errors import AmountTooLarge, BadArgument, NoData, NotFound
from service.operations import staffing
from service.values import Money, Number

router = APIRouter(prefix="/resource-requirements/{requirement}", tags=["resources"])


class StaffingMonth(Strict):
    period: str
    working_days: Number = Field(description="Monday to Friday without public holidays of the whole country.")
    hours_a_seller: Number = Field(description="Selling hours of one full-time seller in this month.")
    hours: Number = Field(description="Needed.")
    kinds: list[KindHours]
    fte: Number = Field(description="Needed: by hours or by deals worked on at once, the larger in each unit.")
    fte_present: Number = Field(description="Employed, by days.")
    fte_effective: Number = Field(
        description="What they are worth: with their own hours a day, new ones on the ramp, less those who may leave."
    )
    load: Number | None = Field(description="FTE needed / effective.")
    zone: Literal["spare", "right", "overloaded"] | None
    hires: int = Field(description="Who should begin in this month.")


class Hire(Strict):
    starts: str = Field(description="Month in which he begins; it may be before the plan's first.")
    decided: str = Field(description="Month in which it must be decided.")
    fte_years: Number = Field(description="What he is worth in the plan's year, after the ramp.")


class StaffingDocument(Strict):
    plan: str
    currency: str
    calendar: Literal["country", "norm"] = Field(description="norm: the country's holidays are not known.")
    working_days: Number = Field(description="Of the plan's year.")
    months: list[StaffingMonth]
    hires: list[Hire] = Field(description="The fewest that cover every month, each as late as may be.")
    team_cost: Money | None = Field(description="Pay of those employed over the plan's year.")
    hire_cost: Money | None = Field(description="Pay of the hires in the year, and what finding them costs.")
    cost_to_revenue: Number | None = Field(description="Both / the plan's revenue.")
    cost_reason: str | None = Field(description="Why there is no cost.")


class ServedFigures(Strict):
    """Planned = what remains + what is cut, in whole coins."""

    hours_needed: Number
    hours_served: Number
    planned_revenue: Money
    planned_margin: Money
    revenue: Money
    margin: Money
    cut_revenue: Money
    cut_margin: Money


class ServedMonth(ServedFigures):
    period: str
    hours_there: Number = Field(description="Selling hours of the people there.")


class ServedPiece(ServedFigures):
    """A part of the plan in the year."""

    salesperson: str
    channel: str
    abc_class: str
    block: str = Field(description="One of the plan's, or programmes.")
    customers: Literal["KEEP", "other"] = Field(description="KEEP: existing business that is served first.")
    monthly_revenue: list[Money] = Field(description="What remains by month.")
    monthly_margin: list[Money]


class FeasiblePlan(Strict):
    plan: str
    currency: str
    hours_needed: Number
    hours_there: Number = Field(description="Selling hours of the people there over the plan's year.")
    hours_served: Number
    feasible: bool = Field(description="The hours there are enough in every month.")
    planned_revenue: Money
    planned_margin: Money
    revenue: Money = Field(description="Of the plan that remains: the sum of its months.")
    margin: Money
    months: list[ServedMonth]
    items: list[ServedPiece] = Field(
        description="In the order of serving; seller by seller where the plan is by seller."
    )


@router.get(
    "/staffing",
    operation_id="getStaffing",
    summary="Hours, people, hires and pay by month",
    responses=responses(NotFound, BadArgument, AmountTooLarge),
)
def get_staffing(requirement: ResultPath, entry: Calculates) -> StaffingDocument:
    """By the country's calendar and the people employed now; the months' hours add up to the requirement's."""
    with entry.reading() as caller:
        return StaffingDocument(**staffing.staffing(caller, requirement))


@router.get(
    "/feasible-plan",
    operation_id="getFeasiblePlan",
    summary="What the people there can serve",
    responses=responses(NotFound, BadArgument, NoData),
)
def get_feasible_plan(requirement: ResultPath, entry: Calculates) -> FeasiblePlan:
    """Month by month: KEEP customers first, then programmes, then by margin an hour, the last piece in part; what is
    cut, and what remains."""
    with entry.reading() as caller:
        return FeasiblePlan(**staffing.served(caller, requirement))
