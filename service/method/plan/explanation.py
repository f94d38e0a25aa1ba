"""Why a number of a plan is what it is: its formula, the numbers in it, and where each of these comes from.

A number is named by words between points: a figure (`revenue`, `margin`, and `exact_revenue`, `exact_margin` before
rounding), then any of the unit (`u1` is the plan's first), the class, the block and the month. What it is computed from
is named likewise: `worth.u1.A`, `leads.u1.B`, `orders.u1.A.order_frequency` for a sum behind an input. Formulas hold
+ − * / **, parentheses, numbers, names of terms, and max, min, ceil, rounded(value, coin), and share(year, month, coin,
months…): the month's part of the year in whole coins by largest remainder, gains and losses apart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np

from service.errors import BadArgument
from service.method.plan import blocks
from service.method.plan.blocks import BLOCKS, Plan, Spread
from service.method.plan.explained import Explained, Term, plain, shown
from service.method.plan.inputs import CLOSING, FACTS, INPUTS, RETENTION, Inputs
from service.method.plan.levers import STANDS_FOR, Lever
from service.method.segments.classes import CLASSES
from service.values import to_decimal
from service.wording import say

FIGURES = {
    "revenue": "Revenue, in whole coins.",
    "margin": "Margin, in whole coins.",
    "exact_revenue": "Revenue before rounding.",
    "exact_margin": "Margin before rounding.",
}
QUANTITIES = {
    "staying": "Customers who will be in the class: of each class those who stay or move here.",
    "order_value": "V': revenue per order with the changes of price and quantity.",
    "worth": "What a customer of the class is worth a year: orders × value.",
    "retention": "r: share of the class's customers who go on buying.",
    "won": "Leads that are won a year.",
    "theta": "Share of a year that a win brings, on average, when wins come evenly after the cycle.",
    "new_customers": "New customers who buy in the month, on average.",
    "back": "Customers of the pool who come back within a year.",
    "returned": "Customers who have come back by the month, on average.",
    "closing_months": "Months over which open deals close that no month is known for.",
    "undated": "Worth of the open deals that no month of the plan is known for.",
}
SEASON = "season"
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_FUNCTIONS = ("max", "min", "ceil", "rounded", "share")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the plan: None is the sum over all."""

    unit: int | None = None
    column: int | None = None
    block: str | None = None
    month: int | None = None


Names = Sequence[tuple[str, str]]
"""Of a formula: name and number of each term."""


