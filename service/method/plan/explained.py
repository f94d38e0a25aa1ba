"""Numbers of a plan that are explained, and how they read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Term:
    """A name in a formula and the number that it stands for."""

    name: str
    number: str
    value: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A number: either computed by a formula from terms, or taken from a source."""

    number: str
    meaning: str
    value: str
    formula: str | None = None
    with_numbers: str | None = None
    terms: tuple[Term, ...] = ()
    source: str | None = None
    n: int | None = None


def text(numbers: Sequence[Explained], sources: Mapping[str, Sequence[str]], *, complete: bool) -> str:
    """The explanation for people: each number with its formula, the numbers in it, and its source with what `sources`
    adds."""
    parts = []
    for one in numbers:
        lines = [f"{one.number} = {shown(one.value)}", f"    {one.meaning}"]
        if one.formula is not None:
            lines += [f"    = {one.formula}", f"    = {one.with_numbers}"]
        if one.source is not None:
            lines.append(f"    from: {one.source}" + ("" if one.n is None else f" (n = {one.n})"))
        lines += [f"    {line}" for line in sources.get(one.number, ())]
        parts.append("\n".join(lines))
    if not complete:
        parts.append("There is more: ask for one of the numbers above, or for more of them with limit.")
    return "\n\n".join(parts) + "\n"


def plain(value: float | Decimal) -> str:
    """All digits, without an exponent."""
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def shown(value: str) -> str:
    """For reading: 6 decimals, negative ones in parentheses."""
    rounded = plain(round(Decimal(value), 6))
    return f"({rounded})" if rounded.startswith("-") else rounded
