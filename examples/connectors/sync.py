"""Keeps Kontor and a CRM in step: what changed in the CRM since last time is handed in, results are written back.

    KONTOR_KEY=… TRYTON_KEY=… python examples/connectors/sync.py mapping.yaml --url http://127.0.0.1:8000

The state (how far each form was read, what was written) is kept beside the mapping. Run it as often as you like: what
did not change is `unchanged`. Exit code 1: rows were refused, and will be read again next time.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import mapping
from folder import hand_in_folder
from handing_in import Kontor
from mapping import FORMS, Record, Row, Unmapped, row_of
from odoo import Odoo
from rest import Rest
from tryton import Tryton


class Crm(Protocol):
    """What a connector does."""

    def records(self, reading: dict[str, Any], since: str | None) -> Iterator[Record]:
        """Records that changed since then, each with the time of its change as `changed`."""

    def write(self, writing: dict[str, Any], code: str, values: Mapping[str, str]) -> None:
        """Put results on a customer."""


CRMS: dict[str, Callable[[dict[str, Any], str], Crm]] = {"tryton": Tryton, "odoo": Odoo, "rest": Rest}


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep Kontor and a CRM in step.")
    parser.add_argument("mapping", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--full", action="store_true", help="read and write everything, not only what changed")
    parser.add_argument("--prepare", action="store_true", help="make the subsidiary first; needs the scope admin")
    arguments = parser.parse_args()
    document = mapping.read(arguments.mapping)
    kontor = Kontor(arguments.url, _key("KONTOR_KEY"), document["subsidiary"]["code"])
    if arguments.prepare:
        own = document["subsidiary"]
        kontor.prepare(own["name"], own["country"], own["currency"], list(document["read"]))
    if document["crm"] == "folder":
        raise SystemExit(hand_in_folder(document, kontor))
    state = arguments.mapping.with_suffix(".state.json")
    known = json.loads(state.read_text()) if state.exists() and not arguments.full else {"read": {}, "written": {}}
    crm = CRMS[document["crm"]](document, _key(document["key"]))
    refused = hand_in(document, crm, kontor, known["read"])
    if "write" in document:
        write_back(document["write"], crm, kontor, known["written"])
    state.write_text(json.dumps(known, indent=1))
    raise SystemExit(1 if refused else 0)


def hand_in(document: dict[str, Any], crm: Crm, kontor: Kontor, marks: dict[str, str]) -> int:
    """Hand in what changed; the number of refused rows. Marks of forms without refusals move on."""
    refused = 0
    for form in (one for one in FORMS if one in document["read"]):
        reading = document["read"][form]
        rows, newest, bad = _rows(crm, reading, marks.get(form))
        receipts = list(kontor.submit(form, rows))
        counts = {name: sum(one[name] for one in receipts) for name in ("added", "corrected", "unchanged", "rejected")}
        print(f"{form}: read {len(rows)}, " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        for problem in (one for receipt in receipts for one in receipt["problems"]):
            print(f"  row {problem['row']}, {problem['column']}: {problem['message']}")
        bad += counts["rejected"]
        if newest is not None and not bad:
            marks[form] = newest
        refused += bad
    return refused


def _rows(crm: Crm, reading: dict[str, Any], since: str | None) -> tuple[list[Row], str | None, int]:
    """Rows, the newest change among them, and how many records could not be mapped."""
    rows, newest, bad = [], since, 0
    for record in crm.records(reading, since):
        try:
            rows.append(row_of(record, reading["columns"]))
        except Unmapped as error:
            print(f"  record {record.get('id')}: {error}")
            bad += 1
        newest = max(newest or "", str(record["changed"]))
    return rows, newest, bad


def write_back(writing: dict[str, Any], crm: Crm, kontor: Kontor, written: dict[str, dict[str, str]]) -> None:
    """Put results on the CRM's customers, where they differ from what was written last."""
    count = 0
    for code, values in kontor.results(list(writing["fields"])).items():
        if written.get(code) != values:
            crm.write(writing, code, values)
            written[code] = values
            count += 1
    print(f"written back: {count}")


def _key(name: str) -> str:
    key = os.environ.get(name)
    if not key:
        raise SystemExit(f"Set {name} to the key.")
    return key


if __name__ == "__main__":
    main()
