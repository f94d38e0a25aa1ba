"""A method version: the numbers that people may choose, each with its unit and meaning.

The values of version 1 stand in `standard.yaml`; nothing here has a default. A parameter marked as an assumption is a
guess and not a finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ExactShare = Annotated[Decimal, Field(gt=0, le=1, max_digits=10), PlainSerializer(str, return_type=str)]
Stages = tuple[Number, Number, Number]
Conversions = tuple[Share, Share, Share]


def _for_each_class(values: dict[str, Any]) -> dict[str, Any]:
    if set(values) != {"A", "B", "C"}:
        raise ValueError("a value for each of A, B and C is needed")
    return values


_PER_CLASS = AfterValidator(_for_each_class)


def _parameter(unit: str, meaning: str, *, assumption: bool = False) -> Any:
    return Field(description=meaning, json_schema_extra={"unit": unit, "assumption": assumption})


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Abc(_Group):
    rule: Literal["cumulative"] = _parameter("word", "How classes are cut: the smallest set that reaches a share.")
    measure: Literal["revenue", "margin"] = _parameter("word", "What customers are ranked by.")
    a: ExactShare = _parameter("share", "A is the smallest set of customers that reaches this share of the total.")
    b: ExactShare = _parameter("share", "A and B together reach this share.")
    scope: Literal["channel", "subsidiary", "salesperson"] = _parameter("word", "Whose total the shares are of.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.a > self.b:
            raise ValueError(f"a is {self.a} and b is {self.b}: A and B together cannot reach less than A alone")
        return self


class Limits(_Group):
    """Limits of the potential classes a year, in the subsidiary's currency."""

    A: Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=4), PlainSerializer(str, return_type=str)]
    B: Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=4), PlainSerializer(str, return_type=str)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.A < self.B:
            raise ValueError(f"A begins at {self.A} and B at {self.B}: A cannot begin below B")
        return self


class Potential(_Group):
    limits: dict[str, Limits] = _parameter(
        "money a year", "Limits of the potential classes by channel, `*` for all others; none: the frozen floors."
    )
    default_wallet_share: ExactShare = _parameter(
        "share", "Our share of a customer's purchases where his potential is unknown.", assumption=True
    )


class Segments(_Group):
    grow_wallet_share_below: ExactShare = _parameter("share", "GROW: our share of his purchases is below this.")
    grow_gap_at_least: Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4)] = _parameter(
        "money", "GROW: at least so much is still to be won.", assumption=True
    )


class Regularity(_Group):
    x: Number = _parameter("ratio", "X: variation of quarterly revenue up to this.")
    y: Number = _parameter("ratio", "Y: up to this; Z: above.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.x > self.y:
            raise ValueError(f"x is {self.x:g} and y is {self.y:g}: Y cannot end below X")
        return self


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
    price: Annotated[dict[str, float], _PER_CLASS] = _parameter("share", "Change of prices against the window.")
    quantity: Annotated[dict[str, float], _PER_CLASS] = _parameter(
        "share", "Change of quantity an order against the window."
    )


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
    simultaneous_deals: Annotated[float, Field(ge=0.01)] = _parameter(
        "deals", "That a seller works on at once.", assumption=True
    )


def _for_grow_and_win(values: dict[str, Any]) -> dict[str, Any]:
    if set(values) != {"GROW", "WIN"}:
        raise ValueError("a value for each of GROW and WIN is needed")
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
    minimum_lapse: Annotated[int, Field(ge=1, le=3650)] = _parameter(
        "days", "Without an order, before anybody counts as lapsed.", assumption=True
    )


class Parameters(_Group):
    """A method version. It never changes; a result names the one it was computed with."""

    id: str = _parameter("word", "Name of the version.")
    title: str = _parameter("text", "What it is.")
    valid_from: str = _parameter("month", "First month it is meant for.")
    abc: Abc
    potential: Potential
    segments: Segments
    regularity: Regularity
    plan: PlanParameters
    resources: ResourceNorms
    priorities: PriorityParameters


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
        else:
            more: Any = field.json_schema_extra
            yield ParameterLine(prefix + name, values[name], more["unit"], field.description or "", more["assumption"])
