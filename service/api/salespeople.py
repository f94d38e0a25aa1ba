"""Salespeople: their spans of employment."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.access.keys import Caller
from service.api.models import PersonName, Strict, SubsidiaryFilter, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Reads
from service.api.tables import AS_FILE, AsTable
from service.errors import NotFound
from service.store import salespeople
from service.values import Hours, Money, Number, OfUnit, to_decimal

router = APIRouter(tags=["data"])


class Employment(Strict):
    subsidiary: str
    code: str
    start: date
    end: date | None = Field(description="Last day; null while employed.")
    name: PersonName
    team: str
    role: str
    fte: Annotated[Number, OfUnit("FTE")]
    hours_a_day: Hours
    monthly_cost: Money | None
    currency: str


@router.get(
    "/salespeople",
    operation_id="listSalespeople",
    summary="Salespeople, as handed in",
    response_model=Page[Employment],
    responses={**AS_FILE, **responses(NotFound)},
)
def list_salespeople(
    request: Request,
    response: Response,
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """One item per span of employment, by subsidiary, code and start."""
    cursor = read_cursor(after, int, str, date)
    if table is not None:

        def read(caller: Caller) -> Iterator[pa.RecordBatch]:
            return salespeople.each(caller.connection, narrowed(caller, subsidiary))

        return table.of_stored(entry, "salespeople", Employment, read)
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = salespeople.spans(caller.connection, reach, limit + 1, cursor)
    return page_of(request, response, rows, limit, _document, lambda row: (row.subsidiary_id, row.code, row.start))


def _document(row: Row[Any]) -> Employment:
    amounts = ("fte", "hours_a_day", "monthly_cost")
    values = {name: getattr(row, name) for name in Employment.model_fields.keys() - set(amounts)}
    exact = {name: None if getattr(row, name) is None else to_decimal(getattr(row, name)) for name in amounts}
    return Employment(**values, **exact)
