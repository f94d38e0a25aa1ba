"""The catalogue of indicators (the method, section 5): each declared once, computed as a ratio of sums at any grouping.

Adding one: its declaration here and its hand-worked value in `tests/method/test_indicators.py`; the catalogue, the
KPIs and the docs follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.method.formulas import Formula
from service.method.quantities import QUANTITIES

Unit = Literal["money", "ratio", "count", "orders a year", "money an order", "money an FTE", "money an hour"]
_LITERATURE = "Sales-management literature; the formula is Kontor's own."


@dataclass(frozen=True, slots=True)
class Indicator:
    """`formula` runs over the quantities of a group; `n` names the quantity that says how much it rests on."""

    id: str
    name: str
    kind: Literal["result", "efficiency", "management", "quality"]
    unit: Unit
    direction: Literal["higher", "lower", "neutral"]
    formula: str
    n: str
    meaning: str
    needs: tuple[str, ...]
    source: str = _LITERATURE
    parsed: Formula = field(init=False, compare=False)

    def __post_init__(self) -> None:
        parsed = Formula.parse(self.formula)
        unknown = (parsed.names | {self.n}) - QUANTITIES.keys()
        if unknown:
            raise ValueError(f"indicator {self.id}: unknown quantities {', '.join(sorted(unknown))}")
        object.__setattr__(self, "parsed", parsed)


_REVENUE = ("statistics.revenue",)
_CUSTOMERS = ("statistics.revenue", "statistics.customer")
_DECLARED = (
    Indicator(
        "revenue", "Revenue", "result", "money", "higher", "revenue", "active", "Net revenue of the group.", _REVENUE
    ),
    Indicator(
        "margin",
        "Margin",
        "result",
        "money",
        "higher",
        "margin",
        "active",
        "Revenue less the cost of what was sold.",
        ("statistics.margin",),
    ),
    Indicator(
        "margin_rate",
        "Margin rate",
        "management",
        "ratio",
        "higher",
        "margin / revenue",
        "active",
        "Margin per unit of revenue.",
        ("statistics.margin", "statistics.revenue"),
    ),
    Indicator(
        "growth",
        "Growth",
        "result",
        "ratio",
        "higher",
        "revenue / prior_revenue - 1",
        "active_before",
        "Change of revenue against the window of the same length before.",
        _REVENUE,
    ),
    Indicator(
        "active_customers",
        "Active customers",
        "result",
        "count",
        "higher",
        "active",
        "active",
        "Customers with positive net revenue.",
        _CUSTOMERS,
    ),
    Indicator(
        "new_customers",
        "New customers",
        "result",
        "count",
        "higher",
        "new",
        "active",
        "They buy, and never did before.",
        _CUSTOMERS,
    ),
    Indicator(
        "lost_customers",
        "Lost customers",
        "result",
        "count",
        "lower",
        "lost",
        "active_before",
        "They bought in the window before, and do not now.",
        _CUSTOMERS,
    ),
    Indicator(
        "reactivated_customers",
        "Reactivated customers",
        "result",
        "count",
        "higher",
        "reactivated",
        "active",
        "They buy again after a whole window without a purchase.",
        _CUSTOMERS,
    ),
    Indicator(
        "retention",
        "Customer retention",
        "management",
        "ratio",
        "higher",
        "retained / active_before",
        "active_before",
        "Share of the buyers of the window before who buy again.",
        _CUSTOMERS,
    ),
    Indicator(
        "net_revenue_retention",
        "Net revenue retention",
        "result",
        "ratio",
        "higher",
        "(revenue_before - revenue_lost - revenue_contracted + revenue_expanded) / revenue_before",
        "active_before",
        "What the buyers of the window before bring now, against what they brought then.",
        _CUSTOMERS,
    ),
    Indicator(
        "gross_revenue_retention",
        "Gross revenue retention",
        "result",
        "ratio",
        "higher",
        "(revenue_before - revenue_lost - revenue_contracted) / revenue_before",
        "active_before",
        "The same without what they buy more.",
        _CUSTOMERS,
    ),
    Indicator(
        "order_frequency",
        "Order frequency (F)",
        "management",
        "orders a year",
        "higher",
        "orders / active * 12 / months",
        "active",
        "Orders per active customer and year.",
        ("statistics.orders", "statistics.customer"),
    ),
    Indicator(
        "value_per_order",
        "Value per order (V)",
        "management",
        "money an order",
        "higher",
        "revenue / orders",
        "orders",
        "Revenue per order.",
        ("statistics.orders", "statistics.revenue"),
    ),
    Indicator(
        "wallet_share",
        "Wallet share",
        "result",
        "ratio",
        "higher",
        "positive_revenue / potential",
        "active",
        "Our share of what active customers buy from all suppliers.",
        ("customers.potential", *_CUSTOMERS),
    ),
    Indicator(
        "concentration_hhi",
        "Concentration (HHI)",
        "result",
        "ratio",
        "neutral",
        "sum_of_squares / (positive_revenue * positive_revenue)",
        "active",
        "Herfindahl-Hirschman index: sum of the customers' squared shares of revenue.",
        _CUSTOMERS,
        "Hirschman 1945, Herfindahl 1950.",
    ),
    Indicator(
        "concentration_gini",
        "Concentration (Gini)",
        "result",
        "ratio",
        "neutral",
        "2 * ranked_sum / (active * positive_revenue) - (active + 1) / active",
        "active",
        "Gini coefficient of the customers' revenue: 0 even, towards 1 one has all.",
        _CUSTOMERS,
        "Gini 1912.",
    ),
    Indicator(
        "revenue_per_fte",
        "Revenue per FTE",
        "efficiency",
        "money an FTE",
        "higher",
        "revenue / fte",
        "fte",
        "Revenue per average full-time equivalent of sellers in the period.",
        ("statistics.revenue", "salespeople.fte"),
    ),
    Indicator(
        "revenue_per_hour",
        "Revenue per selling hour",
        "efficiency",
        "money an hour",
        "higher",
        "revenue / hours",
        "hours",
        "Revenue per logged selling hour.",
        ("statistics.revenue", "statistics.hours"),
    ),
)
INDICATORS: Mapping[str, Indicator] = {indicator.id: indicator for indicator in _DECLARED}
