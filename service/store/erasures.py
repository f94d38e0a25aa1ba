"""Taking people out of what is kept: their names in rows and histories, bodies that nobody refers to, and free text
that mentions them. Their codes stay, as every figure hangs on them."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from sqlalchemy import Connection, Table, case, delete, func, or_, select, update

from service.store import closed_months, customers, jobs, overrides, plans, salespeople, submissions
from service.store.database import affected
from service.store.reach import Reach

PersonForm = Literal["customers", "salespeople"]
"""The forms that hand people in."""
ERASED = "(erased)"
"""What stands in the place of a name."""
PERSONAL: Mapping[PersonForm, Mapping[str, str]] = {
    "customers": {"name": ERASED},
    "salespeople": {"name": ERASED, "role": ""},
}
"""What of a person no figure needs, and what stands in its place."""
_ROWS: Mapping[PersonForm, tuple[tuple[Table, ...], str]] = {
    "customers": ((customers.TABLE, customers.HISTORY), "id"),
    "salespeople": ((salespeople.EMPLOYMENT, salespeople.HISTORY), "salesperson_id"),
}
"""The rows of each form, and the column with the person's number."""
_CODED: Mapping[PersonForm, tuple[Table, ...]] = {
    "customers": (customers.TABLE, customers.HISTORY),
    "salespeople": (salespeople.TABLE,),
}
_LIKE_AT_ONCE = 50
_Clean = Callable[[str], str]


def numbers(connection: Connection, reach: Reach, form: PersonForm, codes: Collection[str]) -> dict[str, int]:
    """Code → number of those that the one subsidiary in reach has or had."""
    found: dict[str, int] = {}
    for table in _CODED[form]:
        condition = (table.c.subsidiary_id == reach.one) & table.c.code.in_(sorted(codes))
        found |= {row.code: row.id for row in connection.execute(select(table.c.code, table.c.id).where(condition))}
    return found


def names(connection: Connection, reach: Reach, form: PersonForm, people: Collection[int]) -> set[str]:
    """Every name that these people of the one subsidiary in reach have or had."""
    tables, number = _ROWS[form]
    seeing = Reach(reach.subsidiaries, names=True)
    found: set[str] = set()
    for table in tables:
        condition = (table.c.subsidiary_id == reach.one) & table.c[number].in_(sorted(people))
        found.update(connection.execute(select(*seeing.shown(table.c.name)).where(condition).distinct()).scalars())
    return found - {"", ERASED}


def erase_rows(connection: Connection, reach: Reach, form: PersonForm, people: Collection[int]) -> int:
    """Take these people of the one subsidiary in reach out of their rows; how many rows told of them."""
    tables, number = _ROWS[form]
    count = 0
    for table in tables:
        told = [(table.c[name] != "") & (table.c[name] != erased) for name, erased in PERSONAL[form].items()]
        values = {name: case((table.c[name] == "", ""), else_=erased) for name, erased in PERSONAL[form].items()}
        condition = (table.c.subsidiary_id == reach.one) & table.c[number].in_(sorted(people)) & or_(*told)
        count += affected(connection, update(table).where(condition).values(values))
    return count


def drop_bodies(connection: Connection, reach: Reach) -> None:
    """Forget the bodies of the one subsidiary in reach that no submission keeps and no job waits for; not their
    hashes."""
    kept = select(func.coalesce(submissions.TABLE.c.kept_sha256, submissions.TABLE.c.sha256)).where(
        submissions.TABLE.c.subsidiary_id == reach.one
    )
    awaited = select(jobs.TABLE.c.sha256).where(
        jobs.TABLE.c.subsidiary_id == reach.one, jobs.TABLE.c.status == jobs.WAITING
    )
    chunk = submissions.CHUNK
    unused = (chunk.c.subsidiary_id == reach.one) & chunk.c.sha256.not_in(kept) & chunk.c.sha256.not_in(awaited)
    connection.execute(delete(chunk).where(unused))


