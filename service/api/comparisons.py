"""Subsidiaries, teams and sellers side by side."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field

from service.api.kpis import names
from service.api.models import FirstMonth, LastMonth, MethodFilter, Period, Strict, WindowDocument
from service.api.problems import responses
from service.api.security import Calculates
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, MissingRate, MixedCurrencies, NoData, NotFound
from service.operations import comparisons
from service.operations.figures import Question
from service.operations.quantities.scope import LOCAL
from service.values import Code, OfUnit, RatioText

router = APIRouter(tags=["indicators"])


class Compared(Strict):
    """One indicator of one unit, and its place; it also has the field `team` or `salesperson` where these are
    compared."""

    model_config = ConfigDict(extra="allow")

    subsidiary: str
    indicator: str
    value: RatioText | None = Field(description="Decimal text, as in `getKpis`.")
    unit: str
    currency: str | None
    n: Annotated[float, OfUnit("cases")] | None
    reason: str | None = Field(description="Why there is no value, or no rank.")
    rank: Annotated[int, OfUnit("place")] | None = Field(
        description="1 is the best; equal values share the better rank."
    )
    quartile: Annotated[int, OfUnit("quarter")] | None = Field(description="1 holds the best quarter.")
    robust_z: Annotated[float, OfUnit("deviations")] | None = Field(
        description="(value − median) / (1.4826 × median absolute deviation)."
    )
    to_best_quarter: RatioText | None = Field(
        description="What is missing to the limit of the best quarter; 0 inside it."
    )
    standardised: RatioText | None = Field(
        description="Shares of cases: the value with the mix of classes of all units together."
    )
    interval_low: Annotated[float, OfUnit("ratio")] | None = Field(
        description="Shares of cases: Wilson's 95 % interval."
    )
    interval_high: Annotated[float, OfUnit("ratio")] | None
    comparable: bool = Field(description="False where a note names the subsidiary.")


class Common(Strict):
    """What the ranked units of an indicator have in common."""

    indicator: str
    direction: Literal["higher", "lower", "neutral"]
    ranked: int = Field(description="So many units are ranked.")
    median: str | None
    deviation: str | None = Field(description="1.4826 × median absolute deviation.")
    best_quarter: str | None = Field(description="Where the best quarter begins.")


class ComparisonNote(Strict):
    """What makes a subsidiary hard to compare."""

    subsidiary: str
    code: Literal["missing_months", "missing_measures"]
    message: str


class Comparison(Strict):
    window: WindowDocument
    items: list[Compared]
    common: list[Common]
    notes: list[ComparisonNote]


def _of_units(
    of: Annotated[comparisons.Of, Query(description="What is compared.")] = "subsidiary",
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    currency: Annotated[
        str, Query(pattern="^(local|[A-Z]{3})$", description="Amounts are compared in one currency only.")
    ] = LOCAL,
    subsidiary: Annotated[list[Code] | None, Query(description="Only these; several times.")] = None,
    method: MethodFilter = None,
) -> Callable[[tuple[str, ...]], comparisons.Question]:
    def question(indicators: tuple[str, ...]) -> comparisons.Question:
        figures = Question(
            indicators=indicators,
            group_by=(),
            first=first,
            last=last,
            currency=currency,
            subsidiaries=tuple(dict.fromkeys(subsidiary or ())),
            period=period,
            method=method,
        )
        return comparisons.Question(of, figures)

    return question


Units = Annotated[Callable[[tuple[str, ...]], comparisons.Question], Depends(_of_units)]
"""Which units are compared, over what: by indicators, the question."""


@router.get(
    "/comparisons",
    operation_id="getComparison",
    summary="Subsidiaries, teams or sellers side by side",
    response_model=Comparison,
    responses={**AS_FILE, **responses(NotFound, NoData, BadArgument, MissingRate, MixedCurrencies)},
)
def get_comparison(
    entry: Calculates,
    units: Units,
    indicators: Annotated[
        str, Query(max_length=1000, description="Ids from the catalogue, with commas between.", examples=["retention"])
    ] = "margin_rate,growth,retention,order_frequency",
    table: AsTable = None,
) -> Any:
    """Value, rank, quartile, robust z and distance to the best quarter. A share that rests on fewer than 30 cases is
    shown with its interval and not ranked."""
    question = units(names(indicators))
    with entry.reading_behind() as caller:
        found = comparisons.answer(caller, question)
    if table is not None:
        return table.of_rows(
            "comparison", Compared, found["items"], () if question.of == "subsidiary" else (question.of,)
        )
    return Comparison(**found)
