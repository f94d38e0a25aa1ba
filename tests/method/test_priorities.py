from datetime import date

import pytest

from service.method.priorities import Candidate, class_of, ranked
from tests.method.frames import PARAMETERS
from tests.method.test_worked_example import EXAMPLE, EXPECTED, GIVEN

TODAY = date(2026, 6, 30)
OWN = PARAMETERS.priorities


def candidates() -> list[Candidate]:
    facts = {one["code"]: one for one in EXAMPLE["customers"]}
    return [
        Candidate(
            one["code"],
            one["segment"],
            one["gap"],
            max(facts[one["code"]]["potential"], facts[one["code"]]["revenue_y1"]),
            facts[one["code"]]["revenue_y1"],
            GIVEN["margin_rate"][class_of(one["class_y1"], one["potential_class"])],
            0.75,
        )
        for one in EXPECTED["customers"]
    ]


def test_the_worked_examples_customers() -> None:
    expected = EXPECTED["customer_priority_margin_per_hour"]
    given = {"probability": expected["p"], "reach": expected["reach"], "hours": expected["hours"]}
    assert OWN.model_dump(include=set(given)) == given
    found = ranked(candidates(), OWN, 10, 100)
    assert {one.code: round(one.index or 0, 6) for one in found} == expected["index"]
    assert [one.code for one in found] == list(expected["index"])
    assert [one.code for one in found if one.taken] == expected["taken_with_100_hours"]


def test_customers_at_risk_come_first_whatever_the_others_bring() -> None:
    known = candidates()
    for place in (2, 0):
        one = known[place]
        known[place] = Candidate(
            one.code, one.segment, one.gap, one.potential, one.revenue, one.margin_rate, 0.75, True
        )
    found = ranked(known, OWN, 10, 25)
    assert [(one.code, one.reason, one.taken) for one in found[:3]] == [
        ("C01", "at risk", True),
        ("C03", "at risk", True),
        ("C02", "GROW", False),
    ]
    assert found[0].gain == pytest.approx(500 * 0.22)
    assert found[0].three_year_gain == pytest.approx(500 * 0.22 * (1 + 0.75 + 0.75**2))


def test_without_hours_given_everybody_is_taken() -> None:
    assert all(one.taken for one in ranked(candidates(), OWN, 10, None))


def test_who_has_no_known_margin_is_left_out_and_who_needs_no_effort_comes_last() -> None:
    known = [Candidate("X", "GROW", 10, 100, 0, None, 0.5), Candidate("Y", "GROW", 10, 100, 0, 0.2, 0.5)]
    free = OWN.model_copy(update={"hours": {"GROW": 0.0, "WIN": 40.0}})
    found = ranked([*known, Candidate("Z", "WIN", 1, 100, 0, 0.2, 0.5)], free, 10, None)
    assert [(one.code, one.index is None) for one in found] == [("Z", False), ("Y", True)]


@pytest.mark.parametrize("name", ["probability", "hours"])
def test_a_parameter_has_a_value_for_both_segments(name: str) -> None:
    document = OWN.model_dump()
    del document[name]["WIN"]
    with pytest.raises(ValueError, match="GROW and WIN"):
        type(OWN).model_validate(document)
