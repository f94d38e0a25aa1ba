"""From one amount to another by steps: bars that hang where the step before ended."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.charts.look import Look, Spec, picture

_LABEL_WIDTH = 95


@dataclass(frozen=True, slots=True)
class Step:
    """A bar: a total stands on the ground, a change on what came before."""

    label: str
    amount: Decimal
    total: bool = False


def waterfall(look: Look, title: str, unit: str, steps: Sequence[Step]) -> Spec:
    """The changes must lead from each total to the next."""
    rows, reached, named = [], Decimal(0), Counter[str]()
    for place, one in enumerate(steps):
        named[one.label] += 1
        again = named[one.label]
        start = Decimal(0) if one.total else reached
        reached = start + one.amount
        kind = "total" if one.total else "rise" if one.amount >= 0 else "fall"
        shown = look.short(one.amount) if one.total else ("+" if one.amount > 0 else "") + look.short(one.amount)
        rows.append(
            {
                "place": place,
                # Steps of one label would be drawn as one.
                "step": one.label if again == 1 else f"{one.label} ({again})",
                "from": float(start),
                "to": float(reached),
                "top": float(max(start, reached)),
                "kind": kind,
                "shown": shown,
                "amount": f"{look.number(one.amount, 2)} {unit}",
            }
        )
    colours = look.colours
    order = [row["step"] for row in rows]
    alt = f"{title}: " + "; ".join(f"{row['step']} {row['amount']}" for row in rows) + "."
    angle = -45 if look.narrow else 0 if len(rows) * _LABEL_WIDTH < look.width else -30
    x = {
        "field": "step",
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"labelAngle": angle, "labelOverlap": False},
    }
    body: Spec = {
        "encoding": {"x": x, "tooltip": [{"field": "step", "title": " "}, {"field": "amount", "title": unit}]},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "y": {"field": "from", "type": "quantitative", "title": unit, "axis": {"format": "~s"}},
                    "y2": {"field": "to"},
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "legend": None,
                        "scale": {
                            "domain": ["total", "rise", "fall"],
                            "range": [colours.main, colours.good, colours.bad],
                        },
                    },
                },
            },
            {
                "mark": {"type": "text", "baseline": "bottom", "dy": -3, "fontSize": 9 if look.narrow else 12},
                "encoding": {
                    "y": {"field": "top", "type": "quantitative"},
                    "text": {"field": "shown", "type": "nominal"},
                },
            },
        ],
    }
    return picture(look, title, unit, alt, rows, body)
