"""Quantities: the additive numbers of a group and window that formulas of indicators may name.

Each says where it comes from. Sums of measures come from the lines; the others are counted from what is named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from service.method.measures import MEASURES
from service.method.units import QuantityUnit

Source = Literal["lines", "customers", "sellers", "segmentation", "deals", "activities", "targets", "plan", "coverage"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """`needs` are the columns of forms, as `form.column`, that must be handed in for it to be known."""

    name: str
    unit: QuantityUnit
    source: Source
    meaning: str
    needs: tuple[str, ...]


_KIND: Mapping[str, QuantityUnit] = {"money": "money", "count": "number", "hours": "hours"}
_BOUGHT = ("statistics.customer", "statistics.revenue")
_POTENTIAL = ("customers.potential", *_BOUGHT)
_SELLERS = ("salespeople.start", "salespeople.fte")
_CLOSED = ("deals.outcome", "deals.closed")
_DECLARED = (
    *(
        Quantity(measure.name, _KIND[measure.kind], "lines", measure.meaning, (f"statistics.{measure.name}",))
        for measure in MEASURES.values()
    ),
    Quantity("months", "months", "lines", "Months of the window.", ()),
    Quantity("prior_revenue", "money", "lines", "Net revenue of the window before.", ("statistics.revenue",)),
    Quantity(
        "revenue_at_prior_rates",
        "money",
        "lines",
        "Net revenue, each month's at the rate of the same month of the window before.",
        ("statistics.revenue", "exchange-rates.rate"),
    ),
    Quantity(
        "credited_revenue",
        "money",
        "lines",
        "Net revenue that is credited to a seller.",
        ("statistics.salesperson", "statistics.revenue"),
    ),
    Quantity("active", "number", "customers", "Customers with positive net revenue in the window.", _BOUGHT),
    Quantity("active_before", "number", "customers", "The same in the window of the same length before.", _BOUGHT),
    Quantity("retained", "number", "customers", "Customers active in both.", _BOUGHT),
    Quantity("new", "number", "customers", "Active customers who never bought before.", _BOUGHT),
    Quantity("lost", "number", "customers", "Customers active before and not now.", _BOUGHT),
    Quantity(
        "reactivated",
        "number",
        "customers",
        "Active customers who bought before, but not in the window before.",
        _BOUGHT,
    ),
    Quantity(
        "dormant", "number", "customers", "Customers who bought once, but in neither of the two windows.", _BOUGHT
    ),
    Quantity("positive_revenue", "money", "customers", "Net revenue of active customers.", _BOUGHT),
    Quantity(
        "revenue_before", "money", "customers", "Positive net revenue of customers in the window before.", _BOUGHT
    ),
    Quantity("revenue_lost", "money", "customers", "What lost customers brought before.", _BOUGHT),
    Quantity("revenue_contracted", "money", "customers", "What retained customers bring less than before.", _BOUGHT),
    Quantity("revenue_expanded", "money", "customers", "What retained customers bring more than before.", _BOUGHT),
    Quantity(
        "potential",
        "money",
        "customers",
        "Effective potential of active customers, for the window's months.",
        _POTENTIAL,
    ),
    Quantity("sum_of_squares", "money²", "customers", "Sum of the squares of active customers' revenue.", _BOUGHT),
    Quantity(
        "ranked_sum", "money", "customers", "Sum of active customers' revenue times rank, 1 for the smallest.", _BOUGHT
    ),
    Quantity("largest_revenue", "money", "customers", "Revenue of the largest customer.", _BOUGHT),
    Quantity("new_hours", "hours", "customers", "Selling hours with new customers.", (*_BOUGHT, "statistics.hours")),
    Quantity("customers", "number", "customers", "Customers handed in, whether they buy or not.", ("customers.code",)),
    Quantity(
        "known_potentials",
        "number",
        "customers",
        "Customers handed in whose potential is known.",
        ("customers.code", "customers.potential"),
    ),
    Quantity("fte", "fte", "sellers", "Average full-time equivalents of sellers in the window.", _SELLERS),
    Quantity("sellers", "number", "sellers", "Average number of sellers in the window.", ("salespeople.start",)),
    Quantity(
        "deal_norm",
        "number",
        "sellers",
        "Deals that the sellers can work on at once by the method's norm: average number of sellers times the norm.",
        ("salespeople.start",),
    ),
    Quantity(
        "cost",
        "money",
        "sellers",
        "What the sellers cost in the window.",
        ("salespeople.start", "salespeople.monthly_cost"),
    ),
    Quantity(
        "paid_hours",
        "hours",
        "sellers",
        "Working hours of the sellers in the window, leave, sickness and training taken out.",
        (*_SELLERS, "salespeople.hours_a_day"),
    ),
    Quantity(
        "selling_hours",
        "hours",
        "sellers",
        "The part of the working hours that the method's selling share leaves for selling.",
        (*_SELLERS, "salespeople.hours_a_day"),
    ),
    Quantity(
        "seller_months", "number", "sellers", "Months in which a seller was employed, over all sellers.", _SELLERS
    ),
    Quantity(
        "logged_months",
        "number",
        "sellers",
        "Of these, the months for which he logged hours.",
        (*_SELLERS, "statistics.hours", "statistics.salesperson"),
    ),
    Quantity(
        "strong_revenue",
        "money",
        "segmentation",
        "Positive revenue of customers of potential class A or B.",
        _POTENTIAL,
    ),
    Quantity(
        "strong_potential",
        "money",
        "segmentation",
        "Effective potential of customers of potential class A or B, whether they buy or not.",
        _POTENTIAL,
    ),
    Quantity(
        "contact_norm",
        "number",
        "segmentation",
        "Contacts that the method's norms ask for with active customers, by class, in the window.",
        _BOUGHT,
    ),
    Quantity(
        "norm_hours",
        "hours",
        "segmentation",
        "Hours that these contacts, the orders and the stages of the funnel take by the method's norms.",
        _BOUGHT,
    ),
    Quantity(
        "grow_gap",
        "money",
        "segmentation",
        "Gap, at the end of the window before, of the customers who were of segment GROW then.",
        _POTENTIAL,
    ),
    Quantity(
        "grow_won", "money", "segmentation", "What these customers bring more than before, if they do.", _POTENTIAL
    ),
    Quantity("open_deals", "number", "deals", "Deals open at the end of the window.", ("deals.created", *_CLOSED)),
    Quantity("open_value", "money", "deals", "Amount of the open deals.", ("deals.created", "deals.amount", *_CLOSED)),
    Quantity("won_deals", "number", "deals", "Deals won in the window.", _CLOSED),
    Quantity("lost_deals", "number", "deals", "Deals lost in the window.", _CLOSED),
    Quantity("won_value", "money", "deals", "Amount of the deals won in the window.", ("deals.amount", *_CLOSED)),
    Quantity(
        "deal_days",
        "days",
        "deals",
        "Days from creation to win, of the deals won in the window.",
        ("deals.created", *_CLOSED),
    ),
    Quantity(
        "stuck_deals",
        "number",
        "deals",
        "Open deals that have been in their stage for longer than the method's limit.",
        ("deals.stages", "deals.created", *_CLOSED),
    ),
    Quantity(
        "moved_deals",
        "number",
        "deals",
        "Deals created, moved to a further stage, won or lost in the last seven days of the window.",
        ("deals.stages", "deals.created", *_CLOSED),
    ),
    Quantity(
        "contacted",
        "number",
        "activities",
        "Active customers with a contact up to the end of the window.",
        ("activities.date", "activities.customer", *_BOUGHT),
    ),
    Quantity(
        "contact_age",
        "days",
        "activities",
        "Days from their last contact to the end of the window, over these customers.",
        ("activities.date", "activities.customer", *_BOUGHT),
    ),
    Quantity("target", "money", "targets", "Revenue targets of the window's months.", ("targets.value",)),
    Quantity(
        "target_ahead",
        "money",
        "targets",
        "Revenue targets of as many months as the window has, after its end.",
        ("targets.value",),
    ),
    Quantity(
        "planned_revenue",
        "money",
        "plan",
        "Revenue that the newest plan plans for the window's months.",
        ("statistics.revenue",),
    ),
    Quantity("expected_cells", "number", "coverage", "Months for which the subsidiaries are to hand in data.", ()),
    Quantity("filled_cells", "number", "coverage", "Of these, the months that have data.", ()),
)
QUANTITIES: Mapping[str, Quantity] = {quantity.name: quantity for quantity in _DECLARED}
"""Every name that a formula may use."""
