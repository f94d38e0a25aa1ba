"""Targets from outside: what a measure is to reach."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from service.method.measures import MEASURES
from service.method.months import Window
from service.operations.quantities.scope import Found, Scope, Source, add, units
from service.store import cells, targets

NAMES = frozenset(("target", "target_ahead"))
OF_TARGET = frozenset(("salesperson", "team", "channel", "abc_class"))
DIMENSIONS = frozenset((*OF_TARGET, *cells.OF_SUBSIDIARY, *cells.OF_CUSTOMER))
_AHEAD = "_ahead"


def read(scope: Scope, names: frozenset[str]) -> Found:
    """A group without a target has none, which is not 0."""
    asked = {name: measured(scope, ["revenue"], ahead=name.endswith(_AHEAD)) for name in names}
    found: Found = {}
    for name, values in asked.items():
        for key, by_measure in values.items():
            found.setdefault(key, {})[name] = by_measure["revenue"]
    return found


def measured(scope: Scope, measures: Sequence[str], *, ahead: bool = False) -> Found:
    """Targets of these measures of the buckets' months, or of as many months after them."""
    windows = [_after(bucket.now) if ahead else bucket.now for bucket in scope.buckets]
    months = min(one.first for one in windows), max(one.last for one in windows)
    found: Found = {}
    for row in fitting(targets.of_measures(scope.caller.connection, scope.reach, measures, months), scope.named):
        home = row.subsidiary_id
        seller, channel = (scope.code(noun, home, getattr(row, f"{noun}_id")) for noun in ("salesperson", "channel"))
        words = scope.words_of(home, row.period, row.customer_id, seller, channel)
        own = {"team": row.team} if row.team else {}
        group = scope.group(words | own | ({"abc_class": row.abc_class} if row.abc_class else {}))
        if group is None:
            continue
        amount = row.value
        if MEASURES[row.measure].kind == "money":
            amount = scope.in_currency(row.subsidiary_id, amount, row.period)
        for place, window in enumerate(windows):
            if row.period in window:
                add(found, group, place, {row.measure: units(amount)})
    return found


def _after(window: Window) -> Window:
    return Window(window.last + 1, window.last + len(window))


def fitting(rows: Sequence[Row[Any]], named: frozenset[str]) -> list[Row[Any]]:
    """Of each subsidiary and measure the rows of one level: the coarsest that falls apart by what is named.

    A total and its parts are both targets; added up they would count twice.
    """
    levels: dict[tuple[int, str], dict[tuple[str, ...], list[Row[Any]]]] = {}
    for row in rows:
        levels.setdefault((row.subsidiary_id, row.measure), {}).setdefault(level_of(row), []).append(row)
    found: list[Row[Any]] = []
    for own in levels.values():
        fitting = [level for level in own if _falls_apart(level, named)]
        if fitting:
            found += own[min(fitting, key=lambda level: (len(level), level))]
    return found


def level_of(row: Row[Any]) -> tuple[str, ...]:
    """The words that a target names."""
    filled = {
        "salesperson": row.salesperson_id,
        "team": row.team,
        "channel": row.channel_id,
        "customer": row.customer_id,
        "abc_class": row.abc_class,
    }
    return tuple(name for name, value in filled.items() if value)


def _falls_apart(level: tuple[str, ...], named: frozenset[str]) -> bool:
    known = {*level, *cells.OF_SUBSIDIARY}
    if "salesperson" in level:
        known.add("team")
    if "customer" in level:
        known |= {*cells.OF_CUSTOMER, "abc_class"}
    return named <= known


SOURCE = Source(NAMES, DIMENSIONS, read, nothing=None)