@dataclass(frozen=True)
class Story:
    """A plan with what it was computed from. `labels` name its months.

    `lines` are its stored lines, revenue and margin: units × classes × blocks × 12, ten-thousandths in whole coins. A
    plan that is not stored has none: each of its figures is rounded once.
    """

    inputs: Inputs
    levers: Sequence[Lever]
    plan: Plan
    season: Sequence[float]
    season_source: str
    spread: Spread
    labels: Sequence[str]
    coin: Decimal
    lines: Mapping[str, np.ndarray] | None = None

    def explain(self, number: str, most: int) -> tuple[list[Explained], bool]:
        """The number and those that it rests on, breadth first, at most so many; and whether these are all."""
        found: dict[str, Explained] = {}
        waiting = [number]
        for name in waiting:
            if name in found:
                continue
            if len(found) == most:
                return list(found.values()), False
            found[name] = self._one(name)
            waiting += [term.number for term in found[name].terms]
        return list(found.values()), True

    def _one(self, number: str) -> Explained:
        head, place, more = self._parsed(number)
        if more:
            return self._fact(number, head, place, more)
        if head in FIGURES:
            return self._figure(number, head, place)
        if head in QUANTITIES:
            formula, names = self._quantity(head, place)
            return self._computed(number, QUANTITIES[head], plain(self._value(head, place)), formula, names)
        if head == SEASON:
            value = plain(self.season[place.month or 0])
            return Explained(number, "Seasonal index of the month; the mean is 1.", value, source=self.season_source)
        if head in INPUTS:
            return self._input(number, head, place)
        raise self._nothing(number)

    def _parsed(self, number: str) -> tuple[str, Place, str]:
        """The first word, the place, and of a fact the input it belongs to."""
        head, *words = number.split(".")
        place, more = Place(), ""
        for word in words:
            if word in self.labels and place.month is None:
                place = replace(place, month=list(self.labels).index(word))
            elif word in CLASSES and place.column is None:
                place = replace(place, column=CLASSES.index(word))
            elif word in BLOCKS and place.block is None:
                place = replace(place, block=word)
            elif re.fullmatch(r"u[1-9][0-9]{0,5}", word) and int(word[1:]) <= len(self.inputs.units):
                place = replace(place, unit=int(word[1:]) - 1)
            elif word in INPUTS and not more:
                more = word
            else:
                raise self._nothing(number)
        if head == SEASON:
            enough = place.month is not None
        else:
            enough = (head in FIGURES and not more) or None not in (place.unit, place.column)
        if not enough:
            raise self._nothing(number)
        return head, place, more

    def _nothing(self, number: str) -> BadArgument:
        return BadArgument(
            "number",
            say(
                "There is no number {number!r}. Write a figure ({figures}) and any of unit (u1 to u{count}), class (A,"
                " B, C), block ({blocks}) and month ({first} to {last}), with points between,"
                " as in revenue.u1.A.existing; or a number of an explanation.",
                number=number,
                figures=", ".join(FIGURES),
                count=len(self.inputs.units),
                blocks=", ".join(BLOCKS),
                first=self.labels[0],
                last=self.labels[-1],
            ),
        )

    # Figures

    def _figure(self, number: str, head: str, place: Place) -> Explained:
        value = self._figure_value(head, place)
        exact = head.startswith("exact")
        if not exact and (self.lines is None or None not in (place.unit, place.column, place.block)):
            formula, names = self._rounded(head, place)
        elif None in (place.unit, place.column, place.block):
            formula, names = self._sum(head, place)
        elif place.month is None and (head == "exact_revenue" or self.plan.margin_rate.shape[2] > 1):
            formula, names = self._sum_of_months(head, place)
        elif head == "exact_margin":
            rate = "margin_rate"
            names = [("revenue", self._name("exact_revenue", place)), (rate, self._input_name(rate, place))]
            formula = f"revenue * {rate}"
        else:
            formula, names = self._block(place)
        return self._computed(number, FIGURES[head], value, formula, names)

    def _figure_value(self, head: str, place: Place) -> str:
        if self.lines is not None and head in self.lines:
            chosen = (place.unit, place.column, None if place.block is None else BLOCKS.index(place.block), place.month)
            part = self.lines[head][tuple(slice(None) if one is None else slice(one, one + 1) for one in chosen)]
            return plain(to_decimal(int(part.sum())))
        value = self._exact(head.removeprefix("exact_"), place)
        return plain(value) if head.startswith("exact") else plain(self._in_coins(value))

    def _exact(self, figure: str, place: Place) -> float:
        chosen = [block for block in BLOCKS if place.block in (None, block)]
        of_block = self.plan.year if figure == "revenue" else self.plan.margin_year
        of_months = self.plan.months.__getitem__ if figure == "revenue" else self.plan.margins
        total = 0.0
        for block in chosen:
            part = of_block(block) if place.month is None else of_months(block)[:, :, place.month]
            rows = part if place.unit is None else part[[place.unit]]
            total += float((rows if place.column is None else rows[:, [place.column]]).sum())
        return total

    def _in_coins(self, value: float) -> Decimal:
        return round(Fraction(value) / Fraction(self.coin)) * self.coin

    def _rounded(self, head: str, place: Place) -> tuple[str, Names]:
        if place.month is None or self.lines is None:
            return f"rounded(exact, {self.coin})", [("exact", self._name(f"exact_{head}", place))]
        months = [(f"m{t + 1}", self._name(f"exact_{head}", replace(place, month=t))) for t in range(12)]
        listed = ", ".join(name for name, _ in months)
        year = ("year", self._name(head, replace(place, month=None)))
        return f"share(year, {place.month + 1}, {self.coin}, {listed})", [year, *months]

    def _sum(self, head: str, place: Place) -> tuple[str, Names]:
        """Over what the place leaves open first: units, then classes, then blocks."""
        if place.unit is None:
            parts = [(f"u{one + 1}", replace(place, unit=one)) for one in range(len(self.inputs.units))]
        elif place.column is None:
            parts = [(name, replace(place, column=column)) for column, name in enumerate(CLASSES)]
        else:
            parts = [(block, replace(place, block=block)) for block in BLOCKS]
        return " + ".join(name for name, _ in parts) or "0", [(name, self._name(head, part)) for name, part in parts]

    def _sum_of_months(self, head: str, place: Place) -> tuple[str, Names]:
        names = [(f"m{month + 1}", self._name(head, replace(place, month=month))) for month in range(12)]
        return " + ".join(name for name, _ in names), names

    # Blocks

    def _block(self, place: Place) -> tuple[str, Names]:
        """A block's month."""
        month = place.month or 0
        season = (SEASON, f"{SEASON}.{self.labels[month]}")
        worth = ("worth", self._quantity_name("worth", place))
        by_season = self.spread == "season"
        if place.block == "existing":
            return "staying * worth / 12 * season", [("staying", self._quantity_name("staying", place)), worth, season]
        if place.block == "grown":
            names = [(name, self._input_name(name, place)) for name in ("grow_gap", "capture")]
            retention = ("retention", self._quantity_name("retention", place))
            return "grow_gap * capture * retention / 12 * season", [*names, retention, season]
        if place.block == "new":
            words = ("won", "theta") if by_season else ("new_customers",)
            names = [(name, self._quantity_name(name, place)) for name in words]
            return f"{' * '.join(words)} * worth / 12 * season", [*names, worth, season]
        if place.block == "reactivated":
            word = "back" if by_season else "returned"
            formula = f"{word}{' / 2' if by_season else ''} * worth / 12 * season"
            return formula, [(word, self._quantity_name(word, place)), worth, season]
        return self._closing(place, season)

    def _closing(self, place: Place, season: tuple[str, str]) -> tuple[str, Names]:
        """A month of the open deals."""
        if self.spread == "season":
            return "open_deals / 12 * season", [("open_deals", self._input_name("open_deals", place)), season]
        month = place.month or 0
        known = CLOSING[month]
        names = [(known, self._input_name(known, place))] if known in self._dated(place) else []
        length = ("closing_months", self._quantity_name("closing_months", place))
        if month < self._value("closing_months", place):
            rest = ("undated", self._quantity_name("undated", place))
            return " + ".join([*(name for name, _ in names), "undated / closing_months"]), [*names, rest, length]
        return (known, names) if names else ("0 * closing_months", [length])

    def _dated(self, place: Place) -> list[str]:
        """The months in which open deals of the unit and class are expected to close."""
        cell = (place.unit or 0, place.column or 0)
        return [name for name in CLOSING if self._deep.values[name][cell].any()]

    def _quantity(self, head: str, place: Place) -> tuple[str, Names]:
        number = (place.month or 0) + 1
        if head == "staying":
            own = RETENTION[place.column or 0]
            rows = [replace(place, column=column) for column in range(len(CLASSES))]
            names = [
                (f"{word}_{CLASSES[row.column or 0]}", self._input_name(word, row))
                for row in rows
                for word in ("customers", own)
            ]
            return " + ".join(f"customers_{name} * {own}_{name}" for name in CLASSES), names
        if head == "undated":
            words = ["open_deals", *self._dated(place)]
            return " - ".join(words), [(word, self._input_name(word, place)) for word in words]
        if head == "new_customers" and place.month is not None and self._by_cohort:
            return self._cohorts(place, number)
        if head == "returned" and self._quantities["back"].shape[2] > 1:
            parts = [(f"back_{t + 1}", self._quantity_name("back", replace(place, month=t))) for t in range(number)]
            return f"({' + '.join(name for name, _ in parts[:-1])}{' + ' * (number > 1)}back_{number} / 2) / 12", parts
        formula = _QUANTITY_FORMULAS[head].format(month=number, before=number - 1)
        words = [word for word in dict.fromkeys(_WORD.findall(formula)) if word not in _FUNCTIONS]
        return formula, [(word, self._term(word, place)) for word in words]

    def _cohorts(self, place: Place, number: int) -> tuple[str, Names]:
        """The customers of each month's leads, which come after their own cycle."""
        parts, names = [], []
        for start in range(number):
            at = replace(place, month=start)
            names += [(f"won_{start + 1}", self._quantity_name("won", at))]
            names += [(f"cycle_{start + 1}", self._input_name("cycle_months", at))]
            since = [f"max(0, {number - start - later} - cycle_{start + 1}) ** 2" for later in range(3)]
            parts.append(f"won_{start + 1} / 24 * ({since[0]} - 2 * {since[1]} + {since[2]})")
        return " + ".join(parts), names

    @cached_property
    def _deep(self) -> Inputs:
        return self.inputs.by_month

    @cached_property
    def _by_cohort(self) -> bool:
        return bool(max(self._quantities["won"].shape[2], self._deep.values["cycle_months"].shape[2]) > 1)

    @cached_property
    def _quantities(self) -> dict[str, np.ndarray]:
        deep = self._deep
        v, value = deep.values, deep.order_value
        won, back = v["leads"] * deep.conversion, v["pool"] * v["reactivation_rate"]
        return {
            "staying": deep.stay,
            "order_value": value,
            "worth": v["order_frequency"] * value,
            "retention": deep.retention,
            "won": won,
            "theta": np.maximum(0, 12 - v["cycle_months"]) ** 2 / 288,
            "new_customers": blocks.new_customers(won, v["cycle_months"]),
            "back": back,
            "returned": blocks.returned(back),
            "closing_months": blocks.closing_months(v["cycle_months"]),
            "undated": deep.undated,
        }

    def _value(self, head: str, place: Place) -> float:
        values = self._quantities[head][place.unit or 0, place.column or 0]
        return float(values[(place.month or 0) if len(values) > 1 else 0])

    # Inputs

    def _input(self, number: str, head: str, place: Place) -> Explained:
        unit, column = place.unit or 0, place.column or 0
        found = self.inputs.sources[head][unit][column]
        value = self._input_value(head, place)
        if head in self.inputs.moved and self.inputs.moved[head][column]:
            words = "; ".join(_told(one) for one in self.levers if _moves(one, head, CLASSES[column]))
            source = f"set by lever ({words}); without it {shown(plain(found.value))}, {found.provenance}"
            return Explained(number, INPUTS[head], value, source=source, n=found.n)
        if found.evidence is None:
            return Explained(number, INPUTS[head], value, source=found.provenance, n=found.n)
        where = f"u{unit + 1}.{CLASSES[column]}.{head}"
        names = [(name, f"{name}.{where}") for name in found.evidence.terms]
        told = self._computed(number, INPUTS[head], value, found.evidence.formula, names)
        return replace(told, source=found.provenance, n=found.n)

    def _fact(self, number: str, head: str, place: Place, more: str) -> Explained:
        found = self.inputs.sources[more][place.unit or 0][place.column or 0]
        if found.evidence is None or head not in found.evidence.terms:
            raise self._nothing(number)
        meaning = FACTS[re.sub(r"_[0-9]+$", "", head)]
        return Explained(number, meaning, plain(found.evidence.terms[head]), source=found.provenance)

    # Names and values

    def _term(self, word: str, place: Place) -> str:
        return self._quantity_name(word, place) if word in QUANTITIES else self._input_name(word, place)

    def _input_name(self, word: str, place: Place) -> str:
        month = place.month if self._deep.values[word].shape[2] > 1 else None
        return self._name(word, replace(place, block=None, month=month))

    def _quantity_name(self, word: str, place: Place) -> str:
        month = place.month if self._quantities[word].shape[2] > 1 else None
        return self._name(word, replace(place, block=None, month=month))

    def _name(self, head: str, place: Place) -> str:
        words = [head]
        words += [] if place.unit is None else [f"u{place.unit + 1}"]
        words += [] if place.column is None else [CLASSES[place.column]]
        words += [] if place.block is None else [place.block]
        words += [] if place.month is None else [self.labels[place.month]]
        return ".".join(words)

    def _computed(self, number: str, meaning: str, value: str, formula: str, names: Names) -> Explained:
        terms = tuple(Term(name, told, self._value_of(told)) for name, told in names)
        values = {term.name: shown(term.value) for term in terms}
        filled = _WORD.sub(lambda word: values.get(word[0], word[0]), formula)
        return Explained(number, meaning, value, formula, filled, terms)

    def _value_of(self, number: str) -> str:
        head, place, more = self._parsed(number)
        if more or head == SEASON:
            return self._one(number).value
        if head in FIGURES:
            return self._figure_value(head, place)
        return plain(self._value(head, place)) if head in QUANTITIES else self._input_value(head, place)

    def _input_value(self, head: str, place: Place) -> str:
        values = self._deep.values[head][place.unit or 0, place.column or 0]
        return plain(float(values[(place.month or 0) if len(values) > 1 else 0]))


_QUANTITY_FORMULAS = {
    "order_value": "value_per_order * (1 + price) * (1 + quantity)",
    "worth": "order_frequency * order_value",
    "retention": "to_A + to_B + to_C",
    "won": "leads * conversion_1 * conversion_2 * conversion_3",
    "theta": "max(0, 12 - cycle_months) ** 2 / 288",
    "new_customers": "won / 24 * (max(0, {month} - cycle_months) ** 2 - max(0, {before} - cycle_months) ** 2)",
    "back": "pool * reactivation_rate",
    "returned": "back / 12 * ({month} - 0.5)",
    "closing_months": "min(12, max(1, ceil(cycle_months)))",
}


def _moves(lever: Lever, name: str, abc_class: str) -> bool:
    return name in STANDS_FOR.get(lever.name, (lever.name,)) and lever.abc_class in (None, abc_class)


def _told(lever: Lever) -> str:
    words = f"{lever.name} {lever.operation} {lever.value:g}"
    words += "" if lever.start == 1 else f" from month {lever.start}"
    return words + (f" over {lever.ramp} months" if lever.ramp else "")
