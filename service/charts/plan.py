"""Pictures of a plan: against what came, block by block, and lever by lever."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import sqrt
from typing import Any

from service.charts.look import MONTHS, Look, Spec, picture
from service.charts.waterfall import Step, waterfall


def attainment(look: Look, months: Sequence[Mapping[str, Any]], law: Mapping[str, Any] | None, currency: str) -> Spec:
    """Revenue so far against the plan's, both cumulative. `law`: P10, P50 and P90 of the year's end, which the band
    opens to by the root of the share of the year that is planned by then, as sums of independent months do."""
    say = look.say
    whole = float(months[-1]["cumulative_planned_revenue"])
    rows = []
    for one in months:
        planned, actual = one["cumulative_planned_revenue"], one["cumulative_actual_revenue"]
        row = {"month": look.month(one["period"]), "planned": float(planned), "plan": look.number(planned)}
        if actual is not None:
            row |= {"actual": float(actual), "came": look.number(actual)}
        if law is not None and whole > 0:
            width = sqrt(max(float(planned), 0) / whole)
            row |= {f"p{q}": float(planned) + (float(law[f"p{q}"]) - float(law["p50"])) * width for q in (10, 90)}
        rows.append(row)
    came = [one for one in months if one["cumulative_actual_revenue"] is not None]
    title, so_far = say("Plan and actual"), say("Cumulative revenue")
    ends = f"{say('Plan')} {look.number(months[-1]['cumulative_planned_revenue'])} {currency}"
    alt = f"{title}: {ends}"
    if came:
        last = came[-1]
        alt += (
            f"; {look.month(last['period'])}: {say('Actual')} {look.number(last['cumulative_actual_revenue'])}, "
            f"{say('Plan')} {look.number(last['cumulative_planned_revenue'])} {currency}"
        )
    if law is not None:
        alt += f"; P10 {look.number(law['p10'])}, P90 {look.number(law['p90'])} {currency}"
    colours = look.colours
    y = {"type": "quantitative", "title": f"{so_far}, {currency}", "axis": {"format": "~s"}}
    legend = {
        "legend": {"symbolOpacity": 1},
        "scale": {
            "domain": [say("Plan"), say("Actual"), "P10–P90"],
            "range": [colours.quiet, colours.main, colours.second],
        },
    }
    tips = [
        {"field": "month", "title": say("Month")},
        {"field": "plan", "title": say("Plan")},
        {"field": "came", "title": say("Actual")},
    ]
    layers: list[Spec] = []
    if law is not None:
        layers.append(
            {
                "mark": {"type": "area", "opacity": 0.35},
                "encoding": {"y": {"field": "p10"} | y, "y2": {"field": "p90"}, "color": {"datum": "P10–P90"} | legend},
            }
        )
    layers += [
        {
            "mark": {"type": "line", "strokeDash": [6, 4], "strokeWidth": 2},
            "encoding": {"y": {"field": "planned"} | y, "color": {"datum": say("Plan")} | legend},
        },
        {
            "transform": [{"filter": "isValid(datum.actual)"}],
            "mark": {"type": "line", "strokeWidth": 3, "point": {"filled": True, "size": 50}},
            "encoding": {"y": {"field": "actual"} | y, "color": {"datum": say("Actual")} | legend, "tooltip": tips},
        },
    ]
    return picture(look, title, ends, f"{alt}.", rows, {"encoding": {"x": MONTHS}, "layer": layers})


def blocks(look: Look, of_blocks: Sequence[Mapping[str, Any]], revenue: Any, currency: str) -> Spec:
    """What the plan consists of: its blocks add up to its revenue."""
    say = look.say
    words = {
        "existing": say("Existing business"),
        "new": say("New business"),
        "reactivated": say("Reactivated"),
        "carried_over": say("Carried over"),
        "grown": say("Growth"),
    }
    steps = [Step(words[one["block"]], Decimal(str(one["revenue"]))) for one in of_blocks]
    return waterfall(
        look, say("What the plan consists of"), currency, [*steps, Step(say("Plan"), Decimal(str(revenue)), total=True)]
    )


def levers(look: Look, told: Mapping[str, Any], currency: str) -> Spec:
    """From the baseline to the scenario: what each lever adds, by Shapley values."""
    say = look.say
    steps = [Step(say("Baseline"), Decimal(str(told["baseline_revenue"])), total=True)]
    for one in told["contributions"]:
        name = str(one["lever"]).replace("_", " ")
        steps.append(Step(f"{name} {one['abc_class'] or ''}".strip(), Decimal(str(one["revenue"]))))
    steps.append(Step(say("Plan"), Decimal(str(told["revenue"])), total=True))
    return waterfall(look, say("What the levers add"), currency, steps)
