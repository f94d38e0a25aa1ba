"""What a segmentation looks like in answers: its documents, and how they are made from stored rows."""

import math
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Row

from service.api.models import PERIODS, PersonName, Strict, WindowDocument, example
from service.api.pages import Page
from service.api.results import ResultDocument
from service.method.parameters import Abc
from service.method.segments import to_next_class
from service.operations.segmentations import Question
from service.values import (
    AMOUNT_SCALE,
    Code,
    Currency,
    Customers,
    Hours,
    Money,
    MonthText,
    Number,
    OfUnit,
    Ratio,
    round_ratio,
    to_decimal,
)

Scope = Literal["channel", "subsidiary", "salesperson", "group"]
AbcClass = Literal["A", "B", "C", "N"]
Action = Literal["WIN", "GROW", "KEEP", "LIMIT"]
Rule = Literal["frozen", "raw"]
AbcRule = Literal["cumulative", "floors", "computed"]
Measure = Literal["revenue", "margin"]
Grouping = Literal["abc_class", "segment", "state", "potential_class"]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False, strict=True)]


class SegmentationRequest(Strict):
    model_config = example(subsidiary="DE", scope="channel")

    subsidiary: Code | None = Field(default=None, description="Left out for the scope group alone.")
    first: MonthText | None = Field(default=None, alias="from", description="First month; default 12 months.")
    last: MonthText | None = Field(default=None, alias="to", description="Last month; default the newest with data.")
    period: str | None = Field(
        default=None, max_length=10, description=f"{PERIODS}; they are the subsidiary's, for the group its own."
    )
    scope: Scope | None = Field(
        default=None,
        description="Whose total the classes are cut from; default the method's. `group`: one total over all "
        "subsidiaries, for a key that reaches all of them.",
    )
    currency: Currency | None = Field(default=None, description="Of the scope group, which needs one.")
    rule: AbcRule | None = Field(default=None, description="How classes are cut; default the method's, as all below.")
    measure: Measure | None = Field(default=None, description="What customers are ranked by.")
    a: Share | None = Field(default=None, description="Cumulative: the share that A reaches.")
    b: Share | None = Field(default=None, description="Cumulative: the share that A and B reach together.")
    floor_a: Money | None = Field(default=None, description="Floors: where A begins, a year's.")
    floor_b: Money | None = Field(default=None, description="Floors: where B begins, a year's.")
    method: str | None = Field(default=None, max_length=64, description="Method version; default the standard one.")

    def question(self) -> Question:
        names = ("scope", "rule", "measure", "a", "b", "floor_a", "floor_b")
        changes = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return Question(self.subsidiary, self.first, self.last, self.method, self.period, self.currency, changes)


class Floors(Strict):
    """The smallest value in A and in B of a scope: the frozen floors. By the rule `floors` the limits themselves."""

    scope: str
    a: Money | None
    b: Money | None


class Control(Strict):
    """Totals that must agree: revenue = attributed + unattributed, and the class table's = attributed."""

    revenue: Money
    attributed: Money
    unattributed: Money
    class_table: Money


class Revision(Strict):
    subsidiary: str
    data_revision: int


class SegmentationDocument(ResultDocument):
    window: WindowDocument
    prior_window: WindowDocument
    prior_complete: bool = Field(description="Whether the data reach back over the whole prior window.")
    scope: Scope
    rule: AbcRule
    measure: Measure
    a: Number = Field(description="Cumulative: the share that A reaches.")
    b: Number
    floor_a: Money | None = Field(description="Floors: where A begins, a year's.")
    floor_b: Money | None
    customers: Customers
    floors: list[Floors]
    control: Control
    revisions: list[Revision] = Field(description="The state of the data of each subsidiary that it contains.")


class CustomerFigures(Strict):
    """Where a customer stands, and why."""

    scope: str = Field(description="Whose total his class is cut from.")
    abc_class: AbcClass = Field(description="As computed.")
    prior_class: AbcClass = Field(description="Class of the prior window, by the frozen floors of this one.")
    raw_prior_class: AbcClass = Field(description="Class of the prior window, by its own limits.")
    potential_class: AbcClass
    state: str
    regularity: str
    class_code: str = Field(description="actual/potential/state/regularity, as in B/A/retained/Y.")
    segment: Action = Field(description="As computed.")
    value: Money = Field(description="What the class was cut from: revenue of the window, or margin.")
    prior_value: Money
    revenue: Money
    prior_revenue: Money
    margin: Money
    orders: Annotated[Number, OfUnit("orders")]
    share_before: Ratio | None = Field(
        description="Share of the scope's positive value held by customers with more: below the limit a it is an A."
    )
    limit_share: Ratio | None = Field(
        description="The limit that this share is measured against: a for A, b for B and C. Null by other rules."
    )
    limit: Money | None = Field(
        description="The same in money: what customers with more hold is below it in A and B, and reaches it in C. By "
        "other rules the value where A begins, for A, or B. Null for N."
    )
    to_next_class: Money | None = Field(
        description="What is missing to the floor of the next class up; null in A. From N he must exceed it."
    )
    effective_potential: Money = Field(
        description="Potential, or what he buys if that is more; of the window's length."
    )
    potential_assumed: bool = Field(description="It is not known, but derived from the default wallet share.")
    potential_understated: bool = Field(description="The customer buys more than the potential that was handed in.")
    wallet_share: Ratio | None
    gap: Money


