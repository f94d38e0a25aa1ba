"""How records of a CRM become rows of Kontor's forms: by a mapping file that an integrator edits.

`kontor mapping check FILE` says what is wrong with a file; what is read here has passed it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Record = dict[str, Any]
Row = dict[str, str]

FORMS = ("salespeople", "customers", "orders", "deals", "activities", "statistics", "targets")
"""In the order in which they are handed in: a row may only name sellers and customers that are known."""
DAYS = frozenset({"date", "start", "end", "created", "closed", "expected_close", "potential_date", "since"})


class Unmapped(Exception):
    """A value of the CRM for which the mapping has no word."""


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def row_of(record: Record, columns: dict[str, Any]) -> Row:
    """A row from a record; columns without a value are left out."""
    found = {name: _cell(record, name, source) for name, source in columns.items()}
    if found.get("outcome") == "open":  # CRMs keep the day on which a deal is expected to close in the same field
        closed = found.pop("closed", "")
        found["expected_close"] = found.get("expected_close") or closed
    return {name: text for name, text in found.items() if text}


def fields_of(columns: dict[str, Any]) -> list[str]:
    """The paths that a mapping asks of a record."""
    return sorted({path for name, source in columns.items() for path in _paths(name, source)})


def value_at(record: Any, path: str) -> Any:
    """What lies at a path; of a list its first. None where there is nothing."""
    for step in path.split("."):
        if isinstance(record, list):
            record = record[0] if record else None
        if not isinstance(record, dict):
            return None
        record = record.get(step)
    return record


def _paths(name: str, source: Any) -> Iterator[str]:
    if isinstance(source, str):
        yield source
    elif name == "stages":
        yield from source.values()
    elif "from" in source:
        yield from [source["from"]] if isinstance(source["from"], str) else source["from"]


def _cell(record: Record, name: str, source: Any) -> str:
    if name == "stages" and isinstance(source, dict):
        days = {stage: _text(value_at(record, path), day=True) for stage, path in source.items()}
        return "; ".join(f"{stage}={day}" for stage, day in days.items() if day)
    if isinstance(source, dict) and "value" in source:
        return str(source["value"])
    texts = [_text(value_at(record, path), day=name in DAYS) for path in _paths(name, source)]
    text = next((one for one in texts if one), "")
    return text if isinstance(source, str) else _translated(name, text, source)


def _translated(name: str, text: str, source: dict[str, Any]) -> str:
    default = str(source.get("default", ""))
    if "values" not in source:
        return text or default
    words = {str(theirs): str(ours) for theirs, ours in source["values"].items()}
    if text and text not in words and "default" not in source:
        raise Unmapped(f"{name}: the CRM says {text!r}, the mapping has words for {', '.join(words)}.")
    return words.get(text, default)


def _text(value: Any, *, day: bool) -> str:
    if value is None or value is False:
        return "" if value is None else "false"
    if value is True:
        return "true"
    text = str(value).strip()
    return text[:10] if day else text
