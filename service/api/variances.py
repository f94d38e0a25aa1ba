"""Revenue of two windows: what price, volume and mix did."""

from fractions import Fraction
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from service.api.models import Strict, example
from service.api.problems import responses
from service.api.security import Calculates
from service.errors import AmountTooLarge, BadArgument
from service.method.variance import LARGEST_EFFECT, Sold, price_volume_mix
from service.values import Money, to_amount, to_decimal
from service.wording import say

router = APIRouter(prefix="/calculations", tags=["calculations"])


class Sales(Strict):
    quantity: Annotated[Money, Field(ge=0)] | None = Field(
        description="Decimal text as money, in the same unit for all items; null where nothing is counted."
    )
    revenue: Money


class ItemFacts(Strict):
    name: Annotated[str, Field(min_length=1, max_length=120)]
    before: Sales
    after: Sales

    def sides(self) -> tuple[Sold, Sold]:
        """As the method wants them."""
        before, after = (
            Sold(None if one.quantity is None else Fraction(one.quantity), to_amount(one.revenue))
            for one in (self.before, self.after)
        )
        return before, after


class PriceVolumeMixFacts(Strict):
    """Items, such as products, with what was sold of them before and after."""

    model_config = example(
        items=[
            {
                "name": "pumps",
                "before": {"quantity": "1000", "revenue": "10000"},
                "after": {"quantity": "1000", "revenue": "11000"},
            },
            {
                "name": "valves",
                "before": {"quantity": "800", "revenue": "12000"},
                "after": {"quantity": "700", "revenue": "10500"},
            },
        ]
    )

    items: Annotated[list[ItemFacts], Field(min_length=1, max_length=10_000)]


class RevenueEffects(Strict):
    """Volume + mix + price + uncounted = after − before, exactly."""

    before: Money
    after: Money
    volume: Money = Field(description="More or fewer pieces, at the average price before.")
    mix: Money = Field(description="Pieces of items that are dearer or cheaper than the average.")
    price: Money = Field(description="Other prices of the pieces sold now.")
    uncounted: Money = Field(description="The difference of items that have revenue without a quantity.")


class ItemEffects(RevenueEffects):
    name: str


class PriceVolumeMix(RevenueEffects):
    items: list[ItemEffects] = Field(description="They add up to the totals, exactly.")


@router.post(
    "/price-volume-mix",
    operation_id="calculatePriceVolumeMix",
    summary="Split a change of revenue over price, volume and mix",
    responses=responses(BadArgument, AmountTooLarge),
)
def calculate_price_volume_mix(facts: PriceVolumeMixFacts, entry: Calculates) -> PriceVolumeMix:
    """By item and in all. An item that was not sold before had its present price."""
    with entry.reading():
        items = {one.name: one.sides() for one in facts.items}
    if len(items) < len(facts.items):
        raise BadArgument("items", say("Two items have the same name."))
    found = {
        name: {"before": items[name][0].revenue, "after": items[name][1].revenue, **effects}
        for name, effects in price_volume_mix(items).items()
    }
    sums = {side: sum(one[side] for one in found.values()) for side in RevenueEffects.model_fields}
    if max(map(abs, sums.values())) > LARGEST_EFFECT:
        raise AmountTooLarge(say("The effects add up to more than an answer can carry."))
    return PriceVolumeMix(
        **_told(sums), items=[ItemEffects(name=name, **_told(effects)) for name, effects in found.items()]
    )


def _told(effects: dict[str, int]) -> dict[str, Money]:
    return {name: to_decimal(amount) for name, amount in effects.items()}
