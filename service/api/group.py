"""The group: what holds for all its subsidiaries together."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.models import Strict, example
from service.api.problems import responses
from service.api.security import Administers, Reads
from service.api.subsidiaries import IfMatch, Name
from service.errors import PreconditionFailed, PreconditionRequired
from service.operations import subsidiaries as operations
from service.store import subsidiaries

router = APIRouter(tags=["subsidiaries"])


class GroupValues(Strict):
    model_config = example(name="Nordwerk", fiscal_year_start=4)

    name: Annotated[Name | None, Field(description="Null: as it is.")] = None
    fiscal_year_start: Annotated[
        int, Field(ge=1, le=12, strict=True, description="Month in which the group's fiscal year begins.")
    ]


class GroupDocument(Strict):
    name: str = Field(description="Empty until somebody gives it.")
    fiscal_year_start: int = Field(description="What `FY…` means where no single subsidiary is named; 1: January.")
    updated_at: datetime
    etag: str = Field(description="Hand it in as `If-Match` to change the group.")


@router.get("/group", operation_id="getGroup", summary="The group")
def get_group(response: Response, entry: Reads) -> GroupDocument:
    """Its name and its fiscal year. Every key may read them: they say what a fiscal period means."""
    with entry.reading() as caller:
        row = subsidiaries.group(caller.connection, caller.reach)
    return _document(row, response)


@router.put(
    "/group",
    operation_id="putGroup",
    summary="Change the group",
    responses=responses(PreconditionFailed, PreconditionRequired),
)
def put_group(values: GroupValues, response: Response, entry: Administers, if_match: IfMatch = None) -> GroupDocument:
    """Only with a key that reaches the whole group. Sending the same values again changes nothing."""
    with entry.writing() as caller:
        row = operations.put_group(caller, values.model_dump(exclude_none=True), if_match)
    return _document(row, response)


def _document(row: Row[Any], response: Response) -> GroupDocument:
    etag = operations.etag(row)
    response.headers["ETag"] = f'"{etag}"'
    return GroupDocument(name=row.name, fiscal_year_start=row.fiscal_year_start, updated_at=row.updated_at, etag=etag)
