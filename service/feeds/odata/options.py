"""The query options of a request: those that are understood; each other one is refused, never ignored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.errors import BadOption, NotImplementedHere
from service.feeds.columns import Column
from service.feeds.odata.filters import read_filter
from service.store.conditions import Condition
from service.wording import say

PAGE = 1_000
"""Rows that one page has at most."""
_MOST = 10**9
_KNOWN = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken")


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of an entity set. `top`: how many rows in all, over all pages."""

    select: tuple[str, ...]
    condition: Condition | None
    order: tuple[tuple[str, bool], ...]
    top: int | None
    skip: int
    count: bool
    token: str | None


def read_options(given: Iterable[tuple[str, str]], columns: Sequence[Column]) -> Options:
    """BadOption for a wrong value or an unknown property, NotImplementedHere for an option that is not understood."""
    found: dict[str, str] = {}
    for name, value in given:
        if name not in _KNOWN:
            raise NotImplementedHere(
                say(
                    "The query option {name!r} is not understood: use {known}.", name=name, known=", ".join(_KNOWN[:-1])
                )
            )
        if name in found:
            raise BadOption(say("{name} stands twice.", name=name))
        found[name] = value
    types = {column.name: column.type for column in columns}
    filtered = found.get("$filter")
    counted = found.get("$count", "false")
    if counted not in ("true", "false"):
        raise BadOption(say("$count is true or false, not {counted!r}.", counted=counted))
    return Options(
        select=_selected(found.get("$select", "*"), list(types)),
        condition=None if filtered is None else read_filter(filtered, types),
        order=_ordered(found.get("$orderby", ""), list(types)),
        top=_number("$top", found["$top"]) if "$top" in found else None,
        skip=_number("$skip", found.get("$skip", "0")),
        count=counted == "true",
        token=found.get("$skiptoken"),
    )


def _selected(text: str, names: Sequence[str]) -> tuple[str, ...]:
    asked = [name.strip() for name in text.split(",")]
    if "*" in asked:
        return tuple(names)
    return tuple(name for name in names if name in {_known("$select", one, names) for one in asked})


def _ordered(text: str, names: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    order: dict[str, bool] = {}
    for part in text.split(",") if text.strip() else ():
        name, *way = part.split() or [""]
        if way not in ([], ["asc"], ["desc"]):
            raise BadOption(say("Write a property and asc or desc, not {part!r}.", part=part.strip()))
        order.setdefault(_known("$orderby", name, names), way == ["desc"])
    return tuple(order.items())


def _known(option: str, name: str, names: Sequence[str]) -> str:
    if name in names:
        return name
    if "/" in name or "(" in name:
        raise NotImplementedHere(say("{option} takes the names of properties, not {name!r}.", option=option, name=name))
    raise BadOption(say("There is no property {name!r}; there are {names}.", name=name, names=", ".join(names)))


def _number(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > _MOST:
        raise BadOption(
            say("{option} is a whole number from 0 to {most}, not {text!r}.", option=option, most=_MOST, text=text)
        )
    return int(text)
