"""Pictures of a segmentation: who brings the revenue, who could bring more, who moved, and what that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.charts.look import Look, Spec, picture
from service.charts.waterfall import Step, waterfall

CLASSES = "ABCN"
MOST_SCOPES, MOST_CUSTOMERS = 6, 400
MAP_RANGE = 10_000
"""From the edge of the map to its other end."""
_SEGMENTS = {"WIN": "triangle-up", "GROW": "diamond", "KEEP": "circle", "LIMIT": "square"}
POINTS = 120
"""Of a curve: more are not seen."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What a customer is ranked by, above nothing, in the currency of the segmentation."""

    scope: str
    abc_class: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Placed:
    """What a customer buys, and could buy."""

    customer: str
    segment: str
    value: Decimal
    potential: Decimal


def abc_curve(look: Look, customers: Iterable[Ranked], limits: Sequence[float]) -> Spec:
    """Cumulative share of value over the cumulative share of customers, by scope (Lorenz). `customers`: by falling
    value. `limits`: shares of the value at which A and B end; empty where classes are cut at amounts."""
    say = look.say
    scopes = _largest(customers, say("Whole"))
    rows = [row for name, of_scope in scopes.items() for row in _curve(look, name, of_scope)]
    ends = [row for row in rows if row["ends"]]
    title = say("Who brings the revenue")
    alt = f"{title}: " + "; ".join(f"{row['scope']} {row['ends']} {row['tip']}" for row in ends) + "."
    share = {"format": "%", "tickCount": 5}
    colours = look.colours
    many = len(scopes) > 1
    x = {"field": "x", "type": "quantitative", "title": say("Share of customers"), "axis": share}
    y = {"field": "y", "type": "quantitative", "title": say("Share of value"), "axis": share}
    palette = [colours.main, colours.second, colours.good, colours.bad, "#cc79a7", colours.quiet]
    colour = {"field": "scope", "type": "nominal", "scale": {"range": palette}} if many else {"value": colours.main}
    rules = [
        {
            "data": {"values": [{"limit": limit, "shown": f"{name} ≤ {look.percent(limit)}"}]},
            "layer": [
                {"mark": {"type": "rule", "strokeDash": [4, 4]}, "encoding": {"y": {"field": "limit"} | _QUANTITY}},
                {
                    "mark": {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "dy": -2},
                    "encoding": {"y": {"field": "limit"} | _QUANTITY, "x": {"datum": 0}, "text": {"field": "shown"}},
                },
            ],
        }
        for name, limit in zip("AB", limits, strict=False)
    ]
    lines: list[Spec] = [
        {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {"x": x, "y": y, "color": colour}},
        {
            "transform": [{"filter": "datum.ends"}],
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": colour, "tooltip": {"field": "tip"}},
        },
        {
            "transform": [{"filter": "datum.ends"}],
            "mark": {"type": "text", "align": "left", "baseline": "top", "dx": 5, "dy": 5, "fontWeight": "bold"},
            "encoding": {"x": x, "y": y, "text": {"field": "ends"}},
        },
    ]
    return picture(look, title, say("Customers, the largest first"), alt, rows, {"layer": [*rules, *lines]})


_QUANTITY = {"type": "quantitative"}


def _largest(customers: Iterable[Ranked], whole: str) -> dict[str, list[Ranked]]:
    """The scopes with most value; `whole` names the one without a name."""
    found: dict[str, list[Ranked]] = {}
    for one in customers:
        found.setdefault(one.scope or whole, []).append(one)
    by_size = sorted(found.items(), key=lambda item: (-sum(one.value for one in item[1]), item[0]))
    return dict(by_size[:MOST_SCOPES])


