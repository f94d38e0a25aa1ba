"""Registers and targets as they stand after all corrections: one operation per form, made from its declaration."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa
from fastapi import APIRouter, Request, Response
from pydantic import create_model
from sqlalchemy import Row, Table

from service.access.keys import Caller
from service.api.models import Strict, SubsidiaryFilter, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Reads
from service.api.tables import AS_FILE, AsTable
from service.errors import NotFound
from service.forms.catalogue import FORMS
from service.forms.declaration import DELETED, Column, Form
from service.method.months import month_text
from service.store import registered
from service.store.kept import TABLES
from service.values import Hours, Money, to_decimal

router = APIRouter(tags=["data"])
_TYPES: dict[str, Any] = {"money": Money, "hours": Hours, "date": date | None, "flag": bool}


def _columns(form: Form) -> list[Column]:
    return [column for column in form.columns if column.name != DELETED]


def _document(form: Form) -> Any:
    fields: dict[str, Any] = {"subsidiary": (str, ...), "currency": (str, ...)}
    fields |= {column.name: (_TYPES.get(column.kind.name, str), ...) for column in _columns(form)}
    make: Any = create_model  # its overloads do not know a base together with fields in a dict
    return make("".join(word.title() for word in form.name.split("-")) + "Document", __base__=Strict, **fields)


def _of(form: Form, document: Any, row: Row[Any]) -> Any:
    values = {"subsidiary": row.subsidiary, "currency": row.currency}
    return document.model_validate(values | {column.name: _value(column, row) for column in _columns(form)})


def _value(column: Column, row: Row[Any]) -> Any:
    value = getattr(row, column.name)
    if column.kind.name == "month":
        return month_text(value)
    if column.kind.name == "flag":
        return bool(value)
    return to_decimal(value) if column.kind.numeric else value


def _listing(form: Form, table: Table, document: Any) -> Any:
    parts = [column.type.python_type for column in table.primary_key.columns]

    def listing(
        request: Request,
        response: Response,
        entry: Reads,
        subsidiary: SubsidiaryFilter = None,
        limit: Limit = 100,
        after: After = None,
        as_table: AsTable = None,
    ) -> Any:
        cursor = read_cursor(after, *parts)
        if as_table is not None:

            def read(caller: Caller) -> Iterator[pa.RecordBatch]:
                return registered.each(caller.connection, narrowed(caller, subsidiary), table)

            return as_table.of_stored(entry, form.name, document, read)
        with entry.reading() as caller:
            reach = narrowed(caller, subsidiary)
            rows = registered.page(caller.connection, reach, table, limit + 1, cursor)
        return page_of(request, response, rows, limit, partial(_of, form, document), partial(registered.key_of, table))

    return listing


for _name in ("orders", "deals", "activities", "targets"):
    _form, _made = FORMS[_name], _document(FORMS[_name])
    router.add_api_route(
        f"/{_name}",
        _listing(_form, TABLES[_name][0], _made),
        methods=["GET"],
        operation_id=f"list{_name.title()}",
        summary=f"{_form.title}, as handed in",
        description=f"{_form.meaning} By key, as they stand after all corrections.",
        response_model=Page.__class_getitem__(_made),
        responses={**AS_FILE, **responses(NotFound)},
    )
