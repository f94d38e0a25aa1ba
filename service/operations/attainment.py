"""A kept plan against what came: by month, unit and class."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NoData
from service.method.months import parse_month
from service.method.plan.attainment import EFFECTS, NOBODY, Sums, deviation, planned_sums, reforecast
from service.method.plan.blocks import plan
from service.method.segments.classes import CLASSES
from service.operations import keeping
from service.operations.observations import Unit, customers_of, unit_of, unit_reader
from service.operations.plans import read_inputs
from service.operations.quantities.targets import fitting
from service.operations.segments import exact_text
from service.store import customers, lines, plans, results
from service.store import targets as stored
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, amount_text, parse_amount, round_money, round_ratio, to_decimal
from service.wording import say

FIGURES = ("revenue", "margin")


def attained(caller: Caller, identifier: str, weight: float) -> dict[str, Any]:
    """The plan's months so far and what came in them. NoData before the first of them."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    first = parse_month(kept["first"])
    data = lines.periods(caller.connection, home)
    if data is None or data.last < first:
        raise NoData(
            say(
                "No statistics of {first} or later are stored: nothing to compare the plan with yet.",
                first=kept["first"],
            )
        )
    count = min(data.last, parse_month(kept["last"])) - first + 1
    cells = lines.monthly(caller.connection, home, first + count - 1, (), (*FIGURES, "orders"))
    cells = cells[cells["period"] >= first]
    frame = customers_of(caller, row, kept)
    targets = stored.of_measures(caller.connection, home, FIGURES, (first, parse_month(kept["last"])))
    units, inputs = read_inputs(caller, home, row)
    planned = planned_sums(inputs, plan(inputs, kept["season"]), kept["season"], count)
    named = cells[cells["customer_id"] != customers.UNATTRIBUTED]
    return {
        "data_revision": row.newest,
        **_months(kept, cells, first, count, targets),
        "units": _units(
            caller,
            home,
            row,
            units,
            named.assign(unit=_of_customers(named, frame, "unit")),
            _of_units(caller, home, targets, kept["by"], first + count),
            first + count,
        ),
        "unattributed": amount_text(int(cells["revenue"].sum()) - int(named["revenue"].sum())),
        "classes": _classes(planned, named.assign(word=_of_customers(named, frame, "abc_class"))),
        "reforecast": _reforecast(kept, cells, first, count, weight),
    }


def _months(
    kept: dict[str, Any], cells: pd.DataFrame, first: int, count: int, targets: Sequence[Row[Any]]
) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [{"period": month["period"]} for month in kept["months"]]
    to_date: dict[str, Any] = {"months": count}
    for name in FIGURES:
        actual = _actual(cells, name, first, count)
        wanted = _targets(targets, name, [parse_month(month["period"]) for month in kept["months"]])
        plans_so_far = list(accumulate(parse_amount(month[name]) for month in kept["months"]))
        for place, (row, month, so_far) in enumerate(zip(rows, kept["months"], plans_so_far, strict=True)):
            there, came = place < count, sum(actual[: place + 1])
            row |= {
                f"planned_{name}": month[name],
                f"actual_{name}": amount_text(actual[place]) if there else None,
                f"cumulative_planned_{name}": amount_text(so_far),
                f"cumulative_actual_{name}": amount_text(came) if there else None,
                f"{name}_attainment": _ratio(came, so_far) if there else None,
                f"target_{name}": exact_text(wanted[place][0]),
                f"cumulative_target_{name}": exact_text(wanted[place][1]),
                f"{name}_target_attainment": _ratio(came, wanted[place][1]) if there else None,
            }
        to_date |= {
            f"planned_{name}": amount_text(plans_so_far[count - 1]),
            f"actual_{name}": amount_text(sum(actual)),
        }
        to_date[f"{name}_attainment"] = _ratio(sum(actual), plans_so_far[count - 1])
        to_date[f"target_{name}"] = exact_text(wanted[count - 1][1])
        to_date[f"{name}_target_attainment"] = _ratio(sum(actual), wanted[count - 1][1])
    return {"months": rows, "to_date": to_date}


def _targets(rows: Sequence[Row[Any]], name: str, months: Sequence[int]) -> list[tuple[int | None, int | None]]:
    """By month the target of all, and what it is with those before; None where one of them has none."""
    by_month: dict[int, int] = {}
    for row in fitting([row for row in rows if row.measure == name], frozenset()):
        by_month[row.period] = by_month.get(row.period, 0) + row.value
    found: list[tuple[int | None, int | None]] = []
    so_far: int | None = 0
    for month in months:
        own = by_month.get(month)
        so_far = None if own is None or so_far is None else so_far + own
        found.append((own, so_far))
    return found


def _of_units(caller: Caller, home: Reach, rows: Sequence[Row[Any]], by: Sequence[str], after: int) -> dict[Unit, int]:
    """Revenue targets to date of each unit that has any."""
    unit = unit_reader(caller, home, by)
    found: dict[Unit, int] = {}
    for row in fitting([row for row in rows if row.measure == "revenue"], frozenset(by)):
        if row.period < after:
            found[unit(row)] = found.get(unit(row), 0) + row.value
    return found


