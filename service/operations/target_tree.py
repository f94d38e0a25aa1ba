"""Targets of a measure at every level that was handed in, beside what their parts add up to and what came."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument, NoData
from service.method.measures import MEASURES
from service.method.months import Window, month_text
from service.method.targets import LEVEL_WORDS, Level, Node, Target, Words, tree
from service.operations import dimensions, windows
from service.operations.quantities.targets import level_of
from service.operations.segments import read_basis, segmented, window_text
from service.store import customers, labels, lines, salespeople, subsidiaries, targets
from service.store.nouns import NOUNS
from service.store.reach import Reach
from service.values import round_ratio, to_decimal
from service.wording import say

MOST_TARGETS = 100_000
_NOUN_OF = {
    **{noun: noun for noun in ("salesperson", "channel", "customer")},
    "team": "salesperson",
    "abc_class": "customer",
}
"""Word of a target → what a line points to that has it."""


def told(
    caller: Caller, subsidiary: str, measure: str, months: tuple[str | None, str | None], period: str | None
) -> dict[str, Any]:
    """The tree of a subsidiary's targets in these months, by default all that have one. NoData without any target."""
    row = subsidiaries.get(caller.connection, caller.reach, subsidiary)
    home = caller.reach.narrowed([row.id])
    first, last = windows.bounds(*months, period, row.fiscal_year_start)
    rows = targets.of_measures(caller.connection, home, [measure], (first, last), MOST_TARGETS + 1)
    if not rows:
        raise NoData(
            say("No targets of {measure} are stored for these months. Hand in the form targets first.", measure=measure)
        )
    if len(rows) > MOST_TARGETS:
        raise BadArgument("from", say("These months have more than {most} targets: ask for fewer.", most=MOST_TARGETS))
    window = Window(min(one.period for one in rows), max(one.period for one in rows))
    data = lines.periods(caller.connection, home)
    until = min(data.last, window.last) if data is not None else window.first - 1
    ends = None if data is None else min(max(until, data.first), data.last)
    people = _People(caller, home, subsidiary, ends, {name for one in rows for name in level_of(one)})
    found = list(tree([people.target(one) for one in rows]))
    came = {level: people.came(level, measure, window) for level in {one.level for one in found}}
    kind = MEASURES[measure].kind
    return {
        "subsidiary": subsidiary,
        "measure": measure,
        "unit": "number" if kind == "count" else kind,
        "currency": row.currency if kind == "money" else None,
        "window": window_text(window),
        "until": month_text(until) if until >= window.first else None,
        "items": [_item(one, came[one.level].get(one.words, {}), until) for one in found],
    }


class _People:
    """Codes, the teams of sellers, and the sellers, channels and classes of customers.

    `last`: the month with which the 12 months end that classes are of; None: there are no data yet.
    """

    def __init__(self, caller: Caller, home: Reach, subsidiary: str, last: int | None, named: set[str]) -> None:
        connection = caller.connection
        self._caller, self._home = caller, home
        self._codes = {noun: labels.codes(connection, home, NOUNS[noun]) for noun in {_NOUN_OF[name] for name in named}}
        self._teams = dimensions.Teams(salespeople.spans(connection, home))
        self._customers: dict[str, dict[str, str]] = {}
        if "customer" in named:
            rows = customers.portfolio(connection, home)[["code", "salesperson", "channel"]].itertuples(index=False)
            self._customers = {row[0]: {"salesperson": row[1], "channel": row[2]} for row in rows}
        self._classes: dict[str, str] = {}
        if "abc_class" in named and last is not None:
            frame = segmented(read_basis(caller, subsidiary, None, month_text(last), None)).customers
            self._classes = dict(zip(frame["code"].tolist(), frame["abc_class"].tolist(), strict=True))

    def target(self, row: Row[Any]) -> Target:
        words = {name: self._word(row, name) for name in level_of(row)}
        implied = self._of_customer(words.get("customer", ""))
        seller = words.get("salesperson") or implied.get("salesperson", "")
        implied["team"] = self._teams.at(row.subsidiary_id, seller, row.period)
        return Target(row.period, words, implied, row.value)

    def came(self, level: Level, measure: str, window: Window) -> dict[Words, dict[int, int]]:
        """By words of the level and month what the lines have of the measure."""
        nouns = list(dict.fromkeys(_NOUN_OF[name] for name in level))
        found: dict[Words, dict[int, int]] = {}
        for row in lines.sums(self._caller.connection, self._home, window, measure, [f"{noun}_id" for noun in nouns]):
            own = {noun: self._word(row, noun) for noun in nouns}
            own["team"] = self._teams.at(row.subsidiary_id, own.get("salesperson", ""), row.period)
            own["abc_class"] = self._classes.get(own.get("customer", ""), "")
            words = tuple(own[name] for name in level)
            months = found.setdefault(words, {})
            months[row.period] = months.get(row.period, 0) + row.amount
        return found

    def _word(self, row: Row[Any], name: str) -> str:
        if _NOUN_OF[name] != name:
            return str(getattr(row, name))
        return self._codes[name][row.subsidiary_id, getattr(row, f"{name}_id")]

    def _of_customer(self, code: str) -> dict[str, str]:
        own = self._customers.get(code, {})
        return {**own, "abc_class": self._classes.get(code, "")}


def _item(node: Node, came: Mapping[int, int], until: int) -> dict[str, Any]:
    so_far = [month for month in node.months if month <= until]
    whole, due = sum(node.months.values()), sum(node.months[month] for month in so_far)
    actual = sum(came.get(month, 0) for month in so_far) if so_far else None
    return {
        **dict.fromkeys(LEVEL_WORDS, ""),
        **dict(zip(node.level, node.words, strict=True)),
        "top": node.top,
        "months": len(node.months),
        "target": to_decimal(whole),
        "target_to_date": to_decimal(due),
        "actual_to_date": None if actual is None else to_decimal(actual),
        "attainment": round_ratio(actual / due) if actual is not None and due else None,
        "parts": [
            {
                "by": list(part.by),
                "targets": part.targets,
                "allocated": to_decimal(part.amount),
                "unallocated": to_decimal(whole - part.amount),
            }
            for part in node.parts
        ],
    }
