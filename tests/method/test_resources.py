import pytest

from service.errors import AmountTooLarge, BadArgument
from service.method.parameters import ResourceNorms
from service.method.plan.inputs import Input, Inputs
from service.method.plan.levers import Lever, apply
from service.method.resources import productive_hours, requirement
from tests.method.frames import PARAMETERS


def norms(**changes: object) -> ResourceNorms:
    return ResourceNorms.model_validate(PARAMETERS.resources.model_dump() | changes)


def test_talleys_textbook_case() -> None:
    """A 150 × 52 × 1 h, B 220 × 24 × ½ h, C 510 × 12 × ¼ h = 11 970 h; 1 920 h × 45 % → 13.85 → 14."""
    stay = {"A": 150, "B": 220, "C": 510}
    cells = {
        name: {"customers": Input(count, "given"), f"to_{name}": Input(1, "given")} for name, count in stay.items()
    }
    talley = norms(
        contacts_a_year={"A": 52, "B": 24, "C": 12},
        hours_a_contact={"A": 1, "B": 0.5, "C": 0.25},
        working_days=240,
        leave=0,
        sick=0,
        training=0,
    )
    found = requirement(Inputs.of({"": cells}), talley)
    assert found.unit_hours.tolist() == [11_970]
    assert round(float(found.fte_hours[0]), 3) == 13.854
    assert found.heads == [14]


def test_a_team_can_be_bound_by_deals_and_not_by_hours() -> None:
    cell = {"leads": Input(600, "given"), "conversion_1": Input(1, "given"), "cycle_months": Input(12, "given")}
    none = dict.fromkeys("ABC", (0, 0, 0))
    found = requirement(Inputs.of({"": {"A": cell}}), norms(stage_hours=none))
    assert found.work_in_progress.tolist() == [600]
    assert found.heads == [40]


def test_norms_that_leave_no_selling_time_are_refused() -> None:
    with pytest.raises(BadArgument, match="0 selling hours"):
        productive_hours(norms(selling_share=0))


def test_hours_out_of_all_bounds_are_refused() -> None:
    cell = {"leads": Input(float("inf"), "given")}
    with pytest.raises(AmountTooLarge):
        requirement(Inputs.of({"": {"A": cell}}), norms())


def test_programmes_are_counted_for_the_levers_that_the_plan_has() -> None:
    cells = {"A": {"customers": Input(4, "given"), "to_A": Input(0.5, "given"), "to_B": Input(0.25, "given")}}
    programmes = norms(programmes={"retention": 60, "price": 30, "leads": 8})
    own = Inputs.of({"one": cells, "two": cells})
    assert requirement(own, programmes).hours["programmes"].sum() == 0
    moved = apply(own, [Lever("retention", "multiply", 1.1, "A"), Lever("price", "add", 0.02, start=7)])
    hours = requirement(moved.average, programmes).hours["programmes"]
    assert hours.tolist() == [[35, 5, 5], [35, 5, 5]]
    assert requirement(Inputs.of({}), programmes).unit_hours.tolist() == []


def test_a_programme_is_that_of_a_lever() -> None:
    with pytest.raises(ValueError, match="luck"):
        norms(programmes={"luck": 1})
