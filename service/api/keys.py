"""API keys: who may do what, for which subsidiaries, and until when."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field, StringConstraints

from service.access.keys import Scope, Token
from service.api.models import PRINTABLE, Strict, example
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Administers
from service.errors import BadArgument, Conflict, NotFound
from service.operations import keys as operations
from service.operations.keys import Asked, Found
from service.values import Code

router = APIRouter(tags=["keys"])

KeyPath = Annotated[
    str, Path(pattern="^[0-9A-Za-z]{12}$", description="Public id of the key.", examples=["3fT9kQ1bWm2x"])
]


class KeyDocument(Strict):
    id: str = Field(description="Its public id, which records of what was done name.")
    name: str
    scopes: list[Scope]
    subsidiaries: list[str] | None = Field(description="Those it reaches; null: all, whatever there will be.")
    state: Literal["works", "expired", "revoked"]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    former_until: datetime | None = Field(description="Until when the secret before the present one is good.")
    last_used_at: datetime | None = Field(description="To the minute; null: not yet.")


class NewKey(KeyDocument):
    key: str = Field(description="What clients send. It is shown now and never again.")


class KeyRequest(Strict):
    model_config = example(name="crm", scopes=["statistics:write"], subsidiaries=["DE"], days=365)

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)] = Field(
        description="Who uses it."
    )
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    subsidiaries: Annotated[list[Code], Field(max_length=1000)] | None = Field(
        default=None, description="Those it reaches; without it the whole group, which such a key alone can give."
    )
    days: Annotated[int, Field(ge=1, le=3660, strict=True)] | None = Field(
        default=None, description="Days until it expires; without it, it does not."
    )


class RotationRequest(Strict):
    model_config = example(overlap_hours=24)

    overlap_hours: Annotated[int, Field(ge=0, le=720, strict=True)] = Field(
        default=24, description="So long the present secret is good beside the new one."
    )


@router.get("/keys", operation_id="listKeys", summary="API keys")
def list_keys(
    request: Request, response: Response, entry: Administers, limit: Limit = 100, after: After = None
) -> Page[KeyDocument]:
    """Those that reach no further than the key that asks, by id."""
    (since,) = read_cursor(after, str) or (None,)
    with entry.reading() as caller:
        rows = operations.page(caller, limit + 1, since)
        now = caller.now
    return page_of(request, response, rows, limit, lambda one: KeyDocument(**_told(one, now)), lambda one: (one[0].id,))


@router.get("/keys/{key}", operation_id="getKey", summary="One API key", responses=responses(NotFound))
def get_key(key: KeyPath, entry: Administers) -> KeyDocument:
    """Everything but its secret, of which only a hash is stored."""
    with entry.reading() as caller:
        return KeyDocument(**_told(operations.get(caller, key), caller.now))


@router.post(
    "/keys",
    operation_id="createKey",
    summary="Make an API key",
    status_code=201,
    responses=responses(NotFound, BadArgument),
)
def create_key(asked: KeyRequest, entry: Administers) -> NewKey:
    """It is shown once. Sent again, the request makes another key: revoke the one that was not received."""
    with entry.writing() as caller:
        reached = None if asked.subsidiaries is None else list(dict.fromkeys(asked.subsidiaries))
        wanted = Asked(asked.name, list(dict.fromkeys(asked.scopes)), reached, asked.days)
        return _new(operations.create(caller, wanted), caller.now)


@router.post(
    "/keys/{key}/rotate",
    operation_id="rotateKey",
    summary="Give a key another secret",
    responses=responses(NotFound, Conflict),
)
def rotate_key(key: KeyPath, asked: RotationRequest, entry: Administers) -> NewKey:
    """The new secret is shown once; the present one is good for `overlap_hours` yet, any earlier one no longer."""
    with entry.writing() as caller:
        return _new(operations.rotate(caller, key, timedelta(hours=asked.overlap_hours)), caller.now)


@router.delete("/keys/{key}", operation_id="revokeKey", summary="End a key at once", responses=responses(NotFound))
def revoke_key(key: KeyPath, entry: Administers) -> KeyDocument:
    """No process admits a request with it from now on. Its record stays. Revoking again does nothing."""
    with entry.writing() as caller:
        return KeyDocument(**_told(operations.revoke(caller, key), caller.now))


def _new(made: tuple[Found, Token], now: datetime) -> NewKey:
    found, token = made
    return NewKey(**_told(found, now), key=str(token))


def _told(found: Found, now: datetime) -> dict[str, Any]:
    row, codes = found
    names = ("id", "name", "created_at", "expires_at", "revoked_at", "former_until", "last_used_at")
    state = "works"
    if row.revoked_at is not None:
        state = "revoked"
    elif row.expires_at is not None and row.expires_at <= now:
        state = "expired"
    return {
        **{name: getattr(row, name) for name in names},
        "scopes": row.scopes.split(),
        "subsidiaries": None if row.whole_group else codes,
        "state": state,
    }
