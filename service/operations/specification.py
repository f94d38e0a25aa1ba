"""The technical specification for a CRM: which columns of which forms every indicator and plan input needs, and how
far the data of a subsidiary fill them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from service.access.keys import Caller
from service.forms.catalogue import FORMS
from service.forms.declaration import DELETED, Column
from service.method.catalogue import Indicator
from service.method.indicators import INDICATORS, UNAVAILABLE
from service.method.measures import MEASURES
from service.method.months import month_of, month_text
from service.method.parameters import catalogue
from service.method.plan.inputs import INPUTS, NEEDS
from service.operations import coverage, methods
from service.store import filled, subsidiaries
from service.values import round_ratio

_REGISTERS = {"results": "orders", "funnel": "deals", "activity": "activities"}
"""The register that a measure's lines can be derived from, by group of measures."""
NOTHING: Mapping[str, Any] = {"fed": None, "share": None, "since": None}
"""Nobody asked for the data of a subsidiary."""
NEVER: Mapping[str, Any] = {"fed": False, "share": None, "since": None}


@dataclass(frozen=True, slots=True)
class Filling:
    """Rows of the form, those with something in the column, and their months; `months` None: rows have no time."""

    rows: int
    filled: int
    months: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class Supply:
    """What a subsidiary has handed in, by `form.column`, and the months that it is expected to have data for."""

    columns: Mapping[str, Filling]
    expected: Sequence[int]

    def of(self, needs: Iterable[str]) -> dict[str, Any]:
        """Whether these columns are there, how far, and since when.

        The share is the smallest of: the months expected in which all columns with a time are filled, and the rows of
        each column without one.
        """
        fillings = [self.columns[need] for need in needs]
        dated = [one.months for one in fillings if one.months is not None]
        months = frozenset.intersection(*dated) if dated else frozenset(self.expected)
        fed = bool(months) and all(one.filled for one in fillings)
        shares = [Fraction(one.filled, one.rows) for one in fillings if one.months is None and one.rows]
        if self.expected:
            shares.append(Fraction(len(months.intersection(self.expected)), len(self.expected)))
        return {
            "fed": fed,
            "share": round_ratio(min(shares) if fed else Fraction(0)) if shares else None,
            "since": month_text(min(months)) if fed else None,
        }


def known(caller: Caller, method: str | None) -> Mapping[str, Indicator]:
    """The catalogue, with the own indicators of a method version if one is named."""
    return INDICATORS if method is None else catalogue(methods.version(caller, method).parameters)


def supply(caller: Caller, subsidiary: str, forms: Iterable[str]) -> Supply:
    """What a subsidiary has handed in of these forms."""
    row = subsidiaries.get(caller.connection, caller.reach, subsidiary)
    home = caller.reach.narrowed([row.id])
    (span,) = coverage.expected_spans(caller, coverage.Question(subsidiary, None, None, None))
    found: dict[str, Filling] = {}
    for form in forms:
        names = [column.name for column in _columns(form)]
        stored = {name: filled.column_of(form, name) for name in names}
        rows = filled.by_time(caller.connection, home, form, [*stored.values()], row.currency)
        for name in names:
            counts = [(one.time, getattr(one, f"filled_{stored[name]}") or 0) for one in rows]
            months = frozenset(_month(time) for time, count in counts if count) if filled.dated(form) else None
            total = sum(one.rows for one in rows)
            found[f"{form}.{name}"] = Filling(total, sum(count for _, count in counts), months)
    return Supply(found, span.expected.months if span.expected is not None else ())


def forms_of(needs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(need.split(".")[0] for need in needs))


def specification(caller: Caller, subsidiary: str | None, method: str | None) -> dict[str, Any]:
    """Every column of every form, every indicator and every plan input; without a subsidiary nothing of the data."""
    indicators = known(caller, method)
    there = None if subsidiary is None else supply(caller, subsidiary, FORMS)
    return {
        "subsidiary": subsidiary,
        "months_expected": None if there is None else len(there.expected),
        "fields": [_field(form, column, indicators, there) for form in FORMS for column in _columns(form)],
        "indicators": [
            *(_use(one.id, one.name, one.needs, there) for one in indicators.values()),
            *(_use(one.id, one.name, (), there, one.reason) for one in UNAVAILABLE.values()),
        ],
        "plan_inputs": [_use(name, meaning, NEEDS[name], there) for name, meaning in INPUTS.items()],
    }


def _columns(form: str) -> list[Column]:
    return [column for column in FORMS[form].columns if column.name != DELETED]


def _month(time: int | date) -> int:
    return month_of(time) if isinstance(time, date) else time


def _field(form: str, column: Column, indicators: Mapping[str, Indicator], there: Supply | None) -> dict[str, Any]:
    name = f"{form}.{column.name}"
    filling = None if there is None else there.columns[name]
    group = MEASURES[column.name].group if form == "statistics" and column.name in MEASURES else None
    return {
        "form": form,
        "column": column.name,
        "type": column.kind.name,
        "required": column.required,
        "unit": column.unit,
        "meaning": column.meaning,
        "indicators": [one.id for one in indicators.values() if name in one.needs],
        "plan_inputs": [one for one, needs in NEEDS.items() if name in needs],
        "from_register": _REGISTERS[group] if group is not None else None,
        "rows": None if filling is None else filling.rows,
        "filled": None if filling is None else filling.filled,
        "share": round_ratio(Fraction(filling.filled, filling.rows)) if filling is not None and filling.rows else None,
        "months": len(filling.months) if filling is not None and filling.months is not None else None,
        "since": month_text(min(filling.months)) if filling is not None and filling.months else None,
    }


def _use(
    name: str, title: str, needs: Sequence[str], there: Supply | None, reason: str | None = None
) -> dict[str, Any]:
    given = NOTHING if there is None else NEVER if reason is not None else there.of(needs)
    return {"id": name, "name": title, "needs": list(needs), "reason": reason, **given}
