"""Which customers to work on first (the method, section 8): the margin that an hour may bring, within the hours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.method.parameters import PriorityParameters

GROW, WIN, AT_RISK = "GROW", "WIN", "at risk"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer who is to be grown, won, or kept. Money a year, in units of currency.

    `revenue` is what he buys now; `margin_rate` that of his class, None where it is not known; `retention`
    the share of his class who go on buying for another year.
    """

    code: str
    segment: str
    gap: float
    potential: float
    revenue: float
    margin_rate: float | None
    retention: float
    at_risk: bool = False


@dataclass(frozen=True, slots=True)
class Priority:
    """`gain` is the margin a year that the hours are expected to bring, or to keep; `taken`: within the hours."""

    code: str
    reason: str
    gain: float
    three_year_gain: float
    hours: float
    taken: bool

    @property
    def index(self) -> float | None:
        """Margin per hour; None where no effort is recorded."""
        return self.gain / self.hours if self.hours else None


def ranked(
    candidates: Sequence[Candidate], parameters: PriorityParameters, hours_to_keep: float, hours: float | None
) -> list[Priority]:
    """Customers at risk first, by the margin they bring; then p · min(gap, reach · potential) · margin rate / hours.

    Ties by code. Whoever has no known margin rate, or is neither to be grown nor won, is left out. `hours` None:
    all are taken; else in this order while they fit.
    """
    found = [_priority(one, parameters, hours_to_keep) for one in candidates if one.margin_rate is not None]
    order = sorted((one for one in found if one is not None), key=_order)
    left, taken = hours, []
    for one in order:
        fits = left is None or one.hours <= left + 1e-9
        if fits and left is not None:
            left -= one.hours
        taken.append(replace(one, taken=fits))
    return taken


def _priority(one: Candidate, parameters: PriorityParameters, hours_to_keep: float) -> Priority | None:
    rate = one.margin_rate or 0.0
    if one.at_risk:
        reason, gain, hours = AT_RISK, one.revenue * rate, hours_to_keep
    elif one.segment in (GROW, WIN):
        within = min(one.gap, parameters.reach * one.potential)
        reason, gain = one.segment, parameters.probability[one.segment] * within * rate
        hours = parameters.hours[one.segment]
    else:
        return None
    return Priority(one.code, reason, gain, gain * (1 + one.retention + one.retention**2), hours, taken=False)


def _order(one: Priority) -> tuple[bool, bool, float, str]:
    """At risk first, by what they bring; those without recorded effort last."""
    if one.reason == AT_RISK:
        return False, False, -one.gain, one.code
    return True, one.index is None, -(one.index or 0.0), one.code


def class_of(abc_class: str, potential_class: str) -> str:
    """Whose margin rate and retention count: his class's, or of who buys nothing his potential class's."""
    return potential_class if abc_class == "N" else abc_class