def mention(names: Collection[str]) -> re.Pattern[str]:
    """Finds these names in a text, as whole words, a longer one before a shorter one; where there is none, nothing."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)" if names else r"(?!)")


def erase_texts(connection: Connection, reach: Reach, mentioned: Collection[str]) -> int:
    """Take these names out of reasons, notes, problems and kept answers of the one subsidiary in reach; how many rows
    mentioned one."""
    if not mentioned:
        return 0
    pattern = mention(mentioned)

    def clean(text: str) -> str:
        return pattern.sub(ERASED, text)

    return sum(_erase_text(connection, reach, table, column, how, mentioned, clean) for table, column, how in _TEXTS)


def _erase_text(
    connection: Connection,
    reach: Reach,
    table: Table,
    name: str,
    how: Callable[[str, _Clean], str],
    mentioned: Collection[str],
    clean: _Clean,
) -> int:
    key, column = list(table.primary_key.columns), table.c[name]
    length = getattr(column.type, "length", None)
    count = 0
    for part in _parts(sorted({one for word in mentioned for one in _spellings(word)})):
        near = or_(*(column.contains(one, autoescape=True) for one in part))
        rows = connection.execute(select(*key, column).where(table.c.subsidiary_id == reach.one, near)).all()
        for *numbers, text in rows:
            cleaned = how(text, clean)[:length]
            if cleaned != text:
                same = [one == number for one, number in zip(key, numbers, strict=True)]
                connection.execute(update(table).where(*same).values({name: cleaned}))
                count += 1
    return count


def _parts(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(words), _LIKE_AT_ONCE):
        yield words[start : start + _LIKE_AT_ONCE]


def _spellings(name: str) -> set[str]:
    """As text, in JSON and in the query of an address."""
    return {name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1], quote(name), quote_plus(name)}


def _plain(text: str, clean: _Clean) -> str:
    return clean(text)


def _query(text: str, clean: _Clean) -> str:
    """What a request declared: people write but its reason."""
    said = parse_qsl(text, keep_blank_values=True)
    cleaned = [(name, clean(value) if name == "reason" else value) for name, value in said]
    return text if cleaned == said else urlencode(cleaned)


def _document(text: str, clean: _Clean, field: str = "") -> str:
    """JSON: what people wrote in it and messages that repeat it, not words of the service that may look like a name."""
    said = json.loads(text) if text else text
    cleaned = _within(said, clean, field)
    return text if cleaned == said else json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))


def _within(value: Any, clean: _Clean, field: str = "") -> Any:
    if isinstance(value, dict):
        # The names of a message's values are its own, and a value may be a message.
        within = field in ("said", "value")
        return {name: _within(one, clean, "value" if within else name) for name, one in value.items()}
    if isinstance(value, list):
        return [_within(one, clean, field) for one in value]
    if isinstance(value, str) and field == "query":
        return _query(value, clean)
    return clean(value) if isinstance(value, str) and field in _WRITTEN else value


_WRITTEN = frozenset({"detail", "message", "note", "problem_detail", "reason", "value", "withdrawn_reason"})
_TEXTS: Sequence[tuple[Table, str, Callable[[str, _Clean], str]]] = (
    (submissions.TABLE, "reason", _plain),
    (submissions.TABLE, "withdrawn_reason", _plain),
    (submissions.TABLE, "query", _query),
    (submissions.PROBLEM, "message", _plain),
    (submissions.PROBLEM, "said", partial(_document, field="said")),
    (submissions.PROBLEM, "value", _plain),
    (submissions.IDEMPOTENCY, "answer", _document),
    (jobs.TABLE, "terms", _document),
    (jobs.TABLE, "problem", _document),
    (closed_months.TABLE, "note", _plain),
    (closed_months.EVENT, "reason", _plain),
    (overrides.TABLE, "reason", _plain),
    (plans.DECISION, "note", _plain),
)
"""Where people write what they like, and how it is written there."""
