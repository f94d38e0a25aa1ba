"""Data in, result out, nothing kept: the segmentation of customers in the request."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from service.api.models import NOTHING, Count, Share, Strict, example
from service.api.problems import responses
from service.api.security import Calculates
from service.api.segmented import ClassRow, CustomerFigures, Floors, Migration, customer_figures
from service.errors import AmountTooLarge, BadArgument
from service.method.segments.cells import Cells
from service.method.segments.table import class_table
from service.operations import calculations
from service.operations.segments import RULES, migrated, told
from service.values import AMOUNT_SCALE, Money, to_amount, to_decimal
from service.wording import say

router = APIRouter(prefix="/calculations", tags=["calculations"])

Flag = Annotated[bool, Field(strict=True)]
Label = Annotated[str, Field(max_length=120)]


class CustomerFacts(Strict):
    """What a customer bought in two windows of the same length."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    scope: Label = ""
    channel: Label = ""
    revenue: Money = Field(description="Net revenue of the window.")
    prior_revenue: Money = Field(default=NOTHING, validate_default=True, description="Of the window before.")
    margin: Money = Field(default=NOTHING, validate_default=True)
    prior_margin: Money = Field(default=NOTHING, validate_default=True)
    orders: Count = 0
    quotes: Count = 0
    contacts: Count = 0
    hours: Money = Field(default=NOTHING, validate_default=True, description="Hours, at most 4 decimals.")
    bought_before: Flag = Field(default=False, description="Whether he bought before both windows.")
    potential: Money | None = Field(default=None, description="A year's; null if not known.")


class SegmentationParameters(Strict):
    """Values that replace those of the standard method; absent ones stay."""

    rule: Literal["cumulative", "floors", "computed"] | None = None
    measure: Literal["revenue", "margin"] | None = None
    floor_a: Money | None = Field(default=None, description="A year's, for the rule floors, as floor_b.")
    floor_b: Money | None = None
    a: Share | None = None
    b: Share | None = None
    potential_limit_a: Money | None = Field(default=None, description="Needs potential_limit_b too.")
    potential_limit_b: Money | None = None
    default_wallet_share: Share | None = None
    grow_wallet_share_below: Share | None = None
    grow_gap_at_least: Money | None = None


class SegmentationFacts(Strict):
    model_config = example(
        customers=[
            {"code": "C01", "revenue": "500", "prior_revenue": "450", "orders": 20, "potential": "800"},
            {"code": "C02", "revenue": "300", "prior_revenue": "320", "orders": 12, "potential": "1000"},
            {"code": "C03", "revenue": "40", "prior_revenue": "0", "orders": 5},
        ],
        parameters={"a": 0.80, "b": 0.95},
    )

    customers: Annotated[list[CustomerFacts], Field(min_length=1, max_length=20_000)]
    months: Annotated[int, Field(ge=1, le=120, strict=True)] = 12
    parameters: SegmentationParameters = Field(default_factory=SegmentationParameters)


class CalculatedCustomer(CustomerFigures):
    customer: str


class CalculatedSegmentation(Strict):
    method: str
    customers: list[CalculatedCustomer]
    floors: list[Floors]
    classes: list[ClassRow]
    migration: list[Migration] = Field(description="By frozen floors, and by each window's own limits.")


@router.post(
    "/segmentation",
    operation_id="calculateSegmentation",
    summary="Segment customers",
    responses=responses(BadArgument, AmountTooLarge),
)
def calculate_segmentation(facts: SegmentationFacts, entry: Calculates) -> CalculatedSegmentation:
    """Classes, segments, class table and migration of the customers in the request."""
    with entry.reading():
        parameters = calculations.parameters_with(_changes(facts.parameters))
    found = calculations.segmentation([_row(one) for one in facts.customers], parameters, facts.months)
    cells = Cells.of(found)
    return CalculatedSegmentation(
        method=parameters.id,
        customers=[
            CalculatedCustomer(customer=row.code, **customer_figures(row, parameters.abc))
            for row in found.customers.itertuples(index=False)
        ],
        floors=[Floors(scope=scope, a=_exact(floors.a), b=_exact(floors.b)) for scope, floors in found.floors.items()],
        classes=[ClassRow(**told(row)) for row in class_table(cells)],
        migration=[Migration(rule=rule, **migrated(cells.cells, rule)) for rule in RULES],
    )


def _changes(parameters: SegmentationParameters) -> dict[str, dict[str, Any]]:
    """The parameters given, by group of the method's document."""
    groups = {
        "abc": ("rule", "measure", "a", "b", "floor_a", "floor_b"),
        "potential": ("default_wallet_share",),
        "segments": ("grow_wallet_share_below", "grow_gap_at_least"),
    }
    given = {name: str(value) for name, value in parameters if value is not None}
    changes: dict[str, dict[str, Any]] = {
        group: {name: given[name] for name in names if name in given} for group, names in groups.items()
    }
    limits = {name[-1].upper(): value for name, value in given.items() if name.startswith("potential_limit")}
    if len(limits) == 1:
        raise BadArgument("parameters", say("Give both limits of potential, or none."))
    if limits:
        changes["potential"]["limits"] = {"*": limits}
    return changes


def _row(facts: CustomerFacts) -> dict[str, Any]:
    amounts = ("revenue", "prior_revenue", "margin", "prior_margin", "hours", "potential")
    counts = {name: getattr(facts, name) * AMOUNT_SCALE for name in ("orders", "quotes", "contacts")}
    exact = {name: None if getattr(facts, name) is None else to_amount(getattr(facts, name)) for name in amounts}
    words = {name: getattr(facts, name) for name in ("code", "scope", "channel", "bought_before")}
    return {**words, **counts, **exact}


def _exact(amount: int | None) -> Any:
    return None if amount is None else to_decimal(amount)
