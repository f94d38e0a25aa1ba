"""Documents of method versions that tests post."""

from typing import Any

from service.operations.methods import standard

OWN = {
    "id": "margin_growth",
    "name": "Margin per hour against cost",
    "kind": "efficiency",
    "unit": "ratio",
    "direction": "higher",
    "formula": "margin_per_hour * hours / cost + half",
    "n": "sellers",
    "owner": "controller",
    "meaning": "A test.",
}
HALF = OWN | {"id": "half", "formula": "wins / leads / 2"}


def document(**changes: Any) -> dict[str, Any]:
    """The standard method under another id, with values replaced by dotted name (`__` for the dot)."""
    made: dict[str, Any] = standard().model_dump(mode="json") | {"id": "house-1", "valid_from": "2025-06"}
    for name, value in changes.items():
        *groups, last = name.split("__")
        node = made
        for group in groups:
            node = node[group]
        node[last] = value
    return made
