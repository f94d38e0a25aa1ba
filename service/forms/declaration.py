"""How a form is declared: its columns, which of them are its key, and its rules for whole rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.forms import kinds
from service.forms.kinds import Kind
from service.wording import Message


@dataclass(frozen=True, slots=True)
class Column:
    """`default` is the internal value of an absent or empty cell. `used_by` names formulas that need the column.
    `heading` is what people read over it, made of the name unless it is given."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    default: Any = None
    unit: str = ""
    used_by: tuple[str, ...] = ()
    example: str = ""
    heading: str = ""

    def __post_init__(self) -> None:
        if not self.heading:
            object.__setattr__(self, "heading", heading_of(self.name))


@dataclass(frozen=True, slots=True)
class RowRule:
    """Something that must hold between columns of a row; the problem is reported at `column`."""

    column: str
    code: str
    message: Message
    holds: Callable[[Mapping[str, Any]], bool]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A table that is handed in. Rows with the same values in `key` are the same row: the later one is a correction."""

    name: str
    title: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    of_group: bool = False
    rules: tuple[RowRule, ...] = ()
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", (*self.columns, _DELETED))
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def names(self) -> frozenset[str]:
        """Columns with the names of people or customers. What was found wrong in them is told without the value."""
        return frozenset(column.name for column in self.columns if column.kind is kinds.NAME)

    @property
    def accepted(self) -> tuple[str, ...]:
        """Names that a table may have: the columns, and the subsidiary where the form belongs to one."""
        return tuple(self.by_name) if self.of_group else (*self.by_name, SUBSIDIARY)


_SHORT_FORMS = {"abc": "ABC", "fte": "FTE", "id": "ID"}


def heading_of(name: str) -> str:
    """`product_group` → "Product group"."""
    words = [_SHORT_FORMS.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


SUBSIDIARY = "subsidiary"
"""A column that may stand in every form of a subsidiary; all rows of a submission name the same one."""
DELETED = "deleted"
"""A column of every form: the row with this key is removed. What it was stays in the history."""
_DELETED = Column(DELETED, kinds.FLAG, "true: remove the row with this key; it stays in the history.", default=0)
