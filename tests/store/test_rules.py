"""Rules that the code itself must keep: who may commit, who reads without a reach, what the keys begin with."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest
from sqlalchemy import Connection, Table
from sqlmodel import SQLModel

from service.forms.catalogue import FORMS
from service.store import tables
from service.store.columns import PersonName
from service.store.erasures import PERSONAL
from service.store.kept import TABLES
from service.store.reach import Reach

SERVICE = Path(inspect.getfile(tables)).parents[1]
OF_THE_GROUP = {"exchange_rates", "keys", "methods", "quota_counts"}
"""Modules of the store whose data belong to no subsidiary."""
GROUP_TABLES = {"exchange_rate", "exchange_rate_history", "api_key", "quota_count", "subsidiary"}
WITHOUT_REACH = {"subsidiaries.create", "results.add_rows"}
"""Functions that write rows whose subsidiary stands in the values."""


def _functions() -> Iterator[tuple[str, FunctionType]]:
    for name in tables.__all__:
        module = getattr(tables, name)
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not function.__name__.startswith("_"):
                yield f"{name}.{function.__name__}", function


def test_every_query_on_a_subsidiarys_data_takes_a_reach() -> None:
    for name, function in _functions():
        kinds = {parameter.annotation for parameter in inspect.signature(function).parameters.values()}
        if Connection in kinds and name.split(".")[0] not in OF_THE_GROUP and name not in WITHOUT_REACH:
            assert Reach in kinds, f"{name} takes no reach"


def test_only_the_database_opens_and_commits_transactions() -> None:
    for path in SERVICE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback", "begin"}:
                assert path.name == "database.py", f"{path}:{node.lineno}"


@pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=lambda table: table.name)
def test_keys_of_a_subsidiarys_data_begin_with_the_subsidiary(table: Table) -> None:
    if table.name in GROUP_TABLES:
        return
    assert next(column.name for column in table.primary_key.columns) == "subsidiary_id"
    for constraint in table.foreign_key_constraints:
        referred = constraint.referred_table.name
        assert constraint.column_keys[0] == "subsidiary_id" or referred in GROUP_TABLES
    for index in table.indexes:
        assert next(column.name for column in index.columns) == "subsidiary_id"


def test_no_amount_is_kept_as_floating_point() -> None:
    floats = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if "FLOAT" in str(column.type).upper()
    }
    assert floats == {"plan_input.value"}, "only inputs of estimates are floating point"


def test_the_service_waits_for_nobody_in_the_background() -> None:
    """No BackgroundTasks, no BaseHTTPMiddleware: what must happen happens in the transaction."""
    for path in SERVICE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "BackgroundTasks" not in text
        assert "BaseHTTPMiddleware" not in text


def test_names_of_people_are_stored_in_columns_that_show_none() -> None:
    """A new column of names in a form: its table withholds it, and erasing people knows it."""
    with_names = {name: form.names for name, form in FORMS.items() if form.names}
    assert with_names.keys() == PERSONAL.keys()
    for name, columns in with_names.items():
        assert columns <= PERSONAL[name].keys(), name
        for table in TABLES[name]:
            for column in table.columns:
                assert (column.name in columns) == isinstance(column.type, PersonName), f"{table.name}.{column.name}"
