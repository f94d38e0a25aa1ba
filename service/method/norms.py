"""Norms of resources as the statistics show them: how often sellers are with customers, how long, what a deal takes.

What is seen on fewer than five contacts or deals of a class is taken of all classes, of fewer in all from the method.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from service.method.parameters import ResourceNorms
from service.method.plan.deals import ALL_CLASSES, FEWEST, REACHED, reached
from service.method.segments.classes import CLASSES
from service.values import AMOUNT_SCALE

MONTHS_A_YEAR = 12
STAGES = ("lead", "qualified", "offer")


@dataclass(frozen=True, slots=True)
class Norm:
    """A norm of a class, of a stage where it has several: given, observed on `n`, borrowed, or the method's."""

    norm: str
    abc_class: str
    stage: str | None
    value: float
    provenance: str
    n: int | None = None


def observed(
    customers: pd.DataFrame,
    contacts: pd.DataFrame,
    deals: pd.DataFrame,
    work: pd.DataFrame,
    months: int,
    norms: ResourceNorms,
) -> list[Norm]:
    """By norm, class and stage. Amounts and hours are ten-thousandths.

    `customers`: abc_class, contacts (of the window). `contacts`: abc_class, hours of each call or meeting with a
    customer. `deals`: columns as `deals.of_cohort` has them. `work`: deal, stage (0, 1, 2, at its day) and hours of
    each activity on a deal.
    """
    found = [_contacts_a_year(customers, name, months, norms) for name in CLASSES]
    for name in CLASSES:
        own = contacts[contacts["abc_class"] == name]
        standing = Norm("hours_a_contact", name, None, norms.hours_a_contact[name], "method")
        found.append(_seen(standing, ((own["hours"], len(own)), (contacts["hours"], len(contacts)))))
    for name in CLASSES:
        for place, stage in enumerate(STAGES):
            standing = Norm("stage_hours", name, stage, norms.stage_hours[name][place], "method")
            parts = []
            for those in (deals[deals["abc_class"] == name], deals):
                cohort = reached(those, REACHED[place])
                spent = work[(work["stage"] == place) & work["deal"].isin(cohort["deal"])]
                parts.append((spent["hours"], len(cohort)))
            found.append(_seen(standing, parts))
    return found


def document(norms: list[Norm]) -> dict[str, Any]:
    """These norms as a method's document has them."""
    found: dict[str, dict[str, Any]] = {}
    for one in norms:
        of_class = found.setdefault(one.norm, {})
        if one.stage is None:
            of_class[one.abc_class] = one.value
        else:
            of_class.setdefault(one.abc_class, []).append(one.value)
    return found


def _contacts_a_year(customers: pd.DataFrame, name: str, months: int, norms: ResourceNorms) -> Norm:
    own = customers[customers["abc_class"] == name]
    if not len(own) or not customers["contacts"].any():
        return Norm("contacts_a_year", name, None, norms.contacts_a_year[name], "method")
    value = int(own["contacts"].sum()) / AMOUNT_SCALE / len(own) * MONTHS_A_YEAR / months
    return Norm("contacts_a_year", name, None, value, "observed", len(own))


def _seen(standing: Norm, parts: Any) -> Norm:
    """Hours on each of the class, else of all classes, else the standing norm."""
    for (hours, count), provenance in zip(parts, ("observed", ALL_CLASSES), strict=True):
        if count >= FEWEST and hours.any():
            value = int(hours.sum()) / AMOUNT_SCALE / count
            return Norm(standing.norm, standing.abc_class, standing.stage, value, provenance, count)
    return standing


def told(norms: ResourceNorms, seen: list[Norm], given: Mapping[str, Any]) -> list[Norm]:
    """Each norm by class that a requirement is computed with: given, else observed, else the method's."""
    standing = {(one.norm, one.abc_class, one.stage): one for one in seen}
    found = []
    for norm in ("contacts_a_year", "hours_a_contact", "stage_hours"):
        for name in CLASSES:
            own = getattr(norms, norm)[name]
            for stage, value in zip(STAGES, own, strict=True) if norm == "stage_hours" else ((None, own),):
                provenance = "given" if norm in given else "method"
                known = standing.get((norm, name, stage)) if norm not in given else None
                found.append(known or Norm(norm, name, stage, float(value), provenance))
    return found
