"""Closed months of a subsidiary: those whose figures stand."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import Row

from service.access.keys import Caller
from service.api.models import Strict, SubsidiaryPath, narrowed
from service.api.problems import responses
from service.api.security import Administers, Reads
from service.errors import BadArgument, NotFound
from service.method.months import month_text
from service.operations import closed_months as operations
from service.store import closed_months
from service.values import MonthText

router = APIRouter(tags=["subsidiaries"])

MonthPath = Annotated[MonthText, Path(description="The month.", examples=["2026-01"])]
Note = Annotated[str, Query(max_length=500, pattern=r"^[^\x00-\x1f]*$", description="Why, or what is known of it.")]
Reason = Annotated[
    str,
    Query(
        min_length=3,
        max_length=500,
        pattern=r"^[^\x00-\x20][^\x00-\x1f]*$",
        description="Why it is opened again; it is kept.",
        examples=["a credit note was booked in the wrong month"],
    ),
]


class ClosedMonth(Strict):
    period: str
    closed_at: datetime
    key_id: str = Field(description="Public id of the key that closed it, or `oidc_…` for the subject of a token.")
    note: str


class ClosedMonthEvent(Strict):
    """That a month was closed or opened again; such a record is never changed."""

    period: str
    happening: Literal["closed", "reopened"]
    at: datetime
    key_id: str = Field(description="Public id of the key that did it, or `oidc_…` for the subject of a token.")
    reason: str = Field(description="The reason of re-opening, or the note of closing.")


class ClosedMonths(Strict):
    subsidiary: str
    items: list[ClosedMonth] = Field(description="Months that are closed now, oldest first.")
    events: list[ClosedMonthEvent] = Field(description="All closings and re-openings, in the order of happening.")


@router.get(
    "/subsidiaries/{subsidiary}/closed-months",
    operation_id="listClosedMonths",
    summary="Closed months of a subsidiary",
    responses=responses(NotFound),
)
def list_closed_months(subsidiary: SubsidiaryPath, entry: Reads) -> ClosedMonths:
    """All that are closed, and who closed or re-opened what, when and why."""
    with entry.reading() as caller:
        return _document(caller, subsidiary)


@router.put(
    "/subsidiaries/{subsidiary}/closed-months/{period}",
    operation_id="closeMonth",
    summary="Close a month",
    responses=responses(NotFound, BadArgument),
)
def close_month(subsidiary: SubsidiaryPath, period: MonthPath, entry: Administers, note: Note = "") -> ClosedMonth:
    """Its figures stand from now on. A month that has not ended is refused; one that is closed stays as it was closed.

    It needs the scope `admin`, not `statistics:write`: who hands figures in does not decide that they stand.
    """
    with entry.writing() as caller:
        return _closed(operations.close(caller, subsidiary, period, note))


@router.delete(
    "/subsidiaries/{subsidiary}/closed-months/{period}",
    operation_id="reopenMonth",
    summary="Open a closed month again",
    responses=responses(NotFound, BadArgument),
)
def reopen_month(subsidiary: SubsidiaryPath, period: MonthPath, entry: Administers, reason: Reason) -> ClosedMonths:
    """What is closed from now on. The re-opening and its reason stay in `events`."""
    with entry.writing() as caller:
        operations.reopen(caller, subsidiary, period, reason)
        return _document(caller, subsidiary)


def _document(caller: Caller, subsidiary: str) -> ClosedMonths:
    home = narrowed(caller, subsidiary)
    items = [_closed(row) for row in closed_months.listed(caller.connection, home)]
    events = [
        ClosedMonthEvent(
            period=month_text(row.period), happening=row.happening, at=row.at, key_id=row.key_id, reason=row.reason
        )
        for row in closed_months.events(caller.connection, home)
    ]
    return ClosedMonths(subsidiary=subsidiary, items=items, events=events)


def _closed(row: Row[Any]) -> ClosedMonth:
    return ClosedMonth(period=month_text(row.period), closed_at=row.closed_at, key_id=row.key_id, note=row.note)
