"""Targets at several levels: what of each is handed on to the levels below it, and what is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

LEVEL_WORDS = ("salesperson", "team", "channel", "customer", "abc_class")
IMPLIED: Mapping[str, tuple[str, ...]] = {
    "salesperson": ("team",),
    "customer": ("salesperson", "team", "channel", "abc_class"),
}
"""What belongs to what: a seller is of a team, a customer of all the others."""
Level = tuple[str, ...]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A month's target: the words that it names, those that follow from them, and its amount."""

    period: int
    words: Mapping[str, str]
    implied: Mapping[str, str]
    amount: int

    @property
    def level(self) -> Level:
        return tuple(name for name in LEVEL_WORDS if name in self.words)

    @property
    def named(self) -> Words:
        """The words of its level."""
        return tuple(self.words[name] for name in self.level)

    def at(self, level: Level) -> Words | None:
        """Its words at a level; None where it does not know one of them."""
        found = [self.words.get(name) or self.implied.get(name, "") for name in level]
        return tuple(found) if all(found) else None


@dataclass(frozen=True, slots=True)
class Part:
    """What the targets of a level below add up to, in the months that the target above has."""

    by: Level
    targets: int
    amount: int


@dataclass(frozen=True, slots=True)
class Node:
    """The target of something over all its months. `top`: no target above has it."""

    level: Level
    words: Words
    months: Mapping[int, int]
    parts: tuple[Part, ...]
    top: bool


def tree(targets: Sequence[Target]) -> Iterator[Node]:
    """Each target with the nearest levels below it, coarse before fine, then by words.

    Amount of a node = amount of any of its parts + what that level leaves unallocated, which may be less than nothing.
    """
    levels: dict[Level, list[Target]] = {}
    for one in targets:
        levels.setdefault(one.level, []).append(one)
    ordered = sorted(levels, key=lambda level: (len(_closure(level)), level))
    months = {level: _months(levels[level]) for level in ordered}
    parts: dict[tuple[Level, Words], list[Part]] = {}
    below: set[tuple[Level, Words]] = set()
    for upper in ordered:
        for lower in _nearest(upper, ordered):
            found: dict[Words, list[Target]] = {}
            for one in levels[lower]:
                above = one.at(upper)
                if above is not None and one.period in months[upper].get(above, {}):
                    found.setdefault(above, []).append(one)
            for above, ones in found.items():
                own = {(lower, one.named) for one in ones}
                below |= own
                parts.setdefault((upper, above), []).append(Part(lower, len(own), sum(one.amount for one in ones)))
    for level in ordered:
        for words, amounts in sorted(months[level].items()):
            yield Node(level, words, amounts, tuple(parts.get((level, words), ())), (level, words) not in below)


def _months(targets: Sequence[Target]) -> dict[Words, dict[int, int]]:
    found: dict[Words, dict[int, int]] = {}
    for one in targets:
        found.setdefault(one.named, {})[one.period] = one.amount
    return found


def _closure(level: Level) -> frozenset[str]:
    return frozenset(level).union(*(IMPLIED.get(name, ()) for name in level))


def _nearest(upper: Level, levels: Sequence[Level]) -> list[Level]:
    """The levels below this one with none between."""
    lower = [one for one in levels if _closure(upper) < _closure(one)]
    return [one for one in lower if not any(_closure(other) < _closure(one) for other in lower)]
