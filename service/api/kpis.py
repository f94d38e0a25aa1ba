"""Indicators by any grouping."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from service.api.models import FirstMonth, LastMonth, MethodFilter, Period, Strict, WindowDocument
from service.api.problems import responses
from service.api.security import ReadsResults
from service.errors import BadArgument, MissingRate, MixedCurrencies, NoData, NotFound
from service.operations import kpis
from service.operations.dimensions import DIMENSIONS, TIMES
from service.values import Code, Money

router = APIRouter(tags=["indicators"])


class Kpi(Strict):
    """One indicator of one group and period; it also has a field for each name in `group_by`."""

    model_config = ConfigDict(extra="allow")

    indicator: str
    value: str | None = Field(description="Decimal text: money with up to 4 decimals, everything else with up to 6.")
    unit: str
    currency: str | None
    n: float | None = Field(description="What it rests on: customers, orders, hours, as the catalogue says.")
    reason: str | None = Field(description="Why there is no value.")


class KpiControl(Strict):
    """Revenue of the window in a currency: revenue = attributed + unattributed."""

    currency: str
    revenue: Money
    attributed: Money = Field(description="Of lines that name a customer.")
    unattributed: Money


class KpiTable(Strict):
    window: WindowDocument
    method: str = Field(description="The method version they were computed with.")
    items: list[Kpi]
    control: list[KpiControl]


@router.get(
    "/kpis",
    operation_id="getKpis",
    summary="Indicators by any grouping",
    responses=responses(NotFound, NoData, BadArgument, MissingRate, MixedCurrencies),
)
def get_kpis(
    entry: ReadsResults,
    indicators: Annotated[
        str, Query(max_length=1000, description="Ids from the catalogue, with commas between.", examples=["revenue"])
    ] = "revenue,margin,margin_rate,active_customers,retention",
    group_by: Annotated[
        str, Query(max_length=200, description=f"Any of {', '.join((*DIMENSIONS, *TIMES))}, with commas between.")
    ] = "",
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    currency: Annotated[
        str, Query(pattern="^(local|[A-Z]{3})$", description="`local`, or the currency everything is converted into.")
    ] = kpis.LOCAL,
    subsidiary: Annotated[list[Code] | None, Query(description="Only these; several times.")] = None,
    method: MethodFilter = None,
) -> KpiTable:
    """Each value is a ratio of sums over its group; growth and states compare with the same length before.

    Customer states are those of the group's own lines. Classes and segments are those of the 12 months that end with
    the window. FTE fall apart only by subsidiary, team and salesperson.
    """
    question = kpis.Question(
        indicators=_names(indicators),
        group_by=_names(group_by),
        first=first,
        last=last,
        currency=currency,
        subsidiaries=tuple(subsidiary or ()),
        period=period,
        method=method,
    )
    with entry.reading() as caller:
        return KpiTable(**kpis.answer(caller, question))


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
