"""Measures: the additive numbers on a statistics line (method.md 1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Measure:
    """`kind` says how it is written; `group` which feed hands it in."""

    name: str
    kind: Literal["money", "count", "hours"]
    group: Literal["results", "funnel", "activity"]
    meaning: str
    may_be_negative: bool = False


_DECLARED = (
    Measure("orders", "count", "results", "Orders booked."),
    Measure("revenue", "money", "results", "Net revenue; a return makes it negative.", may_be_negative=True),
    Measure("margin", "money", "results", "Revenue less the cost of what was sold.", may_be_negative=True),
    Measure("quotes", "count", "funnel", "Quotes for repeat business."),
    Measure("quote_value", "money", "funnel", "Value of those quotes."),
    Measure("leads", "count", "funnel", "New customers in sight: the first stage of the funnel."),
    Measure("qualified", "count", "funnel", "Leads that were found worth pursuing."),
    Measure("offers", "count", "funnel", "Offers made to leads."),
    Measure("wins", "count", "funnel", "Leads that became customers."),
    Measure("lead_value", "money", "funnel", "Value of the leads."),
    Measure("offer_value", "money", "funnel", "Value of the offers."),
    Measure("win_value", "money", "funnel", "Value of the wins."),
    Measure("calls", "count", "activity", "Calls made to customers and leads."),
    Measure("meetings", "count", "activity", "Meetings with customers and leads."),
    Measure("hours", "hours", "activity", "Selling hours logged."),
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _DECLARED}
