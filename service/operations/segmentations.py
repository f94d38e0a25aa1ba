"""Stored segmentations: computed in the database once for a state of the data, kept, and compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import AmountTooLarge, BadArgument, NotFound
from service.method.months import Window, month_text
from service.method.parameters import Abc, Parameters
from service.method.season import FEWEST_YEARS, seasonal_index
from service.method.segments.cells import Cells
from service.method.segments.classes import LARGEST_SUM
from service.method.segments.migration import Rule
from service.method.segments.regularity import FEWEST_QUARTERS
from service.operations import events, keeping, methods, references, windows
from service.operations.currencies import Rates
from service.operations.segments import Entry, exact_text, migrated, season_of_quarters, window_text
from service.operations.validation import found_wrong
from service.store import cards, customer_sums, lines, results, segmenting, segments, subsidiaries
from service.store.reach import BUILT, GROUP, GROUP_CODE, Reach
from service.values import amount_text
from service.wording import say


@dataclass(frozen=True, slots=True)
class Question:
    """Which segmentation is asked for; None takes the default of each. `changes` are to the method's ABC parameters.

    Without a subsidiary it is of the group, in `currency`.
    """

    subsidiary: str | None
    first: str | None = None
    last: str | None = None
    method: str | None = None
    period: str | None = None
    currency: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a question is about, resolved against one state of the data.

    `home` owns the result, `reach` are the subsidiaries that it contains, by code in `units`.
    """

    home: Reach
    reach: Reach
    units: Mapping[str, Row[Any]]
    data_revision: int
    parameters: Parameters
    window: Window
    data: Window
    currency: str | None

    @property
    def asked(self) -> tuple[str, int, dict[str, Any]]:
        """What the result is kept under."""
        parameters: dict[str, Any] = {
            "window": [month_text(self.window.first), month_text(self.window.last)],
            "abc": self.parameters.abc.model_dump(mode="json"),
        }
        if self.currency is not None:
            parameters["currency"] = self.currency
            parameters["revisions"] = {code: row.data_revision for code, row in self.units.items()}
        return self.parameters.id, self.data_revision, parameters


@dataclass(frozen=True, slots=True)
class Card:
    """A customer, the newest segmentation of his subsidiary, and his row in it."""

    customer: cards.Part
    segmentation: cards.Part | None
    row: cards.Part | None
    abc: Abc | None = None

    @property
    def abc_class(self) -> str | None:
        """The class that counts: set by a person, else computed; None where he is in no segmentation."""
        return self.row.set_class or self.row.abc_class if self.row else None

    @property
    def segment(self) -> str | None:
        """The segment that counts, likewise."""
        return self.row.set_segment or self.row.segment if self.row else None


class _Moved(Exception):
    """The data changed while they were read."""


def compute(entry: Entry, question: Question) -> tuple[Reach, int, bool]:
    """The owner, the number of the segmentation, and whether it is new: the same question finds the kept one.

    Nobody who hands data in waits for it: what was read is stored if the data are still what they were. If they are
    not, it is read again while they are locked.
    """
    with entry.reading() as caller:
        settled = settle(caller, question)
        kept = _find(caller, settled)
    if kept is not None:
        return settled.home, kept, False
    try:
        return _computed(entry, question, locked=False)
    except _Moved:
        return _computed(entry, question, locked=True)


def _computed(entry: Entry, question: Question, *, locked: bool) -> tuple[Reach, int, bool]:
    with entry.writing() as caller:
        connection = caller.connection
        settled = settle(caller, question)
        if locked:
            for row in settled.units.values():
                subsidiaries.revision_for_writing(connection, caller.reach.narrowed([row.id]))
            settled = settle(caller, question)
        results.one_at_a_time(connection, settled.home, results.SEGMENTATION)
        kept = _find(caller, settled)
        if kept is not None:
            return settled.home, kept, False
        number = results.next_one(connection, settled.home, results.SEGMENTATION)
        segmenting.write(connection, settled.reach, settled.home.one, number, _terms(caller, settled))
        summary = {"head": _head(caller, settled, number)}
        if settle(caller, question).asked != settled.asked:
            raise _Moved
        number = keeping.record(caller, settled.home, results.SEGMENTATION, settled.asked, summary)
        _tell(caller, settled.home, number, summary["head"]["customers"])
        return settled.home, number, True


def _tell(caller: Caller, home: Reach, number: int, customers: int) -> None:
    identifier = references.write(subsidiaries.code_of(caller.connection, home), number)
    data = {"segmentation": identifier, "customers": customers, "read": f"/v1/segmentations/{identifier}"}
    events.tell(caller, home, "segmentation.ready", data)


def _find(caller: Caller, settled: Settled) -> int | None:
    return results.find(caller.connection, settled.home, results.SEGMENTATION, keeping.digest(*settled.asked))


