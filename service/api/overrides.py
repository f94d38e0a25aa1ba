"""What a person sets for a customer in place of the computed class and segment."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.models import PRINTABLE, Strict, SubsidiaryPath, example
from service.api.problems import responses
from service.api.security import Reads, Submits
from service.api.segmented import AbcClass, Action
from service.api.subsidiaries import IfMatch
from service.errors import BadArgument, NotFound, PreconditionFailed, PreconditionRequired
from service.method.months import month_text
from service.operations import overrides as operations
from service.values import MonthText

# Before the customer's card, whose path takes everything that follows.
router = APIRouter(tags=["segmentations"])
CustomerPath = Annotated[str, Path(max_length=64, pattern=PRINTABLE, examples=["C-1001"])]


class OverrideValues(Strict):
    model_config = example(abc_class="A", segment="GROW", until="2027-12", reason="A framework contract was signed.")

    abc_class: AbcClass | None = Field(default=None, description="Null: the computed one stays.")
    segment: Action | None = None
    until: MonthText | None = Field(
        default=None, description="Last month of validity: it counts in windows that end by then; null: until ended."
    )
    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00-\x20][^\x00-\x1f]*$")]


class OverrideRecord(Strict):
    """That a class or segment was set; such a record is kept."""

    abc_class: AbcClass | None
    segment: Action | None
    until: str | None
    reason: str
    at: datetime
    key_id: str = Field(description="Public id of the key that set it, or `oidc_…` for the subject of a token.")
    ended_at: datetime | None = Field(description="When another one took its place or it was ended.")
    ended_by: str | None = Field(description="Public id of the key that did that.")


class OverrideDocument(Strict):
    subsidiary: str
    customer: str
    abc_class: AbcClass | None = Field(description="Set now; null: the computed one counts.")
    segment: Action | None
    until: str | None
    reason: str | None
    at: datetime | None
    key_id: str | None
    history: list[OverrideRecord] = Field(description="All that were ever set, the newest first.")
    etag: str = Field(description="Hand it in as `If-Match` to change what is set.")


@router.get(
    "/customers/{subsidiary}/{code:path}/override",
    operation_id="getOverride",
    summary="What is set for a customer",
    responses=responses(NotFound),
)
def get_override(subsidiary: SubsidiaryPath, code: CustomerPath, response: Response, entry: Reads) -> OverrideDocument:
    """The class and segment that a person set, and all that were set before."""
    with entry.reading() as caller:
        return _document(subsidiary, code, operations.get(caller, subsidiary, code), response)


@router.put(
    "/customers/{subsidiary}/{code:path}/override",
    operation_id="putOverride",
    summary="Set a customer's class or segment",
    responses=responses(NotFound, BadArgument, PreconditionFailed, PreconditionRequired),
)
def put_override(
    subsidiary: SubsidiaryPath,
    code: CustomerPath,
    values: OverrideValues,
    response: Response,
    entry: Submits,
    if_match: IfMatch = None,
) -> OverrideDocument:
    """It counts in segmentations computed from now on; the computed class and segment stay beside it. It raises the
    data revision: kept segmentations become stale and never change."""
    with entry.writing() as caller:
        found = operations.put(caller, subsidiary, code, values.model_dump(), if_match)
        return _document(subsidiary, code, found, response)


@router.delete(
    "/customers/{subsidiary}/{code:path}/override",
    operation_id="endOverride",
    summary="Let the computed class and segment count again",
    responses=responses(NotFound),
)
def end_override(
    subsidiary: SubsidiaryPath, code: CustomerPath, response: Response, entry: Submits
) -> OverrideDocument:
    """What was set stays in the history."""
    with entry.writing() as caller:
        return _document(subsidiary, code, operations.end(caller, subsidiary, code), response)


def _document(subsidiary: str, code: str, found: operations.Overrides, response: Response) -> OverrideDocument:
    response.headers["ETag"] = f'"{found.etag}"'
    current = found.current
    names = ("abc_class", "segment", "until", "reason", "at", "key_id")
    standing = dict.fromkeys(names) if current is None else {name: getattr(_record(current), name) for name in names}
    history = [_record(row) for row in found.rows]
    return OverrideDocument(subsidiary=subsidiary, customer=code, **standing, history=history, etag=found.etag)


def _record(row: Row[Any]) -> OverrideRecord:
    names = OverrideRecord.model_fields.keys() - {"until"}
    until = None if row.until is None else month_text(row.until)
    return OverrideRecord(until=until, **{name: getattr(row, name) for name in names})
