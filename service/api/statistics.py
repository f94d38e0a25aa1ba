"""Statistics lines, as they stand after all corrections."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, create_model
from sqlalchemy import Row

from service.access.keys import Caller
from service.api.models import FirstMonth, LastMonth, Period, Strict, SubsidiaryFilter, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Reads
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NotFound
from service.method.measures import MEASURES
from service.method.months import month_text
from service.operations import fiscal
from service.operations.windows import bounds
from service.store import lines
from service.store.reach import Reach
from service.values import Moment, Money, Number, OfUnit, to_decimal

router = APIRouter(tags=["data"])
_KEY = ("subsidiary", "period", "customer", "salesperson", "channel", "product_group")
_fields: dict[str, Any] = dict.fromkeys((*_KEY, "currency"), (str, ...))
_fields["feed"] = (str, Field(description="The form it was handed in with, or the register it was derived from."))
_fields |= {
    name: (Money if measure.kind == "money" else Annotated[Number, OfUnit(name)], Field(description=measure.meaning))
    for name, measure in MEASURES.items()
}
_make: Any = create_model  # its overloads do not know a base together with fields in a dict
StatisticsLine: Any = _make("StatisticsLine", __base__=Strict, **_fields)
Code = Annotated[str | None, Query(max_length=120, description="Only with this code; empty: not attributed.")]


@router.get(
    "/statistics",
    operation_id="listStatistics",
    summary="Statistics lines, as handed in",
    response_model=Page[StatisticsLine],
    responses={**AS_FILE, **responses(NotFound, BadArgument)},
)
def list_statistics(
    request: Request,
    response: Response,
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    customer: Code = None,
    salesperson: Code = None,
    channel: Code = None,
    product_group: Code = None,
    as_of: Annotated[
        Moment | None, Query(description="As they were known at this moment (RFC 3339, with its offset).")
    ] = None,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """By natural key. An empty code means not attributed."""
    codes = {"customer": customer, "salesperson": salesperson, "channel": channel, "product_group": product_group}
    cursor = read_cursor(after, int, int, int, int, int, int, int)

    def asked(caller: Caller) -> tuple[Reach, lines.Asked]:
        year_start = fiscal.year_start(caller, [subsidiary] if subsidiary else [])
        return narrowed(caller, subsidiary), lines.Asked(bounds(first, last, period, year_start), codes, as_of)

    if table is not None:
        return table.of_stored(entry, "statistics", StatisticsLine, lambda c: lines.each(c.connection, *asked(c)))
    with entry.reading() as caller:
        reach, question = asked(caller)
        rows = lines.page(caller.connection, reach, limit + 1, cursor, question)
    return page_of(request, response, rows, limit, _document, lines.key_of)


def _document(row: Row[Any]) -> Any:
    amounts = {name: to_decimal(getattr(row, name)) for name in MEASURES}
    words = {name: getattr(row, name) for name in (*_KEY, "currency") if name != "period"}
    feed = lines.FEEDS[row.feed]
    return StatisticsLine.model_validate({"period": month_text(row.period), "feed": feed, **words, **amounts})