def _curve(look: Look, scope: str, ranked: Sequence[Ranked]) -> Iterable[Mapping[str, Any]]:
    whole, held, every = sum(one.value for one in ranked), Decimal(0), max(1, len(ranked) // POINTS)
    yield {"scope": scope, "x": 0, "y": 0, "ends": "", "tip": ""}
    for place, one in enumerate(ranked, start=1):
        held += one.value
        after = ranked[place].abc_class if place < len(ranked) else ""
        ends = one.abc_class if after != one.abc_class else ""
        if ends or place % every == 0:
            x, y = place / len(ranked), float(held / whole)
            tip = f"{look.number(place)} / {look.number(len(ranked))} – {look.percent(y, 1)}" if ends else ""
            yield {"scope": scope, "x": round(x, 6), "y": round(y, 6), "ends": ends, "tip": tip}


def potential_map(look: Look, customers: Sequence[Placed], total: int, currency: str) -> Spec:
    """What customers buy against what they could buy, on logarithmic scales; who buys next to nothing stands at the
    edge. `customers`: those with the largest potential of `total`."""
    say = look.say
    most = max([Decimal(1), *(max(one.value, one.potential) for one in customers)])
    edge = most / MAP_RANGE
    rows = [
        {
            "x": float(max(one.value, edge)),
            "y": float(max(one.potential, edge)),
            "segment": one.segment,
            "label": one.customer,
            "value": f"{look.number(one.value)} {currency}",
            "potential": f"{look.number(one.potential)} {currency}",
        }
        for one in customers
    ]
    title = say("What customers buy and could buy")
    counts = "; ".join(f"{name} {sum(row['segment'] == name for row in rows)}" for name in _SEGMENTS)
    shown = f"{look.number(len(rows))} / {look.number(total)} – {say('Customers')}"
    scale = {"type": "log", "domain": [float(edge), float(most)], "nice": False}
    axis = {"format": "~s", "tickCount": 5, "labelOverlap": True, "grid": False}
    common = {"type": "quantitative", "scale": scale, "axis": axis}
    axes = {
        "x": {"field": "x", "title": f"{say('Buys')}, {currency}"} | common,
        "y": {"field": "y", "title": f"{say('Potential')}, {currency}"} | common,
    }
    colours, names = look.colours, list(_SEGMENTS)
    palette = [colours.second, colours.good, colours.main, colours.quiet]
    segment = {"field": "segment", "type": "nominal"}
    tips = {"label": say("Customer"), "segment": say("Segment"), "value": say("Buys"), "potential": say("Potential")}
    points = {
        **axes,
        "color": segment | {"scale": {"domain": names, "range": palette}},
        "shape": segment | {"scale": {"domain": names, "range": list(_SEGMENTS.values())}},
        "tooltip": [{"field": name, "title": word} for name, word in tips.items()],
    }
    body: Spec = {
        "layer": [
            {
                "data": {"values": [{"x": float(one), "y": float(one)} for one in (edge, most)]},
                "mark": {"type": "line", "strokeDash": [4, 4], "strokeWidth": 1, "color": colours.quiet},
                "encoding": axes,
            },
            {
                "mark": {"type": "point", "filled": True, "size": 30 if look.narrow else 55, "opacity": 0.8},
                "encoding": points,
            },
        ]
    }
    return picture(look, title, shown, f"{title}: {counts}; {shown}.", rows, body)


def migration(look: Look, items: Iterable[Mapping[str, Any]]) -> Spec:
    """How many customers moved from which class to which, in the whole."""
    say = look.say
    counts: dict[tuple[str, str], int] = {}
    for one in items:
        if one["scope"]:
            continue
        key = (one["from_class"], one["to_class"])
        counts[key] = counts.get(key, 0) + int(one["customers"])
    before = {name: sum(count for (start, _), count in counts.items() if start == name) for name in CLASSES}
    rows = [
        {
            "from": start,
            "to": end,
            "share": counts.get((start, end), 0) / before[start] if before[start] else 0,
            "shown": look.number(counts.get((start, end), 0)),
        }
        for start in CLASSES
        for end in CLASSES
    ]
    colours = look.colours
    title = say("Customers that changed their class")
    alt = f"{title}: " + "; ".join(f"{row['from']} → {row['to']} {row['shown']}" for row in rows) + "."
    axis = {"labelAngle": 0, "domain": False, "ticks": False}
    x = {"field": "to", "type": "nominal", "sort": list(CLASSES), "title": say("Class now"), "axis": axis}
    y = {"field": "from", "type": "nominal", "sort": list(CLASSES), "title": say("Class before"), "axis": axis}
    body: Spec = {
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": colours.ground, "strokeWidth": 2},
                "encoding": {
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "scale": {"domain": [0, 1], "range": [colours.faint, colours.main]},
                        "legend": None if look.narrow else {"title": say("Share of the class before"), "format": "%"},
                    }
                },
            },
            {
                "mark": {"type": "text", "fontWeight": "bold"},
                "encoding": {
                    "text": {"field": "shown"},
                    "color": {
                        "condition": {"test": "datum.share > 0.5", "value": colours.ground},
                        "value": colours.ink,
                    },
                },
            },
        ],
    }
    return picture(look, title, say("A, B, C by value; N: bought nothing"), alt, rows, body)


def revenue_bridge(look: Look, bridge: Mapping[str, Any], currency: str) -> Spec:
    """From the revenue of the window before to this one's."""
    say = look.say
    words = {
        "start": say("Window before"),
        "lost": say("Lost"),
        "contraction": say("Less from customers"),
        "expansion": say("More from customers"),
        "new": say("New"),
        "reactivated": say("Reactivated"),
        "credit_notes": say("Credit notes"),
        "end": say("This window"),
    }
    steps = [Step(word, Decimal(str(bridge[name])), total=name in {"start", "end"}) for name, word in words.items()]
    return waterfall(look, say("From revenue to revenue"), currency, steps)