class StoredFigures(CustomerFigures):
    """With what only stored data tell."""

    effective_class: AbcClass = Field(description="The class that a person set, else the computed one.")
    effective_segment: Action
    overridden: bool = Field(description="Whether a person set the class or the segment.")
    potential_known_by: str = Field(description="declared, norm or peer; empty if the potential is not known.")
    potential_known_on: date | None = Field(description="Of which day that is.")
    days_since_order: Annotated[int, OfUnit("days")] | None = Field(
        description="At the end of the window; null without a register of orders, or before the first."
    )
    order_interval_days: Annotated[Number, OfUnit("days")] | None = Field(
        description="Median days between his orders; null before the second."
    )
    at_risk: bool | None = Field(description="He has not ordered for longer than his habit allows.")


class SegmentedCustomer(StoredFigures):
    subsidiary: str
    customer: str
    name: PersonName
    salesperson: str
    channel: str


class ClassRow(Strict):
    scope: str = Field(description="Empty: the whole subsidiary.")
    abc_class: str = Field(description="A, B, C, N; `all` for the total and for rows of other groupings.")
    segment: str | None = Field(description="The row of an action segment; null in rows of other groupings.")
    state: str | None = Field(default=None, description="The row of a state; null in rows of other groupings.")
    potential_class: str | None = Field(default=None, description="The row of a potential class; null in others.")
    customers: Customers
    active: Customers
    retained: Customers
    new: Customers
    reactivated: Customers
    lost: Customers
    dormant: Customers
    prospect: Customers
    revenue: Money
    revenue_share: Ratio | None
    margin: Money
    margin_rate: Ratio | None
    orders: Annotated[Number, OfUnit("orders")]
    order_frequency: Annotated[Number, OfUnit("orders a year")] | None = Field(
        description="F: orders per customer and year."
    )
    value_per_order: Money | None = Field(description="V: revenue of the class's customers / orders.")
    quotes: Annotated[Number, OfUnit("quotes")]
    quote_to_order: Ratio | None
    contacts: Annotated[Number, OfUnit("contacts")]
    contacts_per_customer: Annotated[Number, OfUnit("contacts per customer")] | None
    hours: Hours
    hours_per_customer: Annotated[Number, OfUnit("hours per customer")] | None
    revenue_per_hour: Money | None
    potential: Money
    wallet_share: Ratio | None = Field(description="Of active customers.")
    wallet_share_all: Ratio | None = Field(description="Of all customers.")
    retention: Ratio | None
    hhi: Ratio | None
    gini: Ratio | None
    largest_share: Ratio | None


Why = Literal["appeared", "gone", "value", "limits", "rule", "potential", "override"]


class Change(Strict):
    """A customer whose class, potential class, segment or state differs between two segmentations, and why.

    What stands before is null for one who appeared, what stands after for one who is gone.
    """

    subsidiary: str
    customer: str
    name: PersonName
    why: Why = Field(
        description="The first that fits: he appeared or is gone; his class differs, and by the earlier limits his new "
        "value would have the new class too (value), or it would not (limits; rule if the rule, its parameters or the "
        "method differ); his state differs (value); his potential class or segment differs, with the potential that "
        "was handed in (potential), with his value (value), or with neither (limits or rule); else only what a person "
        "set differs (override)."
    )
    from_class: AbcClass | None
    to_class: AbcClass | None
    from_effective_class: AbcClass | None
    to_effective_class: AbcClass | None
    from_potential_class: AbcClass | None
    to_potential_class: AbcClass | None
    from_state: str | None
    to_state: str | None
    from_segment: Action | None
    to_segment: Action | None
    from_effective_segment: Action | None
    to_effective_segment: Action | None
    from_value: Money | None
    to_value: Money | None
    from_potential: Money | None = Field(description="Effective potential.")
    to_potential: Money | None


class ReasonCounts(Strict):
    appeared: int
    gone: int
    value: int
    limits: int
    rule: int
    potential: int
    override: int


