"""Differences split: of products over their factors (LMDI-I, Ang 2005; Shapley where one is not positive), and of
revenue over price, volume and mix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isclose, log, prod

import numpy as np

from service.errors import AmountTooLarge
from service.method.money import closed
from service.method.shapley import shapley
from service.wording import say

PRICE_VOLUME_MIX = ("volume", "mix", "price")
LARGEST_EFFECT = 10**18
"""Ten-thousandths: what an answer can carry."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold of an item. Quantity None: not counted; revenue is whole ten-thousandths."""

    quantity: Fraction | None
    revenue: int


def split_product(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """What each factor adds to the difference of the products; adds up to it but for the rounding of binary64."""
    start, end = prod(before), prod(after)
    if min(*before, *after, start, end) > 0:
        logs = [log(now) - log(then) for then, now in zip(before, after, strict=True)]
        # Where the products are nearly equal, their logarithmic mean is their mean.
        weight = (start + end) / 2 if isclose(start, end) else (end - start) / sum(logs)
        return [weight * one for one in logs]

    def product(changed: frozenset[int]) -> np.ndarray:
        factors = [after[place] if place in changed else before[place] for place in range(len(before))]
        return np.array([prod(factors)])

    parts: list[float] = shapley(len(before), product)[:, 0].tolist()
    return parts


def factors(before: tuple[float, float, float], after: tuple[float, float, float]) -> tuple[list[float], list[float]]:
    """Customers, orders per customer and revenue per order of both sides, from customers, orders and revenue.

    Revenue without orders counts as one order a customer. Where a side has no customers, or no orders, its missing
    factors are those of the other side, so that nothing is put down to them.
    """
    ways = []
    for customers, orders, revenue in (before, after):
        counted = customers if not orders and revenue else orders
        ways.append((customers, counted / customers if customers else None, revenue / counted if counted else None))
    found: list[list[float]] = []
    for own, other in (ways, ways[::-1]):
        found.append([next((x for x in pair if x is not None), 0.0) for pair in zip(own, other, strict=True)])
    return found[0], found[1]


def price_volume_mix(items: Mapping[str, tuple[Sold, Sold]]) -> dict[str, dict[str, int]]:
    """By item what `volume`, `mix` and `price` add to the difference of its revenues; they add up to it exactly.

    With quantity q, price p (0 before, 1 now) and the average price P of all that was sold before: volume
    (q₁ − q₀)·P, mix (q₁ − q₀)·(p₀ − P), price (p₁ − p₀)·q₁. What was not sold before had the price of now; where
    nothing was, P is of what is sold now. The difference of an item with revenue but no quantity is all `uncounted`.
    AmountTooLarge where quantities so small stand beside so large ones that an effect leaves all bounds.
    """
    counted = {name: sides for name, sides in items.items() if all(map(_is_counted, sides))}
    quantities = {
        name: (then.quantity or Fraction(), now.quantity or Fraction()) for name, (then, now) in counted.items()
    }
    prices = {name: _price(then if then.quantity else now) for name, (then, now) in counted.items()}
    sums = [sum((sides[place] for sides in quantities.values()), Fraction()) for place in (0, 1)]
    place = 0 if sums[0] else 1
    worth = sum((prices[name] * sides[place] for name, sides in quantities.items()), Fraction())
    average = worth / sums[place] if sums[place] else Fraction()
    found = {}
    for name, (before, after) in items.items():
        difference = after.revenue - before.revenue
        split = dict.fromkeys(PRICE_VOLUME_MIX, 0)
        if name in counted:
            more = quantities[name][1] - quantities[name][0]
            volume, mix = more * average, more * (prices[name] - average)
            if max(abs(volume), abs(mix)) > LARGEST_EFFECT:
                raise AmountTooLarge(say("The effects of {name!r} leave all bounds: check its quantities.", name=name))
            parts = closed(difference, [volume, mix, difference - volume - mix], PRICE_VOLUME_MIX)
            split = dict(zip(PRICE_VOLUME_MIX, parts, strict=True))
        found[name] = {**split, "uncounted": difference - sum(split.values())}
    return found


def _is_counted(sold: Sold) -> bool:
    return sold.quantity is not None and (sold.quantity > 0 or not sold.revenue)


def _price(sold: Sold) -> Fraction:
    return sold.revenue / sold.quantity if sold.quantity else Fraction()
