"""What a plan expects of one customer, how often to be with him, and what to do next."""

from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NotFound
from service.method.segments.classes import CLASSES
from service.operations import approvals, breakdown, keeping, methods, priorities, references, segmentations
from service.operations.plans import months_of
from service.store import lines, results
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, amount_text, round_ratio
from service.wording import say

_NEXT = ("reason", "rank", "gain", "three_year_gain", "hours", "margin_per_hour")


def told(caller: Caller, subsidiary: str, code: str, identifier: str | None) -> dict[str, Any]:
    """By the plan that is named, or the one that stands: the approved one that begins last, else the newest without
    levers; null where there is none."""
    card = segmentations.card(caller, subsidiary, code)
    home = caller.reach.narrowed([card.customer.subsidiary_id])
    newest, row = card.segmentation, card.row
    planned = _plan(caller, home, subsidiary, identifier)
    step = priorities.next_step(caller, subsidiary, code) if row else None
    return {
        "subsidiary": subsidiary,
        "customer": code,
        "name": card.customer.name,
        "currency": card.customer.currency,
        "segmentation": references.write(subsidiary, newest.number) if newest else None,
        "abc_class": card.abc_class,
        "potential_class": row.potential_class if row else None,
        "segment": card.segment,
        **_expected(caller, home, planned, code),
        **_contacts(caller, home, card, planned),
        **{f"next_{name}": step[name] if step else None for name in _NEXT},
    }


def _plan(caller: Caller, home: Reach, subsidiary: str, identifier: str | None) -> Row[Any] | None:
    if identifier is None:
        return approvals.standing(caller, home)
    _, row = keeping.find(caller, results.PLAN, identifier)
    if row.subsidiary != subsidiary:
        raise NotFound(
            say("Plan {identifier} is none of subsidiary {subsidiary}.", identifier=identifier, subsidiary=subsidiary)
        )
    return row


def _expected(caller: Caller, home: Reach, planned: Row[Any] | None, code: str) -> dict[str, Any]:
    nothing = ("plan", "fresh", "periods", "planned_revenue", "planned_margin", "monthly_revenue", "monthly_margin")
    if planned is None:
        return dict.fromkeys(nothing)
    found = breakdown.read(caller, home, planned, customer=code)
    head = {"plan": found.plan, "fresh": found.fresh, "periods": found.periods}
    if not found.parts:
        return dict.fromkeys(nothing) | head
    # He may be in several units: his seller's, and those of who has open deals with him.
    months = {
        figure: [sum(column) for column in zip(*(one.months(figure) for one in found.parts), strict=True)]
        for figure in breakdown.FIGURES
    }
    return {
        **head,
        **{f"planned_{figure}": amount_text(sum(own)) for figure, own in months.items()},
        **{f"monthly_{figure}": [amount_text(amount) for amount in own] for figure, own in months.items()},
    }


def _contacts(caller: Caller, home: Reach, card: segmentations.Card, planned: Row[Any] | None) -> dict[str, Any]:
    """The norm of his class for a year, and what was done of it in the plan's months; null without plan or class."""
    if planned is None or card.abc_class not in CLASSES:
        return dict.fromkeys(("contacts_a_year", "contact_hours_a_year", "contacts_so_far", "contact_hours_so_far"))
    norms = methods.version(caller, planned.method).parameters.resources
    done = lines.totals(caller.connection, home, months_of(keeping.summary(planned)), card.customer.id)
    contacts = norms.contacts_a_year[card.abc_class]
    return {
        "contacts_a_year": round_ratio(contacts),
        "contact_hours_a_year": round_ratio(contacts * norms.hours_a_contact[card.abc_class]),
        "contacts_so_far": round_ratio((done["calls"] + done["meetings"]) / AMOUNT_SCALE),
        "contact_hours_so_far": round_ratio(done["hours"] / AMOUNT_SCALE),
    }