class WordCounts(Strict):
    """Customers that differ in each; a customer may differ in several."""

    abc_class: int
    potential_class: int
    state: int
    segment: int
    effective_class: int
    effective_segment: int


class ChangesPage(Page[Change]):
    since: str
    by_reason: ReasonCounts = Field(description="All changes, each counted once.")
    by_word: WordCounts


class ClassTable(Strict):
    items: list[ClassRow]
    control: Control


class MigrationRow(Strict):
    scope: str
    from_class: AbcClass
    to_class: AbcClass
    customers: Customers
    share: Ratio | None
    prior_revenue: Money | None = Field(default=None, description="Of these customers; null where it was not kept.")
    revenue: Money | None = Field(default=None, description="Of the window.")


class Bridge(Strict):
    """From the prior window's revenue to this one's: adds up exactly."""

    start: Money
    lost: Money
    contraction: Money
    expansion: Money
    new: Money
    reactivated: Money
    credit_notes: Money
    end: Money


class Migration(Strict):
    rule: Rule
    items: list[MigrationRow]
    retention: Ratio | None
    net_revenue_retention: Number | None
    gross_revenue_retention: Number | None
    bridge: Bridge


def change_fields(row: Row[Any]) -> dict[str, Any]:
    """The fields of a `Change`."""
    values = {name: getattr(row, name) for name in ("subsidiary", "customer", "name", "why")}
    for side in ("from", "to"):
        values[f"{side}_class"] = getattr(row, f"{side}_abc_class")
        for name in ("effective_class", "potential_class", "state", "segment", "effective_segment"):
            values[f"{side}_{name}"] = getattr(row, f"{side}_{name}")
        for name in ("value", "potential"):
            amount = getattr(row, f"{side}_{name}")
            values[f"{side}_{name}"] = None if amount is None else to_decimal(amount)
    return values


def segmented(row: Row[Any], abc: Abc) -> SegmentedCustomer:
    """A stored row as the contract shows it."""
    return SegmentedCustomer(**segmented_fields(row, abc))


def segmented_fields(row: Row[Any], abc: Abc) -> dict[str, Any]:
    """The fields of a `SegmentedCustomer`."""
    who = {name: getattr(row, name) for name in ("subsidiary", "customer", "name", "salesperson", "channel")}
    return who | stored_figures(row, abc)


def stored_figures(row: Row[Any], abc: Abc) -> dict[str, Any]:
    """The figures of a customer, from his stored row."""
    interval = row.order_interval
    return customer_figures(row, abc) | {
        "effective_class": row.set_class or row.abc_class,
        "effective_segment": row.set_segment or row.segment,
        "overridden": row.set_class is not None or row.set_segment is not None,
        "potential_known_by": row.potential_source,
        "potential_known_on": row.potential_date,
        "days_since_order": row.days_since_order,
        "order_interval_days": None if interval is None else round_ratio(Fraction(interval, AMOUNT_SCALE)),
        "at_risk": row.at_risk,
    }


def customer_figures(row: Any, abc: Abc) -> dict[str, Any]:
    """The figures of a customer, from a row with exact amounts as attributes, and how its class was cut."""
    amounts = ("value", "prior_value", "revenue", "prior_revenue", "margin", "orders", "effective_potential", "gap")
    words = ("scope", "abc_class", "prior_class", "raw_prior_class", "potential_class", "state", "regularity")
    more = ("segment", "potential_assumed", "potential_understated")
    missing = to_next_class(row.value, row.abc_class, row.floor_a, row.floor_b)
    return {
        **{name: getattr(row, name) for name in (*words, *more)},
        **{name: to_decimal(int(getattr(row, name))) for name in amounts},
        "class_code": f"{row.abc_class}/{row.potential_class}/{row.state}/{row.regularity or '-'}",
        "share_before": _ratio(row.before, row.scope_value) if row.value > 0 else None,
        **_limit(row, abc),
        "to_next_class": None if missing is None else to_decimal(int(missing)),
        "wallet_share": _ratio(max(row.value, 0), row.effective_potential),
    }


def _limit(row: Any, abc: Abc) -> dict[str, Any]:
    """What a customer was measured against: the limit above which he is, or would have to be."""
    if row.abc_class == "N":
        return {"limit_share": None, "limit": None}
    in_a = row.abc_class == "A"
    if abc.rule == "cumulative":
        share = abc.a if in_a else abc.b
        return {"limit_share": share, "limit": to_decimal(math.ceil(Fraction(share) * int(row.scope_value)))}
    floor = row.floor_a if in_a else row.floor_b
    return {"limit_share": None, "limit": None if floor is None else to_decimal(int(floor))}


def _ratio(part: int, whole: int) -> Any:
    return round_ratio(Fraction(int(part), int(whole))) if whole > 0 else None
