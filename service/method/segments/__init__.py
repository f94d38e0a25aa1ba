"""Segmentation of customers: classes, potential, states, regularity, and the action segment (the method, section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from service.method.parameters import Parameters
from service.method.segments import potential
from service.method.segments.classes import Floors, before, by_floors, cut, refuse_overflow, total_of
from service.method.segments.regularity import regularity
from service.method.states import states
from service.values import AMOUNT_SCALE

SEGMENTS = ("WIN", "GROW", "KEEP", "LIMIT")
_AMOUNTS = (
    "value",
    "prior_value",
    "potential",
    "orders",
    "revenue",
    "margin",
    "prior_revenue",
    "quotes",
    "contacts",
    "hours",
)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """`customers` has one row per customer, in the order they came; `floors` are by scope."""

    customers: pd.DataFrame
    floors: Mapping[str, Floors]
    months: int


def segment(
    customers: pd.DataFrame, parameters: Parameters, months: int, quarters: np.ndarray, season: Sequence[float]
) -> Segmentation:
    """Segment customers by two windows of `months` months.

    `customers`: columns code, scope, channel (text), bought_before, potential_known (bool), and int64 amounts
    value, prior_value (what classes are cut from), revenue, prior_revenue (what states come from), margin, orders,
    quotes, contacts, hours of the window, potential (a year). `quarters`, `season`: see `regularity`.
    AmountTooLarge where sums would leave the range of exact 64-bit sums.
    """
    assert all(customers[name].dtype == np.int64 for name in _AMOUNTS), "amounts are int64"  # noqa: S101
    for name in _AMOUNTS:
        refuse_overflow(customers[name].to_numpy())
    frame = customers.reset_index(drop=True)
    floors = _classify(frame, parameters, months)
    frame["state"] = states(frame["prior_revenue"], frame["revenue"], frame["bought_before"])
    _add_potential(frame, parameters, months, floors)
    frame["regularity"] = regularity(quarters, season, parameters.regularity)
    frame["segment"] = _segments(frame, parameters)
    # As objects: None among int64 would turn all of them into binary floating point.
    for name in ("a", "b"):
        limits = [getattr(floors[scope], name) for scope in frame["scope"]]
        frame[f"floor_{name}"] = pd.Series(limits, dtype=object)
    return Segmentation(frame, floors, months)


def _classify(frame: pd.DataFrame, parameters: Parameters, months: int) -> dict[str, Floors]:
    """Writes the classes of both windows into the frame, scope by scope; the floors of the window by scope."""
    value, prior = frame["value"].to_numpy(), frame["prior_value"].to_numpy()
    words = {name: np.full(len(frame), "N", dtype=object) for name in ("abc_class", "prior_class", "raw_prior_class")}
    sums = {name: np.zeros(len(frame), dtype="int64") for name in ("before", "scope_value")}
    floors = {}
    for scope, places in frame.groupby("scope").indices.items():
        own, earlier = value[places], prior[places]
        now, frozen = cut(own, parameters.abc, months)
        floors[str(scope)] = frozen
        words["abc_class"][places] = now
        words["prior_class"][places] = by_floors(earlier, frozen)
        words["raw_prior_class"][places] = cut(earlier, parameters.abc, months)[0]
        sums["before"][places] = before(own)
        sums["scope_value"][places] = total_of(own)
    for name, column in {**words, **sums}.items():
        frame[name] = column
    return floors


def _add_potential(frame: pd.DataFrame, parameters: Parameters, months: int, floors: Mapping[str, Floors]) -> None:
    value = frame["value"].to_numpy()
    share = Fraction(parameters.potential.default_wallet_share)
    known = frame["potential_known"].to_numpy(dtype=bool)
    found = potential.effective(value, frame["potential"].to_numpy(), known, share, months)
    frame["effective_potential"] = found.potential
    frame["potential_assumed"] = found.assumed
    frame["potential_understated"] = found.understated
    refuse_overflow(found.potential)
    frame["gap"] = found.potential - np.maximum(value, 0)
    frame["potential_class"] = potential.classes(
        found.potential, frame["channel"], frame["scope"], parameters.potential, months, floors
    )


def _segments(frame: pd.DataFrame, parameters: Parameters) -> np.ndarray:
    """The action segment, first match: WIN, LIMIT, GROW, KEEP, LIMIT."""
    limits = parameters.segments
    buys = (frame["value"] > 0).to_numpy()
    strong = frame["potential_class"].isin(["A", "B"]).to_numpy()
    actual = frame["abc_class"].isin(["A", "B"]).to_numpy()
    low_share = potential.below_share(
        np.maximum(frame["value"].to_numpy(), 0),
        frame["effective_potential"].to_numpy(),
        Fraction(limits.grow_wallet_share_below),
    )
    enough = (frame["gap"] >= int(limits.grow_gap_at_least * AMOUNT_SCALE)).to_numpy()
    cases = [~buys & strong, ~buys, strong & low_share & enough, strong | actual]
    return np.select(cases, ["WIN", "LIMIT", "GROW", "KEEP"], "LIMIT").astype(object)


def to_next_class(value: int, abc_class: str, floor_a: int | None, floor_b: int | None) -> int | None:
    """What is missing to the floor of the next class up (from N: to 0, which he must exceed); None where there is none
    above."""
    target = {"A": None, "B": floor_a, "C": floor_b, "N": 0}[abc_class]
    return None if target is None else target - value
