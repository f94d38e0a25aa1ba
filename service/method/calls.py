"""Calls allocated over accounts, each with its response: by dynamic programming over the time there is.

Single steps to the account that gains most (greedy) miss the optimum where a curve is S-shaped: the first calls there
bring little, and only several together pay.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.errors import BadArgument
from service.method.response import Response
from service.wording import say


@dataclass(frozen=True, slots=True)
class Account:
    """`call`: units of time of a call; `travel`: units once, if there is any call; from `least` to `most` calls."""

    name: str
    response: Response
    call: int = 1
    travel: int = 0
    least: int = 0
    most: int | None = None

    def options(self, time: int) -> list[tuple[int, int, float]]:
        """(calls, time, sales) that fit into this time, few calls first."""
        affordable = max(0, (time - self.travel) // self.call)
        most = affordable if self.most is None else min(self.most, affordable)
        return [
            (calls, self.travel + calls * self.call if calls else 0, self.response.at(calls))
            for calls in range(self.least, most + 1)
        ]


@dataclass(frozen=True, slots=True)
class Allocated:
    """An account's calls, their time and sales; `fewest` to `most`: what it may get, all else at its best, so that
    sales in all stay within the tolerance of the optimum."""

    name: str
    calls: int
    time: int
    sales: float
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """The optimum, and the sales of the best allocation that differs from it; None: there is no other."""

    accounts: tuple[Allocated, ...]
    sales: float
    next_best: float | None


def allocate_calls(accounts: Sequence[Account], time: int, tolerance: float) -> Allocation:
    """The allocation with the largest sales within so many units of time; of equal ones fewer calls to those in front.

    `tolerance`: share of the sales within which an allocation counts as good as the optimum.
    BadArgument where the calls that must be made do not fit.
    """
    options = [account.options(time) for account in accounts]
    short = [account.name for account, own in zip(accounts, options, strict=True) if not own]
    if short:
        raise BadArgument(
            "time", say("The calls that {account!r} must get do not fit into this time.", account=short[0])
        )
    after = [np.zeros(time + 1)]
    for own in reversed(options):
        after.append(_with(after[-1], own))
    after.reverse()
    best = float(after[0][time])
    if not np.isfinite(best):
        raise BadArgument("time", say("The calls that must be made do not fit into this time together."))
    before, left = np.zeros(time + 1), time
    found, others = [], []
    for account, own, rest in zip(accounts, options, after[1:], strict=True):
        gains = [sales + float(rest[left - spent]) if spent <= left else -np.inf for _, spent, sales in own]
        calls, spent, sales = own[int(np.argmax(gains))]
        # What each number of calls leads to when all other accounts do their best with what it leaves.
        whole = [sales_ + _together(before, rest, time - spent_) for _, spent_, sales_ in own]
        good = [one[0] for one, sum_ in zip(own, whole, strict=True) if sum_ >= best - tolerance * abs(best)]
        others += [sum_ for one, sum_ in zip(own, whole, strict=True) if one[0] != calls and np.isfinite(sum_)]
        found.append(Allocated(account.name, calls, spent, sales, min([calls, *good]), max([calls, *good])))
        before, left = _with(before, own), left - spent
    return Allocation(tuple(found), best, max(others) if others else None)


def _with(sales: np.ndarray, options: Sequence[tuple[int, int, float]]) -> np.ndarray:
    """The best sales by time, of others and one more account; −∞ where its calls do not fit."""
    found = np.full_like(sales, -np.inf)
    for _, spent, own in options:
        np.maximum(found[spent:], sales[: len(sales) - spent] + own, out=found[spent:])
    return found


def _together(before: np.ndarray, after: np.ndarray, time: int) -> float:
    """The best sales of those in front and those behind, who share this time."""
    return float((before[: time + 1] + after[time::-1]).max())
