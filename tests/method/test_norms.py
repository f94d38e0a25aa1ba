"""Norms that the statistics show: hand-worked, and what stands in where they show too little."""

from typing import Any

import pandas as pd
import pytest

from service.method.norms import Norm, document, observed, told
from service.method.parameters import ResourceNorms
from tests.method.frames import PARAMETERS
from tests.method.test_plan import register

STANDING = PARAMETERS.resources
NOBODY = pd.DataFrame([], columns=["abc_class", "contacts"])


def hours(rows: list[tuple[str, float]]) -> pd.DataFrame:
    return pd.DataFrame([(name, round(value * 10_000)) for name, value in rows], columns=["abc_class", "hours"])


def work(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    told = [(deal, stage, round(value * 10_000)) for deal, stage, value in rows]
    return pd.DataFrame(told, columns=["deal", "stage", "hours"])


def seen(**given: Any) -> dict[tuple[str, str, str | None], Norm]:
    facts = {"customers": NOBODY, "contacts": hours([]), "deals": register([]), "work": work([]), "months": 12} | given
    return {(one.norm, one.abc_class, one.stage): one for one in observed(**facts, norms=STANDING)}


def test_without_statistics_the_method_stands() -> None:
    found = seen()
    assert {one.provenance for one in found.values()} == {"method"}
    assert ResourceNorms.model_validate(STANDING.model_dump() | document(list(found.values()))) == STANDING


def test_contacts_a_year_are_those_of_the_class() -> None:
    people = pd.DataFrame([("A", 60_000), ("A", 20_000), ("B", 0)], columns=["abc_class", "contacts"])
    found = seen(customers=people, months=6)
    assert found["contacts_a_year", "A", None] == Norm("contacts_a_year", "A", None, 8.0, "observed", 2)
    assert found["contacts_a_year", "B", None].value == 0
    assert found["contacts_a_year", "C", None].provenance == "method"


def test_hours_a_contact_of_the_class_else_of_all() -> None:
    found = seen(contacts=hours([("A", 1), ("A", 2), ("A", 3), ("A", 4), ("A", 5), ("B", 9)]))
    assert found["hours_a_contact", "A", None] == Norm("hours_a_contact", "A", None, 3.0, "observed", 5)
    assert found["hours_a_contact", "B", None] == Norm(
        "hours_a_contact", "B", None, 4.0, "borrowed from all classes", 6
    )
    untold = seen(contacts=hours([("A", 0)] * 9))
    assert untold["hours_a_contact", "A", None].provenance == "method", "nobody logs hours: they are not 0"


def test_stage_hours_are_what_the_cohort_took_in_each() -> None:
    deals = register([{"deal": f"D{place}", "stage": 2, "outcome": "lost"} for place in range(5)])
    spent = work([("D0", 0, 2), ("D1", 0, 8), ("D0", 2, 15), ("other", 0, 100)])
    found = seen(deals=deals, work=spent)
    assert found["stage_hours", "A", "lead"] == Norm("stage_hours", "A", "lead", 2.0, "observed", 5)
    assert found["stage_hours", "A", "offer"].value == 3
    assert found["stage_hours", "A", "qualified"].provenance == "method"
    assert found["stage_hours", "C", "lead"].provenance == "borrowed from all classes"


def test_what_is_given_goes_before_what_is_seen() -> None:
    people = pd.DataFrame([("A", 60_000)], columns=["abc_class", "contacts"])
    standing = list(seen(customers=people).values())
    given = {"hours_a_contact": {"A": 1.5, "B": 1, "C": 1}}
    norms = ResourceNorms.model_validate(STANDING.model_dump() | document(standing) | given)
    found = {(one.norm, one.abc_class, one.stage): one for one in told(norms, standing, given)}
    assert len(found) == 3 + 3 + 9
    assert found["hours_a_contact", "A", None] == Norm("hours_a_contact", "A", None, 1.5, "given")
    assert found["contacts_a_year", "A", None].value == pytest.approx(6)
    alone = {one.provenance for one in told(STANDING, [], {})}
    assert alone == {"method"}