def _actual(cells: pd.DataFrame, name: str, first: int, count: int) -> list[int]:
    sums = cells.groupby("period")[name].sum().to_dict()
    return [int(sums.get(first + place, 0)) for place in range(count)]


def _reforecast(kept: dict[str, Any], cells: pd.DataFrame, first: int, count: int, weight: float) -> dict[str, Any]:
    planned = [parse_amount(month["revenue"]) / AMOUNT_SCALE for month in kept["months"]]
    actual = [amount / AMOUNT_SCALE for amount in _actual(cells, "revenue", first, count)]
    return {"weight": weight, **told(planned, actual, weight)}


def told(planned: Sequence[float], actual: Sequence[float], weight: float) -> dict[str, Any]:
    """The three re-forecasts as answers carry them."""
    found = reforecast(planned, actual, weight)
    ways = {"additive": found.additive, "ratio": found.ratio, "blend": found.blend}
    return {way: None if value is None else round_money(value) for way, value in ways.items()}


def calculated(
    planned: Sequence[float], actual: Sequence[float], weight: float, classes: Mapping[str, tuple[Sums, Sums]]
) -> dict[str, Any]:
    """The same from figures that are given: planned and actual sums by class."""
    so_far = sum(planned[: len(actual)])
    sides = [{name: both[side] for name, both in classes.items()} for side in (0, 1)]
    found = deviation(sides[0], sides[1], AMOUNT_SCALE) if classes else {}
    return {
        "attainment": round_ratio(sum(actual) / so_far) if so_far else None,
        "reforecast": {"weight": weight, **told(planned, actual, weight)},
        "classes": [{"abc_class": name, **_deviation(row)} for name, row in found.items()],
    }


def _deviation(row: Mapping[str, int]) -> dict[str, Any]:
    return {
        **{side: to_decimal(row[side]) for side in ("planned", "actual")},
        **{f"{effect}_effect": to_decimal(row[effect]) for effect in EFFECTS},
    }


def _units(
    caller: Caller,
    home: Reach,
    row: Row[Any],
    units: Sequence[Unit],
    cells: pd.DataFrame,
    targets: Mapping[Unit, int],
    after: int,
) -> list[dict[str, Any]]:
    """Plan to date and revenue so far of the customers of each unit's portfolio, as it is now."""
    planned = dict.fromkeys(units, 0)
    for line in plans.page(caller.connection, home, plans.LINE, plans.LINE_ORDER, row.number):
        if line.period < after:
            planned[line.salesperson, line.channel] += line.revenue
    sums = cells.groupby("unit")["revenue"].sum()
    actual = {unit_of(name): int(revenue) for name, revenue in zip(sums.index.tolist(), sums.tolist(), strict=True)}
    everybody = sorted({*units, *actual, *targets})
    return [
        {
            "salesperson": unit[0],
            "channel": unit[1],
            "planned_revenue": amount_text(planned.get(unit, 0)),
            "actual_revenue": amount_text(actual.get(unit, 0)),
            "revenue_attainment": _ratio(actual.get(unit, 0), planned.get(unit, 0)),
            "target_revenue": exact_text(targets.get(unit)),
            "target_attainment": _ratio(actual.get(unit, 0), targets.get(unit)),
        }
        for unit in everybody
    ]


def _of_customers(cells: pd.DataFrame, frame: pd.DataFrame, name: str) -> pd.Series:
    """What the plan's customers have in this column, for each line's customer."""
    known = dict(zip(frame["customer_id"].tolist(), frame[name].tolist(), strict=True))
    return pd.Series([known[number] for number in cells["customer_id"].tolist()], index=cells.index, dtype=object)


def _classes(planned: dict[str, Sums], cells: pd.DataFrame) -> list[dict[str, Any]]:
    actual: dict[str, Sums] = {}
    for name in (*CLASSES, NOBODY):
        own = cells[cells["word"] == name]
        revenue = own.groupby("customer_id")["revenue"].sum()
        sums = (int(own["orders"].sum()) / AMOUNT_SCALE, int(own["revenue"].sum()) / AMOUNT_SCALE)
        actual[name] = (float((revenue > 0).sum()), *sums)
    found = deviation(planned, actual, AMOUNT_SCALE)
    return [
        {
            "abc_class": name,
            **_deviation(row),
            **_counts("planned", planned[name]),
            **_counts("actual", actual[name]),
        }
        for name, row in found.items()
    ]


def _counts(side: str, sums: Sums) -> dict[str, Any]:
    return {f"{side}_customers": round_ratio(sums[0]), f"{side}_orders": round_ratio(sums[1])}


def _ratio(actual: int, planned: int | None) -> Any:
    return round_ratio(actual / planned) if planned else None
