"""What must be stored, by a model that shares no code with the service: a dictionary and decimal numbers."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from random import Random

from tests.faults.history import Operation

FIRST_YEAR, MONTHS, GROUPS_OF = 2000, 312, 312
HEADER = "period,channel,product_group,orders,revenue\n"
Row = tuple[str, ...]
Key = tuple[str, str, str, str]


def canary(home: str) -> str:
    """A word that stands in every row of a subsidiary, and nowhere else."""
    return f"canary{home}7f3a"


def rows_of(home: str, number: int, count: int) -> list[Row]:
    """Rows that no other number has: (period, channel, product_group, orders, revenue), as they are stored."""
    chance = Random(f"{home}{number}")  # noqa: S311
    rows = []
    for place in range(count):
        month = place % MONTHS
        period = f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}"
        revenue = Decimal(chance.randint(-(10**6), 10**9)) / 10_000
        names = (period, f"{canary(home)}-{number}", f"g{place // GROUPS_OF}")
        rows.append((*names, str(chance.randint(1, 9)), plain(revenue)))
    return rows


def body_of(rows: Iterable[Row]) -> str:
    return HEADER + "".join(",".join(row) + "\n" for row in rows)


def plain(amount: Decimal) -> str:
    """Without exponent, without zeros at the end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Oracle:
    """The rows of every subsidiary. The same key again replaces the former row."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}

    def take(self, operation: Operation) -> None:
        for row in operation.rows:
            self.rows[operation.home, *row[:3]] = row

    def stored(self) -> set[tuple[str, ...]]:
        """(subsidiary, period, channel, product_group, orders, revenue) of each row."""
        return {(key[0], *row) for key, row in self.rows.items()}

    def sums(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Orders and revenue of each subsidiary."""
        found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for key, row in self.rows.items():
            found[key[0]][0] += Decimal(row[3])
            found[key[0]][1] += Decimal(row[4])
        return {home: (orders, revenue) for home, (orders, revenue) in found.items()}
