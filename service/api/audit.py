"""The audit: who did what to which resource, when, and from where."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.access.audit import Action
from service.api.models import PRINTABLE, Strict, SubsidiaryFilter, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import ReadsAudit
from service.errors import NotFound
from service.operations import references
from service.store import audit
from service.values import Moment

router = APIRouter(tags=["audit"])


class AuditEntryDocument(Strict):
    """Something that was done. It holds codes and ids; free text stands with the resource."""

    id: str = Field(description="The subsidiary's code (or `group`), and the place in its chain.")
    subsidiary: str | None = Field(description="Null: it concerns the group.")
    at: datetime
    principal: str = Field(description="Public id of the key that did it; `operator`: a command on the machine.")
    action: str = Field(description="What was done, as in `feeds.change`.")
    resource: str = Field(description="To what: where to read it, below `/v1/`.")
    address: str = Field(description="Where the request came from; empty for a command.")
    request_id: str = Field(description="Its `X-Request-Id`.")
    before: dict[str, Any] | None = Field(description="Settings as they were; null: there were none.")
    after: dict[str, Any] | None = Field(description="Settings as they are since; null: there are none.")
    hash: str = Field(description="SHA-256 over the hash of the entry before and all that stands here.")


@router.get("/audit", operation_id="listAudit", summary="Who did what", responses=responses(NotFound))
def list_audit(
    request: Request,
    response: Response,
    entry: ReadsAudit,
    subsidiary: SubsidiaryFilter = None,
    action: Annotated[Action | None, Query(description="Only what was done so.")] = None,
    resource: Annotated[
        str | None,
        Query(max_length=255, pattern=PRINTABLE, description="Only what was done to it.", examples=["plans/DE.1"]),
    ] = None,
    principal: Annotated[
        str | None, Query(max_length=255, pattern=PRINTABLE, description="Only what this key did.")
    ] = None,
    since: Annotated[
        Moment | None, Query(description="Not before this moment.", examples=["2026-01-01T00:00:00Z"])
    ] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.", examples=["2027-01-01T00:00:00Z"])] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[AuditEntryDocument]:
    """Entries in the order of writing within each subsidiary. Those of the group are for keys that reach all of it."""
    wanted = audit.Wanted(action, resource, principal, since, until)
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = audit.page(caller.connection, reach, limit + 1, read_cursor(after, int, int), wanted)
    return page_of(request, response, rows, limit, _document, lambda row: (row.subsidiary_id, row.number))


def _document(row: Row[Any]) -> AuditEntryDocument:
    names = ("at", "principal", "action", "resource", "address", "request_id", "hash")
    return AuditEntryDocument(
        id=references.write(row.subsidiary, row.number),
        subsidiary=row.subsidiary or None,
        before=None if row.before is None else json.loads(row.before),
        after=None if row.after is None else json.loads(row.after),
        **{name: getattr(row, name) for name in names},
    )
