"""The worked example of the method: its data, what was worked out by hand, and how the service is asked for it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

EXAMPLE = json.loads((Path(__file__).parent / "worked_example.json").read_text(encoding="utf-8"))
PARAMETERS, EXPECTED = EXAMPLE["parameters"], EXAMPLE["expected"]
CLASSES = ("A", "B", "C")


def money(value: float) -> Decimal:
    """An expected figure to the 4 decimals that money carries."""
    return round(Decimal(str(value)), 4)


def segmentation_request() -> dict[str, Any]:
    customers = [
        {
            "code": one["code"],
            "revenue": str(one["revenue_y1"]),
            "prior_revenue": str(one["revenue_y0"]),
            "orders": one["orders_y1"],
            "potential": str(one["potential"]),
            "bought_before": one["bought_before_y0"],
        }
        for one in EXAMPLE["customers"]
    ]
    limits = PARAMETERS["potential_limits"]
    parameters = {
        "a": PARAMETERS["abc"]["a"],
        "b": PARAMETERS["abc"]["b"],
        "potential_limit_a": str(limits["A"]),
        "potential_limit_b": str(limits["B"]),
        "grow_wallet_share_below": PARAMETERS["grow_wallet_share_below"],
        "grow_gap_at_least": str(PARAMETERS["grow_gap_at_least"]),
    }
    return {"customers": customers, "parameters": parameters}


def plan_request(segmentation: dict[str, Any], rule: str, shrinkage: float) -> dict[str, Any]:
    """The segmentation's own answer, and the example's funnel, as a plan's input."""
    table = {row["abc_class"]: row for row in segmentation["classes"] if not row["scope"] and not row["segment"]}
    grow = [one for one in segmentation["customers"] if one["segment"] == "GROW"]
    migration = next(one for one in segmentation["migration"] if one["rule"] == rule)
    classes = []
    for name in CLASSES:
        gaps = [Decimal(one["gap"]) for one in grow if one["abc_class"] == name]
        classes.append(
            {
                "abc_class": name,
                "customers": table[name]["customers"],
                "orders": table[name]["orders"],
                "revenue": table[name]["revenue"],
                "margin_rate": PARAMETERS["margin_rate"][name],
                "leads": PARAMETERS["leads_a_year"][name],
                "conversions": PARAMETERS["conversions"][name],
                "cycle_months": PARAMETERS["cycle_months"][name],
                "pool": PARAMETERS["reactivation_pool"][name],
                "reactivation_rate": PARAMETERS["reactivation_rate"][name],
                "open_deals": [
                    {"amount": str(amount), "win_rate": rate} for amount, rate in PARAMETERS["open_deals"][name]
                ],
                "grow_customers": len(gaps),
                "grow_gap": str(sum(gaps)),
                "capture": PARAMETERS["capture"],
                "price": PARAMETERS["price"],
                "quantity": PARAMETERS["quantity"],
            }
        )
    moves = [
        {name: move[name] for name in ("from_class", "to_class", "customers")}
        for move in migration["items"]
        if not move["scope"]
    ]
    season = [index for index in PARAMETERS["seasonal_quarters"] for _ in range(3)]
    return {"classes": classes, "migration": moves, "shrinkage": shrinkage, "season": season, "spread": "season"}
