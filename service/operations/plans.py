"""Calculating a plan for a subsidiary: from its segmentation and funnel to lines of exact money, kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument
from service.method.months import Window, month_text, parse_month
from service.method.plan import deals, goal, levers, spread, statistics
from service.method.plan.blocks import BLOCKS, plan
from service.method.plan.inputs import CLOSING, Evidence, Input, Inputs
from service.method.segments.classes import CLASSES
from service.operations import keeping, windows
from service.operations.observations import UNIT_WORDS, Unit, observed, unit_name, unit_of
from service.operations.segments import Basis, Entry, read_basis, window_text
from service.store import plans, results, subsidiaries
from service.store.reach import Reach
from service.values import amount_text, minor_units, round_money, round_ratio
from service.wording import say


@dataclass(frozen=True, slots=True)
class Question:
    """Which plan is asked for; None takes the default of each."""

    subsidiary: str
    first: str | None
    window: tuple[str | None, str | None]
    by: tuple[str, ...]
    levers: tuple[levers.Lever, ...]
    method: str | None
    window_period: str | None = None


def compute(entry: Entry, question: Question) -> tuple[Reach, int, bool]:
    """The subsidiary, the number of the plan, and whether it is new: the same question finds the kept one."""
    with entry.reading() as caller:
        basis = read_basis(
            caller, question.subsidiary, *question.window, question.method, period=question.window_period
        )
        first = windows.month("from", question.first) or basis.window.last + 1
        if first <= basis.window.last:
            raise BadArgument(
                "from", say("The plan must begin after its window, which ends {window}.", window=str(basis.window))
            )
        asked = _asked(basis, first, question)
        kept = results.find(caller.connection, basis.home, results.PLAN, keeping.digest(*asked))
        if kept is not None:
            return basis.home, kept, False
        units, baseline, still_open = _baseline(caller, basis, question.by, first)
        currency = subsidiaries.get(caller.connection, caller.reach, question.subsidiary).currency
    season = [basis.season.of(first + place) for place in range(12)]
    drafts = []
    for moved in [(), question.levers] if question.levers else [()]:
        inputs = levers.apply(baseline, moved)
        rows = list(spread.lines(plan(inputs, season), first, minor_units(currency)))
        drafts.append((replace(question, levers=moved), inputs, rows))
    with entry.writing() as caller:
        # A scenario is kept beside its baseline, which is kept once.
        number, made, of_baseline = 0, False, None
        for asked_for, inputs, rows in drafts:
            summary = _summary(basis, first, asked_for, units, rows)
            summary |= {"notes": _notes(basis, baseline), "baseline": of_baseline, "open_deals": still_open}
            number, made = _keep(caller, basis.home, _asked(basis, first, asked_for), summary, (units, inputs, rows))
            of_baseline = number
    return basis.home, number, made


def _keep(
    caller: Caller,
    home: Reach,
    asked: tuple[str, int, dict[str, Any]],
    summary: dict[str, Any],
    found: tuple[Sequence[Unit], Inputs, Sequence[spread.Line]],
) -> tuple[int, bool]:
    """Store a plan with its lines and inputs; its number and whether it is new."""
    units, inputs, rows = found
    number, made = keeping.keep(caller, home, results.PLAN, asked, summary)
    if made:
        key = {"subsidiary_id": home.one, "plan": number}
        results.add_rows(caller.connection, plans.LINE, [{**key, **_line(units, row)} for row in rows])
        results.add_rows(caller.connection, plans.INPUT, [{**key, **row} for row in _inputs(units, inputs)])
    return number, made


def seek(caller: Caller, identifier: str, question: goal.Question) -> dict[str, Any]:
    """How far one lever alone must move for a kept plan to reach a target; every unit by the same factor."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    units, inputs = read_inputs(caller, home, row)
    found = goal.seek(inputs, kept["season"], question)
    values = levers.value_of(found.inputs.average, question.lever)
    changed = [
        {
            **dict(zip(UNIT_WORDS, unit, strict=True)),
            "abc_class": abc_class,
            "input": question.lever,
            "value": float(round_ratio(float(values[place, column]))),
        }
        for place, unit in enumerate(units)
        for column, abc_class in enumerate(CLASSES)
        if question.abc_class in (None, abc_class)
    ]
    return {
        "baseline": round_money(found.baseline),
        "reachable": found.reachable,
        "multiplier": round_ratio(found.multiplier),
        "exact_multiplier": found.multiplier,
        "reached": round_money(found.reached),
        "missing": round_money(found.missing),
        "values": changed,
    }


def read_inputs(caller: Caller, home: Reach, row: Row[Any]) -> tuple[list[Unit], Inputs]:
    """The inputs of a kept plan, as they were: of a scenario those of its baseline, moved by its levers."""
    units, baseline, moved = read_baseline(caller, home, row)
    return units, levers.apply(baseline, moved)


def read_baseline(caller: Caller, home: Reach, row: Row[Any]) -> tuple[list[Unit], Inputs, list[levers.Lever]]:
    """The inputs of a kept plan before its levers, and the levers.

    A scenario kept before baselines were has only its own inputs, which have its levers in them: it has none then.
    """
    kept = keeping.summary(row)
    baseline = kept.get("baseline")
    number = row.number if baseline is None else baseline
    found: dict[str, dict[str, dict[str, Input]]] = {}
    units: dict[str, Unit] = {}
    for one in plans.page(caller.connection, home, plans.INPUT, plans.INPUT_ORDER, number):
        unit = (one.salesperson, one.channel)
        name = unit_name(unit)
        units[name] = unit
        cells = found.setdefault(name, {}).setdefault(one.abc_class, {})
        evidence = None if one.evidence is None else Evidence(**json.loads(one.evidence))
        cells[one.name] = Input(one.value, one.provenance, one.n, evidence)
    moved = [] if baseline is None else [_given(lever) for lever in kept["levers"]]
    return list(units.values()), Inputs.of(found), moved


