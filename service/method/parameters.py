"""A method version: the numbers that people may choose, each with its unit and meaning.

The values of version 1 stand in `standard.yaml`; nothing here has a default. A parameter marked as an assumption is a
guess and not a finding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from service.method.catalogue import Declaration, Direction, Indicator, Kind, Owner, resolved
from service.method.indicators import INDICATORS, UNAVAILABLE
from service.method.months import parse_month
from service.method.units import IndicatorUnit
from service.values import MonthText
from service.wording import say


def _no_word(value: Any) -> Any:
    """`true` is no 1, and `"5"` no 5."""
    if isinstance(value, bool | str):
        raise ValueError(say("write a number"))  # noqa: TRY004 - pydantic turns ValueError into a problem
    return value


def _written(value: Any) -> Any:
    """What is exact is text in JSON, as in answers; code and YAML may have it as a decimal number."""
    if not isinstance(value, str | Decimal):
        raise ValueError(say('write an amount as text, as in "12.50": a JSON number may lose digits'))  # noqa: TRY004
    return value


_PLAIN = BeforeValidator(_no_word)
_EXACT = (
    BeforeValidator(_written),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["0.80"]}),
)
Number = Annotated[float, _PLAIN, Field(ge=0, le=1e6, allow_inf_nan=False)]
Share = Annotated[float, _PLAIN, Field(ge=0, le=1, allow_inf_nan=False)]
Change = Annotated[float, _PLAIN, Field(ge=-1, le=10, allow_inf_nan=False)]
ExactShare = Annotated[Decimal, Field(gt=0, le=1, max_digits=10, decimal_places=9), *_EXACT]
ExactMoney = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4), *_EXACT]
Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Label = Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
VERSION_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
VersionId = Annotated[str, Field(pattern=VERSION_ID)]


def _month(text: str) -> str:
    parse_month(text)
    return text


Month = Annotated[MonthText, AfterValidator(_month)]
LeverName = Literal[
    "customers",
    "retention",
    "order_frequency",
    "value_per_order",
    "price",
    "quantity",
    "margin_rate",
    "leads",
    "conversion_1",
    "conversion_2",
    "conversion_3",
    "cycle_months",
    "reactivation_rate",
    "win_rate",
    "capture",
]
"""Arguments of the plan that somebody can change; `plan.levers` says what each is."""
Stages = tuple[Number, Number, Number]
Ramp = Annotated[tuple[Share, ...], Field(max_length=24)]
Conversions = tuple[Share, Share, Share]


def _for_each_class(values: dict[str, Any]) -> dict[str, Any]:
    if set(values) != {"A", "B", "C"}:
        raise ValueError(say("a value for each of A, B and C is needed"))
    return values


_PER_CLASS = AfterValidator(_for_each_class)


def _parameter(unit: str, meaning: str, *, assumption: bool = False, default: Any = ...) -> Any:
    """A default is what a method version means that was posted before there was the parameter."""
    return Field(default=default, description=meaning, json_schema_extra={"unit": unit, "assumption": assumption})


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Abc(_Group):
    rule: Literal["cumulative", "floors", "computed"] = _parameter(
        "word", "How classes are cut: by the share they reach together, by amounts of money, or by the curve itself."
    )
    measure: Literal["revenue", "margin"] = _parameter("word", "What customers are ranked by.")
    a: ExactShare = _parameter("share", "Cumulative: A is the smallest set of customers that reaches this share.")
    b: ExactShare = _parameter("share", "Cumulative: A and B together reach this share.")
    floor_a: Annotated[ExactMoney, Field(gt=0)] | None = _parameter(
        "money a year", "Floors: A begins at this value; needed by that rule alone."
    )
    floor_b: Annotated[ExactMoney, Field(gt=0)] | None = _parameter("money a year", "Floors: B begins at this value.")
    scope: Literal["channel", "subsidiary", "salesperson", "group"] = _parameter(
        "word", "Whose total the shares are of, or whose curve it is."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.a > self.b:
            raise ValueError(
                say(
                    "a is {a} and b is {b}: A and B together cannot reach less than A alone",
                    a=str(self.a),
                    b=str(self.b),
                )
            )
        if self.rule == "floors" and (self.floor_a is None or self.floor_b is None):
            raise ValueError(say("the rule floors needs floor_a and floor_b"))
        if self.floor_a is not None and self.floor_b is not None and self.floor_a < self.floor_b:
            raise ValueError(
                say(
                    "floor_a is {floor_a} and floor_b is {floor_b}: A cannot begin below B",
                    floor_a=str(self.floor_a),
                    floor_b=str(self.floor_b),
                )
            )
        return self

    @property
    def floors(self) -> tuple[Decimal, Decimal]:
        """Of the rule `floors`, which has both."""
        return self.floor_a or Decimal(), self.floor_b or Decimal()


class Limits(_Group):
    """Limits of the potential classes a year, in the subsidiary's currency."""

    A: Annotated[ExactMoney, Field(gt=0)]
    B: Annotated[ExactMoney, Field(gt=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.A < self.B:
            raise ValueError(say("A begins at {a} and B at {b}: A cannot begin below B", a=str(self.A), b=str(self.B)))
        return self


class Potential(_Group):
    limits: Annotated[dict[Label, Limits], Field(max_length=1000)] = _parameter(
        "money a year", "Limits of the potential classes by channel, `*` for all others; none: the frozen floors."
    )
    default_wallet_share: ExactShare = _parameter(
        "share", "Our share of a customer's purchases where his potential is unknown.", assumption=True
    )


class Segments(_Group):
    grow_wallet_share_below: ExactShare = _parameter("share", "GROW: our share of his purchases is below this.")
    grow_gap_at_least: ExactMoney = _parameter("money", "GROW: at least so much is still to be won.", assumption=True)


class Regularity(_Group):
    x: Number = _parameter("ratio", "X: variation of quarterly revenue up to this.")
    y: Number = _parameter("ratio", "Y: up to this; Z: above.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.x > self.y:
            raise ValueError(say("x is {x:g} and y is {y:g}: Y cannot end below X", x=self.x, y=self.y))
        return self


class Lapse(_Group):
    minimum_days: Annotated[int, Field(ge=0, le=3650)] = _parameter(
        "days", "At risk: a lapse is not counted below this, however often a customer orders.", assumption=True
    )


class PlanParameters(_Group):
    shrinkage: Number = _parameter("customers", "Weight of the pooled retention against a class's own; 0: none.")
    default_retention: Share = _parameter("share", "Retention where there is no prior window.", assumption=True)
    conversions: Annotated[dict[str, Conversions], _PER_CLASS] = _parameter(
        "share", "Lead to qualified, to offer, to win, where no funnel was handed in.", assumption=True
    )
    cycle_months: Annotated[dict[str, Number], _PER_CLASS] = _parameter("months", "From lead to win.", assumption=True)
    reactivation_rate: Annotated[dict[str, Share], _PER_CLASS] = _parameter(
        "share a year", "Of lost and dormant customers, where none could be observed.", assumption=True
    )
    capture: Annotated[dict[str, Share], _PER_CLASS] = _parameter(
        "share a year", "Of the gap of GROW customers that is won.", assumption=True
    )
    price: Annotated[dict[str, Change], _PER_CLASS] = _parameter("share", "Change of prices against the window.")
    quantity: Annotated[dict[str, Change], _PER_CLASS] = _parameter(
        "share", "Change of quantity an order against the window."
    )


class Deals(_Group):
    stage_days: Number = _parameter("days", "A deal that has been in its stage for longer is stuck.", assumption=True)


class ResourceNorms(_Group):
    contacts_a_year: Annotated[dict[str, Number], _PER_CLASS] = _parameter(
        "contacts", "With a customer a year.", assumption=True
    )
    hours_a_contact: Annotated[dict[str, Number], _PER_CLASS] = _parameter(
        "hours", "With preparation and travel.", assumption=True
    )
    stage_hours: Annotated[dict[str, Stages], _PER_CLASS] = _parameter(
        "hours", "For a lead, a qualified lead, an offer.", assumption=True
    )
    hours_an_order: Number = _parameter("hours", "For an order.", assumption=True)
    hours_a_reactivation: Number = _parameter("hours", "For a lost or dormant customer.", assumption=True)
    hours_a_grow_customer: Number = _parameter("hours", "For a customer of segment GROW.", assumption=True)
    working_days: Number = _parameter("days", "Of a year, without public holidays.", assumption=True)
    leave: Number = _parameter("days", "Of leave a year.", assumption=True)
    sick: Number = _parameter("days", "Sick a year.", assumption=True)
    training: Number = _parameter("days", "Of training a year.", assumption=True)
    hours_a_day: Number = _parameter("hours", "Of a working day.", assumption=True)
    selling_share: Share = _parameter("share", "Of working time that is spent on selling.", assumption=True)
    simultaneous_deals: Annotated[Number, Field(ge=0.01)] = _parameter(
        "deals", "That a seller works on at once.", assumption=True
    )
    ramp: Ramp = _parameter(
        "shares", "Of a full seller, in a new one's first months.", assumption=True, default=(0, 0.25, 0.5, 0.75)
    )
    recruiting_months: Annotated[int, Field(ge=0, le=24)] = _parameter(
        "months", "From the decision to hire until the new seller begins.", assumption=True, default=3
    )
    hiring_pay_months: Number = _parameter(
        "months", "Of pay that finding and training a new seller costs.", assumption=True, default=3
    )
    attrition: Annotated[Share, Field(lt=1)] = _parameter(
        "share", "Of the team who leave within a year.", assumption=True, default=0
    )
    programmes: dict[LeverName, Number] = _parameter(
        "hours a year",
        "That the programme behind a lever takes of the sellers while the lever works.",
        assumption=True,
        default={},
    )


class OwnIndicator(_Group):
    """An indicator that a method version adds to the catalogue."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    name: Label
    kind: Kind
    unit: IndicatorUnit
    direction: Direction
    formula: Annotated[str, Field(max_length=500, description="Over quantities and other indicators: + - * / ( ).")]
    n: str = Field(max_length=64, description="The quantity that says how much it rests on.")
    owner: Owner = Field(description="Who can move it.")
    meaning: Text


def _for_grow_and_win(values: dict[str, Any]) -> dict[str, Any]:
    if set(values) != {"GROW", "WIN"}:
        raise ValueError(say("a value for each of GROW and WIN is needed"))
    return values


_PER_SEGMENT = AfterValidator(_for_grow_and_win)


class PriorityParameters(_Group):
    probability: Annotated[dict[str, Share], _PER_SEGMENT] = _parameter(
        "share", "That a customer of the segment can be moved within a year.", assumption=True
    )
    reach: Share = _parameter("share", "Of a customer's potential that can be won within a year.", assumption=True)
    hours: Annotated[dict[str, Number], _PER_SEGMENT] = _parameter(
        "hours", "That working on a customer of the segment takes a year.", assumption=True
    )


class Parameters(_Group):
    """A method version. It never changes; a result names the one it was computed with."""

    id: VersionId = _parameter("word", "Name of the version.")
    title: Label = _parameter("text", "What it is.")
    valid_from: Month = _parameter("month", "First month it is meant for.")
    abc: Abc
    potential: Potential
    segments: Segments
    regularity: Regularity
    lapse: Lapse
    plan: PlanParameters
    deals: Deals
    resources: ResourceNorms
    priorities: PriorityParameters
    indicators: Annotated[tuple[OwnIndicator, ...], Field(max_length=100)] = ()


def declarations(parameters: Parameters) -> list[Declaration]:
    """The indicators that a version adds."""
    source = f"Method version {parameters.id}."
    return [Declaration(**dict(one), source=source) for one in parameters.indicators]


def catalogue(parameters: Parameters) -> Mapping[str, Indicator]:
    """The indicators of a version: those of the catalogue and its own. Raises BadCatalogue where these cannot stand."""
    return {**INDICATORS, **resolved(declarations(parameters), INDICATORS, reserved=frozenset(UNAVAILABLE))}


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """A parameter for people: dotted name, value, unit, meaning, and whether it is an assumption."""

    name: str
    value: Any
    unit: str
    meaning: str
    assumption: bool


def describe(parameters: Parameters) -> list[ParameterLine]:
    """Every parameter, in the order of the document."""
    return list(_described(parameters, ""))


def _described(group: _Group, prefix: str) -> Iterator[ParameterLine]:
    values = group.model_dump(mode="json")
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, _Group):
            yield from _described(value, f"{prefix}{name}.")
        elif name != "indicators":
            more: Any = field.json_schema_extra
            yield ParameterLine(prefix + name, values[name], more["unit"], field.description or "", more["assumption"])
