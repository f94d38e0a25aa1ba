"""Coverage: which months are there, which are missing, and whether the figures agree with each other."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from service.api.checks import CheckDocument
from service.api.models import FirstMonth, LastMonth, Period, Strict, SubsidiaryFilter, WindowDocument
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Reads, ReadsResults
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NoData, NotFound
from service.operations import checks
from service.operations import coverage as operation
from service.values import Code, Money, Number, OfUnit

router = APIRouter(tags=["data"])
Group = Literal["results", "funnel", "activity"]


class CoverageRow(Strict):
    """A measure of a month: total = attributed + unattributed."""

    subsidiary: str
    period: str
    measure: str
    group: Group
    status: operation.Status = Field(
        description="missing: the month has no line; zero: it has lines, none of them with this measure; else present."
    )
    lines: Annotated[int, OfUnit("lines")] = Field(description="Lines with a value other than 0.")
    total: Annotated[Money, OfUnit("of the measure")]
    attributed: Annotated[Money, OfUnit("of the measure")] = Field(description="Of lines that name a customer.")
    unattributed: Annotated[Money, OfUnit("of the measure")]
    currency: str | None = Field(description="Of money; null for counts and hours.")
    closed: bool = Field(description="Whether the month is closed.")


class GroupCompleteness(Strict):
    group: Group
    months_with_data: int
    share: Number | None = Field(description="Of the months expected; null where none are expected.")
    newest: str | None = Field(description="Newest month of the window that has it.")


class CompletenessRow(Strict):
    """How complete a subsidiary is: the months from its first one with data to the window's end."""

    subsidiary: str
    first: str | None = Field(description="First month with data; null before anything was handed in.")
    newest: str | None = Field(description="Newest month with data.")
    months_expected: Annotated[int, OfUnit("months")]
    months_with_data: Annotated[int, OfUnit("months")]
    share: Annotated[Number, OfUnit("ratio")] | None


class Completeness(CompletenessRow):
    """With the months that are missing, and by group of measures."""

    missing: list[str] = Field(description="Months without a line.")
    groups: list[GroupCompleteness]


class DataChecks(Strict):
    """Identities of a subsidiary's figures in a window."""

    subsidiary: str
    window: WindowDocument
    holds: bool = Field(description="Whether all that can be asked hold.")
    items: list[CheckDocument]


@router.get(
    "/coverage",
    operation_id="listCoverage",
    summary="What is stored, by subsidiary, month and measure",
    response_model=Page[CoverageRow],
    responses={**AS_FILE, **responses(NotFound, BadArgument)},
)
def list_coverage(
    request: Request,
    response: Response,
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """A row for every month from the subsidiary's first with data to the window's end, also where nothing is stored.

    Without an end that is the newest month that has ended (or has data); a window never goes beyond the present month.
    """
    question = operation.Question(subsidiary, first, last, period)
    cursor = read_cursor(after, int, int, int)
    if table is not None:
        return table.of_read(entry, "coverage", CoverageRow, lambda caller: operation.each(caller, question))
    with entry.reading() as caller:
        keys, rows = operation.page(caller, question, limit, cursor and (cursor[0], cursor[1], cursor[2]))
    return page_of(request, response, keys, limit, lambda key: CoverageRow(**rows[key]), lambda key: key)


@router.get(
    "/coverage/completeness",
    operation_id="getCompleteness",
    summary="How complete each subsidiary is",
    response_model=Page[Completeness],
    responses={**AS_FILE, **responses(NotFound, BadArgument)},
)
def get_completeness(
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    table: AsTable = None,
) -> Any:
    """Months expected, months with data by group of measures, and the months that are missing. All subsidiaries. A
    table has a row for each, without the groups."""
    question = operation.Question(subsidiary, first, last, period)
    with entry.reading() as caller:
        rows = operation.completeness(caller, question)
    if table is not None:
        return table.of_rows("completeness", CompletenessRow, rows)
    return Page(items=[Completeness(**row) for row in rows])


@router.get(
    "/coverage/checks",
    operation_id="checkData",
    summary="Whether a subsidiary's figures agree with each other",
    responses=responses(NotFound, NoData, BadArgument),
)
def check_data(
    entry: ReadsResults,
    subsidiary: Annotated[Code, Query(description="Code of the subsidiary.", examples=["DE"])],
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
) -> DataChecks:
    """The identities of the method over a window, computed now, each from two sides. Money is compared exactly."""
    with entry.reading() as caller:
        window, found = checks.of_data(caller, subsidiary, first, last, period)
    return DataChecks(
        subsidiary=subsidiary,
        window=WindowDocument.of(window),
        holds=all(check.holds is not False for check in found),
        items=[CheckDocument.of_check(check) for check in found],
    )
