"""Counting the quantities that come from lines, per group and window: the reference for what the store counts in SQL.

States are evaluated inside each group on the group's own lines: a customer who moves from one seller to another is lost
for the one and new for the other, so `active = active_before − lost + new + reactivated` holds in every group.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from service.method.measures import MEASURES
from service.method.money import convert
from service.method.months import Window
from service.method.quantities import QUANTITIES
from service.method.segments.classes import refuse_overflow
from service.method.segments.concentration import positive, ranked_sum, sum_of_squares
from service.method.states import State, states
from service.values import AMOUNT_SCALE, RATE_DECIMALS

_RATE_UNIT = 10**RATE_DECIMALS
UNATTRIBUTED = 0
"""The customer of lines that name none: part of sums, never a customer."""

_COUNTED = (
    "active",
    "active_before",
    "retained",
    "new",
    "lost",
    "reactivated",
    "prior_revenue",
    "positive_revenue",
    "revenue_before",
    "revenue_lost",
    "revenue_contracted",
    "revenue_expanded",
    "potential",
    "sum_of_squares",
    "ranked_sum",
)
Group = tuple[str, ...]
MONTHS_A_YEAR = 12


def quantities(
    cells: pd.DataFrame,
    window: Window,
    potentials: Mapping[int, int],
    default_wallet_share: Fraction,
) -> dict[Group, dict[str, Fraction | None]]:
    """Quantities per group, in units (not ten-thousandths); what does not come from lines is left None.

    `cells`: a row per (group, customer, month) with columns `group` (a tuple of words), `customer`, `month` and all
    measures as int64. Months up to the window's end count; those before the prior window only tell who bought earlier.
    `potentials`: customer → potential a year, of customers whose potential is known.
    """
    for name in MEASURES:
        refuse_overflow(cells[name].to_numpy())
    told = cells[cells["month"] <= window.last]
    names = sorted(set(told["group"]))
    # Groups by number: pandas takes many times as long to group by tuples.
    numbers = {name: number for number, name in enumerate(names)}
    group = np.array([numbers[name] for name in told["group"]], dtype="int64")
    now = (told["month"] >= window.first).to_numpy()
    sums = told.loc[now, list(MEASURES)].groupby(group[now]).sum().reindex(range(len(names)), fill_value=0)
    customers = _customers(told, group, window)
    places = customers.groupby("group").indices
    columns = {str(name): customers[name].to_numpy() for name in customers}
    found: dict[Group, dict[str, Fraction | None]] = {}
    for number, (name, amounts) in enumerate(zip(names, sums.to_dict("records"), strict=True)):
        part = {column: values[places[number]] for column, values in columns.items()}
        found[name] = {
            **dict.fromkeys(QUANTITIES),
            **{str(measure): _units(int(amount)) for measure, amount in amounts.items()},
            **_counted(part, len(window), potentials, default_wallet_share),
            "prior_revenue": _units(int(part["before"].sum())),
            "months": Fraction(len(window)),
        }
    return found


def empty(window: Window) -> dict[str, Fraction | None]:
    """The quantities of a group without a line."""
    return {
        **dict.fromkeys(QUANTITIES),
        **dict.fromkeys((*MEASURES, *_COUNTED), Fraction(0)),
        "months": Fraction(len(window)),
    }


def _customers(told: pd.DataFrame, group: np.ndarray, window: Window) -> pd.DataFrame:
    """A row per group and customer, UNATTRIBUTED among them: revenue now and before, and his state."""
    month, revenue = told["month"], told["revenue"]
    facts = {
        "group": group,
        "customer": told["customer"],
        "now": revenue.where(month >= window.first, 0),
        "before": revenue.where(month.between(window.prior.first, window.prior.last), 0),
        "earlier": (month < window.prior.first) & (revenue > 0),
    }
    frame = pd.DataFrame(facts).groupby(["group", "customer"], as_index=False).sum()
    return frame.assign(state=states(frame["before"], frame["now"], frame["earlier"] > 0))


def _counted(
    part: Mapping[str, np.ndarray], months: int, potentials: Mapping[int, int], default_share: Fraction
) -> dict[str, Fraction | None]:
    known = part["customer"] != UNATTRIBUTED
    now, before, state = part["now"][known], part["before"][known], part["state"][known]
    active, bought = now > 0, before > 0
    ascending = positive(now)
    change = (now - before)[state == State.RETAINED.value]
    lost = before[state == State.LOST.value]
    potential = _potential(
        part["customer"][known][active].tolist(), now[active].tolist(), months, potentials, default_share
    )
    return {
        "active": Fraction(int(active.sum())),
        "active_before": Fraction(int(bought.sum())),
        **{
            word.value: Fraction(int((state == word.value).sum()))
            for word in (State.RETAINED, State.NEW, State.LOST, State.REACTIVATED)
        },
        "positive_revenue": _units(sum(ascending)),
        "revenue_before": _units(int(before[bought].sum())),
        "revenue_lost": _units(int(lost.sum())),
        "revenue_contracted": _units(-int(np.minimum(change, 0).sum())),
        "revenue_expanded": _units(int(np.maximum(change, 0).sum())),
        "potential": potential,
        "sum_of_squares": Fraction(sum_of_squares(ascending), AMOUNT_SCALE**2),
        "ranked_sum": _units(ranked_sum(ascending)),
    }


def _potential(
    customers: Sequence[int], bought: Sequence[int], months: int, potentials: Mapping[int, int], default_share: Fraction
) -> Fraction:
    """Sum over active customers of max(potential, bought), unknown potential: bought / default wallet share."""
    known, guessed = 0, 0
    for customer, amount in zip(customers, bought, strict=True):
        yearly = potentials.get(customer)
        if yearly is None:
            guessed += amount
        else:
            known += max(yearly * months, amount * MONTHS_A_YEAR)
    return (Fraction(known, MONTHS_A_YEAR) + guessed / default_share) / AMOUNT_SCALE


def split_converted(parts: Sequence[int], rate: int) -> list[int]:
    """The parts of one amount at a rate, adding up to the amount's own conversion, which is rounded once.

    Each part is rounded down; the units left go to the parts with the largest fractions, earlier parts first.
    """
    exact = [part * rate for part in parts]
    rounded = [product // _RATE_UNIT for product in exact]
    left = convert(sum(parts), rate) - sum(rounded)
    order = sorted(range(len(parts)), key=lambda place: (-(exact[place] % _RATE_UNIT), place))
    for place in order[:left]:
        rounded[place] += 1
    return rounded


def _units(amount: int) -> Fraction:
    return Fraction(amount, AMOUNT_SCALE)
