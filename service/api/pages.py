"""Lists in pages: an opaque cursor in the body and in `Link: rel="next"`."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from service.errors import BadCursor
from service.values import Whole
from service.wording import say

Limit = Annotated[Whole, Query(ge=1, le=1000, description="At most so many items.")]
Item = TypeVar("Item")
Row = TypeVar("Row")

After = Annotated[str | None, Query(max_length=1000, description="`next` of the page before.")]


class Page(BaseModel, Generic[Item]):
    """A part of a list, and the cursor of the next part."""

    items: list[Item]
    next: str | None = Field(default=None, description="Hand it in as `after`; null on the last page.")


def write_cursor(key: Sequence[Any]) -> str:
    text = json.dumps([part.isoformat() if isinstance(part, date) else part for part in key], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(after: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The key in a cursor, checked to be of these types; None where no cursor was given."""
    if after is None:
        return None
    try:
        parts = json.loads(base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True))
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor(say("`after` is not a cursor that this list has given out.")) from error


def read_place(token: str) -> tuple[Any, ...]:
    """The values in a cursor whose types are for others to judge; text, whole numbers of 64 bits, numbers, nothing."""
    try:
        parts = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
        return tuple(part if part is None else _part(part, _scalar(part)) for part in parts)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadCursor(say("This is not a cursor that this list has given out.")) from error


def _scalar(part: Any) -> type:
    if type(part) not in (str, int, float, bool):
        raise ValueError(part)
    return type(part)


def _part(part: Any, kind: type) -> Any:
    if kind is date:
        return date.fromisoformat(part)
    too_large = isinstance(part, int) and abs(part) >= 2**63
    if isinstance(part, str):
        part.encode()  # a lone surrogate is no text: a ValueError too
    if type(part) is not kind or too_large or (isinstance(part, str) and "\0" in part):
        raise ValueError(part)
    return part


def page_of(
    request: Request,
    response: Response,
    rows: Sequence[Row],
    limit: int,
    item: Callable[[Row], Item],
    key: Callable[[Row], Sequence[Any]],
) -> Page[Item]:
    """The first `limit` of `rows` (which holds one more if there is a next page), with the cursor."""
    shown = rows[:limit]
    following = write_cursor(key(shown[-1])) if len(rows) > limit else None
    if following is not None:
        response.headers["Link"] = f'<{request.url.include_query_params(after=following)}>; rel="next"'
    return Page(items=[item(row) for row in shown], next=following)
