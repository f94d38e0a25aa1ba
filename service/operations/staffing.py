"""A kept requirement by month: hours against those of the people there, whom to hire, what it costs, and what of the
plan the people there can serve."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument, NoData
from service.method.feasible import LASTING, Piece, Served, Turn, feasible
from service.method.months import Window, month_of, month_text
from service.method.parameters import ResourceNorms
from service.method.plan.blocks import plan
from service.method.plan.inputs import Inputs
from service.method.resources import KINDS, LEAST_HOURS, Requirement, requirement
from service.method.segments.classes import CLASSES
from service.method.staffing import PROGRAMMES, block_hours, hire_capacity, hires, monthly_hours, ramped
from service.operations import calendars, dimensions, keeping, references
from service.operations.observations import Unit, customers_of, unit_name
from service.operations.plans import months_of, read_inputs
from service.operations.requirements import load_zone, number
from service.store import plans, results, subsidiaries
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, amount_text, parse_amount, round_ratio, smallest_coin
from service.wording import say


@dataclass(frozen=True)
class _Needs:
    """A kept requirement, worked out again from its plan's inputs and its norms."""

    home: Reach
    plan: Row[Any]
    kept: dict[str, Any]
    norms: ResourceNorms
    window: Window
    units: Sequence[Unit]
    inputs: Inputs
    needed: Requirement
    employed: Sequence[dimensions.Employed]
    calendar: calendars.Calendar


def _read(caller: Caller, identifier: str) -> _Needs:
    home, row = keeping.find(caller, results.REQUIREMENT, identifier)
    asked = json.loads(row.parameters)
    norms = ResourceNorms.model_validate(asked["norms"])
    planned = keeping.get(caller, home, results.PLAN, asked["plan"])
    kept = keeping.summary(planned)
    window = months_of(kept)
    units, inputs = read_inputs(caller, home, planned)
    country = subsidiaries.get(caller.connection, caller.reach, row.subsidiary).country
    calendar = calendars.of_country(country, window, norms)
    employed = dimensions.employment(caller, home)
    needed = requirement(inputs.average, norms)
    return _Needs(home, planned, kept, norms, window, units, inputs, needed, employed, calendar)


def _productive(needs: _Needs) -> np.ndarray:
    """Selling hours of one full-time seller by month: leave, sickness and training as evenly as working days."""
    norms, days = needs.norms, np.array(needs.calendar.days)
    absent = (norms.leave + norms.sick + norms.training) / days.sum()
    hours: np.ndarray = days * max(0.0, 1 - absent) * norms.hours_a_day * norms.selling_share
    if hours.sum() < LEAST_HOURS:
        raise BadArgument("requirement", say("Its norms leave a seller no selling hours in this country's calendar."))
    return hours


