"""Every table, imported once, so that `SQLModel.metadata` is complete for migrations and their check."""

from service.store import (
    closed_months,
    customers,
    exchange_rates,
    keys,
    labels,
    lines,
    plans,
    requirements,
    results,
    salespeople,
    segments,
    submissions,
    subsidiaries,
)

__all__ = [
    "closed_months",
    "customers",
    "exchange_rates",
    "keys",
    "labels",
    "lines",
    "plans",
    "requirements",
    "results",
    "salespeople",
    "segments",
    "submissions",
    "subsidiaries",
]
