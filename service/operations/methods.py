"""Method versions: the parameters that every result names. `standard-1` comes with Kontor; the group posts others."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml
from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import Conflict, NotFound
from service.method.months import parse_month
from service.method.parameters import VERSION_ID, Parameters
from service.operations.method_documents import canonical
from service.store import methods, subsidiaries
from service.store.reach import GROUP
from service.wording import say

KEPT_PARSED = 64


@dataclass(frozen=True, slots=True)
class Version:
    """A method version, the SHA-256 of its canonical document, and who posted it when; None: it came with Kontor."""

    parameters: Parameters
    sha256: str
    key_id: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs between two versions, by its dotted name."""

    name: str
    change: str
    value: Any
    against: Any


@cache
def standard() -> Parameters:
    """The version that came with Kontor."""
    text = resources.files("service.method").joinpath("standard.yaml").read_text(encoding="utf-8")
    return Parameters.model_validate(yaml.safe_load(text))


def listed(caller: Caller) -> list[Version]:
    """The standard one first, then by the month they are valid from."""
    return [_standard(), *(_version(row) for row in methods.listed(caller.connection))]


def version(caller: Caller, method: str) -> Version:
    """The version with this id."""
    if method == standard().id:
        return _standard()
    row = methods.find(caller.connection, method) if re.fullmatch(VERSION_ID, method) else None
    if row is None:
        raise NotFound(say("There is no method version {method!r}; /v1/methods lists those there are.", method=method))
    return _version(row)


def get(caller: Caller, method: str | None, month: int) -> Parameters:
    """The version with this id; without an id, the one valid in the month."""
    if method is not None:
        return version(caller, method).parameters
    row = methods.newest(caller.connection, month)
    if row is None or row.valid_from < parse_month(standard().valid_from):
        return standard()
    return _parsed(row.document)


def post(caller: Caller, parameters: Parameters) -> tuple[Version, bool]:
    """Keep a version; whether it is new. Conflict where its id has another content."""
    caller.whole_group()
    # The group's row is locked, so two posts of one id come one after the other.
    home = caller.reach.narrowed([GROUP])
    subsidiaries.revision_for_writing(caller.connection, home)
    given = Version(parameters, _sha256(parameters), caller.principal, caller.now)
    try:
        kept = version(caller, parameters.id)
    except NotFound:
        values = {
            "id": parameters.id,
            "title": parameters.title,
            "valid_from": parse_month(parameters.valid_from),
            "document": canonical(parameters),
            "sha256": given.sha256,
            "key_id": caller.principal,
            "created_at": caller.now,
        }
        methods.add(caller.connection, values)
        told = {"valid_from": parameters.valid_from, "sha256": given.sha256}
        caller.note(home, "method.post", f"methods/{parameters.id}", None, told)
        return given, True
    if kept.sha256 != given.sha256:
        raise Conflict(
            say("Method version {id!r} has another content, and never changes: choose another id.", id=parameters.id)
        )
    return kept, False


def diff(one: Parameters, against: Parameters) -> tuple[list[Change], list[Change]]:
    """Parameters and indicators of a version that differ from another's; id, title and month of validity aside."""
    return (
        _changes(dict(_values(one)), dict(_values(against))),
        _changes(dict(_own_indicators(one)), dict(_own_indicators(against))),
    )


def _changes(values: Mapping[str, Any], against: Mapping[str, Any]) -> list[Change]:
    words = {(True, True): "changed", (True, False): "added", (False, True): "removed"}
    return [
        Change(name, words[name in values, name in against], values.get(name), against.get(name))
        for name in dict.fromkeys([*values, *against])
        if name not in values or name not in against or values[name] != against[name]
    ]


def _values(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    document = parameters.model_dump(mode="json", exclude={"id", "title", "valid_from", "indicators"})
    return _flat(document, "")


def _own_indicators(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    return _flat({one.id: one.model_dump(mode="json", exclude={"id"}) for one in parameters.indicators}, "")


def _flat(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


@cache
def _standard() -> Version:
    return Version(standard(), _sha256(standard()))


def _version(row: Row[Any]) -> Version:
    return Version(_parsed(row.document), row.sha256, row.key_id, row.created_at)


@lru_cache(KEPT_PARSED)
def _parsed(document: str) -> Parameters:
    return Parameters.model_validate_json(document)


def _sha256(parameters: Parameters) -> str:
    return hashlib.sha256(canonical(parameters).encode()).hexdigest()
