"""`Idempotency-Key`: a request that is sent again gets its first answer."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import BaseModel

from service.api.models import narrowed
from service.api.problems import in_language
from service.api.security import Entry
from service.operations.repeats import Answer, earlier, fingerprint, once
from service.store.reach import GROUP

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Yours to choose, new for each request; the same key again gets the first answer and does nothing.",
    ),
]


def answer_once(
    request: Request, entry: Entry, subsidiary: str | None, key: str | None, body: BaseModel, work: Callable[[], Answer]
) -> Response:
    """The answer to a request for a result. Results are computed once anyway: the key fixes which of them is told.

    `subsidiary` is None for a result of the group.
    """
    if key is None:
        return as_response(work())
    asked = fingerprint(request.method, request.url.path, request.url.query, body.model_dump_json())
    with entry.reading() as caller:
        if subsidiary is None:
            caller.whole_group()
        home = caller.reach.narrowed([GROUP]) if subsidiary is None else narrowed(caller, subsidiary)
        answer = earlier(caller, home, key, asked)
    if answer is None:
        computed = work()
        with entry.writing() as caller:
            answer = once(caller, home, key, asked, lambda: computed)
    return as_response(answer)


def as_response(answer: Answer, lang: str = "") -> Response:
    """`lang` is the language of what a new answer says; an earlier one is in that of the request it was made for."""
    headers = {"Idempotency-Replayed": "true"} if answer.replayed else in_language(lang) if lang else {}
    return Response(answer.body, answer.status, headers, "application/json")
