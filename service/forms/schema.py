"""A form described for machines: Table Schema of the table, JSON Schema of a row, and an example."""

import csv
import io
import json
from typing import Any

from service.forms.declaration import SUBSIDIARY, Column, Form


def table_schema(form: Form) -> dict[str, Any]:
    """The form as a Frictionless Table Schema."""
    return {"fields": [_field(column) for column in form.columns], "primaryKey": list(form.key), "missingValues": [""]}


def row_schema(form: Form) -> dict[str, Any]:
    """JSON Schema of one row object: flat, no unknown fields."""
    properties = {column.name: _property(column) for column in form.columns}
    if not form.of_group:
        meaning = "Code of the subsidiary, if the query does not name it; the same in all rows."
        properties[SUBSIDIARY] = {"type": "string", "maxLength": 64, "description": meaning}
    return {
        "title": "".join(word.title() for word in form.name.split("-")) + "Row",
        "type": "object",
        "description": form.meaning,
        "properties": properties,
        "required": [column.name for column in form.columns if column.required],
        "additionalProperties": False,
    }


def example_rows(form: Form) -> list[dict[str, str]]:
    """A good row."""
    return [{column.name: column.example for column in form.columns if column.example}]


def example_csv(form: Form) -> str:
    """A header and a good row."""
    rows = example_rows(form)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def example_ndjson(form: Form) -> str:
    """A good row, on a line of its own."""
    return "".join(json.dumps(row) + "\n" for row in example_rows(form))


def _field(column: Column) -> dict[str, Any]:
    constraints = dict(column.kind.constraints)
    if column.required:
        constraints["required"] = True
    described = {"name": column.name, "type": column.kind.table_type, "description": column.meaning}
    more = {"kontor:kind": column.kind.name, "kontor:unit": column.unit, "kontor:usedBy": list(column.used_by)}
    return described | more | {"constraints": constraints}


def _property(column: Column) -> dict[str, Any]:
    described = dict(column.kind.json)
    if not column.required and isinstance(described["type"], str):
        described["type"] = [described["type"], "null"]
    elif not column.required:
        described["type"] = [*described["type"], "null"]
    if not column.required and "enum" in described:
        described["enum"] = [*described["enum"], None]
    return described | {"description": column.meaning}
