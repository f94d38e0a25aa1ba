"""What the campaigns did, as lines of a table."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Campaign:
    """One fault, tried many times. A trial in which something is lost fails the test: the table has none."""

    name: str
    fault: str
    database: str
    trials: int = 0
    stored_unanswered: int = 0
    absent: int = 0
    answered: int = 0
    slowest: float = 0.0
    notes: list[str] = field(default_factory=list)

    def tried(self, *, answered: bool, stored: bool, recovered: float = 0.0) -> None:
        """A trial: whether it was acknowledged, whether it was stored before it was sent again, and the seconds from
        the end of the fault to the next success."""
        self.trials += 1
        self.answered += answered
        self.stored_unanswered += stored and not answered
        self.absent += not stored
        self.slowest = max(self.slowest, recovered)

    def row(self) -> str:
        cells = (self.name, self.fault, self.database, self.trials, self.answered, self.stored_unanswered, self.absent)
        return "| " + " | ".join(map(str, (*cells, 0, f"{self.slowest:.1f} s", "; ".join(self.notes)))) + " |"


HEADER = (
    "| campaign | fault | database | trials | acknowledged | stored, not acknowledged | absent | lost or doubled "
    "| slowest recovery | notes |"
)
