"""The control block of a receipt: what was handed in adds up, and what the books say of the same months afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, case, cast, false, func, select

from service.forms.declaration import Form
from service.method.measures import MEASURES
from service.method.months import Window, month_of
from service.store import lines
from service.store.bulk import DELETED, Staged
from service.store.reach import Reach
from service.values import amount_text

_MEASURES: Mapping[str, Mapping[str, str]] = {
    "statistics": {name: name for name in MEASURES},
    "orders": {"amount": "revenue", "margin": "margin"},
    "deals": {"amount": "lead_value"},
    "activities": {"hours": "hours"},
}
"""Amounts of a form → the measure they add to."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Totals of the amounts in a submission, with and without a customer, and the months they are about."""

    totals: Mapping[str, int]
    attributed: Mapping[str, int]
    months: Window | None


def handed_in(form: Form, staged: Staged) -> HandedIn:
    """Of the staged rows that are not to be removed."""
    names = [name for name in staged.names if name in _MEASURES.get(form.name, ())]
    if not names:
        return HandedIn({}, {}, None)
    rows = staged.rows
    known = rows.c.customer_id != 0 if "customer_id" in rows.c else false()
    month = next(rows.c[name] for name in ("period", "date", "created") if name in rows.c)
    found = staged.connection.execute(
        select(
            func.min(month).label("first"),
            func.max(month).label("last"),
            *(_sum(rows.c[name]) for name in names),
            *(_sum(case((known, rows.c[name]), else_=0)) for name in names),
            *(func.count(func.nullif(rows.c[name], 0)) for name in names),
        ).where(rows.c[DELETED] == 0)
    ).one()
    first, last, *sums = found
    if first is None:
        return HandedIn({}, {}, None)
    months = Window(first, last) if isinstance(first, int) else Window(month_of(first), month_of(last))
    size = len(names)
    totals, attributed, given = (dict(zip(names, sums[size * n : size * (n + 1)], strict=True)) for n in range(3))
    filled = [name for name in names if given[name]]
    return HandedIn({name: totals[name] for name in filled}, {name: attributed[name] for name in filled}, months)


def block(connection: Connection, home: Reach, form: Form, handed: HandedIn) -> list[dict[str, Any]]:
    """A row per amount; `ledger` is what is stored of its measure in all those months, whoever handed it in."""
    if handed.months is None:
        return []
    ledger = lines.totals(connection, home, handed.months)
    return [
        {
            "column": name,
            "total": amount_text(total),
            "attributed": amount_text(handed.attributed[name]),
            "unattributed": amount_text(total - handed.attributed[name]),
            "measure": _MEASURES[form.name][name],
            "ledger": amount_text(ledger[_MEASURES[form.name][name]]),
        }
        for name, total in handed.totals.items()
    ]


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)
