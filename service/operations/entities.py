"""Tables that are calculated when they are asked for, of all that a caller reaches: what business intelligence reads.

Each gives its rows as they are taken, always in the same order; `after` is the key behind which to go on, so that what
lies well before it need not be calculated.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NoData
from service.method.indicators import INDICATORS
from service.method.months import month_text, quarter_text
from service.method.quantities import QUANTITIES
from service.method.segments.table import BY_CLASS_AND_SEGMENT, class_table
from service.operations import approvals, attainment, coverage, keeping, kpis, references, segmentations
from service.operations.figures import Question
from service.operations.quantities.scope import LOCAL
from service.operations.segments import migrated, told
from service.store import lines, results, subsidiaries

After = tuple[Any, ...] | None
Rows = Iterator[dict[str, Any]]
MOST_MONTHS = 36
"""KPIs go back so far from the newest month with data."""
_OF_LINES = tuple(
    one.id for one in INDICATORS.values() if all(QUANTITIES[name].source != "segmentation" for name in one.parsed.names)
)
"""Indicators of classes are those of the 12 months that end with the window that was asked for: they have no value of
their own for each month, and a segmentation for each would take long."""
_TOGETHER = {"month": 6, "quarter": 12}
"""Months that are calculated at once."""


def kpis_by_month(caller: Caller, after: After) -> Rows:
    """Indicators of every subsidiary and month, in local currency; without those that rest on classes."""
    return _kpis(caller, "month", after)


def kpis_by_quarter(caller: Caller, after: After) -> Rows:
    """The same by calendar quarter."""
    return _kpis(caller, "quarter", after)


def _kpis(caller: Caller, time: str, after: After) -> Rows:
    data = lines.periods(caller.connection, caller.reach)
    if data is None:
        return
    label = month_text if time == "month" else quarter_text
    newest = data.last // 3 * 3 + 2  # whole quarters, so that a quarter is never cut
    first = max(data.first // 3 * 3, newest - MOST_MONTHS + 1)
    for begin in range(first, newest + 1, _TOGETHER[time]):
        end = min(begin + _TOGETHER[time] - 1, newest)
        if after is not None and label(end) < str(after[0]):
            continue
        question = Question(
            indicators=_OF_LINES,
            group_by=("subsidiary", time),
            first=month_text(max(begin, data.first)),
            last=month_text(min(end, data.last)),
            currency=LOCAL,
            subsidiaries=(),
        )
        yield from kpis.answer(caller, question)["items"]


def class_tables(caller: Caller, _after: After) -> Rows:
    """The class table of each subsidiary's newest segmentation, by class and by segment."""
    for kept in _newest_segmentations(caller):
        cells = segmentations.cells(caller, kept)
        rows = keeping.summary(kept.row)["classes"] if cells is None else map(told, _classes(cells))
        yield from (_of(kept.row, "segmentation") | row for row in rows)


def migrations(caller: Caller, _after: After) -> Rows:
    """From which class to which, by the frozen floors, in each subsidiary's newest segmentation."""
    for kept in _newest_segmentations(caller):
        cells = segmentations.cells(caller, kept)
        found = keeping.summary(kept.row)["migration"]["frozen"] if cells is None else migrated(cells.cells, "frozen")
        yield from (_of(kept.row, "segmentation") | row for row in found["items"])


def attainments(caller: Caller, _after: After) -> Rows:
    """The months of each subsidiary's standing plan against what came; none of a plan that has not begun."""
    for row in subsidiaries.listed(caller.connection, caller.reach):
        plan = approvals.standing(caller, caller.reach.narrowed([row.id]))
        if plan is None:
            continue
        try:
            found = attainment.attained(caller, references.write(row.code, plan.number), 0.0)
        except NoData:
            continue
        yield from (_of(plan, "plan") | month for month in found["months"])


def coverages(caller: Caller, _after: After) -> Rows:
    """What is stored, by subsidiary, month and measure, gaps included."""
    return coverage.each(caller, coverage.Question(None, None, None, None))


def _newest_segmentations(caller: Caller) -> Iterator[segmentations.Kept]:
    for row in subsidiaries.listed(caller.connection, caller.reach):
        home = caller.reach.narrowed([row.id])
        newest = results.newest(caller.connection, home, results.SEGMENTATION)
        if newest is not None:
            yield segmentations.get(caller, home, newest.number)


def _classes(cells: Any) -> Any:
    return class_table(cells, BY_CLASS_AND_SEGMENT)


def _of(row: Row[Any], name: str) -> dict[str, Any]:
    return {"subsidiary": row.subsidiary, name: references.write(row.subsidiary, row.number), "currency": row.currency}
