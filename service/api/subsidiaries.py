"""Subsidiaries: the units that report, each with its country and currency."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.models import Strict, SubsidiaryPath, example, narrowed
from service.api.pages import Page
from service.api.problems import responses
from service.api.security import Administers, Reads
from service.errors import Conflict, FeedInUse, NotFound, PreconditionFailed, PreconditionRequired
from service.operations import feeds
from service.operations import subsidiaries as operations
from service.store import subsidiaries
from service.values import Country, Currency

router = APIRouter(tags=["subsidiaries"])
Feed = Literal["lines", "register"]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$", examples=["Kontor Deutschland"])]
IfMatch = Annotated[str | None, Header(description="The etag that was read; needed to change values.")]


class SubsidiaryValues(Strict):
    model_config = example(name="Nordwerk Deutschland", country="DE", currency="EUR", fiscal_year_start=4)

    name: Name
    country: Annotated[Country, Field(description="ISO 3166 code of two letters.", examples=["DE"])]
    currency: Annotated[Currency, Field(description="ISO 4217 code of its amounts.", examples=["EUR"])]
    fiscal_year_start: Annotated[
        int | None,
        Field(
            ge=1,
            le=12,
            strict=True,
            description="Month in which its fiscal year begins; null: as it is, 1 for a new one.",
        ),
    ] = None


class SubsidiaryDocument(Strict):
    code: str
    name: str
    country: str
    currency: str
    fiscal_year_start: int = Field(description="Month in which its fiscal year begins.")
    data_revision: int = Field(description="Raised by each submission that changed something.")
    created_at: datetime
    updated_at: datetime
    etag: str = Field(description="Hand it in as `If-Match` to change the subsidiary.")


@router.get("/subsidiaries", operation_id="listSubsidiaries", summary="Subsidiaries that the key reaches")
def list_subsidiaries(entry: Reads) -> Page[SubsidiaryDocument]:
    """All of them, by code."""
    with entry.reading() as caller:
        rows = subsidiaries.listed(caller.connection, caller.reach)
        return Page(items=[_document(row) for row in rows])


@router.get(
    "/subsidiaries/{subsidiary}",
    operation_id="getSubsidiary",
    summary="One subsidiary",
    responses=responses(NotFound),
)
def get_subsidiary(subsidiary: SubsidiaryPath, response: Response, entry: Reads) -> SubsidiaryDocument:
    """Its values, and the revision of its data."""
    with entry.reading() as caller:
        row = subsidiaries.get(caller.connection, caller.reach, subsidiary)
    response.headers["ETag"] = f'"{operations.etag(row)}"'
    return _document(row)


@router.put(
    "/subsidiaries/{subsidiary}",
    operation_id="putSubsidiary",
    summary="Make or change a subsidiary",
    responses={
        201: {"description": "It was made.", "model": SubsidiaryDocument},
        **responses(NotFound, Conflict, PreconditionFailed, PreconditionRequired),
    },
)
def put_subsidiary(
    subsidiary: SubsidiaryPath,
    values: SubsidiaryValues,
    response: Response,
    entry: Administers,
    if_match: IfMatch = None,
) -> SubsidiaryDocument:
    """Only a key that reaches the whole group can make one. Sending the same values again changes nothing."""
    with entry.writing() as caller:
        row, made = operations.put(caller, subsidiary, values.model_dump(exclude_none=True), if_match)
    response.status_code = 201 if made else 200
    response.headers["ETag"] = f'"{operations.etag(row)}"'
    return _document(row)


def _document(row: Row[Any]) -> SubsidiaryDocument:
    names = SubsidiaryDocument.model_fields.keys() - {"etag"}
    return SubsidiaryDocument(etag=operations.etag(row), **{name: getattr(row, name) for name in names})


class Feeds(Strict):
    """How each group of measures comes: as lines of the form statistics, or from a register."""

    model_config = example(results="lines", funnel="lines", activity="lines")

    results: Feed = Field(description="Orders, revenue, margin. Their register: orders.")
    funnel: Feed = Field(description="Quotes, leads, offers, wins and their values. Their register: deals.")
    activity: Feed = Field(description="Calls, meetings, hours. Their register: activities.")


@router.get(
    "/subsidiaries/{subsidiary}/feeds",
    operation_id="getFeeds",
    summary="How a subsidiary's measures come",
    responses=responses(NotFound),
)
def get_feeds(subsidiary: SubsidiaryPath, entry: Reads) -> Feeds:
    """As lines or from a register, per group of measures."""
    with entry.reading() as caller:
        return Feeds.model_validate(subsidiaries.feeds(caller.connection, narrowed(caller, subsidiary)))


@router.put(
    "/subsidiaries/{subsidiary}/feeds",
    operation_id="putFeeds",
    summary="Declare how a subsidiary's measures come",
    responses=responses(NotFound, FeedInUse),
)
def put_feeds(
    subsidiary: SubsidiaryPath,
    body: Feeds,
    entry: Administers,
    replace: Annotated[bool, Query(description="Allow that lines of the other feed are replaced.")] = False,
) -> Feeds:
    """A switch that would replace stored lines is refused with what it would replace, until `replace=true`. What is
    replaced stays in the history; a register's rows stay, and count again when the feed is switched back."""
    with entry.writing() as caller:
        home = narrowed(caller, subsidiary)
        feeds.switch(caller, home, body.model_dump(), replace=replace)
        return Feeds.model_validate(subsidiaries.feeds(caller.connection, home))
