"""Requests that are sent again: an `Idempotency-Key` is claimed in the transaction that does the work, and the answer
is kept under it, so that a retry gets the same answer and does nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import KeyReused
from service.failpoints import reach
from service.store import submissions
from service.store.reach import Reach
from service.wording import say


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; `replayed` if it is the answer to an earlier request."""

    status: int
    body: str
    replayed: bool = False


def fingerprint(*parts: str | bytes) -> str:
    """Tells one request from another: SHA-256 over method, path, query, content type and body."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def earlier(caller: Caller, home: Reach, key: str, fingerprint: str) -> Answer | None:
    """What was answered under this key in this subsidiary, if it was used."""
    row = submissions.answer_to(caller.connection, home, key)
    return None if row is None else _replayed(row, fingerprint)


def once(caller: Caller, home: Reach, key: str | None, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """Do the work, unless a request with this key has done it for this subsidiary: then its answer."""
    if key is None:
        return work()
    taken = submissions.claim(caller.connection, home, key, fingerprint, caller.now)
    if taken is not None:
        return _replayed(taken, fingerprint)
    reach("after_key_claim")
    answer = work()
    submissions.answered(caller.connection, home, key, answer.status, answer.body)
    return answer


def _replayed(row: Row[Any], fingerprint: str) -> Answer:
    if row.fingerprint != fingerprint:
        raise KeyReused(say("This Idempotency-Key was used for another request. Take a new key for a new request."))
    return Answer(row.status, row.answer, replayed=True)