def settle(caller: Caller, question: Question) -> Settled:
    """Resolve a question. BadArgument where its parts do not fit together."""
    connection = caller.connection
    if question.subsidiary is None:
        caller.whole_group()
        owner = subsidiaries.group(connection, caller.reach)
        units = {row.code: row for row in subsidiaries.listed(connection, caller.reach)}
    else:
        owner = subsidiaries.get(connection, caller.reach, question.subsidiary)
        units = {owner.code: owner}
    reach = caller.reach.narrowed(row.id for row in units.values())
    data = lines.periods(connection, reach)
    window = windows.resolve(question.first, question.last, data, question.period, owner.fiscal_year_start)
    assert data is not None  # noqa: S101 - resolve refuses where there are no data
    parameters = _with(methods.get(caller, question.method, window.last), question.changes)
    of_group = parameters.abc.scope == "group"
    if of_group != (question.subsidiary is None):
        raise BadArgument("subsidiary", say("Name the subsidiary, or leave it out and ask for the scope group."))
    if of_group != (question.currency is not None):
        raise BadArgument("currency", say("The scope group needs a currency; all others have their subsidiary's own."))
    home = caller.reach.narrowed([owner.id])
    return Settled(home, reach, units, owner.data_revision, parameters, window, data, question.currency)


def _with(parameters: Parameters, changes: Mapping[str, Any]) -> Parameters:
    exact = {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in changes.items()}
    try:
        abc = Abc.model_validate(parameters.abc.model_dump(mode="json") | exact)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "rule"
        raise BadArgument(name, say("{place}: {message}.", place=name, message=found_wrong(first))) from error
    return parameters.model_copy(update={"abc": abc})


