"""Words that several operations of the contract share."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from service.access.keys import Caller
from service.method.months import Window, month_text
from service.store import subsidiaries
from service.store.reach import Reach
from service.values import Code, MonthText

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
PersonName = Annotated[str | None, Field(description="Null for who may not read names (scope `names:read`).")]
NOTHING = "0"
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"


class Strict(BaseModel):
    """A body or an answer: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


def example(**values: Any) -> ConfigDict:
    """The configuration of a body with an example; a test sends it."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [values]})


SubsidiaryPath = Annotated[Code, Path(description="Code of the subsidiary.", examples=["DE"])]
SubsidiaryFilter = Annotated[
    Code | None, Query(description="Only of this subsidiary; without it, of all that the key reaches.")
]
FirstMonth = Annotated[MonthText | None, Query(alias="from", description="First month.", examples=["2026-01"])]
LastMonth = Annotated[MonthText | None, Query(alias="to", description="Last month.", examples=["2026-12"])]
PERIODS = (
    "A calendar period `2026-03`, `2026-Q1`, `2026-H1`, `2026`, or a fiscal one `FY2026-M3`, `FY2026-Q1`, `FY2026-H1`, "
    "`FY2026`, instead of first and last month. Fiscal years are named after the calendar year in which they end"
)
Period = Annotated[
    str | None,
    Query(
        max_length=10,
        description=f"{PERIODS}; they are the subsidiary's where just one is named, else the group's.",
        examples=["2026-Q1"],
    ),
]
MethodFilter = Annotated[
    str | None,
    Query(
        max_length=64,
        description="Id of a method version; without it the one valid in the last month.",
        examples=["standard-1"],
    ),
]
ResultPath = Annotated[str, Path(max_length=80, description="Id of the result.", examples=["DE.1"])]


class WindowDocument(Strict):
    """Months from–to, both included."""

    first: str = Field(examples=["2026-01"])
    last: str = Field(examples=["2026-12"])

    @classmethod
    def of(cls, window: Window) -> "WindowDocument":
        return cls(first=month_text(window.first), last=month_text(window.last))


def narrowed(caller: Caller, subsidiary: str | None) -> Reach:
    """The caller's reach, or that one subsidiary of it; NotFound if it is none of his."""
    if subsidiary is None:
        return caller.reach
    return caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, subsidiary).id])
