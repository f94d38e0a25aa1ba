"""A plan broken down to customers: what each is to bring by block and month, and what nobody yet stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.method.money import closed
from service.method.plan.blocks import MONTHS_A_YEAR

OF_CUSTOMERS = ("existing", "reactivated", "carried_over", "grown")
"""New business is of nobody who is known by now."""


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of a unit: his class (N: none), revenue of the window, the gap that is to be closed (0 where he is not
    to be grown), and the last class of who bought once and does not now ("" of all others)."""

    key: str
    abc_class: str
    revenue: int
    gap: int
    pool_class: str


def weights(members: Sequence[Member], classes: Sequence[str], deals: np.ndarray) -> dict[str, np.ndarray]:
    """Block → members × classes × 12 months (or 1 for all): the share of a class's business that stands for each.

    Existing: by revenue, evenly where a class has none. Grown: by gap. Reactivated: evenly over the pool. Carried over:
    by `deals`, what open deals are worth, members and last nobody × classes × 12.
    """
    own = {
        "existing": [(one.abc_class, max(0, one.revenue)) for one in members],
        "grown": [(one.abc_class, one.gap) for one in members],
        "reactivated": [(one.pool_class, 1) for one in members],
    }
    found = {}
    for block, pairs in own.items():
        found[block] = np.zeros((len(members), len(classes), 1))
        for column, name in enumerate(classes):
            inside = np.array([word == name for word, _ in pairs], dtype=bool)
            amounts = np.array([amount for _, amount in pairs], dtype=float) * inside
            if block == "existing" and not amounts.any():
                amounts = inside.astype(float)
            if amounts.any():
                found[block][:, column, 0] = amounts / amounts.sum()
    total = deals.sum(axis=0)
    found["carried_over"] = np.divide(deals[:-1], total, out=np.zeros_like(deals[:-1]), where=total != 0)
    return found


def broken_down(
    members: Sequence[Member],
    share: Mapping[str, np.ndarray],
    parts: Mapping[str, np.ndarray],
    totals: Mapping[str, Sequence[int]],
) -> list[dict[str, list[int]]]:
    """A unit's amounts of each member, and last of nobody: block → 12 whole amounts, which add up to the totals.

    `share`: the members' `weights`; `parts[block]`: classes × 12, as exact as they
    are known; `totals[block]`: 12 whole amounts.
    """
    keys = [*(one.key for one in members), ""]
    found: list[dict[str, list[int]]] = [{} for _ in keys]
    for block, whole in totals.items():
        if block not in OF_CUSTOMERS:
            found[-1][block] = list(whole)
            continue
        of_members = (share[block] * parts[block]).sum(axis=1)
        nobody = parts[block].sum(axis=0) - of_members.sum(axis=0)
        tiny = np.abs(nobody) <= _NOTHING * np.abs(parts[block]).sum(axis=0)
        exact = np.vstack([of_members, np.where(tiny, 0, nobody)])
        columns = [_month(int(whole[month]), exact[:, month], keys) for month in range(MONTHS_A_YEAR)]
        for own, months in zip(found, zip(*columns, strict=True), strict=True):
            own[block] = list(months)
    return found


_NOTHING = 1e-9
"""What is left by the rounding of binary64 is nobody's."""


def _month(total: int, exact: np.ndarray, keys: Sequence[str]) -> list[int]:
    found = [0] * len(keys)
    bearing = np.flatnonzero(exact).tolist()
    if not bearing:
        found[-1] = total
        return found
    sizes = np.abs(exact)
    amounts = exact + (total - exact.sum()) * sizes / sizes.sum()
    whole = closed(total, [float(amounts[place]) for place in bearing], [keys[place] for place in bearing])
    for place, amount in zip(bearing, whole, strict=True):
        found[place] = amount
    return found
