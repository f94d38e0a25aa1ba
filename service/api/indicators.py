"""The catalogue of indicators."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from service.api.models import Strict
from service.api.pages import Page
from service.api.problems import responses
from service.api.security import ReadsResults
from service.errors import NotFound
from service.method.catalogue import Indicator, Unavailable
from service.method.indicators import UNAVAILABLE
from service.method.quantities import QUANTITIES
from service.operations.specification import NEVER, NOTHING, Supply, forms_of, known, supply
from service.values import Code, Number
from service.wording import say

router = APIRouter(tags=["indicators"])
SubsidiaryData = Annotated[
    Code | None, Query(description="Whose data are looked at for `fed`, `share` and `since`.", examples=["DE"])
]
OwnOf = Annotated[str | None, Query(max_length=64, description="Also the indicators that this method version adds.")]


class QuantityDocument(Strict):
    """A name in a formula: an additive number of a group and window."""

    name: str
    unit: str
    source: str = Field(description="What it is counted from.")
    meaning: str


class IndicatorDocument(Strict):
    id: str
    name: str
    kind: str = Field(description="result, efficiency, management or quality.")
    unit: str
    direction: str = Field(description="higher: more is better; lower; neutral.")
    owner: str = Field(description="Who can move it.")
    formula: str | None = Field(description="Over sums of the group and other indicators; null: it has no values.")
    executed: str | None = Field(description="The same with other indicators replaced by their formulas.")
    n: str | None = Field(description="What its n counts.")
    meaning: str
    source: str
    quantities: list[QuantityDocument] = Field(description="The names in `executed`.")
    needs: list[str] = Field(description="Columns of forms it needs, as `form.column`.")
    available: bool = Field(description="Whether any form can feed it.")
    reason: str | None = Field(description="Why not.")
    fed: bool | None = Field(description="Whether the subsidiary's data can feed it; null without a subsidiary.")
    share: Number | None = Field(
        description="How far: the smallest of the share of months expected in which all columns with a time are "
        "filled, and the shares of rows of customers and salespeople."
    )
    since: str | None = Field(description="First month in which all it needs is there.")


@router.get(
    "/indicators", operation_id="listIndicators", summary="Catalogue of indicators", responses=responses(NotFound)
)
def list_indicators(
    entry: ReadsResults, subsidiary: SubsidiaryData = None, method: OwnOf = None
) -> Page[IndicatorDocument]:
    """Each declared once, with the formula that is executed. Those that no form can feed are named with the reason."""
    with entry.reading() as caller:
        found = known(caller, method)
        needs = [need for one in found.values() for need in one.needs]
        there = None if subsidiary is None else supply(caller, subsidiary, forms_of(needs))
    items = [_document(one, there) for one in found.values()]
    return Page(items=[*items, *(_unavailable(one, there) for one in UNAVAILABLE.values())])


@router.get(
    "/indicators/{indicator}", operation_id="getIndicator", summary="One indicator", responses=responses(NotFound)
)
def get_indicator(
    indicator: Annotated[str, Path(max_length=64, examples=["retention"])],
    entry: ReadsResults,
    subsidiary: SubsidiaryData = None,
    method: OwnOf = None,
) -> IndicatorDocument:
    """Its formula, unit, meaning, source, and the data it needs."""
    with entry.reading() as caller:
        found = known(caller, method).get(indicator)
        needs = () if found is None else found.needs
        there = None if subsidiary is None else supply(caller, subsidiary, forms_of(needs))
    if found is not None:
        return _document(found, there)
    if indicator in UNAVAILABLE:
        return _unavailable(UNAVAILABLE[indicator], there)
    raise NotFound(say("There is no indicator {indicator!r}; the catalogue is at /v1/indicators.", indicator=indicator))


_SHARED = ("id", "name", "kind", "unit", "direction", "owner", "meaning", "source")


def _shared(one: Indicator | Unavailable) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _SHARED}


def _document(indicator: Indicator, there: Supply | None) -> IndicatorDocument:
    quantities = [QUANTITIES[name] for name in sorted(indicator.parsed.names)]
    return IndicatorDocument(
        **_shared(indicator),
        formula=indicator.formula,
        executed=indicator.parsed.text,
        n=indicator.n,
        quantities=[
            QuantityDocument(name=one.name, unit=one.unit, source=one.source, meaning=one.meaning) for one in quantities
        ],
        needs=list(indicator.needs),
        available=True,
        reason=None,
        **(NOTHING if there is None else there.of(indicator.needs)),
    )


def _unavailable(one: Unavailable, there: Supply | None) -> IndicatorDocument:
    return IndicatorDocument(
        **_shared(one),
        formula=None,
        executed=None,
        n=None,
        quantities=[],
        needs=[],
        available=False,
        reason=one.reason,
        **(NOTHING if there is None else NEVER),
    )
