"""What a method version would change on the data there are: customers who move, and indicators. Nothing is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from service.access.keys import Caller
from service.method.months import Window, month_text
from service.method.parameters import catalogue
from service.operations import figures, kpis, methods
from service.operations.quantities.scope import LOCAL
from service.operations.segments import Basis, read_basis, segmented

_WORDS = ("abc_class", "potential_class", "segment")


@dataclass(frozen=True, slots=True)
class Question:
    """Two versions, and on which data; None takes the default of each."""

    method: str
    against: str
    subsidiary: str
    first: str | None
    last: str | None
    period: str | None


@dataclass(frozen=True, slots=True)
class Effects:
    """Customers by code and indicators that differ, `total` customers there are."""

    window: Window
    data_revision: int
    total: int
    customers: list[dict[str, Any]]
    indicators: list[dict[str, Any]]


def effects(caller: Caller, question: Question) -> Effects:
    """Both versions on one snapshot, for the same window."""
    basis = read_basis(
        caller, question.subsidiary, question.first, question.last, question.method, period=question.period
    )
    other = replace(basis, parameters=methods.version(caller, question.against).parameters)
    now, before = _customers(basis), _customers(other)
    moved = now[(now[list(_WORDS)] != before[list(_WORDS)]).any(axis=1)].index
    customers = [
        {"customer": code, **now.loc[code].to_dict(), **before.loc[code].add_prefix("against_").to_dict()}
        for code in moved.tolist()
    ]
    indicators = _moved(_values(caller, question, basis), _values(caller, question, other))
    return Effects(basis.window, basis.data_revision, len(now), customers, indicators)


def _customers(basis: Basis) -> pd.DataFrame:
    """Class, potential class and segment by code, in the order of the codes."""
    found = segmented(basis).customers
    return found.set_index("code")[list(_WORDS)].astype(str).sort_index()


def _values(caller: Caller, question: Question, basis: Basis) -> dict[str, dict[str, Any]]:
    """Every indicator of a version for the whole subsidiary, in its own currency."""
    asked = figures.Question(
        indicators=tuple(catalogue(basis.parameters)),
        group_by=(),
        first=month_text(basis.window.first),
        last=month_text(basis.window.last),
        currency=LOCAL,
        subsidiaries=(question.subsidiary,),
        method=basis.parameters.id,
    )
    return {row["indicator"]: row for row in kpis.answer(caller, asked)["items"]}


def _moved(now: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those whose values differ. What a version does not have has no value in it."""
    absent = {"value": None, "reason": "This version does not have it."}
    found = []
    for name in dict.fromkeys([*now, *before]):
        one, other = now.get(name, absent), before.get(name, absent)
        if (one["value"], one["reason"]) != (other["value"], other["reason"]):
            told = {"value": one["value"], "reason": one["reason"]}
            against = {"against": other["value"], "against_reason": other["reason"]}
            unit = (now.get(name) or before[name])["unit"]
            found.append({"indicator": name, "unit": unit, **told, **against})
    return found
