"""What of a plan the people there can serve, month by month, and what is cut (the method, section 7)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

LASTING = ("new", "reactivated")
"""Blocks whose customers stay: a month's money rests on the work of all months so far."""


class Turn(IntEnum):
    """Who is served before whom; within a turn by margin an hour."""

    KEPT = 0
    PROGRAMMES = 1
    OTHERS = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a plan by month: the hours that it takes, revenue and margin in whole coins. `lasting`: see LASTING."""

    name: tuple[str, ...]
    hours: Sequence[float]
    revenue: Sequence[int]
    margin: Sequence[int]
    coin: int = 1
    turn: Turn = Turn.OTHERS
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Served:
    """What of a piece the hours are enough for, by month."""

    piece: Piece
    hours: Sequence[float]
    revenue: Sequence[int]
    margin: Sequence[int]


def feasible(pieces: Sequence[Piece], hours: Sequence[float]) -> list[Served]:
    """What so many hours a month can serve, in the order of serving, which is that of the year in every month.

    The last piece of a month is served in part, its money as its hours, in whole coins. What a month leaves over is not
    kept for the next. Revenue that is not above 0 (credits) comes anyway, and work for it is done last. More hours in
    any month never serve less.
    """
    ordered = sorted(pieces, key=_order)
    needed = np.array([one.hours for one in ordered], dtype="float64").reshape(len(ordered), len(hours))
    spent = np.clip(np.maximum(0, hours) - (np.cumsum(needed, axis=0) - needed), 0, needed)
    return [_served(one, taken, given) for one, taken, given in zip(ordered, needed, spent, strict=True)]


_WHOLE = 1 - 1e-9
"""What is missing of it is the rounding of binary64."""


def _order(one: Piece) -> tuple[bool, Turn, float, tuple[str, ...]]:
    hours, margin = math.fsum(one.hours), sum(one.margin)
    brings = sum(one.revenue) > 0 or one.turn is Turn.PROGRAMMES
    return not brings, one.turn, -margin / hours if hours else -math.inf, one.name


def _served(one: Piece, needed: np.ndarray, given: np.ndarray) -> Served:
    done, asked = (np.cumsum(given), np.cumsum(needed)) if one.lasting else (given, needed)
    shares = np.divide(done, asked, out=np.ones_like(asked), where=asked > 0).tolist()
    revenue, margin = (
        [
            amount if share >= _WHOLE or of_month <= 0 else int(amount // one.coin * share) * one.coin
            for amount, of_month, share in zip(amounts, one.revenue, shares, strict=True)
        ]
        for amounts in (one.revenue, one.margin)
    )
    return Served(one, given.tolist(), revenue, margin)
