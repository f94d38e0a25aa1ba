"""What a plan is computed from: one number per unit, class and input, each with where it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from service.method.segments.classes import CLASSES

CLOSING = tuple(f"closing_{month}" for month in range(1, 13))
"""What of the open deals is expected to close in each month of the plan."""
INPUTS: Mapping[str, str] = {
    "customers": "N: customers of the class.",
    "order_frequency": "F: orders per customer and year.",
    "value_per_order": "V: revenue per order.",
    "price": "Change of prices.",
    "quantity": "Change of quantity an order.",
    "margin_rate": "Margin per unit of revenue.",
    "to_A": "P: share of the class's customers who will be A.",
    "to_B": "P: share who will be B.",
    "to_C": "P: share who will be C.",
    "leads": "L: leads a year.",
    "conversion_1": "Share of leads that get qualified.",
    "conversion_2": "Share of qualified leads that get an offer.",
    "conversion_3": "Share of offers that are won.",
    "cycle_months": "Months from lead to win.",
    "pool": "Lost and dormant customers, by the last class they had.",
    "reactivation_rate": "Share of the pool that buys again within a year.",
    "open_amount": "Amount of open deals with non-buyers.",
    "open_deals": "Amount of open deals with non-buyers × win rate of their stage.",
    "open_wins": "Sum of the win rates of those deals.",
    **{
        name: f"Of open_deals those that are expected to close in month {month} of the plan."
        for month, name in enumerate(CLOSING, start=1)
    },
    "grow_customers": "Customers of segment GROW.",
    "grow_gap": "What they buy from others.",
    "capture": "Share of that gap that is won within a year.",
}
_BOUGHT = ("statistics.customer", "statistics.revenue")
_OPEN = ("deals.amount", "deals.stages", "deals.outcome")
_POTENTIAL = ("customers.potential", *_BOUGHT)
NEEDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(INPUTS, ()),
    **dict.fromkeys(("customers", "to_A", "to_B", "to_C", "pool", "reactivation_rate"), _BOUGHT),
    "order_frequency": ("statistics.orders", *_BOUGHT),
    "value_per_order": ("statistics.orders", *_BOUGHT),
    "margin_rate": ("statistics.margin", *_BOUGHT),
    "leads": ("statistics.leads",),
    "conversion_1": ("statistics.leads", "statistics.qualified"),
    "conversion_2": ("statistics.qualified", "statistics.offers"),
    "conversion_3": ("statistics.offers", "statistics.wins"),
    "cycle_months": ("deals.created", "deals.closed", "deals.outcome"),
    **dict.fromkeys(("open_amount", "open_deals", "open_wins"), _OPEN),
    **dict.fromkeys(CLOSING, ("deals.expected_close", *_OPEN)),
    "grow_customers": _POTENTIAL,
    "grow_gap": _POTENTIAL,
}
"""The columns of forms, as `form.column`, that an input is observed in; none: it is the method's own number."""
FACTS: Mapping[str, str] = {
    "customers": "Customers of the class, of the class table.",
    "orders": "Orders of the window, of these customers' lines.",
    "revenue": "Revenue of the window, of these customers' lines.",
    "margin": "Margin of the window, of these customers' lines.",
    "gap": "What the class's GROW customers buy from others, in the window's length.",
    "months": "Months of the window.",
    "there": "Customers who were in the class in the prior window, by the frozen floors.",
    "kept": "Those of them who are in A, B or C now.",
    "moved": "Those of them who are in the class in question now.",
    "all_there": "Customers who were in A, B or C in the prior window.",
    "all_kept": "Those of them who are in A, B or C now.",
    "shrinkage": "Weight of the pooled retention, in customers: a parameter.",
    "returned": "Customers who bought before the prior window, not in it, and again in this one.",
    "dormant": "Customers who bought before the prior window, and neither in it nor in this one.",
    "leads": "Leads of the window's lines, those without a customer by the class's share.",
    "qualified": "Qualified leads of the window's lines, likewise.",
    "offers": "Offers of the window's lines, likewise.",
    "wins": "Wins of the window's lines, likewise.",
    "amount": "Amount of an open deal, or of those of a stage.",
    "rate": "Win rate of its stage.",
    "deals": "Deals of new customers that were created in the window and closed by its end.",
    "deals_qualified": "Those of them that got qualified.",
    "deals_offered": "Those of them that got an offer.",
    "deals_won": "Those of them that were won.",
    "median_months": "Median of the months from creation to win, of deals won in the window.",
}
"""Terms of evidence. A number behind a name counts several of a kind, as in `amount_2`."""
RETENTION = ("to_A", "to_B", "to_C")
CONVERSIONS = ("conversion_1", "conversion_2", "conversion_3")
BY_LEVER = "set by lever"
_ROUNDING = 1e-12
"""So much of a sum is the rounding of binary64."""
SHARES = (*RETENTION, *CONVERSIONS, "reactivation_rate", "capture")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an input was computed from: a formula over sums and counts of the window, and these; see `FACTS`."""

    formula: str
    terms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Input:
    """A value and its provenance: observed, shrunk, borrowed from …, default, set by lever; `n` it was observed on."""

    value: float
    provenance: str
    n: int | None = None
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Inputs:
    """`values[name]` is an array units × classes (A, B, C), × 12 months where a lever moves it within the year.

    `sources[name][unit][class]` is its Input as found, before any lever; `moved[name]`: which classes one moved.
    """

    units: Sequence[str]
    values: Mapping[str, np.ndarray]
    sources: Mapping[str, Sequence[Sequence[Input]]] = field(repr=False)
    moved: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, units: Mapping[str, Mapping[str, Mapping[str, Input]]]) -> "Inputs":
        """From unit → class → name → Input; absent inputs are 0."""
        nothing = Input(0.0, "default")
        sources = {
            name: [[cells.get(abc_class, {}).get(name, nothing) for abc_class in CLASSES] for cells in units.values()]
            for name in INPUTS
        }
        values = {
            name: np.array([[cell.value for cell in row] for row in rows], dtype="float64").reshape(-1, len(CLASSES))
            for name, rows in sources.items()
        }
        return cls(list(units), values, sources)

    def __iter__(self) -> Iterator[tuple[str, str, str, Input]]:
        """(unit, class, name, Input) of all inputs; one that a lever moved is its average over the year."""
        average = self.average.values
        for place, unit in enumerate(self.units):
            for column, abc_class in enumerate(CLASSES):
                for name in INPUTS:
                    found = self.sources[name][place][column]
                    if name in self.moved and self.moved[name][column]:
                        found = Input(float(average[name][place, column]), BY_LEVER)
                    yield unit, abc_class, name, found

    @property
    def by_month(self) -> "Inputs":
        """All values units × classes × months, 1 month standing for all where nothing moves within the year."""
        deep = {name: value if value.ndim == 3 else value[:, :, None] for name, value in self.values.items()}
        return replace(self, values=deep)

    def only(self, units: slice) -> "Inputs":
        """The values of some units, without where they come from."""
        values = {name: value[units] for name, value in self.values.items()}
        return replace(self, units=self.units[units], values=values, sources={})

    @property
    def average(self) -> "Inputs":
        """All values units × classes: the year's average."""
        flat = {name: value if value.ndim == 2 else value.mean(axis=2) for name, value in self.values.items()}
        return replace(self, values=flat)

    @property
    def retention(self) -> np.ndarray:
        """r = 1 − P_kN, units × classes."""
        kept: np.ndarray = self.values["to_A"] + self.values["to_B"] + self.values["to_C"]
        return kept

    @property
    def conversion(self) -> np.ndarray:
        """Π conversions, units × classes."""
        one, two, three = (self.values[name] for name in CONVERSIONS)
        won: np.ndarray = one * two * three
        return won

    @property
    def win_rate(self) -> np.ndarray:
        """Of the open deals, by their amount; 0 where there are none."""
        won, amount = self.values["open_deals"], self.values["open_amount"]
        rate: np.ndarray = np.divide(won, amount, out=np.zeros_like(won), where=amount != 0)
        return rate

    @property
    def undated(self) -> np.ndarray:
        """Of the open deals' worth what no month of the plan is known for, units × classes."""
        worth = self.values["open_deals"]
        rest = worth - sum(self.values[name] for name in CLOSING)
        undated: np.ndarray = np.where(np.abs(rest) <= _ROUNDING * np.abs(worth), 0.0, rest)
        return undated

    @property
    def stay(self) -> np.ndarray:
        """Σ_j N_j · P_jk: customers who will be in class k, units × classes."""
        customers = self.values["customers"]
        return np.stack([(customers * self.values[name]).sum(axis=1) for name in RETENTION], axis=1)

    @property
    def order_value(self) -> np.ndarray:
        """V' = V · (1+price) · (1+quantity), units × classes."""
        value: np.ndarray = self.values["value_per_order"] * (1 + self.values["price"]) * (1 + self.values["quantity"])
        return value
