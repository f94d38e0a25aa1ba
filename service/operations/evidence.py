"""What the facts behind a plan's inputs were counted over, down to statistics lines and deals, by the data of now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument
from service.method.measures import MEASURES
from service.method.months import month_text, parse_month
from service.method.plan.evidence import Counted, Observed, counted
from service.method.plan.inputs import INPUTS, Inputs
from service.method.plan.levers import Lever
from service.method.segments.classes import CLASSES
from service.operations import keeping
from service.operations.observations import Unit, basis_of, observed, unit_name
from service.operations.plans import read_baseline
from service.store import lines, results
from service.store.reach import Reach
from service.values import AMOUNT_SCALE
from service.wording import say

MOST_LINES = 1000
"""So many lines of a customer are looked through for those to show."""
STEPS = ("lead", "qualified", "offer")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a plan, and what it was counted over. `value`: as the plan has it; `found`: what the rows make now."""

    name: str
    value: float
    provenance: str
    counted: Counted

    @property
    def found(self) -> float | None:
        return self.counted.value


@dataclass(frozen=True)
class Facts:
    """Of a kept plan with its summary, units and baseline; its data are read once, when they are asked for."""

    caller: Caller
    home: Reach
    row: Row[Any]
    kept: dict[str, Any]
    units: list[Unit]
    baseline: Inputs
    levers: list[Lever]
    _read: dict[tuple[str, str, str], Sequence[Row[Any]]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, caller: Caller, identifier: str) -> "Facts":
        home, row = keeping.find(caller, results.PLAN, identifier)
        return cls(caller, home, row, keeping.summary(row), *read_baseline(caller, home, row))

    @property
    def fresh(self) -> bool:
        """Whether the data are those that the plan was calculated from."""
        return bool(self.row.data_revision == self.row.newest)

    @cached_property
    def _observed(self) -> Observed:
        return observed(self.caller, basis_of(self.caller, self.row, self.kept), self.kept["by"])

    def find(self, number: str) -> Fact | None:
        """The fact that an explanation names, as in `orders.u1.A.order_frequency`; None where it is none."""
        match number.split("."):
            case [fact, unit, abc_class, name] if abc_class in CLASSES and name in INPUTS:
                place = int(unit[1:]) if unit[:1] == "u" and unit[1:].isdecimal() and unit.isascii() else 0
                if 1 <= place <= len(self.units):
                    return self._counted(fact, place - 1, abc_class, name)
        return None

    def get(self, number: str) -> Fact:
        """The same. BadArgument where it is none."""
        found = self.find(number)
        if found is None:
            raise BadArgument(
                "number",
                say(
                    "{number!r} is no fact of this plan. Its explanation names them: orders.u1.A.order_frequency.",
                    number=number,
                ),
            )
        return found

    def _counted(self, fact: str, place: int, abc_class: str, name: str) -> Fact | None:
        source = self.baseline.sources[name][place][CLASSES.index(abc_class)]
        if source.evidence is None or fact not in source.evidence.terms:
            return None
        first = parse_month(self.kept["first"])
        unit = unit_name(self.units[place])
        found = counted(self._observed, unit, abc_class, name, fact, source.provenance, first)
        return Fact(fact, source.evidence.terms[fact], source.provenance, found)

    def rows(self, fact: Fact, start: int, limit: int) -> list[dict[str, Any]]:
        """What was counted, the largest first, from one place on."""
        frame = fact.counted.rows
        shown: list[dict[str, Any]] = []
        names = ["value", *(name for name in ("customer", "period", "deal") if name in frame)]
        ordered = frame.sort_values(names, ascending=[name != "value" for name in names])
        for one in ordered.iloc[start : start + limit].to_dict("records"):
            item: dict[str, Any] = {"customer": one["customer"], "share": one["share"], "value": one["value"]}
            if fact.counted.source == "funnel":
                item["period"] = month_text(one["period"])
            if fact.counted.source == "deals":
                item |= {"deal": one["deal"], "stage": STEPS[one["stage"]], "outcome": one["outcome"]}
            shown.append(item)
        return shown

    def months_of(self, item: dict[str, Any]) -> tuple[str, str]:
        """The months in which something was counted: its own, else the window's first and last."""
        window = self.kept["window"]
        return (item["period"],) * 2 if "period" in item else (window["first"], window["last"])

    def lines(self, fact: Fact, item: dict[str, Any], limit: int) -> list[dict[str, Any]]:
        """The statistics lines of a customer, or of his month of the funnel, that have something of the fact; of a
        count of customers and of deals none."""
        if fact.name not in MEASURES or fact.counted.source == "deals":
            return []
        found = [one for one in self._lines(item["customer"], *self.months_of(item)) if getattr(one, fact.name)]
        names = ("salesperson", "channel", "product_group")
        return [
            {
                "period": month_text(one.period),
                **{name: getattr(one, name) for name in names},
                "value": getattr(one, fact.name) / AMOUNT_SCALE,
            }
            for one in found[:limit]
        ]

    def _lines(self, customer: str, first: str, last: str) -> Sequence[Row[Any]]:
        """The customer's lines of these months, the first MOST_LINES; several facts ask for the same."""
        key = (customer, first, last)
        if key not in self._read:
            asked = lines.Asked((parse_month(first), parse_month(last)), {"customer": customer})
            self._read[key] = lines.page(self.caller.connection, self.home, MOST_LINES, None, asked)
        return self._read[key]
