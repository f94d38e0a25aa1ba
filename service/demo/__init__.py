"""The demonstration: a generated group, handed in and asked for over HTTP only, as a CRM would."""

from datetime import date

import httpx
from rich.console import Console

from service.demo import report
from service.demo.generate import MONTHS, UNITS, generate
from service.demo.hand_in import hand_in


def run(client: httpx.Client, today: date, out: Console) -> None:
    """Generate the group as of `today`, hand it in, and print what a director wants to see."""
    group = generate(today)
    counts = hand_in(client, group)
    rows = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    out.print(f"Nordwerk, a generated group: {len(UNITS)} subsidiaries, {MONTHS} months.\nRows handed in: {rows}.\n")
    segmentations = report.segmentation(client, out)
    report.promising(client, out, segmentations)
    report.indicators(client, out)
    plans = report.plans(client, out)
    report.people(client, out, plans)
