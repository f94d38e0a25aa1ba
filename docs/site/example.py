"""The worked example of the method, calculated by the service while the site is built."""

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pages import table

from tests.conftest import migrated, service_at
from tests.worked import CLASSES, EXPECTED, money, plan_request, segmentation_request

BLOCKS = {"existing": "existing", "new": "new", "reactivated": "react", "carried_over": "carry", "grown": "grow"}
"""Names of the service → names of the example."""


def calculated() -> str:
    """A table of what the service answers; the end of the build where that is not what was worked out by hand."""
    rows = list(_figures(*_answers()))
    wrong = [f"{name}: {found}, worked out by hand {expected}" for name, found, expected in rows if found != expected]
    if wrong:
        raise SystemExit("The service does not give the worked example:\n" + "\n".join(wrong))
    told = "What `/v1/calculations/segmentation` and `/v1/calculations/plan` answered while this page was built:"
    found = table(("figure", "value"), ((name, found) for name, found, _ in rows))
    return f"\n### As the service calculates it\n\n{told}\n\n{found}"


def _answers() -> tuple[dict[str, Any], dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, service_at(migrated(f"sqlite:///{folder}/kontor.db")) as service:
        segmentation = service.post("/v1/calculations/segmentation", segmentation_request(), status=200)
        return segmentation, service.post("/v1/calculations/plan", plan_request(segmentation, "raw", 0), status=200)


def _figures(segmentation: dict[str, Any], plan: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    """Name, what was answered, what was worked out by hand."""
    for one, expected in zip(segmentation["customers"], EXPECTED["customers"], strict=True):
        found, by_hand = (
            ", ".join(who[name] for name in names)
            for who, names in (
                (one, ("abc_class", "potential_class", "segment")),
                (expected, ("class_y1", "potential_class", "segment")),
            )
        )
        yield f"customer {expected['code']}: class, potential, segment", found, by_hand
    (raw,) = (one for one in segmentation["migration"] if one["rule"] == "raw")
    yield "net retention", raw["net_revenue_retention"], EXPECTED["net_revenue_retention"]
    for name, expected in EXPECTED["revenue_bridge"].items():
        yield f"bridge, {name.replace('_', ' ')}", Decimal(raw["bridge"][name]), Decimal(expected)
    planned = EXPECTED["plan_raw_cumulative_migration"]
    for row in plan["classes"]:
        for ours, theirs in BLOCKS.items() if row["abc_class"] in CLASSES else ():
            by_hand = money(planned["blocks"][row["abc_class"]][theirs])
            yield f"plan, class {row['abc_class']}, {ours.replace('_', ' ')}", Decimal(row[ours]), by_hand
    yield "plan, revenue", Decimal(plan["revenue"]), money(planned["total"])
    yield "plan, margin", Decimal(plan["margin"]), money(planned["margin"])
