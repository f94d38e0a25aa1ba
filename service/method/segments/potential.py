"""Potential: what a customer buys of our product groups from all suppliers, and the class it gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from service.errors import AmountTooLarge
from service.method.parameters import Potential
from service.method.segments.classes import LARGEST_SUM, MONTHS_A_YEAR, Floors, Ints, Words, by_floors
from service.method.segments.classes import limits as limits_of
from service.wording import say


@dataclass(frozen=True, slots=True)
class Effective:
    """Per customer: effective potential of the window's length, and how it is known."""

    potential: Ints
    assumed: np.ndarray
    understated: np.ndarray


def effective(value: Ints, potential: Ints, known: np.ndarray, default_share: Fraction, months: int) -> Effective:
    """`max(potential, value)`; unknown potential: value / default wallet share.

    `potential` is a year's and is taken for the months of the window, rounded half to even.
    """
    bought = np.maximum(value, 0)
    scaled = potential if months == MONTHS_A_YEAR else _scaled(potential, Fraction(months, MONTHS_A_YEAR))
    guessed = _scaled(np.where(known, 0, bought), 1 / default_share)
    best = np.where(known, np.maximum(scaled, bought), guessed)
    return Effective(best, ~known, known & (bought > scaled))


def classes(
    effective_potential: Ints,
    channel: pd.Series,
    scope: pd.Series,
    limits: Potential,
    months: int,
    floors: Mapping[str, Floors],
) -> Words:
    """A, B, C by the limits of the channel, by the frozen floors of the scope where none are set; N: nothing known."""
    result = np.full(len(effective_potential), "N", dtype=object)
    pairs: Any = pd.DataFrame({"channel": channel, "scope": scope}).groupby(["channel", "scope"]).indices
    for (own_channel, own_scope), places in pairs.items():
        chosen = limits.limits.get(own_channel) or limits.limits.get("*")
        bounds = floors[own_scope] if chosen is None else limits_of(chosen.A, chosen.B, months)
        result[places] = by_floors(effective_potential[places], bounds)
    return result


def below_share(bought: Ints, potential: Ints, share: Fraction) -> np.ndarray:
    """Whether bought / potential < share, exactly."""
    limits = [-((-amount * share.numerator) // share.denominator) for amount in potential.tolist()]
    return bought < np.array(limits, dtype="int64")


def _scaled(amounts: Ints, factor: Fraction) -> Ints:
    scaled = [round(Fraction(amount * factor.numerator, factor.denominator)) for amount in amounts.tolist()]
    if max(scaled, default=0) > LARGEST_SUM:
        raise AmountTooLarge(say("A potential does not fit into 64 bits."))
    return np.array(scaled, dtype="int64")
