"""A person's class or segment for a customer, in place of the computed one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from service.access.audit import Action
from service.access.keys import Caller
from service.errors import BadArgument, NotFound
from service.method.months import month_text
from service.operations import windows
from service.operations.subsidiaries import must_match
from service.store import customers, overrides, revisions, subsidiaries
from service.store.reach import Reach
from service.wording import say

_VALUES = ("abc_class", "segment", "until", "reason")


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that were set for a customer, the newest first."""

    rows: Sequence[Row[Any]]

    @property
    def current(self) -> Row[Any] | None:
        """What stands, whether it is still valid or not."""
        return self.rows[0] if self.rows and self.rows[0].ended_at is None else None

    @property
    def etag(self) -> str:
        """Changes with what stands."""
        number = self.current.number if self.current is not None else 0
        return hashlib.sha256(f"{len(self.rows)}|{number}".encode()).hexdigest()[:16]


def get(caller: Caller, subsidiary: str, code: str) -> Overrides:
    """NotFound where there is no such customer within reach."""
    return Overrides(overrides.of_customer(caller.connection, *_customer(caller, subsidiary, code)))


def put(caller: Caller, subsidiary: str, code: str, values: dict[str, Any], if_match: str | None) -> Overrides:
    """Set a class, a segment or both; `until` is the last month of validity. Setting the same again does nothing."""
    until = windows.month("until", values["until"])
    if values["abc_class"] is None and values["segment"] is None:
        raise BadArgument("abc_class", say("Set a class, a segment, or both."))
    home, customer = _customer(caller, subsidiary, code)
    revision = subsidiaries.revision_for_writing(caller.connection, home)
    found = get(caller, subsidiary, code)
    wanted = values | {"until": until}
    if found.current is not None:
        if all(getattr(found.current, name) == wanted[name] for name in _VALUES):
            return found
        must_match(if_match, found.etag)
    overrides.end(caller.connection, home, customer, caller.now, caller.principal)
    overrides.add(caller.connection, home, customer, wanted | {"at": caller.now, "key_id": caller.principal})
    revisions.raise_to(caller.connection, home, revision + 1, caller.now, caller.principal, "override")
    made = get(caller, subsidiary, code)
    _note(caller, home, "override.set", f"customers/{subsidiary}/{code}/override", (found.current, made.current))
    return made


def end(caller: Caller, subsidiary: str, code: str) -> Overrides:
    """From now on the computed class and segment count. NotFound where nothing was set."""
    home, customer = _customer(caller, subsidiary, code)
    revision = subsidiaries.revision_for_writing(caller.connection, home)
    current = get(caller, subsidiary, code).current
    if current is None:
        raise NotFound(say("Nothing is set for customer {code!r}: the computed class and segment count.", code=code))
    overrides.end(caller.connection, home, customer, caller.now, caller.principal)
    revisions.raise_to(caller.connection, home, revision + 1, caller.now, caller.principal, "override")
    _note(caller, home, "override.end", f"customers/{subsidiary}/{code}/override", (current, None))
    return get(caller, subsidiary, code)


def _note(caller: Caller, home: Reach, action: Action, resource: str, states: tuple[Row[Any] | None, ...]) -> None:
    """What stood and what stands, but for the reason, which is free text."""
    before, after = (None if one is None else _told(one) for one in states)
    caller.note(home, action, resource, before, after)


def _told(row: Row[Any]) -> dict[str, Any]:
    until = None if row.until is None else month_text(row.until)
    return {"abc_class": row.abc_class, "segment": row.segment, "until": until}


def _customer(caller: Caller, subsidiary: str, code: str) -> tuple[Reach, int]:
    row = customers.find(caller.connection, caller.reach, subsidiary, code)
    if row is None:
        raise NotFound(
            say(
                "There is no customer {code!r} of subsidiary {subsidiary!r} that this key reaches.",
                code=code,
                subsidiary=subsidiary,
            )
        )
    return caller.reach.narrowed([row.subsidiary_id]), row.id
