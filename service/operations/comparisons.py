"""Subsidiaries, teams or sellers side by side, by any indicators (the method, section 9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from service.access.keys import Caller
from service.errors import MixedCurrencies
from service.method import comparison
from service.method.catalogue import Indicator
from service.method.comparison import FEWEST, Place, Stratum
from service.method.measures import MEASURES
from service.method.parameters import catalogue
from service.method.quantities import QUANTITIES
from service.operations import coverage, kpis, methods
from service.operations import figures as operation
from service.values import round_ratio
from service.wording import say

Of = Literal["subsidiary", "team", "salesperson"]
Unit = tuple[str, ...]
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """`of`: what is compared; `figures`: the indicators, the window, the currency and the subsidiaries."""

    of: Of
    figures: operation.Question


def answer(caller: Caller, question: Question) -> dict[str, Any]:
    """A row per indicator and unit with its place, what the units of an indicator have in common, and notes on what
    makes a subsidiary hard to compare. Units without a word (not attributed) are left out."""
    words = ("subsidiary",) if question.of == "subsidiary" else ("subsidiary", question.of)
    asked = replace(question.figures, group_by=words)
    table = kpis.answer(caller, asked)
    known = catalogue(methods.version(caller, table["method"]).parameters)
    indicators = [known[name] for name in asked.indicators or known]
    mixed = frozenset(one.id for one in indicators if _of_cases(one))
    items, common = [], []
    rows = _by_indicator(table["items"], words)
    by_class = _by_indicator(_by_class(caller, asked, mixed), words)
    notes = _notes(caller, asked, table["window"], indicators)
    noted = {note["subsidiary"] for note in notes}
    for indicator in indicators:
        own, cases = rows.get(indicator.id, []), indicator.id in mixed
        _refuse_several_currencies(own)
        rates = comparison.standardised(_strata(by_class.get(indicator.id, []), words))
        placed, spread = _placed(indicator, own, words, cases=cases)
        for one in own:
            unit = _unit(one, words)
            row = _row(indicator, one, words, placed.get(unit), rates.get(unit), cases=cases)
            items.append(row | {"comparable": one["subsidiary"] not in noted})
        common.append(spread)
    return {"window": table["window"], "items": items, "common": common, "notes": notes}


def _of_cases(indicator: Indicator) -> bool:
    """Whether it is a share of cases, so that the mix of classes and the number of cases matter. A norm is no case."""
    counted = [QUANTITIES[name] for name in indicator.parsed.names]
    return indicator.unit == "ratio" and all(one.unit == "number" and one.source != "segmentation" for one in counted)


def _by_class(caller: Caller, asked: operation.Question, mixed: frozenset[str]) -> Sequence[Item]:
    """Figures of the shares of cases by unit and class."""
    if not mixed:
        return []
    question = replace(asked, indicators=tuple(sorted(mixed)), group_by=(*asked.group_by, "abc_class"))
    items: Sequence[Item] = kpis.answer(caller, question)["items"]
    return items


def _by_indicator(items: Sequence[Item], words: Sequence[str]) -> dict[str, list[Item]]:
    """The rows of units that have a word, by indicator."""
    found: dict[str, list[Item]] = {}
    for one in items:
        if all(_unit(one, words)):
            found.setdefault(one["indicator"], []).append(one)
    return found


def _strata(items: Sequence[Item], words: Sequence[str]) -> dict[Unit, dict[str, Stratum]]:
    found: dict[Unit, dict[str, Stratum]] = {}
    for one in items:
        parts = Stratum(_fraction(one["numerator"]), _fraction(one["denominator"]))
        found.setdefault(_unit(one, words), {})[one["abc_class"]] = parts
    return found


def _placed(
    indicator: Indicator, items: Sequence[Item], words: Sequence[str], *, cases: bool
) -> tuple[Mapping[Unit, Place], dict[str, Any]]:
    """The places of the units that are ranked, and what they have in common."""
    values = {
        _unit(one, words): Fraction(one["value"])
        for one in items
        if one["value"] is not None and not (cases and _fraction(one["denominator"]) < FEWEST)
    }
    common = comparison.spread(list(values.values()), indicator.direction)
    told = {
        "indicator": indicator.id,
        "direction": indicator.direction,
        "ranked": common.ranked,
        "median": kpis.shown(indicator, common.median),
        "deviation": kpis.shown(indicator, common.deviation),
        "best_quarter": kpis.shown(indicator, common.best_quarter),
    }
    return comparison.places(values, indicator.direction), told


def _row(
    indicator: Indicator, item: Item, words: Sequence[str], place: Place | None, rate: Fraction | None, *, cases: bool
) -> Item:
    interval = None
    if cases and item["value"] is not None:
        interval = comparison.wilson(_fraction(item["numerator"]), _fraction(item["denominator"]))
    few = cases and place is None and item["value"] is not None
    return {
        **{word: item[word] for word in words},
        **{name: item[name] for name in ("indicator", "value", "unit", "currency", "n")},
        "reason": f"not ranked: fewer than {FEWEST} cases" if few else item["reason"],
        "rank": place.rank if place else None,
        "quartile": place.quartile if place else None,
        "robust_z": _ratio(place.robust_z) if place else None,
        "to_best_quarter": kpis.shown(indicator, place.distance) if place else None,
        "standardised": kpis.ratio_text(rate),
        "interval_low": None if interval is None else _ratio(Fraction(interval[0])),
        "interval_high": None if interval is None else _ratio(Fraction(interval[1])),
    }


def _notes(
    caller: Caller, asked: operation.Question, window: Mapping[str, str], indicators: Sequence[Indicator]
) -> list[Item]:
    """What a subsidiary lacks in the window: whole months, or measures that the indicators need."""
    names = {quantity for one in indicators for quantity in one.parsed.names}
    groups = {MEASURES[name].group for name in names if name in MEASURES}
    found: list[Item] = []
    for code in asked.subsidiaries or (None,):
        months = coverage.Question(code, window["first"], window["last"], None)
        for one in coverage.completeness(caller, months):
            if one["missing"]:
                found.append(_note(one, "missing_months", f"no data for {', '.join(one['missing'])}"))
            found += [
                _note(one, "missing_measures", f"nothing of the group {group['group']} in the window")
                for group in one["groups"]
                if group["group"] in groups and not group["months_with_data"]
            ]
    return found


def _note(of: Item, code: str, message: str) -> Item:
    return {"subsidiary": of["subsidiary"], "code": code, "message": message}


def _refuse_several_currencies(items: Sequence[Item]) -> None:
    used = sorted({one["currency"] for one in items if one["currency"] is not None})
    if len(used) > 1:
        raise MixedCurrencies(say("Amounts in {used} cannot be compared: name one currency=.", used=", ".join(used)))


def _unit(item: Item, words: Sequence[str]) -> Unit:
    return tuple(item[word] for word in words)


def _fraction(text: str | None) -> Fraction:
    return Fraction(text or 0)


def _ratio(value: Fraction | None) -> float | None:
    return None if value is None else float(round_ratio(value))
