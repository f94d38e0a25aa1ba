"""Every table, imported once, so that `SQLModel.metadata` is complete for migrations and their check."""

from service.store import (
    customers,
    entries,
    exchange_rates,
    keys,
    labels,
    lines,
    plans,
    registers,
    requirements,
    results,
    revisions,
    salespeople,
    segments,
    submissions,
    subsidiaries,
    targets,
)

__all__ = [
    "customers",
    "entries",
    "exchange_rates",
    "keys",
    "labels",
    "lines",
    "plans",
    "registers",
    "requirements",
    "results",
    "revisions",
    "salespeople",
    "segments",
    "submissions",
    "subsidiaries",
    "targets",
]
