"""The norms that the statistics behind a plan show."""

from typing import Any

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.forms.kinds import read_stages
from service.method import norms
from service.method.parameters import ResourceNorms
from service.operations import keeping
from service.operations.observations import basis_of, observed
from service.store import registered

CONTACTS = ("call", "meeting")


def seen(caller: Caller, plan: Row[Any], standing: ResourceNorms) -> list[norms.Norm]:
    """Contacts and hours by class over the window of a kept plan, by the data of now."""
    basis = basis_of(caller, plan, keeping.summary(plan))
    found = observed(caller, basis, [])
    classes = dict(zip(found.customers["customer_id"].tolist(), found.customers["abc_class"].tolist(), strict=True))
    activities = registered.activities_between(caller.connection, basis.home, *basis.window.days)
    contacts = [
        (classes[one.customer_id], one.hours)
        for one in activities
        if one.type in CONTACTS and one.customer_id in classes
    ]
    stages = _stages(caller, basis.home, basis.window.days)
    work = [(one.deal, _stage(stages[one.deal], one.date), one.hours) for one in activities if one.deal in stages]
    return norms.observed(
        found.customers,
        pd.DataFrame(contacts, columns=["abc_class", "hours"]),
        found.deals,
        pd.DataFrame(work, columns=["deal", "stage", "hours"]),
        len(basis.window),
        standing,
    )


def _stages(caller: Caller, home: Any, days: Any) -> dict[str, dict[str, Any]]:
    """Of each deal that lived in the window: stage → the day it was entered."""
    return {deal.id: read_stages(deal.stages) for deal in registered.deals_between(caller.connection, home, *days)}


def _stage(entered: dict[str, Any], day: Any) -> int:
    """The place of the stage that a deal was in on a day."""
    return max(
        (place for place, name in enumerate(norms.STAGES) if name in entered and entered[name] <= day), default=0
    )