def _capacity(needs: _Needs) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By seller the FTE there by month, and the FTE that they are worth: with his own hours a day, on the ramp while he
    is new, less the chance that he leaves."""
    begun: dict[str, int] = {}
    for span in needs.employed:
        code = span.words["salesperson"]
        begun[code] = min(begun.get(code, month_of(span.start)), month_of(span.start))
    found = {code: (np.zeros(len(needs.window)), np.zeros(len(needs.window))) for code in begun}
    for span in needs.employed:
        code = span.words["salesperson"]
        there, worth = found[code]
        own = span.hours_a_day / AMOUNT_SCALE / needs.norms.hours_a_day
        for place, month in enumerate(needs.window.months):
            fte = float(span.in_window(Window(month, month)))
            there[place] += fte
            stays = (1 - needs.norms.attrition) ** ((place + 0.5) / len(needs.window))
            worth[place] += fte * own * ramped(needs.norms.ramp, month - begun[code]) * stays
    return found


def staffing(caller: Caller, identifier: str) -> dict[str, Any]:
    """Hours, people and pay by month, and whom to hire when."""
    needs = _read(caller, identifier)
    hours = monthly_hours(needs.inputs.average, needs.needed, plan(needs.inputs, needs.kept["season"]), needs.norms)
    productive = _productive(needs)
    nobody = np.zeros(len(needs.window))
    there, worth = (sum(columns, nobody) for columns in zip((nobody, nobody), *_capacity(needs).values(), strict=True))
    of_units = sum(part.sum(axis=1) for part in hours.values())
    by_hours = np.divide(of_units, productive, out=np.zeros_like(of_units), where=productive > 0)
    fte = np.maximum(by_hours, needs.needed.fte_deals[:, None]).sum(axis=0)
    starts = hires([float(one) for one in fte - worth], needs.norms.ramp)
    return {
        "plan": references.write(needs.plan.subsidiary, needs.plan.number),
        "currency": needs.plan.currency,
        "calendar": "country" if needs.calendar.observed else "norm",
        "working_days": number(sum(needs.calendar.days)),
        "months": [
            {
                "period": month_text(month),
                "working_days": number(needs.calendar.days[place]),
                "hours_a_seller": number(float(productive[place])),
                "hours": number(float(of_units[:, place].sum())),
                "kinds": [{"kind": kind, "hours": number(float(hours[kind][:, :, place].sum()))} for kind in KINDS],
                "fte": number(float(fte[place])),
                "fte_present": number(float(there[place])),
                "fte_effective": number(float(worth[place])),
                **load_zone(float(fte[place]), float(worth[place])),
                "hires": sum(start == place for start in starts),
            }
            for place, month in enumerate(needs.window.months)
        ],
        "hires": [
            {
                "starts": month_text(needs.window.first + start),
                "decided": month_text(needs.window.first + start - needs.norms.recruiting_months),
                "fte_years": number(hire_capacity(needs.norms.ramp, start)),
            }
            for start in starts
        ],
        **_cost(needs, starts),
    }


def _cost(needs: _Needs, starts: Sequence[int]) -> dict[str, Any]:
    """Pay of the team and of those to hire within the plan's year, and both against its revenue."""
    paid = [(span, share) for span in needs.employed if (share := span.share(needs.window))]
    nothing = dict.fromkeys(("team_cost", "hire_cost", "cost_to_revenue"))
    if not paid:
        return {**nothing, "cost_reason": "Nobody is employed in these months."}
    if any(span.monthly_cost is None for span, _ in paid):
        return {**nothing, "cost_reason": "Some who are employed have no monthly cost."}
    year = len(needs.window)
    team = sum((Fraction(span.monthly_cost or 0) * share * year for span, share in paid), Fraction(0))
    fte = sum((span.in_window(needs.window) for span, _ in paid), Fraction(0))
    months = sum(year - max(0, start) + Fraction(needs.norms.hiring_pay_months) for start in starts)
    hired = team / year / fte * months if fte else Fraction(0)
    revenue = parse_amount(needs.kept["revenue"])
    return {
        "team_cost": amount_text(round(team)),
        "hire_cost": amount_text(round(hired)),
        "cost_to_revenue": round_ratio((team + hired) / revenue) if revenue else None,
        "cost_reason": None if revenue else "The plan has no revenue.",
    }


def served(caller: Caller, identifier: str) -> dict[str, Any]:
    """What of the plan the people there can serve in each month, what is cut, and the plan that remains.

    NoData without sellers.
    """
    needs = _read(caller, identifier)
    by_seller = needs.kept["by"] == ["salesperson"]
    capacity = _hours_there(needs, by_seller=by_seller)
    there = sum(capacity.values(), np.zeros(len(needs.window)))
    if not there.any():
        raise NoData(say("Nobody is employed in the plan's months: hand in the form salespeople first."))
    pools: dict[str, list[Piece]] = {}
    for piece in _pieces(caller, needs):
        pools.setdefault(piece.name[0] if by_seller else "", []).append(piece)
    found = [one for seller, hours in capacity.items() for one in feasible(pools.get(seller, []), hours.tolist())]
    sums = _sums(found, len(needs.window))
    whole = {name: math.fsum(sums[name]) for name in ("hours_needed", "hours_served")}
    return {
        "plan": references.write(needs.plan.subsidiary, needs.plan.number),
        "currency": needs.plan.currency,
        "hours_needed": number(whole["hours_needed"]),
        "hours_there": number(float(there.sum())),
        "hours_served": number(whole["hours_served"]),
        "feasible": bool(number(whole["hours_served"]) >= number(whole["hours_needed"])),
        "planned_revenue": needs.kept["revenue"],
        "planned_margin": needs.kept["margin"],
        "revenue": amount_text(sum(sums["revenue"])),
        "margin": amount_text(sum(sums["margin"])),
        "months": [
            {
                "period": month_text(month),
                "hours_there": number(float(there[place])),
                **_figures({name: column[place] for name, column in sums.items()}),
            }
            for place, month in enumerate(needs.window.months)
        ],
        "items": [_told(one) for one in found],
    }


def _hours_there(needs: _Needs, *, by_seller: bool) -> dict[str, np.ndarray]:
    """Selling hours by month of the people there: of each seller of the plan, or of all together ("")."""
    productive, nobody = _productive(needs), np.zeros(len(needs.window))
    worth = {code: productive * own for code, (_, own) in _capacity(needs).items()}
    if by_seller:
        return {unit[0]: worth.get(unit[0], nobody) for unit in needs.units}
    return {"": sum(worth.values(), nobody)}


