"""Keys as those who administer them see them: nobody sees or makes one that reaches further than himself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from service.access import keys as access
from service.access.keys import Caller, Scope, Token
from service.errors import BadArgument, NotFound
from service.store import keys, subsidiaries
from service.wording import say

Found = tuple[Row[Any], list[str]]
"""A key, and the codes of the subsidiaries that it reaches (none: all)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A key to be made; `subsidiaries` None: the whole group; `days` None: it does not expire."""

    name: str
    scopes: Sequence[Scope]
    subsidiaries: Sequence[str] | None
    days: int | None


def page(caller: Caller, limit: int, after: str | None) -> list[Found]:
    return keys.page(caller.connection, caller.reach, limit, after)


def get(caller: Caller, key_id: str) -> Found:
    """NotFound where there is none within reach."""
    found = keys.find(caller.connection, caller.reach, key_id)
    if found is None:
        raise NotFound(say("There is no key {key_id!r} that this key may administer.", key_id=key_id))
    return found


def create(caller: Caller, asked: Asked) -> tuple[Found, Token]:
    """A new key. Forbidden, NotFound where it would reach further than the caller."""
    if asked.subsidiaries is None:
        caller.whole_group()
    elif not asked.subsidiaries:
        raise BadArgument(
            "subsidiaries", say("Name at least one subsidiary, or leave the field out for the whole group.")
        )
    for code in asked.subsidiaries or ():
        subsidiaries.get(caller.connection, caller.reach, code)
    ends = None if asked.days is None else caller.now + timedelta(days=asked.days)
    token = access.create(caller.connection, asked.name, asked.scopes, asked.subsidiaries, caller.now, ends)
    caller.notes.extend(access.noted(caller.connection, token.key_id, "key.create"))
    return get(caller, token.key_id), token


def rotate(caller: Caller, key_id: str, overlap: timedelta) -> tuple[Found, Token]:
    """Another secret; the one of now stays good for a while. Conflict where the key has ended."""
    get(caller, key_id)
    before = access.terms(caller.connection, key_id)
    token = access.rotated(caller.connection, key_id, overlap, caller.now)
    caller.notes.extend(access.noted(caller.connection, key_id, "key.rotate", before))
    return get(caller, key_id), token


def revoke(caller: Caller, key_id: str) -> Found:
    """End a key at once. Ending it again changes nothing."""
    get(caller, key_id)
    before = access.terms(caller.connection, key_id)
    if keys.revoke(caller.connection, key_id, caller.now):
        caller.notes.extend(access.noted(caller.connection, key_id, "key.revoke", before))
    return get(caller, key_id)
