from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from service.method.targets import LEVEL_WORDS, Level, Node, Target, Words, tree

TEAMS = {"S1": "north", "S2": "north", "S3": "south"}
SELLERS = {"C1": "S1", "C2": "S2"}


def target(amount: int, period: int = 1, **words: str) -> Target:
    seller = words.get("salesperson", SELLERS.get(words.get("customer", ""), ""))
    implied = {"salesperson": seller, "team": TEAMS.get(seller, ""), "abc_class": "A" if "customer" in words else ""}
    return Target(period, words, implied, amount)


def nodes(*targets: Target) -> Mapping[tuple[Level, Words], Node]:
    return {(one.level, one.words): one for one in tree(targets)}


def parts(node: Node) -> dict[Level, int]:
    return {part.by: part.amount for part in node.parts}


def test_a_total_teams_sellers_and_customers() -> None:
    found = nodes(
        target(100),
        target(60, team="north"),
        target(30, salesperson="S1"),
        target(40, salesperson="S2"),
        target(10, salesperson="S3"),
        target(7, customer="C1"),
    )
    assert parts(found[(), ()]) == {("team",): 60}
    assert parts(found[("team",), ("north",)]) == {("salesperson",): 70}
    assert parts(found[("salesperson",), ("S1",)]) == {("customer",): 7}
    assert found[("salesperson",), ("S2",)].parts == ()
    assert [key for key, one in found.items() if one.top] == [((), ()), (("salesperson",), ("S3",))]


def test_levels_side_by_side_are_parts_each() -> None:
    found = nodes(
        target(100),
        target(60, channel="direct"),
        target(50, abc_class="A"),
        target(20, salesperson="S1", channel="direct"),
        target(5, customer="C2"),
    )
    assert parts(found[(), ()]) == {("channel",): 60, ("abc_class",): 50}
    assert parts(found[("channel",), ("direct",)]) == {("salesperson", "channel"): 20}
    assert parts(found[("abc_class",), ("A",)]) == {("customer",): 5}


def test_a_part_counts_in_the_months_that_the_target_above_has() -> None:
    found = nodes(target(10), target(4, team="south"), target(5, period=2, team="south"))
    assert parts(found[(), ()]) == {("team",): 4}
    assert found[("team",), ("south",)].months == {1: 4, 2: 5}


NAMES = st.fixed_dictionaries(
    {},
    optional={
        "salesperson": st.sampled_from(sorted(TEAMS)),
        "team": st.sampled_from(("north", "south")),
        "channel": st.sampled_from(("direct", "online")),
        "customer": st.sampled_from(sorted(SELLERS)),
        "abc_class": st.sampled_from("AB"),
    },
)
KEYED = st.dictionaries(st.tuples(st.integers(1, 3), NAMES.map(lambda one: tuple(sorted(one.items())))), st.integers())


@given(KEYED)
def test_every_target_is_there_once_and_parts_are_sums_of_targets_below(given_: dict[tuple[int, Words], int]) -> None:
    targets = [target(amount, period, **dict(words)) for (period, words), amount in given_.items()]
    found = list(tree(targets))
    assert sum(sum(one.months.values()) for one in found) == sum(given_.values())
    assert len({(one.level, one.words) for one in found}) == len(found)
    for node in found:
        for part in node.parts:
            below = [
                one
                for one in targets
                if one.level == part.by and one.period in node.months and one.at(node.level) == node.words
            ]
            assert part.amount == sum(one.amount for one in below)
            assert part.targets == len({one.named for one in below})
            assert len(part.by) <= len(LEVEL_WORDS)
