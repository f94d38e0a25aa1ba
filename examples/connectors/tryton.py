"""Tryton (8.x) over its REST interface; an API key is a user application "REST API" of a user."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from mapping import Record, fields_of, value_at

PAGE = 500
CHANGES = ("write_date", "create_date")
NOTE = "Kontor"


class Tryton:
    """`url` ends with the name of the database."""

    def __init__(self, document: dict[str, Any], key: str) -> None:
        self._client = httpx.Client(
            base_url=f"{document['url']}/rest/model/", headers={"Authorization": f"bearer {key}"}, timeout=60
        )

    def records(self, reading: dict[str, Any], since: str | None) -> Iterator[Record]:
        """Records of a model as plain values, each with the time of its last change as `changed`."""
        asked = fields_of(reading["columns"])
        references = reading.get("references", {})
        fields = [one.split(".")[0] if one.split(".")[0] in references else one for one in asked]
        fields = [one for one in fields if not one.startswith("stage_days")]
        for record in self._read(reading["from"], reading.get("where", []), [*fields, *CHANGES], since):
            for name, model in references.items():
                inner = [one.partition(".")[2] for one in asked if one.startswith(f"{name}.")]
                record[name] = self._referred(record.get(name), model, inner)
            if "history" in reading:
                record["stage_days"] = self._stage_days(reading["from"], record["id"], reading["history"])
            record["changed"] = max(str(record[one]) for one in CHANGES if record[one])
            yield record

    def write(self, writing: dict[str, Any], code: str, values: Mapping[str, str]) -> None:
        """Put results on the record with this code: as its categories, or in a note instead of the one before."""
        (found,) = self._read(writing["to"], [[writing["key"], "=", code]], ["categories.id", "categories.parent.name"])
        notes = []
        for name, value in values.items():
            target = writing["fields"][name]
            if target == "note":
                notes.append(f"{name.replace('_', ' ')}: {value}")
            else:
                self._categorise(writing["to"], found, target.partition(":")[2], value)
        if notes:
            self._note(writing["to"], found["id"], "\n".join([NOTE, *notes]))

    def _categorise(self, model: str, record: Record, group: str, value: str) -> None:
        """The record has the category `value` of the group, and no other of it."""
        present = {one["id"] for one in record["categories"] or [] if value_at(one, "parent.name") == group}
        wanted = {self._category(group, value)} if value else set()
        if present != wanted:
            changes = [["remove", sorted(present - wanted)], ["add", sorted(wanted - present)]]
            self._ask("PUT", f"{model}/{record['id']}", json={"categories": changes})

    def _category(self, group: str, name: str) -> int:
        parent = self._named([["name", "=", group], ["parent", "=", None]], {"name": group})
        return self._named([["name", "=", name], ["parent", "=", parent]], {"name": name, "parent": parent})

    def _named(self, domain: list[Any], values: dict[str, Any]) -> int:
        found = list(self._read("party.category", domain, ["name"]))
        record = found[0] if found else self._ask("POST", "party.category", json=values)
        return int(record["id"])

    def _note(self, model: str, record: int, message: str) -> None:
        """Tryton lets nobody rewrite a note: the new one takes the place of ours before."""
        resource = f"{model},{record}"
        mine = list(self._read("ir.note", [["resource", "=", resource], ["message", "like", f"{NOTE}\n%"]], ["id"]))
        self._ask("POST", "ir.note", json={"resource": resource, "message": message})
        for note in mine:
            self._ask("DELETE", f"ir.note/{note['id']}")

    def _read(
        self, model: str, domain: list[Any], fields: list[str], since: str | None = None, at: Any = None
    ) -> Iterator[Record]:
        if since is not None:
            moment = _moment(since)
            domain = [domain, ["OR", *([name, ">=", moment] for name in CHANGES)]]
        query: dict[str, Any] = {"d": _packed(domain), "o": _packed([["id", "ASC"]]), "f": fields, "s": PAGE, "p": 0}
        headers = {} if at is None else {"X-Tryton-Context": _packed({"_datetime": at})}
        while True:
            page = self._ask("GET", model, params=query, headers=headers)
            yield from (_plain(record) for record in page)
            if len(page) < PAGE:
                return
            query["p"] += PAGE

    def _referred(self, reference: str | None, model: str, fields: list[str]) -> Record | None:
        """What a reference such as "sale.opportunity,3" names, if it is of this model."""
        name, _, number = (reference or "").partition(",")
        if name != model:
            return None
        return next(self._read(model, [["id", "=", int(number)]], fields), None)

    def _stage_days(self, model: str, record: int, field: str) -> dict[str, str]:
        """The day on which each state was entered last. A closing state counts only while it lasts."""
        revisions = self._ask("POST", f"{model}/history_revisions", json={"ids": [record]})
        days: dict[str, str] = {}
        state = ""
        for moment in reversed([revision[0] for revision in revisions]):
            for found in self._read(model, [["id", "=", record]], [field], at=moment):
                if found[field] != state:
                    state = found[field]
                    days[state] = str(_value(moment))[:10]
        return {name: day for name, day in days.items() if name == state or name not in ("won", "lost", "cancelled")}

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        answer = self._client.request(method, path, **request)
        if answer.is_error:
            raise SystemExit(f"Tryton answers {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer.json() if answer.content else None


def _packed(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


def _moment(text: str) -> dict[str, Any]:
    day, _, clock = text.partition("T")
    year, month, date = (int(part) for part in day.split("-"))
    hour, minute, second = clock.split(":")
    whole, _, micro = second.partition(".")
    parts = {"year": year, "month": month, "day": date, "hour": int(hour), "minute": int(minute), "second": int(whole)}
    return {"__class__": "datetime", **parts, "microsecond": int(micro or 0)}


def _plain(record: Record) -> Record:
    return {name: _value(value) for name, value in record.items()}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind is None:
        return _plain(value)
    if kind == "Decimal":
        return value["decimal"]
    day = f"{value['year']:04}-{value['month']:02}-{value['day']:02}"
    if kind == "date":
        return day
    return f"{day}T{value['hour']:02}:{value['minute']:02}:{value['second']:02}.{value['microsecond']:06}"
