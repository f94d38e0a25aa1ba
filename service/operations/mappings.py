"""Mapping files of connectors: which records of a CRM become rows of which form. Checked as a whole, before anything is
read or sent."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import Problem
from service.forms.catalogue import FORMS
from service.forms.declaration import Column, Form
from service.forms.kinds import EARLIEST_MONTH, BadValue
from service.operations.method_documents import YAML, decoded
from service.operations.validation import found_wrong
from service.wording import Message, say

Text = Field(min_length=1)
_SOURCE_KEYS = frozenset({"from", "values", "default"})


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Unit(_Part):
    """The subsidiary whose records these are."""

    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}$")
    name: str = Text
    country: str = Field(pattern="^[A-Z]{2}$")
    currency: str = Field(pattern="^[A-Z]{3}$")


class Reading(_Part):
    """Where a form's rows come from, and what becomes which column."""

    source: str = Field(alias="from", min_length=1)
    columns: dict[str, Any] = Field(default_factory=dict)
    where: list[Any] | None = None
    references: dict[str, str] | None = None
    history: str | None = None
    method: Literal["GET", "POST"] | None = None
    query: dict[str, str] | None = None
    body: dict[str, Any] | None = None
    items: str | None = None
    changed: str | None = None


class Writing(_Part):
    """Where results go: the fields of the CRM's customer."""

    to: str = Text
    key: str | None = None
    method: Literal["PATCH", "POST", "PUT"] | None = None
    wrap: str | None = None
    fields: dict[Literal["abc_class", "segment", "planned_revenue", "priority", "next_step"], str]


class Paging(_Part):
    """Where a page says what follows; `send` names the parameter it is sent in, without it it is an address."""

    next: str = Text
    send: str | None = None


class Document(_Part):
    """A mapping file."""

    crm: Literal["tryton", "odoo", "rest", "folder"]
    subsidiary: Unit
    read: dict[str, Reading] = Field(min_length=1)
    write: Writing | None = None
    url: str | None = None
    key: str | None = None
    headers: dict[str, str] | None = None
    paging: Paging | None = None
    api: Literal["json", "xmlrpc"] | None = None
    database: str | None = None
    login: str | None = None
    folder: str | None = None


NEEDS: Mapping[str, tuple[str, ...]] = {
    "tryton": ("url", "key"),
    "odoo": ("url", "key"),
    "rest": ("url", "key", "paging"),
    "folder": ("folder",),
}
"""By connector what its document must say; of a form it must say more below."""
MAY: Mapping[str, tuple[str, ...]] = {
    "tryton": (),
    "odoo": ("api", "database", "login"),
    "rest": ("headers",),
    "folder": (),
}
READING_NEEDS: Mapping[str, tuple[str, ...]] = {
    "tryton": ("columns",),
    "odoo": ("columns",),
    "rest": ("columns", "items", "changed"),
    "folder": (),
}
READING_MAY: Mapping[str, tuple[str, ...]] = {
    "tryton": ("where", "references", "history"),
    "odoo": ("where",),
    "rest": ("method", "query", "body"),
    "folder": ("query",),
}


def problems_of(body: bytes) -> list[Problem]:
    """All that is wrong with a mapping file, each with its place; none: it can be used. Raises BadBody."""
    try:
        document = Document.model_validate(decoded(body, YAML))
    except ValidationError as error:
        return [_problem(".".join(map(str, one["loc"])) or "document", found_wrong(one)) for one in error.errors()]
    return [*_of_connector(document), *_of_forms(document)]


def _of_connector(document: Document) -> Iterator[Problem]:
    yield from _said("", document, NEEDS[document.crm], (*MAY[document.crm], "crm", "subsidiary", "read", "write"))
    if document.api == "xmlrpc":
        for name in ("database", "login"):
            if getattr(document, name) is None:
                yield _problem(name, say("XML-RPC needs it."))
    for name, reading in document.read.items():
        needed, may = READING_NEEDS[document.crm], READING_MAY[document.crm]
        yield from _said(f"read.{name}.", reading, needed, (*may, "source"))
    if document.write is not None:
        own = {"tryton": ("key",), "odoo": ("key",), "rest": (), "folder": ()}[document.crm]
        free = ("method", "wrap") if document.crm == "rest" else ()
        yield from _said("write.", document.write, own, ("to", "fields", *free))
        if document.crm == "folder":
            yield _problem("write", say("Results cannot be written into a folder."))


