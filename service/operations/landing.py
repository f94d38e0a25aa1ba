"""Where the rows of each form go: codes become numbers, and the rows are staged for the form's table."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process
from sqlalchemy import Table

from service.access.keys import Caller
from service.errors import Problem
from service.forms.checking import Checked, Findings, Reason
from service.forms.declaration import DELETED, Form
from service.forms.kinds import read_shares
from service.store import customers, labels, lines, salespeople
from service.store.bulk import Staged
from service.store.kept import TABLES
from service.store.nouns import NOUNS
from service.store.reach import Reach
from service.wording import Message, say

CREDIT_SHARES = "credit_shares"
MOST_SUGGESTIONS, NEAR = 100, 70
"""So many unknown codes are compared with the known ones; a suggestion is so near, of 100."""
_NEW_ARE_NUMBERED = ("channel", "product_group")
_CUSTOMER_FIRST = say("Hand in the customer first.")
_SELLER_FIRST = say("Hand in the salesperson first.")


class Landing:
    """Takes the checked rows of one submission, batch by batch, into a staging table."""

    def __init__(self, caller: Caller, home: Reach, form: Form, names: Sequence[str]) -> None:
        self.form = form
        self._caller = caller
        self._home = home
        self._known: dict[str, dict[str, int]] = {}
        self._suggestions = 0
        table, self.history = TABLES[form.name]
        sources = _sources(form, table)
        brought = [name for name, source in sources.items() if source in names]
        fixed: dict[str, Any] = {"feed": lines.BY_LINES} if "feed" in table.columns else {}
        if not form.of_group:
            fixed["subsidiary_id"] = home.one
        for name, source in sources.items():
            if source not in names:
                fixed[name] = labels.NOBODY if name != source else form.by_name[source].default
        self._brought = {name: sources[name] for name in brought}
        self.staged = Staged(caller.connection, table, brought, fixed)

    def take(self, checked: Checked, found: Findings) -> None:
        """Stage the good rows; report those that name what is not known."""
        columns: dict[str, pa.Array] = {}
        unknown = np.zeros(len(checked.rows), dtype=bool)
        for name, source in self._brought.items():
            cells = checked.columns[source]
            if name == source:
                columns[name] = cells
            elif source == "code":
                columns[name] = self._own_numbers(cells)
            elif source in _NEW_ARE_NUMBERED:
                columns[name] = self._numbers(source, cells, new=True)
            else:
                columns[name] = self._numbers(source, cells, new=False)
                missing = np.asarray(columns[name].is_null())
                unknown |= found.report(checked.rows, missing, partial(self._unknown, source, cells))
        if CREDIT_SHARES in checked.columns:
            unknown |= self._check_shares(checked.columns[CREDIT_SHARES], checked.rows, found)
        if DELETED in checked.columns:
            columns[DELETED] = checked.columns[DELETED]
        good = Checked(columns, checked.rows).without(unknown)
        self.staged.add(good.columns, good.rows, good.columns.get(DELETED))

    def in_use(self) -> list[Problem]:
        """A problem for each customer that is to be removed while other rows are about him."""
        used = customers.in_use(self._caller.connection, self._home, self.staged.to_be_removed("id"))
        message = say("Statistics, deals or results are or were about this customer: he cannot be removed.")
        places = self.staged.rows_of("code", used)
        return [Problem(row, "code", "in_use", message, code) for row, code in places]

    def _numbers(self, noun: str, cells: pa.DictionaryArray, *, new: bool) -> pa.Array:
        """The number of each code; null for those that are not known. New ones are numbered where that is allowed."""
        connection, table = self._caller.connection, NOUNS[noun]
        if noun not in self._known:
            self._known[noun] = labels.numbers(connection, self._home, table)
        if new and any(code not in self._known[noun] for code in _used(cells)):
            self._known[noun] = labels.ensure(connection, self._home, table, _used(cells))
        return _mapped(cells, self._known[noun].get)

    def _own_numbers(self, cells: pa.DictionaryArray) -> pa.Array:
        """The number of each customer or salesperson that is handed in, new ones among them."""
        connection, home = self._caller.connection, self._home
        if self.form.name == "salespeople":
            return _mapped(cells, labels.ensure(connection, home, salespeople.TABLE, _used(cells)).get)
        if "code" not in self._known:
            self._known["code"] = labels.numbers(connection, home, customers.TABLE)
            self._fresh = customers.fresh_number(connection, home)
        known = self._known["code"]
        for code in _used(cells):
            if code not in known:
                known[code] = self._fresh
                self._fresh += 1
        return _mapped(cells, known.get)

    def _unknown(self, noun: str, cells: pa.DictionaryArray, place: int) -> Reason:
        code = cells[place].as_py()
        return noun, f"unknown_{noun}", self._said(noun, code), code

    def _check_shares(self, cells: pa.DictionaryArray, rows: pa.Array, found: Findings) -> Any:
        """Sellers in credit shares must be known too."""
        if "salesperson" not in self._known:
            self._known["salesperson"] = labels.numbers(self._caller.connection, self._home, salespeople.TABLE)
        known = self._known["salesperson"]
        strangers = {text: [code for code in read_shares(text) if code not in known] for text in _used(cells)}
        unknown = np.zeros(len(rows), dtype=bool)
        if any(strangers.values()):
            for place, text in enumerate(cells.to_pylist()):
                for code in strangers[text]:
                    said = self._said("salesperson", code)
                    found.add([Problem(rows[place].as_py(), CREDIT_SHARES, "unknown_salesperson", said, code)])
                    unknown[place] = True
        return unknown

    def _said(self, noun: str, code: str) -> Message:
        near = None
        if self._suggestions < MOST_SUGGESTIONS:
            self._suggestions += 1
            near = process.extractOne(code, self._known[noun].keys(), scorer=fuzz.ratio, score_cutoff=NEAR)
        if noun == "customer":
            unknown, remedy = say("There is no customer {code!r} in this subsidiary.", code=code), _CUSTOMER_FIRST
        else:
            unknown, remedy = say("There is no salesperson {code!r} in this subsidiary.", code=code), _SELLER_FIRST
        if near is None:
            return say("{unknown} {remedy}", unknown=unknown, remedy=remedy)
        return say("{unknown} Did you mean {near!r}? {remedy}", unknown=unknown, near=near[0], remedy=remedy)


def _sources(form: Form, table: Table) -> dict[str, str]:
    """Columns of the table → the column of the form that fills them."""
    names = {}
    for column in table.columns:
        name = column.name
        if name in form.by_name:
            names[name] = name
        elif name.removesuffix("_id") in form.by_name and name.removesuffix("_id") in NOUNS:
            names[name] = name.removesuffix("_id")
    if form.name in ("customers", "salespeople"):
        names["id" if form.name == "customers" else "salesperson_id"] = "code"
    return names


def _used(cells: pa.DictionaryArray) -> list[str]:
    """Codes that stand in a row, in the order of their coming."""
    places = pc.unique(cells.indices)
    used: list[str] = cells.dictionary.take(places).to_pylist()
    return used


def _mapped(cells: pa.DictionaryArray, number: Callable[[str], int | None]) -> pa.Array:
    numbers = pa.array([number(code) for code in cells.dictionary.to_pylist()], type=pa.int64())
    return numbers.take(cells.indices)
