"""Hours and people that a kept plan needs, against those who are there."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from service.method.months import Window
from service.method.norms import document, told
from service.method.parameters import ResourceNorms
from service.method.resources import KINDS, Requirement, requirement
from service.method.segments.classes import CLASSES
from service.operations import dimensions, keeping, methods
from service.operations import norms as observed_norms
from service.operations.observations import Unit
from service.operations.plans import months_of, read_inputs
from service.operations.segments import Entry
from service.store import requirements, results
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, round_ratio

SPARE_BELOW = 0.7


@dataclass(frozen=True, slots=True)
class Question:
    """A plan's id, norms that go first, and whether the others are observed where the statistics show them."""

    plan: str
    norms: dict[str, Any]
    observed: bool = False


def compute(entry: Entry, question: Question) -> tuple[Reach, int, bool]:
    """The subsidiary, the number of the requirement, and whether it is new."""
    with entry.reading() as caller:
        home, plan = keeping.find(caller, results.PLAN, question.plan)
        norms = methods.version(caller, plan.method).parameters.resources
        seen = observed_norms.seen(caller, plan, norms) if question.observed else []
        norms = ResourceNorms.model_validate(norms.model_dump() | document(seen) | question.norms)
        asked = (plan.method, plan.data_revision, {"plan": plan.number, "norms": norms.model_dump(mode="json")})
        kept = results.find(caller.connection, home, results.REQUIREMENT, keeping.digest(*asked))
        if kept is not None:
            return home, kept, False
        units, inputs = read_inputs(caller, home, plan)
        planned = keeping.summary(plan)
        window = months_of(planned)
        employed = dimensions.employment(caller, home)
    needed = requirement(inputs.average, norms)
    with entry.writing() as caller:
        there = present(employed, units, planned["by"], window)
        used = [asdict(one) for one in told(norms, seen, question.norms)]
        summary = {"plan": question.plan, "norms": used, **_summary(units, needed, there, fte(employed, window))}
        number, made = keeping.keep(caller, home, results.REQUIREMENT, asked, summary)
        if made:
            key = {"subsidiary_id": home.one, "requirement": number}
            results.add_rows(caller.connection, requirements.TABLE, [{**key, **row} for row in _rows(units, needed)])
    return home, number, made


def present(
    employed: Sequence[dimensions.Employed], units: Sequence[Unit], by: Sequence[str], window: Window
) -> list[Fraction | None]:
    """FTE employed over the plan's months by unit; None where units cut across sellers."""
    if "channel" in by:
        return [None for _ in units]
    if not by:
        return [fte(employed, window)]
    return [fte([one for one in employed if one.words["salesperson"] == unit[0]], window) for unit in units]


def fte(employed: Sequence[dimensions.Employed], window: Window) -> Fraction:
    return sum((one.in_window(window) for one in employed), Fraction(0))


def _summary(
    units: Sequence[Unit], needed: Requirement, there: Sequence[Fraction | None], all_there: Fraction
) -> dict[str, Any]:
    per_unit = [
        {"salesperson": unit[0], "channel": unit[1], **figures(needed, place, there[place])}
        for place, unit in enumerate(units)
    ]
    return {"productive_hours": number(needed.productive_hours), **totals(needed, all_there), "units": per_unit}


def totals(needed: Requirement, present: Fraction | None) -> dict[str, Any]:
    """Figures of all units together."""
    fte = math.fsum(needed.fte_hours)
    return {
        "hours": number(math.fsum(needed.unit_hours)),
        "kinds": [{"kind": kind, "hours": number(float(needed.hours[kind].sum()))} for kind in KINDS],
        "fte": number(fte),
        "fte_deals": number(math.fsum(needed.fte_deals)),
        "work_in_progress": number(math.fsum(needed.work_in_progress)),
        "heads": sum(needed.heads),
        **_against(fte, present),
    }


def figures(needed: Requirement, place: int, present: Fraction | None) -> dict[str, Any]:
    """Figures of one unit."""
    fte = float(needed.fte_hours[place])
    return {
        "hours": number(float(needed.unit_hours[place])),
        "fte": number(fte),
        "fte_deals": number(float(needed.fte_deals[place])),
        "heads": needed.heads[place],
        **_against(fte, present),
    }


def _against(fte: float, present: Fraction | None) -> dict[str, Any]:
    """The people there, the gap, and the load: below 0.7 spare, up to 1 right, above overloaded."""
    if present is None:
        return {"fte_present": None, "gap": None, "load": None, "zone": None}
    return {
        "fte_present": number(float(present)),
        "gap": number(fte - float(present)),
        **load_zone(fte, float(present)),
    }


def load_zone(needed: float, present: float) -> dict[str, Any]:
    """The load of the people there, and its zone; none where nobody is there."""
    load = needed / present if present else None
    return {"load": None if load is None else number(load), "zone": _zone(load)}


def _zone(load: float | None) -> str | None:
    if load is None:
        return None
    return "spare" if load < SPARE_BELOW else "right" if load <= 1 else "overloaded"


def number(value: float) -> float:
    return float(round_ratio(value))


def _rows(units: list[Unit], needed: Requirement) -> list[dict[str, Any]]:
    return [
        {
            "salesperson": unit[0],
            "channel": unit[1],
            "abc_class": abc_class,
            "kind": kind,
            "hours": round(float(needed.hours[kind][place, column]) * AMOUNT_SCALE),
        }
        for place, unit in enumerate(units)
        for column, abc_class in enumerate(CLASSES)
        for kind in KINDS
    ]
