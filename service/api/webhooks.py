"""Webhooks: being told what happens, by the Standard Webhooks scheme."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.keys import RotationRequest
from service.api.models import ResultPath, Strict, example
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Administers
from service.api.subsidiaries import IfMatch
from service.errors import BadArgument, Conflict, NotFound, PreconditionFailed, PreconditionRequired
from service.operations import references
from service.operations import webhooks as operations
from service.operations.events import EventType
from service.operations.sending import LONGEST_URL, Sender
from service.store import deliveries, webhooks
from service.store.deliveries import State
from service.values import AMOUNT_SCALE, Code

router = APIRouter(tags=["webhooks"])
WebhookPath = Annotated[str, Path(max_length=80, description="Id of the webhook.", examples=["DE.1"])]
EVENTS = 6
"""Kinds of events there are."""


class WebhookValues(Strict):
    model_config = example(
        url="https://crm.example.com/hooks/kontor",
        events=["segmentation.ready", "plan.attainment_below"],
        attainment_limit=0.9,
    )

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_URL,
            description="`https`, port 443 or 8443, a host that is reached from anywhere; no redirect is followed.",
        ),
    ]
    events: Annotated[list[EventType], Field(min_length=1, max_length=EVENTS, description="What to be told of.")]
    attainment_limit: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, strict=True)] | None = Field(
        default=None, description="`plan.attainment_below` tells of attainment to date below it, as in 0.9."
    )
    active: Annotated[bool, Field(strict=True)] = Field(default=True, description="False: nothing is sent.")

    def values(self) -> operations.Values:
        limit = None if self.attainment_limit is None else round(self.attainment_limit * AMOUNT_SCALE)
        return operations.Values(self.url, self.events, limit, self.active)


class WebhookRequest(WebhookValues):
    model_config = example(
        subsidiary="DE", url="https://crm.example.com/hooks/kontor", events=["submission.accepted", "customers.changed"]
    )

    subsidiary: Code | None = Field(
        default=None, description="Told of what happens in it; without it of all, for keys that reach the whole group."
    )


class WebhookDocument(Strict):
    id: str
    subsidiary: str | None = Field(description="Null: it is told of what happens in the whole group.")
    url: str
    events: list[EventType]
    attainment_limit: float | None
    state: Literal["active", "off", "gone"] = Field(description="`gone`: it answered 410; change it to begin again.")
    failures: int = Field(description="Attempts that failed since the last that did not.")
    resume_at: datetime | None = Field(description="It failed lately: nothing is sent before.")
    former_until: datetime | None = Field(description="Until when messages carry a second signature.")
    created_at: datetime
    updated_at: datetime
    etag: str = Field(description="Hand it in as `If-Match` to change the webhook.")


class NewWebhook(WebhookDocument):
    secret: str = Field(description="Verifies signatures. It is shown now and never again.")


class DeliveryDocument(Strict):
    """A message to a webhook, and what became of it."""

    id: str = Field(description="`webhook-id`, the same at every attempt.")
    type: str
    state: State = Field(description="`dead`: given up after three days, or after the answer 410.")
    created_at: datetime
    attempts: int
    due_at: datetime | None = Field(description="The next attempt; null: there is none.")
    ended_at: datetime | None
    last_status: int | None = Field(description="Status of the last answer; null: there was none.")
    last_error: str = Field(description="Why there was no answer.")


class ReplayRequest(Strict):
    model_config = example()

    deliveries: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=1000)] | None = (
        Field(default=None, description="Ids of deliveries, whatever became of them; without it all that are dead.")
    )


class Replayed(Strict):
    deliveries: int = Field(description="So many are sent again.")


@router.get("/webhooks", operation_id="listWebhooks", summary="Webhooks")
def list_webhooks(
    request: Request, response: Response, entry: Administers, limit: Limit = 100, after: After = None
) -> Page[WebhookDocument]:
    """Those of the subsidiaries that the key reaches; those of the group for keys that reach all of it."""
    with entry.reading() as caller:
        rows = webhooks.page(caller.connection, caller.reach, limit + 1, read_cursor(after, int, int))
    key = lambda row: (row.subsidiary_id, row.number)  # noqa: E731
    return page_of(request, response, rows, limit, lambda row: WebhookDocument(**_told(row)), key)


@router.get("/webhooks/{webhook}", operation_id="getWebhook", summary="One webhook", responses=responses(NotFound))
def get_webhook(webhook: WebhookPath, response: Response, entry: Administers) -> WebhookDocument:
    """Everything but its secret."""
    with entry.reading() as caller:
        _, row = operations.find(caller, webhook)
    return _document(row, response)


@router.post(
    "/webhooks",
    operation_id="createWebhook",
    summary="Make a webhook",
    status_code=201,
    responses=responses(NotFound, BadArgument),
)
def create_webhook(asked: WebhookRequest, request: Request, response: Response, entry: Administers) -> NewWebhook:
    """Its secret is shown once. An address inside a private network is refused, now and before each message."""
    with entry.reading():
        pass  # nobody makes us resolve a name without a key that may
    _check(request, asked.url)
    with entry.writing() as caller:
        row = operations.create(caller, asked.subsidiary, asked.values(), request.app.state.safe)
    return _with_secret(row, request, response)


@router.put(
    "/webhooks/{webhook}",
    operation_id="putWebhook",
    summary="Change a webhook",
    responses=responses(NotFound, BadArgument, PreconditionFailed, PreconditionRequired),
)
def put_webhook(
    webhook: WebhookPath,
    values: WebhookValues,
    request: Request,
    response: Response,
    entry: Administers,
    if_match: IfMatch = None,
) -> WebhookDocument:
    """What waits is sent to the new address. Sending the same values again changes nothing."""
    with entry.reading() as caller:
        operations.find(caller, webhook)
    _check(request, values.url)
    with entry.writing() as caller:
        row = operations.change(caller, webhook, values.values(), if_match)
    return _document(row, response)


@router.post(
    "/webhooks/{webhook}/rotate",
    operation_id="rotateWebhookSecret",
    summary="Give a webhook another secret",
    responses=responses(NotFound),
)
def rotate_webhook_secret(
    webhook: WebhookPath, asked: RotationRequest, request: Request, response: Response, entry: Administers
) -> NewWebhook:
    """It is shown once. For `overlap_hours` messages carry two signatures, by the new secret and by the present one."""
    with entry.writing() as caller:
        row = operations.rotate(caller, webhook, timedelta(hours=asked.overlap_hours), request.app.state.safe)
    return _with_secret(row, request, response)


@router.post(
    "/webhooks/{webhook}/test",
    operation_id="testWebhook",
    summary="Send a test message",
    status_code=202,
    responses=responses(NotFound, Conflict),
)
def test_webhook(webhook: WebhookPath, entry: Administers) -> DeliveryDocument:
    """Of the type `webhook.test`, at once. What became of it stands among the deliveries."""
    with entry.writing() as caller:
        return _delivery(operations.try_out(caller, webhook))


@router.get(
    "/webhooks/{webhook}/deliveries",
    operation_id="listDeliveries",
    summary="Messages to a webhook",
    responses=responses(NotFound),
)
def list_deliveries(
    request: Request,
    response: Response,
    webhook: ResultPath,
    entry: Administers,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[DeliveryDocument]:
    """What became of each, by id; those that ended are told for 30 days."""
    (since,) = read_cursor(after, str) or (None,)
    with entry.reading() as caller:
        home, row = operations.find(caller, webhook)
        rows = deliveries.page(caller.connection, home, row.number, limit + 1, since, state)
    return page_of(request, response, rows, limit, _delivery, lambda one: (one.id,))


@router.post(
    "/webhooks/{webhook}/replay",
    operation_id="replayDeliveries",
    summary="Send messages again",
    responses=responses(NotFound, BadArgument),
)
def replay_deliveries(webhook: WebhookPath, asked: ReplayRequest, entry: Administers) -> Replayed:
    """With the same `webhook-id` and body, as if they had just been made."""
    with entry.writing() as caller:
        return Replayed(deliveries=operations.replay(caller, webhook, asked.deliveries))


@router.delete(
    "/webhooks/{webhook}", operation_id="deleteWebhook", summary="Remove a webhook", responses=responses(NotFound)
)
def delete_webhook(webhook: WebhookPath, response: Response, entry: Administers) -> WebhookDocument:
    """With all its deliveries, also those that wait. The answer shows it as it was."""
    with entry.writing() as caller:
        return _document(operations.delete(caller, webhook), response)


def _check(request: Request, url: str) -> None:
    """Refuse an address that nothing may be sent to, as far as its name resolves now."""
    sender: Sender = request.app.state.sender
    asyncio.run(sender.addresses(url))


def _told(row: Row[Any]) -> dict[str, Any]:
    names = ("url", "state", "failures", "resume_at", "former_until", "created_at", "updated_at")
    limit = row.attainment_limit
    return {
        **{name: getattr(row, name) for name in names},
        "id": references.write(row.subsidiary, row.number),
        "subsidiary": row.subsidiary or None,
        "events": row.events.split(),
        "attainment_limit": None if limit is None else limit / AMOUNT_SCALE,
        "etag": operations.etag(row),
    }


def _document(row: Row[Any], response: Response) -> WebhookDocument:
    response.headers["ETag"] = f'"{operations.etag(row)}"'
    return WebhookDocument(**_told(row))


def _with_secret(row: Row[Any], request: Request, response: Response) -> NewWebhook:
    response.headers["ETag"] = f'"{operations.etag(row)}"'
    return NewWebhook(**_told(row), secret=operations.secret_of(row, request.app.state.safe))


def _delivery(row: Row[Any]) -> DeliveryDocument:
    return DeliveryDocument(**{name: getattr(row, name) for name in DeliveryDocument.model_fields})