def _sums(found: Sequence[Served], months: int) -> dict[str, list[Any]]:
    """By month of all pieces together."""
    columns: dict[str, list[Sequence[Any]]] = {
        "hours_needed": [one.piece.hours for one in found],
        "hours_served": [one.hours for one in found],
        "planned_revenue": [one.piece.revenue for one in found],
        "planned_margin": [one.piece.margin for one in found],
        "revenue": [one.revenue for one in found],
        "margin": [one.margin for one in found],
    }
    return {name: [sum(row[month] for row in rows) for month in range(months)] for name, rows in columns.items()}


def _figures(sums: Mapping[str, Any]) -> dict[str, Any]:
    """Hours and money as answers carry them, with what is cut."""
    hours = {name: number(sums[name]) for name in ("hours_needed", "hours_served")}
    money = ("planned_revenue", "planned_margin", "revenue", "margin")
    cut = {f"cut_{name}": amount_text(sums[f"planned_{name}"] - sums[name]) for name in ("revenue", "margin")}
    return {**hours, **{name: amount_text(sums[name]) for name in money}, **cut}


def _told(one: Served) -> dict[str, Any]:
    sums = {name: sum(column) for name, column in _sums([one], len(one.hours)).items()}
    return {
        **dict(zip(("salesperson", "channel", "abc_class", "block", "customers"), one.piece.name, strict=True)),
        **_figures(sums),
        "monthly_revenue": [amount_text(amount) for amount in one.revenue],
        "monthly_margin": [amount_text(amount) for amount in one.margin],
    }


def _pieces(caller: Caller, needs: _Needs) -> list[Piece]:
    """The plan by unit, class and block; existing business of KEEP customers apart from that of the others."""
    nothing = [0] * len(needs.window)
    lines: dict[tuple[str, str, str, str], dict[str, list[int]]] = {}
    for line in plans.page(caller.connection, needs.home, plans.LINE, plans.LINE_ORDER, needs.plan.number):
        key = (line.salesperson, line.channel, line.abc_class, line.block)
        own = lines.setdefault(key, {"revenue": [*nothing], "margin": [*nothing]})
        for figure, months in own.items():
            months[line.period - needs.window.first] += getattr(line, figure)
    planned = plan(needs.inputs, needs.kept["season"])
    hours = block_hours(needs.inputs.average, needs.needed, planned, needs.norms)
    kept, coin = _kept_shares(caller, needs), smallest_coin(needs.plan.currency)
    found = []
    for row, unit in enumerate(needs.units):
        for column, abc_class in enumerate(CLASSES):
            for block, taken in hours.items():
                money = lines.get((*unit, abc_class, block), {"revenue": nothing, "margin": nothing})
                share = kept.get((unit_name(unit), abc_class), Fraction(0)) if block == "existing" else Fraction(0)
                found += _halves((*unit, abc_class, block), taken[row, column], money, share, coin)
    return [piece for piece in found if any(map(any, (piece.hours, piece.revenue, piece.margin)))]


def _halves(
    name: tuple[str, ...], hours: np.ndarray, money: Mapping[str, Sequence[int]], share: Fraction, coin: int
) -> list[Piece]:
    """The share of KEEP customers, in whole coins, and the rest."""
    first = {figure: [int(amount // coin * share) * coin for amount in months] for figure, months in money.items()}
    rest = {figure: [a - b for a, b in zip(money[figure], first[figure], strict=True)] for figure in money}
    turn = Turn.PROGRAMMES if name[-1] == PROGRAMMES else Turn.OTHERS
    kept, others = (hours * float(one) for one in (share, 1 - share))
    return [
        Piece((*name, "KEEP"), kept.tolist(), first["revenue"], first["margin"], coin, Turn.KEPT),
        Piece((*name, "other"), others.tolist(), rest["revenue"], rest["margin"], coin, turn, name[-1] in LASTING),
    ]


def _kept_shares(caller: Caller, needs: _Needs) -> dict[tuple[str, str], Fraction]:
    """By unit and class the share of KEEP among the customers that the plan was made from."""
    frame = customers_of(caller, needs.plan, needs.kept)
    counts: dict[tuple[str, str], list[int]] = {}
    for *key, segment in zip(*(frame[name].tolist() for name in ("unit", "abc_class", "segment")), strict=True):
        own = counts.setdefault((key[0], key[1]), [0, 0])
        own[0] += segment == "KEEP"
        own[1] += 1
    return {key: Fraction(*own) for key, own in counts.items()}
