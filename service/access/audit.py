"""Who did what to which resource, when, and from where: written in the transaction of the change, in chains.

Each subsidiary has a chain of entries, and the group has one. The hash of an entry covers all that it says and the hash
of the entry before, so what was changed, removed, swapped or put in between shows. Whoever can write to the database
can still cut off the end of a chain, or write it anew from some entry on: that shows against a seal, a line with the
last hash of every chain, signed with a key that the database does not hold and kept outside of it.

Entries hold codes and ids. Free text (names, notes, reasons) may name people and stays with what it belongs to.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row

from service.errors import BadArgument
from service.store import audit
from service.store.audit import Wanted
from service.store.reach import GROUP_CODE, Reach
from service.wording import say

Action = Literal[
    "closed-month.close",
    "closed-month.reopen",
    "feeds.change",
    "group.change",
    "job.accept",
    "key.create",
    "key.revoke",
    "key.rotate",
    "method.post",
    "override.end",
    "override.set",
    "person.erase",
    "plan.approve",
    "plan.compute",
    "plan.supersede",
    "requirement.compute",
    "segmentation.compute",
    "submission.accept",
    "submission.withdraw",
    "subsidiary.change",
    "subsidiary.create",
    "webhook.change",
    "webhook.create",
    "webhook.delete",
    "webhook.replay",
    "webhook.rotate",
    "webhook.test",
]
OPERATOR = "operator"
"""The principal of what is done by a command on the machine itself."""
BEGINNING = "0" * 64
"""What the first entry of a chain has for the hash before it."""
_READ_AT_ONCE = 1000
_SAID = ("at", "principal", "action", "resource", "address", "request_id", "before", "after")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from."""

    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something done in a transaction. `resource` is where to read it, below `/v1/`; `home` whose chain tells it.

    `before` and `after` are the settings that it changed; None where there were none, or there are none now.
    """

    home: Reach
    action: Action
    resource: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry of a chain that is not as it was written, and what is wrong with it."""

    entry: str
    reason: str


def write(connection: Connection, principal: str, now: datetime, origin: Origin, notes: Sequence[Note]) -> None:
    """Append what was done to the chains. The last thing in a transaction: a chain stays locked until its end."""
    for number in sorted({note.home.one for note in notes}):
        own = [note for note in notes if note.home.one == number]
        home = own[0].home
        place, before = audit.newest(connection, home) or (0, BEGINNING)
        entries = []
        for note in own:
            place += 1
            entry = {
                "number": place,
                "at": now,
                "principal": principal,
                "action": note.action,
                "resource": note.resource,
                "address": origin.address,
                "request_id": origin.request_id,
                "before": _json(note.before),
                "after": _json(note.after),
            }
            before = _hash(before, number, entry)
            entries.append(entry | {"hash": before})
        audit.add(connection, home, entries)


def seal(connection: Connection, reach: Reach, key: str, now: datetime, previous: str) -> str:
    """A line with the last hash of every chain within reach, the hash of the seal before (empty: none), signed."""
    heads = [[row.subsidiary_id, row.subsidiary, row.number, row.hash] for row in audit.heads(connection, reach)]
    sealed = {"at": now.isoformat(), "previous": _digest(previous) if previous else "", "chains": heads}
    return json.dumps(sealed | {"signature": _signature(sealed, key)}, ensure_ascii=False)


def read_seals(lines: Iterable[str], key: str) -> dict[tuple[int, int], tuple[str, str]]:
    """(subsidiary_id, number) → code of the subsidiary and hash, of every entry that a seal names.

    BadArgument where a line is no seal, was changed, or does not follow the line before it.
    """
    sealed: dict[tuple[int, int], tuple[str, str]] = {}
    previous = ""
    for place, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            signature = said.pop("signature")
            good = hmac.compare_digest(signature, _signature(said, key))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise BadArgument("seals", say("Line {place} of the seals is no seal.", place=place)) from error
        if not good:
            raise BadArgument(
                "seals", say("Line {place} of the seals was changed, or signed with another key.", place=place)
            )
        if said["previous"] != (_digest(previous) if previous else ""):
            raise BadArgument(
                "seals", say("Line {place} of the seals does not follow the line before it.", place=place)
            )
        previous = line
        for subsidiary_id, subsidiary, number, entry_hash in said["chains"]:
            sealed[subsidiary_id, number] = (subsidiary, entry_hash)
    return sealed


def verify(
    connection: Connection, reach: Reach, sealed: Mapping[tuple[int, int], tuple[str, str]]
) -> tuple[int, list[Broken]]:
    """How many entries there are, and of each chain that does not hold its first broken entry.

    Hold the chains against seals, where there are any: else a chain that ends too early looks whole.
    """
    count, broken, ends = 0, dict[int, Broken](), dict[int, int]()
    hashes: dict[int, str] = {}
    for row in _entries(connection, reach):
        count += 1
        chain = row.subsidiary_id
        reason = _wrong(row, ends.get(chain, 0), hashes.get(chain, BEGINNING), sealed)
        if reason and chain not in broken:
            broken[chain] = Broken(_name(row.subsidiary, row.number), reason)
        ends[chain], hashes[chain] = row.number, row.hash
    for (chain, number), (subsidiary, _) in sorted(sealed.items()):
        if number > ends.get(chain, 0) and chain not in broken:
            broken[chain] = Broken(_name(subsidiary, ends.get(chain, 0) + 1), f"it is missing: {number} were sealed")
    return count, [broken[chain] for chain in sorted(broken)]


def _wrong(row: Row[Any], before: int, hash_before: str, sealed: Mapping[tuple[int, int], tuple[str, str]]) -> str:
    if row.number != before + 1:
        return f"the entry before it is {before}: entries between are missing"
    said = {name: getattr(row, name) for name in ("number", *_SAID)}
    if row.hash != _hash(hash_before, row.subsidiary_id, said):
        return "it is not what was written, or does not follow the entry before it"
    known = sealed.get((row.subsidiary_id, row.number))
    if known is not None and known[1] != row.hash:
        return "it is not the entry that was sealed: it or one before it was written anew"
    return ""


def _entries(connection: Connection, reach: Reach) -> Iterator[Row[Any]]:
    after: tuple[int, int] | None = None
    while rows := audit.page(connection, reach, _READ_AT_ONCE, after, Wanted()):
        yield from rows
        after = (rows[-1].subsidiary_id, rows[-1].number)


def _hash(before: str, subsidiary_id: int, entry: Mapping[str, Any]) -> str:
    at = entry["at"].astimezone(UTC).isoformat()
    said = [subsidiary_id, entry["number"], at, *(entry[name] for name in _SAID[1:])]
    return _digest(before + _json(said))


def _signature(sealed: Mapping[str, Any], key: str) -> str:
    return hmac.new(key.encode(), _json(sealed).encode(), hashlib.sha256).hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _json(value: Any) -> Any:
    """Canonical JSON; None stays None."""
    if value is None:
        return None
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def _name(subsidiary: str, number: int) -> str:
    return f"{subsidiary or GROUP_CODE}.{number}"