def months_of(kept: Mapping[str, Any]) -> Window:
    """The 12 months of a kept plan."""
    return Window(parse_month(kept["first"]), parse_month(kept["last"]))


def told(lever: levers.Lever) -> dict[str, Any]:
    """A lever as requests, answers and kept plans have it."""
    return {"lever" if name == "name" else name: value for name, value in asdict(lever).items()}


def _asked(basis: Basis, first: int, question: Question) -> tuple[str, int, dict[str, Any]]:
    parameters = {
        "window": [month_text(basis.window.first), month_text(basis.window.last)],
        "first": month_text(first),
        "by": list(question.by),
        "levers": [told(lever) for lever in question.levers],
    }
    return basis.parameters.id, basis.data_revision, parameters


def _given(kept: Mapping[str, Any]) -> levers.Lever:
    return levers.Lever(**{"name" if name == "lever" else name: value for name, value in kept.items()})


def _baseline(
    caller: Caller, basis: Basis, by: Sequence[str], first: int
) -> tuple[list[Unit], Inputs, list[deals.Open]]:
    """Units and their inputs for a plan that begins in this month; and each open deal with its win rate."""
    found = observed(caller, basis, by)
    frame, funnel, register = found.customers, found.funnel, found.deals
    names = sorted({*frame["unit"], *funnel["unit"], *register["unit"]}) if by else [unit_name(("", ""))]
    inputs = statistics.derive(
        frame,
        funnel,
        register,
        names,
        basis.parameters.plan,
        len(basis.window),
        first,
        prior_complete=basis.prior_complete,
    )
    rates = deals.win_rates(register, basis.parameters.plan.conversions)
    still_open = deals.each_open(register, statistics.new_shares(frame), rates, first, names)
    return [unit_of(name) for name in names], inputs, still_open


def _line(units: Sequence[Unit], row: spread.Line) -> dict[str, Any]:
    unit, abc_class, block, period, revenue, margin = row
    salesperson, channel = units[unit]
    key = {"salesperson": salesperson, "channel": channel, "abc_class": abc_class, "block": block, "period": period}
    return {**key, "revenue": revenue, "margin": margin}


def _inputs(units: Sequence[Unit], inputs: Inputs) -> list[dict[str, Any]]:
    places = {unit_name(unit): unit for unit in units}
    return [
        {
            "salesperson": places[unit][0],
            "channel": places[unit][1],
            "abc_class": abc_class,
            "name": name,
            "value": found.value,
            "provenance": found.provenance,
            "n": found.n,
            "evidence": None if found.evidence is None else json.dumps(asdict(found.evidence)),
        }
        for unit, abc_class, name, found in inputs
        if found.value or name not in CLOSING
    ]


def _summary(
    basis: Basis, first: int, question: Question, units: Sequence[Unit], rows: Sequence[spread.Line]
) -> dict[str, Any]:
    by_unit = [
        {
            **dict(zip(UNIT_WORDS, unit, strict=True)),
            **_total([row for row in rows if row[0] == place]),
            "blocks": _blocks([row for row in rows if row[0] == place]),
        }
        for place, unit in enumerate(units)
    ]
    months = [first + place for place in range(12)]
    return {
        "first": month_text(months[0]),
        "last": month_text(months[-1]),
        "window": window_text(basis.window),
        "by": list(question.by),
        "levers": [told(lever) for lever in question.levers],
        **_total(rows),
        "blocks": _blocks(rows),
        "months": [
            {"period": month_text(month), **_total([row for row in rows if row[3] == month])} for month in months
        ],
        "units": by_unit,
        "season_observed": basis.season.observed,
        "season": [basis.season.of(month) for month in months],
    }


def _notes(basis: Basis, baseline: Inputs) -> list[str]:
    """What a reader must know before he trusts the plan."""
    months = len(basis.window)
    said = {
        f"The window has {months} months: orders, leads and gaps are taken as a year's, × 12/{months}.": months != 12,
        "The data do not reach back over a whole prior window: retention is the method's.": not basis.prior_complete,
        "Fewer than two complete years: every month counts the same.": not basis.season.observed,
        "No leads were handed in: no new business is planned.": not baseline.values["leads"].any(),
    }
    return [note for note, holds in said.items() if holds] + _above_one(baseline)


def _above_one(baseline: Inputs) -> list[str]:
    """Conversions that the sums of the funnel put above 1: those who went on were more than those who came."""
    found = []
    for unit, abc_class, name, one in baseline:
        if one.evidence is not None and one.evidence.formula.startswith("min(1"):
            below, above = one.evidence.terms.values()  # in the order of the funnel
            if above > below:
                where = " ".join(part for part in unit_of(unit) if part)
                of_unit = f" of {where}" if where else ""
                found.append(f"{name} of class {abc_class}{of_unit} is {above:g} / {below:g}: it is cut to 1.")
    return found


def _blocks(rows: Sequence[spread.Line]) -> list[dict[str, Any]]:
    return [{"block": block, **_total([row for row in rows if row[2] == block])} for block in BLOCKS]


def _total(rows: Sequence[spread.Line]) -> dict[str, str]:
    return {"revenue": amount_text(sum(row[4] for row in rows)), "margin": amount_text(sum(row[5] for row in rows))}
