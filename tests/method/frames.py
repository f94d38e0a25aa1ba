"""Small frames of customers for the tests of the method."""

from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

from service.method.parameters import Parameters
from service.method.segments import Segmentation, segment
from service.values import AMOUNT_SCALE

_TEXT = resources.files("service.method").joinpath("standard.yaml").read_text(encoding="utf-8")
PARAMETERS = Parameters.model_validate(yaml.safe_load(_TEXT))
"""The standard method."""


def customers(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A frame as `segment` wants it; amounts are given in whole units and default to 0."""
    amounts = ("revenue", "prior_revenue", "margin", "orders", "quotes", "contacts", "hours", "potential")
    frame = pd.DataFrame(
        [
            {
                "code": row.get("code", f"C{place}"),
                "scope": row.get("scope", ""),
                "channel": row.get("channel", ""),
                "bought_before": row.get("bought_before", False),
                "potential_known": "potential" in row,
                **{name: row.get(name, 0) * AMOUNT_SCALE for name in amounts},
            }
            for place, row in enumerate(rows)
        ]
    )
    return frame.assign(value=frame["revenue"], prior_value=frame["prior_revenue"]).astype(
        dict.fromkeys([*amounts, "value", "prior_value"], "int64")
    )


def no_quarters(frame: pd.DataFrame) -> np.ndarray:
    """Of these customers no revenue by quarter is known."""
    return np.zeros((len(frame), 0), dtype="int64")


def segmented(rows: list[dict[str, Any]]) -> Segmentation:
    """By the standard method, over 12 months, without quarters."""
    frame = customers(rows)
    return segment(frame, PARAMETERS, 12, no_quarters(frame), [])
