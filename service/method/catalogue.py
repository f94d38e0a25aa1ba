"""How an indicator is declared, and how declarations become a catalogue: every name known, no cycle, units that fit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Literal

from service.method.formulas import BadFormula, Formula, UnitClash
from service.method.quantities import QUANTITIES
from service.method.units import OF_INDICATORS, OF_QUANTITIES, IndicatorUnit
from service.wording import Message, say

Kind = Literal["result", "efficiency", "management", "quality"]
Direction = Literal["higher", "lower", "neutral"]
Owner = Literal["seller", "team lead", "commercial director", "marketing", "controller"]
LITERATURE = "Sales-management literature; the formula is Kontor's own."


@dataclass(frozen=True, slots=True)
class Declaration:
    """`formula` runs over the quantities of a group and over other indicators; `n` names the quantity that says how
    much it rests on; `owner` is who can move it."""

    id: str
    name: str
    kind: Kind
    unit: IndicatorUnit
    direction: Direction
    formula: str
    n: str
    owner: Owner
    meaning: str
    source: str = LITERATURE


@dataclass(frozen=True, slots=True)
class Indicator(Declaration):
    """`parsed` is the formula that is executed: other indicators in it are replaced by their formulas."""

    parsed: Formula = field(kw_only=True, compare=False)

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns of forms, as `form.column`, that its quantities are made of."""
        columns = (column for name in sorted(self.parsed.names) for column in QUANTITIES[name].needs)
        return tuple(dict.fromkeys(columns))


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An indicator of the method that no form can feed: it is named, and never has a number."""

    id: str
    name: str
    kind: Kind
    unit: IndicatorUnit
    direction: Direction
    owner: Owner
    meaning: str
    reason: str
    source: str = LITERATURE


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the declaration at this place of the list, in which field."""

    place: int
    field: str
    code: str
    message: Message


class BadCatalogue(ValueError):
    """Declarations that cannot stand; `findings` are all that is wrong."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings


def resolved(
    declared: Sequence[Declaration],
    known: Mapping[str, Indicator] | None = None,
    *,
    reserved: frozenset[str] = frozenset(),
) -> dict[str, Indicator]:
    """The indicators declared, by id, on top of those `known`. Raises BadCatalogue with every finding.

    Without `known`, an id may be that of a quantity if the quantity is its whole formula.
    """
    resolving = _Resolving(declared, known or {}, reserved)
    found = {}
    for place, one in enumerate(declared):
        formula = resolving.formula(place, ())
        resolving.check(place)
        if formula is not None:
            found[one.id] = Indicator(**asdict(one), parsed=formula)
    if resolving.findings:
        raise BadCatalogue(resolving.findings)
    return found


class _Resolving:
    """Formulas found so far; None where something is wrong, which is told once."""

    def __init__(
        self, declared: Sequence[Declaration], known: Mapping[str, Indicator], reserved: frozenset[str]
    ) -> None:
        self.declared = declared
        self.known = known
        self.reserved = reserved
        self.places = {one.id: place for place, one in reversed(list(enumerate(declared)))}
        self.done: dict[int, Formula | None] = {}
        self.findings: list[Finding] = []

    def tell(self, place: int, name: str, code: str, message: Message) -> None:
        self.findings.append(
            Finding(place, name, code, say("indicator {id}: {message}", id=self.declared[place].id, message=message))
        )

    def check(self, place: int) -> None:
        """What needs no formula: its id and its n."""
        one = self.declared[place]
        if one.id in QUANTITIES and (self.known or one.formula != one.id):
            self.tell(place, "id", "shadows_quantity", say("{id} is a quantity; choose another id", id=one.id))
        elif one.id in self.known or one.id in self.reserved:
            self.tell(
                place,
                "id",
                "shadows_indicator",
                say("{id} is an indicator of the catalogue; choose another id", id=one.id),
            )
        elif self.places[one.id] != place:
            self.tell(place, "id", "duplicate_id", say("{id} was declared before", id=one.id))
        if one.n not in QUANTITIES:
            self.tell(place, "n", "unknown_name", say("n is {name}", name=_unknown(one.n, QUANTITIES)))

    def formula(self, place: int, path: tuple[int, ...]) -> Formula | None:
        """The formula over quantities alone; `path` are the declarations that lead here."""
        if place in path:
            round_trip = [*path[path.index(place) :], place]
            way = " → ".join(self.declared[step].id for step in round_trip)
            self.tell(place, "formula", "cycle", say("it leads back to itself: {way}", way=way))
            return None
        if place not in self.done:
            try:
                self.done[place] = self._found(place, path)
            except UnitClash as error:
                self.tell(place, "formula", "unit_clash", error.message)
                self.done[place] = None
            except BadFormula as error:
                self.tell(place, "formula", "bad_formula", error.message)
                self.done[place] = None
        return self.done[place]

    def _found(self, place: int, path: tuple[int, ...]) -> Formula | None:
        one = self.declared[place]
        written = Formula.parse(one.formula)
        definitions: dict[str, Formula | None] = {}
        for name in sorted(written.names - QUANTITIES.keys()):
            if name in self.known:
                definitions[name] = self.known[name].parsed
            elif name in self.places:
                definitions[name] = self.formula(self.places[name], (*path, place))
            else:
                self.tell(place, "formula", "unknown_name", _unknown(name, [*QUANTITIES, *self.known, *self.places]))
                definitions[name] = None
        known = {name: definition for name, definition in definitions.items() if definition is not None}
        if len(known) < len(definitions):
            return None
        formula = written.expanded(known)
        yields = formula.dimension({name: OF_QUANTITIES[QUANTITIES[name].unit] for name in formula.names})
        if yields != OF_INDICATORS[one.unit]:
            self.tell(
                place,
                "unit",
                "unit_clash",
                say(
                    "the formula yields {yields}, but {unit!r} is {expected}",
                    yields=str(yields),
                    unit=one.unit,
                    expected=str(OF_INDICATORS[one.unit]),
                ),
            )
        return formula


def _unknown(name: str, known: Sequence[str] | Mapping[str, object]) -> Message:
    near = get_close_matches(name, list(known), 1)
    if near:
        return say("{name!r} is neither a quantity nor an indicator; did you mean {near}?", name=name, near=near[0])
    return say("{name!r} is neither a quantity nor an indicator; /v1/indicators lists the names", name=name)
