"""Targets at every level, what is handed on from each to the next, and how far they are reached."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from service.api.models import FirstMonth, LastMonth, Period, Strict, WindowDocument
from service.api.problems import responses
from service.api.security import ReadsResults
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NoData, NotFound
from service.method.measures import MEASURES
from service.operations import target_tree
from service.values import Code, Money, OfUnit, Ratio

router = APIRouter(tags=["plans"])

MeasureName = Annotated[str, Query(pattern=f"^({'|'.join(MEASURES)})$", description="Of the form statistics.")]


class TargetPart(Strict):
    """A level below: target = allocated + unallocated."""

    by: list[str] = Field(description="What the targets of that level name.")
    targets: int = Field(description="For how many.")
    allocated: Money = Field(description="What they add up to.")
    unallocated: Money = Field(description="Less than 0 where they add up to more.")


class TargetRow(Strict):
    """A target of all that the empty words leave open."""

    salesperson: str
    team: str
    channel: str
    customer: str
    abc_class: str
    top: bool = Field(description="No target of a coarser level has it as a part.")
    months: Annotated[int, OfUnit("months")] = Field(description="Months that it has a target for.")
    target: Money
    target_to_date: Money = Field(description="Of those months that have data.")
    actual_to_date: Money | None = Field(description="What the statistics have of them; null where no month has data.")
    attainment: Ratio | None = Field(description="Actual / target to date.")


class TargetItem(TargetRow):
    """With what is handed on to the levels below."""

    parts: list[TargetPart]


class TargetTree(Strict):
    subsidiary: str
    measure: str
    unit: str = Field(description="money in local currency, hours or number.")
    currency: str | None
    window: WindowDocument = Field(description="From the first to the last month with a target.")
    until: str | None = Field(description="The last of them with data.")
    items: list[TargetItem] = Field(description="Coarse before fine.")


@router.get(
    "/targets/tree",
    operation_id="getTargetTree",
    summary="Targets by level, with what is unallocated",
    response_model=TargetTree,
    responses={**AS_FILE, **responses(NotFound, NoData, BadArgument)},
)
def get_target_tree(
    entry: ReadsResults,
    subsidiary: Annotated[Code, Query(description="Code of the subsidiary.", examples=["DE"])],
    measure: MeasureName = "revenue",
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    table: AsTable = None,
) -> Any:
    """Every target beside the sum of the targets below it: sellers below their team, customers below all others.

    Each level is compared with the one just above it, in the months that the one above has a target for. Classes are
    those of the 12 months that end with the last month with data.
    """
    with entry.reading() as caller:
        found = target_tree.told(caller, subsidiary, measure, (first, last), period)
    if table is not None:
        return table.of_rows(f"targets-{subsidiary}", TargetRow, found["items"])
    return TargetTree(**found)
