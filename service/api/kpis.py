"""Indicators by any grouping."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field, StringConstraints

from service.api.models import PRINTABLE, FirstMonth, LastMonth, MethodFilter, Period, Strict, WindowDocument
from service.api.problems import responses
from service.api.security import Calculates
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, MissingRate, MixedCurrencies, NoData, NotFound
from service.operations import kpis
from service.operations.dimensions import DIMENSIONS, TIMES
from service.operations.figures import Compare, Question
from service.operations.quantities.scope import LOCAL
from service.values import Code, Money, OfUnit, RateText, RatioText

router = APIRouter(tags=["indicators"])


_ONLY = "Only lines with this word in the dimension; empty: not attributed; several times."
_ASKED_FOR = " Only where it was asked for."


class Kpi(Strict):
    """One indicator of one group and period; it also has a field for each name in `group_by`."""

    model_config = ConfigDict(extra="allow")

    indicator: str
    value: RatioText | None = Field(
        description="Decimal text: money with up to 4 decimals, everything else with up to 6."
    )
    unit: str
    currency: str | None
    n: Annotated[float, OfUnit("cases")] | None = Field(
        description="What it rests on: customers, orders, hours, as the catalogue says."
    )
    numerator: RatioText | None = Field(
        default=None, description="Of a formula that ends with a division, else the value; up to 6 decimals."
    )
    denominator: RatioText | None = Field(default=None, description="Of a formula that ends with a division.")
    reason: str | None = Field(description="Why there is no value.")
    total: bool | None = Field(default=None, description="Whether the row is of all groups together." + _ASKED_FOR)
    value_local: RatioText | None = Field(
        default=None, description="Money in the group's local currency, where it has one." + _ASKED_FOR
    )
    currency_local: str | None = None
    rate: RateText | None = Field(default=None, description="Of the local currency in `currency`, up to 12 decimals.")
    rate_type: str | None = Field(
        default=None,
        description="month_average: the one month's rate; weighted_average: what the months' rates come to.",
    )
    rate_months: str | None = Field(default=None, description="The months whose rates were taken.")
    compare_value: RatioText | None = Field(default=None, description="What is compared with." + _ASKED_FOR)
    difference: RatioText | None = Field(default=None, description="value − compare_value.")
    ratio: RatioText | None = Field(default=None, description="value / compare_value.")
    compare_reason: str | None = Field(default=None, description="Why the comparison has no ratio.")


class KpiControl(Strict):
    """Revenue of the window in a currency: revenue = attributed + unattributed = groups + filtered_out."""

    currency: str
    revenue: Money = Field(description="Of all lines, whatever the filters.")
    attributed: Money = Field(description="Of lines that name a customer.")
    unattributed: Money
    groups: Money = Field(description="Of all groups together.")
    filtered_out: Money = Field(description="Of the lines that do not fit the filters.")


class KpiTable(Strict):
    window: WindowDocument
    method: str = Field(description="The method version they were computed with.")
    items: list[Kpi]
    control: list[KpiControl]
    fiscal_year_start: int | None = Field(
        default=None, description="The month in which the fiscal years of the grouping begin."
    )


Words = Annotated[
    list[Annotated[str, StringConstraints(max_length=120, pattern=PRINTABLE)]] | None, Query(description=_ONLY)
]


def _filters(
    country: Words = None,
    team: Words = None,
    salesperson: Words = None,
    channel: Words = None,
    product_group: Words = None,
    industry: Words = None,
    region: Words = None,
    abc_class: Words = None,
    potential_class: Words = None,
    segment: Words = None,
    state: Words = None,
) -> dict[str, tuple[str, ...]]:
    """The words asked for, by dimension."""
    return {name: tuple(words) for name, words in locals().items() if words}


@router.get(
    "/kpis",
    operation_id="getKpis",
    summary="Indicators by any grouping",
    response_model=KpiTable,
    responses={**AS_FILE, **responses(NotFound, NoData, BadArgument, MissingRate, MixedCurrencies)},
    response_model_exclude_unset=True,
)
def get_kpis(
    entry: Calculates,
    filters: Annotated[dict[str, tuple[str, ...]], Depends(_filters)],
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
    ] = LOCAL,
    rates: Annotated[
        Literal["actual", "constant"],
        Query(description="constant: amounts of now at the rates of the same months of the window before."),
    ] = "actual",
    compare: Annotated[
        Compare | None,
        Query(
            description="prior: the same length just before; prior_year: the same months a year before; plan: the "
            "newest plan's lines; target: the targets handed in."
        ),
    ] = None,
    totals: Annotated[bool, Query(description="Also a row of all groups together, for each period.")] = False,
    subsidiary: Annotated[list[Code] | None, Query(description="Only these; several times.")] = None,
    method: MethodFilter = None,
    table: AsTable = None,
) -> Any:
    """Each value is a ratio of sums over its group; growth and states compare with the same length before.

    Customer states are those of the group's own lines. Classes, segments and the grouping by state are those of the 12
    months that end with the window. A quantity that does not fall apart by the grouping has no value there, and the
    reason says so. Filters are named like the groupings, each may stand several times.
    """
    question = Question(
        indicators=names(indicators),
        group_by=names(group_by),
        first=first,
        last=last,
        currency=currency,
        subsidiaries=tuple(dict.fromkeys(subsidiary or ())),
        period=period,
        method=method,
        rates=rates,
        compare=compare,
        totals=totals,
        filters=filters,
    )
    with entry.reading_behind() as caller:
        found = kpis.answer(caller, question)
    if table is not None:
        return table.of_rows("kpis", Kpi, found["items"], question.group_by)
    return KpiTable(**found)


def names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
