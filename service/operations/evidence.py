"""What a fact behind a kept plan's input was counted over, read from the data of now."""

from dataclasses import dataclass
from typing import Any

from service.access.keys import Caller
from service.errors import BadArgument
from service.method.months import month_text, parse_month
from service.method.plan.evidence import Counted, counted
from service.method.plan.inputs import INPUTS, Evidence
from service.method.segments.classes import CLASSES
from service.operations import keeping
from service.operations.observations import basis_of, observed, unit_name
from service.operations.plans import read_baseline
from service.store import results

STEPS = ("lead", "qualified", "offer")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a plan, and what it was counted over. `value`: as the plan has it; `found`: what the rows make now."""

    value: float
    provenance: str
    fresh: bool
    counted: Counted
    subsidiary: str
    window: dict[str, str]

    @property
    def found(self) -> float | None:
        return self.counted.value


def read(caller: Caller, identifier: str, number: str) -> Fact:
    """The fact that an explanation names, as in `orders.u1.A.order_frequency`. BadArgument where there is none."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    units, baseline, _ = read_baseline(caller, home, row)
    fact, place, abc_class, name = _parsed(number, len(units))
    source = baseline.sources[name][place][CLASSES.index(abc_class)]
    evidence: Evidence | None = source.evidence
    if evidence is None or fact not in evidence.terms:
        raise _nothing(number)
    found = counted(
        observed(caller, basis_of(caller, row, kept), kept["by"]),
        unit_name(units[place]),
        abc_class,
        name,
        fact,
        source.provenance,
        parse_month(kept["first"]),
    )
    fresh = row.data_revision == row.newest
    return Fact(evidence.terms[fact], source.provenance, fresh, found, row.subsidiary, kept["window"])


def rows(fact: Fact) -> list[dict[str, Any]]:
    """What was counted, the largest first."""
    frame = fact.counted.rows
    shown: list[dict[str, Any]] = []
    names = ["value", *(name for name in ("customer", "period", "deal") if name in frame)]
    for one in frame.sort_values(names, ascending=[name != "value" for name in names]).to_dict("records"):
        item: dict[str, Any] = {"customer": one["customer"], "share": one["share"], "value": one["value"]}
        if fact.counted.source == "funnel":
            item["period"] = month_text(one["period"])
        if fact.counted.source == "deals":
            item |= {"deal": one["deal"], "stage": STEPS[one["stage"]], "outcome": one["outcome"]}
        shown.append(item)
    return shown


def _parsed(number: str, units: int) -> tuple[str, int, str, str]:
    match number.split("."):
        case [fact, unit, abc_class, name] if abc_class in CLASSES and name in INPUTS:
            if unit[:1] == "u" and unit[1:].isdecimal() and unit.isascii() and 1 <= int(unit[1:]) <= units:
                return fact, int(unit[1:]) - 1, abc_class, name
    raise _nothing(number)


def _nothing(number: str) -> BadArgument:
    return BadArgument(
        "number", f"{number!r} is no fact of this plan. Its explanation names them: orders.u1.A.order_frequency."
    )