def _said(place: str, part: BaseModel, needed: tuple[str, ...], may: tuple[str, ...]) -> Iterator[Problem]:
    """What is missing, and what this connector would pass over."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if name in needed and not value:
            yield _problem(place + name, say("It is needed here."))
        elif name not in needed and name not in may and value:
            yield _problem(place + name, say("This connector does not read it."))


def _of_forms(document: Document) -> Iterator[Problem]:
    for name, reading in document.read.items():
        form = FORMS.get(name)
        if form is None or form.of_group:
            known = ", ".join(one.name for one in FORMS.values() if not one.of_group)
            yield _problem(
                f"read.{name}", say("There is no such form of a subsidiary; there are {known}.", known=known)
            )
        elif reading.columns:
            yield from _of_columns(f"read.{name}.columns", form, reading.columns)


def _of_columns(place: str, form: Form, columns: Mapping[str, Any]) -> Iterator[Problem]:
    for column in form.columns:
        if column.required and column.name not in columns:
            yield _problem(f"{place}.{column.name}", say("The form requires this column."))
    for name, source in columns.items():
        if name in form.by_name:
            yield from _of_source(f"{place}.{name}", form.by_name[name], source)
        else:
            yield _problem(
                f"{place}.{name}",
                say("{name} has no such column; it has {columns}.", name=form.name, columns=", ".join(form.by_name)),
            )
    for first, second, message in _TOGETHER:
        if form.name == second[0] and first in columns and (second[1] in columns) != second[2]:
            yield _problem(f"{place}.{first}", message)


_TOGETHER = (
    ("salesperson", ("orders", "credit_shares", False), say("Name one seller or credit shares, not both.")),
    ("outcome", ("deals", "closed", True), say("A deal that is won or lost needs `closed` too.")),
)
"""A column, the form with its other column and whether that must stand beside it, and why."""


def _of_source(place: str, column: Column, source: Any) -> Iterator[Problem]:
    if isinstance(source, str) and source:
        return
    if not isinstance(source, dict) or not source:
        yield _problem(place, say("Write the path of a field, or a mapping with from, values, default or value."))
    elif column.name == "stages" and "from" not in source:
        for stage, path in source.items():
            if not (isinstance(stage, str) and isinstance(path, str)):
                yield _problem(f"{place}.{stage}", say("Write the name of a stage and the path of its day."))
    elif source.keys() == {"value"}:
        yield from _of_text(f"{place}.value", column, source["value"])
    elif not source.keys() <= _SOURCE_KEYS or "from" not in source:
        yield _problem(place, say("Say from, and if needed values and default; or value alone."))
    else:
        yield from _of_translation(place, column, source)


def _of_translation(place: str, column: Column, source: Mapping[str, Any]) -> Iterator[Problem]:
    paths = source["from"] if isinstance(source["from"], list) else [source["from"]]
    if not paths or not all(isinstance(path, str) and path for path in paths):
        yield _problem(
            f"{place}.from", say("Write a path, or a list of paths of which the first that has a value counts.")
        )
    values = source.get("values", {})
    if not isinstance(values, dict):
        yield _problem(f"{place}.values", say("Write a mapping from the CRM's words to the form's."))
        return
    for theirs, ours in values.items():
        yield from _of_text(f"{place}.values.{theirs}", column, ours)
    if "default" in source:
        yield from _of_text(f"{place}.default", column, source["default"])


def _of_text(place: str, column: Column, value: Any) -> Iterator[Problem]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        column.kind.read(text, EARLIEST_MONTH + 12 * 200)
    except BadValue as error:
        yield _problem(place, error.message)


def _problem(place: str, message: Message) -> Problem:
    return Problem(None, place, "bad_mapping", message)
