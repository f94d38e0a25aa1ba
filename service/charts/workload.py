"""The hours that a plan needs against those that the people there have."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.charts.look import MONTHS, Look, Spec, picture


def workload(look: Look, months: Sequence[Mapping[str, Any]]) -> Spec:
    """Selling hours by month; where the bar stands above the line, people are missing."""
    say = look.say
    rows: list[dict[str, Any]] = []
    for one in months:
        there = float(one["fte_effective"]) * float(one["hours_a_seller"])
        rows.append(
            {
                "month": look.month(one["period"]),
                "hours": float(one["hours"]),
                "there": there,
                "kind": say("Needed, too much") if float(one["hours"]) > there else say("Needed"),
                "needed": look.number(one["hours"]),
                "capacity": look.number(there),
            }
        )
    needed, there = (sum(row[name] for row in rows) for name in ("hours", "there"))
    title = say("Hours needed and there")
    sums = f"{say('Needed')} {look.number(needed)}, {say('There')} {look.number(there)}"
    short = ", ".join(row["month"] for row in rows if row["hours"] > row["there"])
    alt = f"{title}: {sums}" + (f"; {say('Needed, too much')}: {short}." if short else ".")
    colours = look.colours
    scale = {
        "domain": [say("Needed"), say("Needed, too much"), say("There")],
        "range": [colours.main, colours.bad, colours.ink],
    }
    y = {"type": "quantitative", "title": say("Hours")}
    tips = [
        {"field": "month", "title": say("Month")},
        {"field": "needed", "title": say("Needed")},
        {"field": "capacity", "title": say("There")},
    ]
    body: Spec = {
        "encoding": {"x": MONTHS},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "y": {"field": "hours"} | y,
                    "color": {"field": "kind", "type": "nominal", "scale": scale},
                    "tooltip": tips,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 3, "point": {"filled": True, "size": 45}},
                "encoding": {"y": {"field": "there"} | y, "color": {"datum": say("There"), "scale": scale}},
            },
        ],
    }
    return picture(look, title, sums, alt, rows, body)
