"""Checks: identities that must hold, each with both its sides."""

from dataclasses import asdict

from pydantic import Field

from service.api.models import Strict
from service.operations.checks import Check


class CheckDocument(Strict):
    """Two ways to the same figure."""

    name: str = Field(description="Stable word for the identity.")
    of: str = Field(description="The class, month or measure it was asked for; empty: for all.")
    meaning: str
    left: str | None
    right: str | None
    holds: bool | None = Field(description="Null: it cannot be asked here, as a side is not known.")

    @classmethod
    def of_check(cls, check: Check) -> "CheckDocument":
        return cls(**asdict(check))
