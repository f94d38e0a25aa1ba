"""Plans of several subsidiaries, added up."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.models import Strict
from service.api.problems import responses
from service.api.security import Calculates
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, MissingRate
from service.operations import plan_totals
from service.values import Currency, Money, MonthText, RateText

router = APIRouter(tags=["plans"])


class Total(Strict):
    revenue: Money = Field(description="In the currency asked for.")
    margin: Money


class CountryTotal(Total):
    country: str


class SubsidiaryTotal(Total):
    subsidiary: str
    country: str
    plan: str
    status: Literal["draft", "approved", "superseded"]
    fresh: bool
    currency_local: str
    revenue_local: Money
    margin_local: Money
    rate: RateText = Field(description="Reporting currency per unit of the local one.")
    rate_month: str | None = Field(description="The month whose rate it is; null where no conversion is needed.")


class ClassTotal(Total):
    abc_class: str


class MonthTotal(Total):
    period: str


class UnitTotal(Total):
    subsidiary: str
    salesperson: str
    channel: str
    revenue_local: Money
    margin_local: Money


class PlanTotals(Total):
    """Units add up to subsidiaries, these to countries and to the group, classes and months to the group, exactly."""

    currency: str
    countries: list[CountryTotal]
    classes: list[ClassTotal]
    months: list[MonthTotal]
    subsidiaries: list[SubsidiaryTotal]
    units: list[UnitTotal] = Field(description="As the plan of each subsidiary has them.")
    without_plan: list[str] = Field(
        description="Subsidiaries that have no plan for this year: they are not in the sums."
    )


@router.get(
    "/plan-totals",
    operation_id="getPlanTotals",
    summary="Plans of subsidiaries in one currency",
    response_model=PlanTotals,
    responses={**AS_FILE, **responses(BadArgument, MissingRate)},
)
def get_plan_totals(
    entry: Calculates,
    first: Annotated[
        MonthText, Query(alias="from", description="Month in which the plans begin.", examples=["2026-01"])
    ],
    currency: Annotated[Currency, Query(description="What everything is converted into.", examples=["EUR"])],
    table: AsTable = None,
) -> Any:
    """Of each subsidiary the approved plan that begins in this month, else the newest without levers."""
    with entry.reading_behind() as caller:
        found = plan_totals.totals(caller, first, currency)
    if table is not None:
        return table.of_rows("plan-totals", SubsidiaryTotal, found["subsidiaries"])
    return PlanTotals(**found)
