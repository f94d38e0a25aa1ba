"""What is asked of every source of quantities: whose figures, grouped how, of which windows, in which currency."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.method.money import convert
from service.method.months import Window, month_text
from service.method.parameters import Parameters
from service.operations import dimensions, segments
from service.operations.currencies import Rates
from service.operations.quantities import kept
from service.store import cells, customers, facts, labels, lines, salespeople, subsidiaries
from service.store.cells import Bucket, Cut, Words
from service.store.nouns import NOUNS
from service.store.reach import Reach
from service.values import AMOUNT_SCALE

LOCAL = "local"
_SEGMENTED = ("customer_id", "salesperson", "channel", *cells.OF_CLASSES, "effective_potential", "gap")
Values = dict[str, Fraction | None]
Found = dict[tuple[Words, int], Values]
"""(words of the group, place of the bucket) → quantities."""


@dataclass(frozen=True, slots=True)
class Series:
    """Buckets that are cut from lines at once, and their places. `back`: so many months back lie the rates of now."""

    places: tuple[int, ...]
    buckets: tuple[Bucket, ...]
    back: int

    @property
    def until(self) -> int:
        return max(bucket.now.last for bucket in self.buckets)


@dataclass
class Scope:
    """`last`: the month with which classes end. `constant`: amounts of now at the rates of the window before.

    `left_out`: what the filters leave out, instead of what fits them.
    """

    caller: Caller
    reach: Reach
    rows: Sequence[Row[Any]]
    parameters: Parameters
    words: Words
    filters: Mapping[str, Sequence[str]]
    buckets: Sequence[Bucket]
    last: int
    currency: str
    constant: bool
    left_out: bool = False
    _segmented: dict[tuple[int, int], pd.DataFrame | None] = field(default_factory=dict, repr=False)
    _codes: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict, repr=False)
    _sums: dict[tuple[str, ...], list[tuple[Series, list[facts.Sums]]]] = field(default_factory=dict, repr=False)

    def other(self, **changes: Any) -> "Scope":
        """The same with something else; what was segmented stays."""
        return replace(self, **changes, _codes={}, _sums={})

    @cached_property
    def named(self) -> frozenset[str]:
        """The dimensions that figures must fall apart by."""
        return frozenset((*self.words, *self.filters))

    @cached_property
    def currencies(self) -> dict[int, str]:
        return {row.id: row.currency for row in self.rows}

    @cached_property
    def rates(self) -> Rates | None:
        return None if self.currency == LOCAL else Rates.into(self.caller.connection, self.currency)

    def segmented(self, home: Row[Any], last: int) -> pd.DataFrame | None:
        """A subsidiary's customers in the 12 months that end with a month, by the question's method.

        None where the data do not reach back so far. Found once, for whoever asks.
        """
        key = (home.id, last)
        if key not in self._segmented:
            data = lines.periods(self.caller.connection, self.reach.narrowed([home.id]))
            frame = None
            if data is not None and data.first <= last:
                end = month_text(min(last, data.last))
                basis = segments.read_basis(self.caller, home.code, None, end, self.parameters.id)
                frame = segments.segmented(basis).customers[[*_SEGMENTED]]
            self._segmented[key] = frame
        return self._segmented[key]

    @cached_property
    def classes(self) -> dict[str, list[Any]]:
        """Each customer's class, potential class, segment and state of the 12 months that end with month `last`.

        Columns subsidiary_id, customer_id and one for each of `cells.OF_CLASSES`.
        """
        found: dict[str, list[Any]] = {name: [] for name in ("subsidiary_id", "customer_id", *cells.OF_CLASSES)}
        for row in self.rows:
            frame = self.segmented(row, self.last)
            if frame is not None:
                found["subsidiary_id"] += [row.id] * len(frame)
                for name in ("customer_id", *cells.OF_CLASSES):
                    found[name] += frame[name].tolist()
        return found

    @cached_property
    def series(self) -> list[Series]:
        """At constant rates buckets of different lengths look back to different months; else all are one series."""
        backs = [len(bucket.now) if self.constant and self.rates else 0 for bucket in self.buckets]
        found = []
        for back in sorted(set(backs)):
            places = tuple(place for place, own in enumerate(backs) if own == back)
            found.append(Series(places, tuple(self.buckets[place] for place in places), back))
        return found

    def cut(self, series: Series, words: Words) -> Cut:
        """How lines are cut for the buckets of a series."""
        classes = self.classes if not set(cells.OF_CLASSES).isdisjoint((*words, *self.filters)) else {}
        return Cut(series.until, words, self.filters, classes, self._line_rates(series), self.left_out)

    def _line_rates(self, series: Series) -> cells.Rates | None:
        if self.rates is None:
            return None
        until, back = series.until, series.back
        pairs = lines.months(self.caller.connection, self.reach, until)
        current = {month for bucket in series.buckets for month in bucket.now.months} if back else set()
        source = [(subsidiary, month, month - back * (month in current)) for subsidiary, month in pairs]
        stock = until - back
        needed = [(self.currencies[s], month) for s, own, now in source for month in (own, now)]
        self.rates.require([*needed, *((currency, stock) for currency in self.currencies.values())])
        return cells.Rates(
            [subsidiary for subsidiary, _, _ in source],
            [month for _, month, _ in source],
            [self.rates.of(self.currencies[subsidiary], now) for subsidiary, _, now in source],
            [self.rates.of(self.currencies[subsidiary], own) for subsidiary, own, _ in source] if back else None,
            {number: self.rates.of(currency, stock) for number, currency in self.currencies.items()},
        )

    def kept(self, question: Hashable, find: Callable[["Scope"], Iterable[tuple[int, Any]]]) -> list[Any]:
        """The rows of each subsidiary: those that are kept, and of the other subsidiaries those that are found now.

        `find` gives rows, each with the id of its subsidiary; they must depend on nothing but the subsidiary's own
        data and values, rates, the scope and the question.
        """
        rates = None if self.rates is None else subsidiaries.group(self.caller.connection, self.reach).data_revision
        filters = tuple(sorted((name, tuple(asked)) for name, asked in self.filters.items()))
        own = (self.parameters.id, self.last, filters, self.left_out, self.currency, rates, question)
        keys = {row.id: (tuple(row), own) for row in self.rows}
        engine = self.caller.connection.engine
        found: dict[Hashable, Sequence[Any]] = kept.known(engine, keys.values())
        missing = [row for row in self.rows if keys[row.id] not in found]
        if missing:
            fresh: dict[Hashable, list[Any]] = {keys[row.id]: [] for row in missing}
            part = self.other(rows=missing, reach=self.reach.narrowed([row.id for row in missing]))
            for subsidiary, row in find(part):
                fresh[keys[subsidiary]].append(row)
            kept.keep(engine, fresh)
            found |= fresh
        return [row for key in keys.values() for row in found[key]]

    def sums(self, names: Sequence[str]) -> list[tuple[Series, list[facts.Sums]]]:
        """Sums of lines for the buckets of each series, of the months of their windows and those before."""
        key = tuple(names)
        if key not in self._sums:
            self._sums[key] = [(one, self._summed(one, key)) for one in self.series]
        return self._sums[key]

    def _summed(self, series: Series, names: tuple[str, ...]) -> list[facts.Sums]:
        def find(part: Scope) -> Iterable[tuple[int, facts.Sums]]:
            months = Window(min(bucket.before.first for bucket in series.buckets), series.until)
            rows = facts.sums(part.caller.connection, part.reach, part.cut(series, part.words), months, names)
            return ((row.subsidiary_id, row) for row in rows)

        return self.kept(("sums", names, self.words, series), find)

    def in_currency(self, subsidiary: int, amount: int, month: int) -> int:
        """An amount of a month; of a month after the newest window at its last month's rate."""
        if self.rates is None:
            return amount
        currency, month = self.currencies[subsidiary], min(month, self.last)
        self.rates.require([(currency, month)])
        return convert(amount, self.rates.of(currency, month))

    @cached_property
    def teams(self) -> dimensions.Teams:
        return dimensions.Teams(salespeople.spans(self.caller.connection, self.reach))

    def group(self, words: Mapping[str, str]) -> Words | None:
        """The group of something that has these words; None where a filter leaves it out."""
        if any(words[name] not in asked for name, asked in self.filters.items()):
            return None
        return tuple(words[name] for name in self.words)

    @cached_property
    def homes(self) -> dict[int, dict[str, str]]:
        """Subsidiary → its words."""
        return {row.id: {"subsidiary": row.code, "country": row.country} for row in self.rows}

    @cached_property
    def portfolio(self) -> pd.DataFrame:
        return customers.portfolio(self.caller.connection, self.reach)

    def code(self, noun: str, subsidiary: int, number: int) -> str:
        """The code of what a row points to."""
        if noun not in self._codes:
            self._codes[noun] = labels.codes(self.caller.connection, self.reach, NOUNS[noun])
        return self._codes[noun][subsidiary, number]

    @cached_property
    def people(self) -> dict[tuple[int, int], dict[str, str]]:
        """Customer → the words that are his, as far as they are asked for."""
        found: dict[tuple[int, int], dict[str, str]] = {}
        if not self.named.isdisjoint(cells.OF_CUSTOMER):
            frame = self.portfolio
            rows = frame[["subsidiary_id", "id", *cells.OF_CUSTOMER]].itertuples(index=False)
            found |= {(row[0], row[1]): dict(zip(cells.OF_CUSTOMER, row[2:], strict=True)) for row in rows}
        if not self.named.isdisjoint(cells.OF_CLASSES):
            known = self.classes
            keys = zip(known["subsidiary_id"], known["customer_id"], strict=True)
            for place, key in enumerate(keys):
                own = found.setdefault(key, {})
                own |= {name: known[name][place] for name in cells.OF_CLASSES}
        return found

    def words_of(self, subsidiary: int, month: int, customer: int, salesperson: str, channel: str) -> dict[str, str]:
        """All words that something of a customer, seller and channel has in a month."""
        unknown = dict.fromkeys((*cells.OF_CUSTOMER, *cells.OF_CLASSES), "")
        return {
            **self.homes[subsidiary],
            **unknown,
            **self.people.get((subsidiary, customer), {}),
            "salesperson": salesperson,
            "channel": channel,
            "team": self.teams.at(subsidiary, salesperson, month) if "team" in self.named else "",
        }


@dataclass(frozen=True, slots=True)
class Source:
    """Where quantities come from. `dimensions`: by which they fall apart without rest.

    `read` gives those of the groups it knows, for other groups each is `nothing`: 0, or None where nothing is known.
    `fed`: the group of measures whose register they are read from; without one of it none of them is known.
    """

    names: frozenset[str]
    dimensions: frozenset[str]
    read: Callable[[Scope, frozenset[str]], Found]
    nothing: Fraction | None = Fraction(0)
    fed: Literal["funnel", "activity"] | None = None

    def missing(self, scope: Scope) -> str | None:
        """Why none of them is known."""
        if self.fed is None or any(getattr(row, f"feed_{self.fed}") == "register" for row in scope.rows):
            return None
        return f"no register feeds the group {self.fed}"


def units(amount: int) -> Fraction:
    """Ten-thousandths as units."""
    return Fraction(amount, AMOUNT_SCALE)


def add(found: Found, group: Words, place: int, values: Mapping[str, Fraction]) -> None:
    """Add these quantities to those of a group."""
    own = found.setdefault((group, place), {})
    for name, value in values.items():
        own[name] = (own.get(name) or Fraction(0)) + value
