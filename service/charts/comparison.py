"""Subsidiaries, teams or sellers side by side by one indicator."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.charts.look import Look, Spec, picture

MOST_UNITS = 40


def comparison(look: Look, items: Sequence[Mapping[str, Any]], common: Mapping[str, Any], name: str, word: str) -> Spec:
    """Bars from the best to the last; the rule is where the best quarter begins. `word`: the field that names a unit;
    `name`: the indicator's."""
    say = look.say
    known = [one for one in items if one["value"] is not None]
    falling = common["direction"] != "lower"
    known.sort(key=lambda one: float(one["value"]), reverse=falling)
    shown = known[:MOST_UNITS]
    unit = shown[0]["unit"] if shown else ""
    share = unit == "ratio"
    words = {"best": say("Best quarter"), "other": say("Others"), "unranked": say("Not ranked")}
    rows: list[dict[str, Any]] = []
    for one in shown:
        value = float(one["value"])
        kind = "unranked" if one["rank"] is None else "best" if one["quartile"] == 1 else "other"
        written = look.percent(value, 1) if share else look.short(value)
        rows.append({"unit": _named(one, word), "value": value, "shown": written, "kind": words[kind]})
    side_by_side = say("Side by side")
    title = f"{name} – {side_by_side}"
    alt = f"{title}: " + "; ".join(f"{row['unit']} {row['shown']}" for row in rows) + "."
    subtitle = f"{look.number(len(rows))} / {look.number(len(items))}"
    colours = look.colours
    y = {"field": "unit", "type": "nominal", "sort": [row["unit"] for row in rows], "title": None}
    axis = {"format": "%" if share else "~s", "tickCount": 5}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar"},
            "encoding": {
                "y": y,
                "x": {"field": "value", "type": "quantitative", "title": None, "axis": axis},
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": list(words.values()), "range": [colours.good, colours.main, colours.quiet]},
                },
                "tooltip": [{"field": "unit", "title": " "}, {"field": "shown", "title": name}],
            },
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 4},
            "encoding": {"y": y, "x": {"field": "value", "type": "quantitative"}, "text": {"field": "shown"}},
        },
    ]
    if common["best_quarter"] is not None:
        layers.append(
            {
                "data": {"values": [{"limit": float(common["best_quarter"])}]},
                "mark": {"type": "rule", "strokeDash": [4, 4]},
                "encoding": {"x": {"field": "limit", "type": "quantitative"}},
            }
        )
    return picture(look, title, subtitle, alt, rows, {"layer": layers})


def _named(one: Mapping[str, Any], word: str) -> str:
    """Teams and sellers have their names within a subsidiary: two of one name are two bars."""
    return str(one[word]) if word == "subsidiary" else f"{one['subsidiary']} · {one[word]}"
