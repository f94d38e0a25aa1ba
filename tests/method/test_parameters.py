"""Method versions: what a document may hold, how it is described, and the indicators that it adds."""

from decimal import Decimal

import pytest

from service.method.indicators import INDICATORS
from service.method.parameters import Parameters, catalogue, describe
from tests.method.frames import PARAMETERS

OWN = {
    "id": "orders_per_contacted",
    "name": "Orders per customer contacted",
    "kind": "management",
    "unit": "ratio",
    "direction": "higher",
    "formula": "orders / contacted",
    "n": "contacted",
    "owner": "seller",
    "meaning": "Orders for each customer who was contacted.",
}


def with_changes(group: str, **changes: object) -> Parameters:
    document = PARAMETERS.model_dump(mode="json")
    return Parameters.model_validate(document | {group: document[group] | changes})


def test_every_parameter_is_described_once() -> None:
    lines = describe(PARAMETERS)
    names = [line.name for line in lines]
    assert len(set(names)) == len(names)
    assert all(line.meaning and line.unit for line in lines)
    assumed = {line.name for line in lines if line.assumption}
    assert {"potential.default_wallet_share", "segments.grow_gap_at_least", "resources.selling_share"} <= assumed


def test_a_table_by_class_needs_all_three() -> None:
    document = PARAMETERS.model_dump(mode="json")
    del document["plan"]["capture"]["B"]
    with pytest.raises(ValueError, match="each of A, B and C"):
        Parameters.model_validate(document)


@pytest.mark.parametrize(
    "group, values, message",
    [
        ("abc", {"a": "0.95", "b": "0.80"}, "A and B together cannot reach less"),
        ("potential", {"limits": {"*": {"A": "10", "B": "100"}}}, "A cannot begin below B"),
        ("regularity", {"x": 1.0, "y": 0.5}, "Y cannot end below X"),
    ],
)
def test_limits_in_the_wrong_order_are_refused(group: str, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_changes(group, **values)


@pytest.mark.parametrize("value", [True, "5"])
def test_a_word_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="write a number"):
        with_changes("resources", hours_an_order=value)


def test_a_version_adds_its_indicators_to_the_catalogue() -> None:
    version = Parameters.model_validate(PARAMETERS.model_dump(mode="json") | {"indicators": [OWN]})
    found = catalogue(version)
    assert set(found) - set(INDICATORS) == {"orders_per_contacted"}
    assert found["orders_per_contacted"].source == f"Method version {PARAMETERS.id}."


@pytest.mark.parametrize("share", ["0.5", Decimal("0.5")])
def test_an_exact_value_may_be_text_or_a_decimal_number(share: object) -> None:
    assert with_changes("potential", default_wallet_share=share).potential.default_wallet_share == Decimal("0.5")


@pytest.mark.parametrize("number", [0.5, 1, True, None])
def test_an_exact_value_is_no_number_of_json(number: object) -> None:
    with pytest.raises(ValueError, match="write an amount as text"):
        with_changes("potential", default_wallet_share=number)