def _terms(caller: Caller, settled: Settled) -> customer_sums.Terms:
    window, data, currency = settled.window, settled.data, settled.currency
    count = len(window) // 3
    seasonal = count >= FEWEST_QUARTERS and data.first <= window.last - FEWEST_YEARS * windows.MONTHS_A_YEAR + 1
    if currency is not None:
        first = data.first if seasonal else max(data.first, window.prior.first)
        _require_rates(caller, settled, currency, Window(first, window.last))
    revenue = {}
    if seasonal:
        revenue = customer_sums.by_month(caller.connection, settled.reach, window.last, currency)
    season = season_of_quarters(seasonal_index(revenue, window.last), window, count)
    registers = [row.id for row in settled.units.values() if row.feed_results == "register"]
    after = window.last + 1
    end = date(after // 12, after % 12 + 1, 1).toordinal() - 1
    return customer_sums.Terms(settled.parameters, window, data, season, currency, registers, end)


def _require_rates(caller: Caller, settled: Settled, currency: str, months: Window) -> None:
    """Of each of these months with lines, and of the last one, at which potentials are converted."""
    needed = customer_sums.currencies(caller.connection, settled.reach, months)
    needed += [(row.currency, settled.window.last) for row in settled.units.values()]
    Rates.into(caller.connection, currency).require(needed)


_SIZED = ("value", "prior_value", "prior_revenue", "margin", "orders", "quotes", "contacts", "hours")


def _head(caller: Caller, settled: Settled, number: int) -> dict[str, Any]:
    """What a segmentation says of itself, from the stored rows. AmountTooLarge where a sum leaves 64 bits."""
    connection, window = caller.connection, settled.window
    names = (*_SIZED, "effective_potential")
    rows = segments.sums(connection, settled.reach, (settled.home.one, number), names)
    if any(sum(getattr(row, f"{name}_size") for row in rows) > LARGEST_SUM for name in names):
        raise AmountTooLarge(say("The sum of the amounts does not fit into 64 bits."))
    total, unattributed = customer_sums.totals(connection, settled.reach, window, settled.currency)
    return {
        "window": window_text(window),
        "prior_window": window_text(window.prior),
        "prior_complete": settled.data.first <= window.prior.first,
        "scope": settled.parameters.abc.scope,
        "customers": sum(row.customers for row in rows),
        "floors": [{"scope": row.scope, "a": exact_text(row.floor_a), "b": exact_text(row.floor_b)} for row in rows],
        "control": {
            "revenue": amount_text(total),
            "attributed": amount_text(total - unattributed),
            "unattributed": amount_text(unattributed),
            "class_table": amount_text(sum(row.revenue for row in rows)),
        },
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored segmentation: whose it is, its row, the subsidiaries whose customers it holds, how classes were cut."""

    home: Reach
    row: Row[Any]
    reach: Reach
    abc: Abc

    @property
    def key(self) -> tuple[int, int]:
        return self.row.subsidiary_id, self.row.number

    @property
    def parameters(self) -> dict[str, Any]:
        asked: dict[str, Any] = json.loads(self.row.parameters)
        return asked

    @property
    def months(self) -> int:
        first, last = (windows.month("", text) or 0 for text in self.parameters["window"])
        return last - first + 1


def find(caller: Caller, identifier: str) -> Kept:
    """The segmentation with this id; NotFound where there is none within reach."""
    home, row = keeping.find(caller, results.SEGMENTATION, identifier)
    return _kept(caller, home, row)


def earlier(caller: Caller, kept: Kept, limit: int) -> Kept | None:
    """The last one before it of the same owner, by the same rule and over as many months; of `limit` at most.

    None where there is none, or where one of them looks at later months: then this one is a look back.
    """
    home = kept.home
    for row in results.before(caller.connection, home, results.SEGMENTATION, kept.row.number, limit):
        other = _kept(caller, home, row)
        same = (other.row.method, other.abc, other.months) == (kept.row.method, kept.abc, kept.months)
        if same and other.parameters.get("currency") == kept.parameters.get("currency"):
            return other if other.parameters["window"] <= kept.parameters["window"] else None
    return None


def get(caller: Caller, home: Reach, number: int) -> Kept:
    """The one with this number, which is known to exist."""
    return _kept(caller, home, keeping.get(caller, home, results.SEGMENTATION, number))


def _abc(caller: Caller, row: Row[Any]) -> Abc:
    """How its classes were cut; one from before this was kept followed its method, at the scope that it names."""
    kept = _kept_abc(row.parameters)
    if kept is not None:
        return kept
    standing = methods.version(caller, row.method).parameters.abc
    return standing.model_copy(update={"scope": json.loads(row.parameters).get("scope", standing.scope)})


@lru_cache(BUILT)
def _kept_abc(parameters: str) -> Abc | None:
    kept = json.loads(parameters).get("abc")
    return None if kept is None else Abc.model_validate(kept)


def _kept(caller: Caller, home: Reach, row: Row[Any]) -> Kept:
    abc = _abc(caller, row)
    if row.subsidiary_id != GROUP:
        return Kept(home, row, home, abc)
    contained = json.loads(row.parameters)["revisions"]
    units = subsidiaries.listed(caller.connection, caller.reach)
    return Kept(home, row, caller.reach.narrowed(unit.id for unit in units if unit.code in contained), abc)


def described(caller: Caller, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """What stored segmentations say of themselves, with their rule and the data they were computed from."""
    now = {}
    if any(row.subsidiary_id == GROUP for row in rows):
        now = {unit.code: unit.data_revision for unit in subsidiaries.listed(caller.connection, caller.reach)}
    return [_described(caller, row, now) for row in rows]


def _described(caller: Caller, row: Row[Any], now: Mapping[str, int]) -> dict[str, Any]:
    home = caller.reach.narrowed([row.subsidiary_id])
    kept = Kept(home, row, home, _abc(caller, row))
    abc = kept.abc.model_dump(mode="json")
    more = {name: abc[name] for name in ("rule", "measure", "a", "b", "floor_a", "floor_b")}
    document: dict[str, Any] = keeping.described(row) | keeping.summary(row)["head"] | more
    known = kept.parameters.get("revisions", {row.subsidiary: row.data_revision})
    document["revisions"] = [{"subsidiary": code, "data_revision": number} for code, number in known.items()]
    if row.subsidiary_id == GROUP:
        document["subsidiary"] = GROUP_CODE
        document["currency"] = kept.parameters["currency"]
        document["fresh"] = document["fresh"] and now == known
    return document


def cells(caller: Caller, kept: Kept) -> Cells | None:
    """A stored segmentation added up; None of one from before its rows held all that its tables need."""
    if "classes" in keeping.summary(kept.row):
        return None
    return segments.cells(caller.connection, kept.reach, kept.key, kept.months)


def migration(caller: Caller, kept: Kept, rule: Rule) -> dict[str, Any]:
    """From which class to which, and the revenue bridge, as answers carry them."""
    found = cells(caller, kept)
    if found is not None:
        return migrated(found.cells, rule)
    ready_made: dict[str, Any] = keeping.summary(kept.row)["migration"][rule]
    return ready_made


@dataclass(frozen=True, slots=True)
class Compared:
    """Two segmentations of the same owner: one, and the other since which it is looked at."""

    new: Kept
    old: Kept

    @property
    def reach(self) -> Reach:
        both = [kept.reach.subsidiaries or frozenset() for kept in (self.new, self.old)]
        return Reach(both[0] | both[1], self.new.reach.names)

    @property
    def keys(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return self.new.key, self.old.key

    @property
    def limits_word(self) -> str:
        """Why a class moved that the value did not move: other limits by the same rule, or another rule."""
        same = (self.new.row.method, self.new.abc) == (self.old.row.method, self.old.abc)
        same = same and self.new.parameters.get("currency") == self.old.parameters.get("currency")
        return "limits" if same else "rule"


def compared(caller: Caller, identifier: str, since: str) -> Compared:
    """BadArgument where the two belong to different owners."""
    new, old = find(caller, identifier), find(caller, since)
    if new.row.subsidiary_id != old.row.subsidiary_id:
        raise BadArgument(
            "since",
            say("{since} does not belong to the same subsidiary as {identifier}.", since=since, identifier=identifier),
        )
    return Compared(new, old)


def card(caller: Caller, subsidiary: str, code: str) -> Card:
    """A customer's card; NotFound where there is none within reach."""
    found = cards.card(caller.connection, caller.reach, subsidiary, code)
    if found is None:
        raise NotFound(
            say(
                "There is no customer {code!r} of subsidiary {subsidiary!r} that this key reaches.",
                code=code,
                subsidiary=subsidiary,
            )
        )
    customer, newest, row = found
    return Card(customer, newest, row, None if newest is None else _abc(caller, newest))
