"""The catalogue of indicators."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from service.api.models import Strict
from service.api.pages import Page
from service.api.problems import responses
from service.api.security import ReadsResults
from service.errors import NotFound
from service.method.indicators import INDICATORS, Indicator

router = APIRouter(tags=["indicators"])


class IndicatorDocument(Strict):
    id: str
    name: str
    kind: str = Field(description="result, efficiency, management or quality.")
    unit: str
    direction: str = Field(description="higher: more is better; lower; neutral.")
    formula: str = Field(description="The formula that is executed, over sums of the group.")
    n: str = Field(description="What its n counts.")
    meaning: str
    source: str
    needs: list[str] = Field(description="Columns of forms it needs.")


@router.get("/indicators", operation_id="listIndicators", summary="Catalogue of indicators")
def list_indicators(entry: ReadsResults) -> Page[IndicatorDocument]:
    """Each declared once, with the formula that is executed."""
    with entry.reading():
        return Page(items=[_document(indicator) for indicator in INDICATORS.values()])


@router.get(
    "/indicators/{indicator}", operation_id="getIndicator", summary="One indicator", responses=responses(NotFound)
)
def get_indicator(
    indicator: Annotated[str, Path(max_length=64, examples=["retention"])], entry: ReadsResults
) -> IndicatorDocument:
    """Its formula, unit, meaning and source."""
    with entry.reading():
        if indicator not in INDICATORS:
            raise NotFound(f"There is no indicator {indicator!r}; the catalogue is at /v1/indicators.")
        return _document(INDICATORS[indicator])


def _document(indicator: Indicator) -> IndicatorDocument:
    words = {name: getattr(indicator, name) for name in IndicatorDocument.model_fields if name != "needs"}
    return IndicatorDocument(needs=list(indicator.needs), **words)
