"""Sales plans, calculated from the statistics."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.idempotency import IdempotencyKey, answer_once
from service.api.models import PERIODS, ResultPath, Strict, SubsidiaryFilter, WindowDocument, example, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.results import ResultDocument
from service.api.security import Calculates, Plans, ReadsResults
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NoData, NotFound
from service.method.months import month_text
from service.method.parameters import LeverName
from service.method.plan import levers
from service.method.plan.goal import Question as Goal
from service.operations import approvals, keeping, scenarios
from service.operations import plans as operation
from service.operations.repeats import Answer
from service.store import plans, results
from service.values import Code, Money, MonthText, Number, OfUnit, to_decimal

router = APIRouter(tags=["plans"])

Unit = Literal["salesperson", "channel"]
PlanClass = Literal["A", "B", "C"]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6, strict=True)]


class LeverSetting(Strict):
    """An argument of the plan that somebody can change."""

    lever: LeverName
    operation: levers.Operation
    value: Finite
    abc_class: PlanClass | None = Field(default=None, description="Only for this class; null for all.")
    start: Annotated[int, Field(ge=1, le=12, strict=True)] = Field(
        default=1, description="Month of the plan from which it works; 1 is the plan's first."
    )
    ramp: Annotated[int, Field(ge=0, le=12, strict=True)] = Field(
        default=0, description="Months over which it comes in evenly; 0: at once."
    )
    at_least: Finite | None = Field(default=None, description="The value it leads to is not below this.")
    at_most: Finite | None = Field(default=None, description="The value it leads to is not above this.")

    def given(self) -> levers.Lever:
        """As the method wants it."""
        return levers.Lever(name=self.lever, **self.model_dump(exclude={"lever"}))


class PlanRequest(Strict):
    model_config = example(
        subsidiary="DE",
        by=["salesperson"],
        levers=[{"lever": "retention", "operation": "multiply", "value": 1.02, "abc_class": "A"}],
    )

    subsidiary: Code
    first: MonthText | None = Field(
        default=None, alias="from", description="First month of the plan's 12; default the month after the window."
    )
    window_first: MonthText | None = Field(default=None, description="First month of the statistics it rests on.")
    window_last: MonthText | None = Field(default=None, description="Last month of them; default the newest.")
    window_period: str | None = Field(default=None, max_length=10, description=f"{PERIODS}; they are the subsidiary's.")
    by: Annotated[list[Unit], Field(max_length=2, description="Units; empty: the whole subsidiary.")] = Field(
        default_factory=list
    )
    levers: Annotated[list[LeverSetting], Field(max_length=50, description="None: the baseline.")] = Field(
        default_factory=list
    )
    method: str | None = Field(default=None, max_length=64)


class PlanTotal(Strict):
    revenue: Money
    margin: Money


class PlanBlock(PlanTotal):
    block: str


class PlanMonth(PlanTotal):
    period: str


class PlanUnit(PlanTotal):
    salesperson: str
    channel: str
    blocks: list[PlanBlock]


class PlanDecision(Strict):
    status: Literal["approved", "superseded"]
    at: datetime
    key: str = Field(description="Public id of the API key.")
    data_revision: int = Field(description="The state of the data then.")
    successor: str | None = Field(description="The plan that took its place.")
    note: str


class PlanDocument(ResultDocument):
    status: Literal["draft", "approved", "superseded"]
    decisions: list[PlanDecision] = Field(description="Who approved it, when, and what took its place.")
    first: str
    last: str
    window: WindowDocument
    by: list[Unit]
    levers: list[LeverSetting]
    baseline: str | None = Field(default=None, description="Of a scenario: the plan without its levers.")
    revenue: Money
    margin: Money
    blocks: list[PlanBlock]
    months: list[PlanMonth]
    units: list[PlanUnit]
    season_observed: bool = Field(description="False: fewer than two complete years, every month counts the same.")
    notes: list[str] = Field(description="What to know before trusting it: a short window, no prior one, no funnel.")


class PlanLine(Strict):
    salesperson: str
    channel: str
    abc_class: str
    block: str
    period: str
    revenue: Money
    margin: Money


class PlanInput(Strict):
    salesperson: str
    channel: str
    abc_class: str
    input: str
    value: Annotated[float, OfUnit("of the input")]
    provenance: str = Field(description="observed, shrunk, borrowed from …, default, set by lever.")
    n: Annotated[int, OfUnit("cases")] | None = Field(description="How many customers or deals it was observed on.")


class Contribution(LeverSetting):
    """What a lever adds to the baseline, by Shapley values."""

    revenue: Money
    margin: Money


class Elasticity(Strict):
    lever: LeverName
    meaning: str
    abc_class: PlanClass
    revenue: Number | None = Field(description="Per cent of the plan's revenue for one per cent of the lever.")
    margin: Number | None = Field(description="Per cent of the plan's margin; null where that is 0.")


class LeversDocument(Strict):
    plan: str
    baseline: str | None = Field(description="The plan without levers; null where this one has none.")
    revenue: Money
    margin: Money
    baseline_revenue: Money
    baseline_margin: Money
    contributions: list[Contribution] = Field(description="They add up to the difference exactly.")
    not_split: str | None = Field(description="Why there are no contributions, where there are levers.")
    elasticities: list[Elasticity] = Field(description="Of price and quantity: of 1 + change.")


class ScenarioRow(PlanTotal):
    plan: str
    fresh: bool
    revenue_difference: Money = Field(description="To the baseline.")
    margin_difference: Money


class Scenario(ScenarioRow):
    levers: list[LeverSetting]


class ScenariosDocument(PlanTotal):
    """A baseline and its scenarios side by side."""

    baseline: str
    items: list[Scenario]


class GoalRequest(Strict):
    """How far one lever alone must move to reach a target."""

    model_config = example(target="1450000", lever="value_per_order")

    target: Money = Field(description="For the 12 months of the plan.")
    measure: Literal["revenue", "margin"] = "revenue"
    lever: LeverName
    abc_class: PlanClass | None = None
    cap: Finite | None = Field(default=None, description="The lever may be multiplied by this at most.")


class GoalValue(Strict):
    salesperson: str
    channel: str
    abc_class: str
    input: str
    value: float


class GoalDocument(Strict):
    plan: str
    measure: str
    target: Money
    baseline: Money
    reachable: bool
    multiplier: Number = Field(description="What the lever is multiplied by: as needed, or at its cap.")
    exact_multiplier: float = Field(
        description="The same with all digits: put back as a lever, it leads to the target."
    )
    reached: Money = Field(description="The plan at this multiplier.")
    missing: Money = Field(description="What is still missing there; 0 if it is reachable.")
    values: list[GoalValue]


@router.post(
    "/plans",
    operation_id="computePlan",
    summary="Calculate a plan",
    status_code=201,
    response_model=PlanDocument,
    responses={
        200: {"description": "It had been calculated before.", "model": PlanDocument},
        **responses(NotFound, NoData, BadArgument),
    },
)
def compute_plan(
    request: Request, asked: PlanRequest, entry: Plans, idempotency_key: IdempotencyKey = None
) -> Response:
    """Twelve months from a window: existing, new, reactivated and grown business, by unit, class and month."""

    def work() -> Answer:
        question = operation.Question(
            asked.subsidiary,
            asked.first,
            (asked.window_first, asked.window_last),
            tuple(sorted(set(asked.by))),
            tuple(one.given() for one in asked.levers),
            asked.method,
            asked.window_period,
        )
        home, number, made = operation.compute(entry, question)
        with entry.reading() as caller:
            row = keeping.get(caller, home, results.PLAN, number)
            document = plan_document(row, approvals.told(caller, [row]))
        return Answer(201 if made else 200, document.model_dump_json())

    return answer_once(request, entry, asked.subsidiary, idempotency_key, asked, work)


@router.get("/plans", operation_id="listPlans", summary="Plans", responses=responses(NotFound))
def list_plans(
    request: Request,
    response: Response,
    entry: ReadsResults,
    subsidiary: SubsidiaryFilter = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[PlanDocument]:
    """In the order of calculating within each subsidiary."""
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = results.page(caller.connection, reach, results.PLAN, limit + 1, read_cursor(after, int, int))
        lives = approvals.told(caller, rows)
    item = partial(plan_document, lives=lives)
    return page_of(request, response, rows, limit, item, lambda row: (row.subsidiary_id, row.number))


@router.get("/plans/{plan}", operation_id="getPlan", summary="One plan", responses=responses(NotFound))
def get_plan(plan: ResultPath, entry: ReadsResults) -> PlanDocument:
    """Its totals by block, month and unit, and what it rests on."""
    with entry.reading() as caller:
        row = keeping.find(caller, results.PLAN, plan)[1]
        return plan_document(row, approvals.told(caller, [row]))


@router.get(
    "/plans/{plan}/lines",
    operation_id="listPlanLines",
    summary="Lines of a plan",
    response_model=Page[PlanLine],
    responses={**AS_FILE, **responses(NotFound)},
)
def list_plan_lines(
    request: Request,
    response: Response,
    plan: ResultPath,
    entry: ReadsResults,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """By unit, class, block and month; they add up to the plan's totals exactly."""
    cursor = read_cursor(after, str, str, str, str, int)
    if table is not None:
        rows = _part(entry, plan, plans.LINE, plans.LINE_ORDER)
        return table.of_rows(f"plan-{plan}-lines", PlanLine, (dict(_line(row)) for row in rows))
    rows = _part(entry, plan, plans.LINE, plans.LINE_ORDER, limit + 1, cursor)
    return page_of(request, response, rows, limit, _line, lambda row: [getattr(row, n) for n in plans.LINE_ORDER])


@router.get(
    "/plans/{plan}/inputs",
    operation_id="listPlanInputs",
    summary="Inputs of a plan",
    response_model=Page[PlanInput],
    responses={**AS_FILE, **responses(NotFound)},
)
def list_plan_inputs(
    request: Request,
    response: Response,
    plan: ResultPath,
    entry: ReadsResults,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """Every number that the plan was calculated from, and where it comes from."""
    cursor = read_cursor(after, str, str, str, str)
    if table is not None:
        rows = _part(entry, plan, plans.INPUT, plans.INPUT_ORDER)
        return table.of_rows(f"plan-{plan}-inputs", PlanInput, (dict(_input(row)) for row in rows))
    rows = _part(entry, plan, plans.INPUT, plans.INPUT_ORDER, limit + 1, cursor)
    return page_of(request, response, rows, limit, _input, lambda row: [getattr(row, n) for n in plans.INPUT_ORDER])


@router.get(
    "/plans/{plan}/scenarios",
    operation_id="listPlanScenarios",
    summary="Scenarios of a plan",
    response_model=ScenariosDocument,
    responses={**AS_FILE, **responses(NotFound)},
)
def list_plan_scenarios(plan: ResultPath, entry: ReadsResults, table: AsTable = None) -> Any:
    """All that were kept beside this baseline, with their levers and what they bring more; the oldest first. A table
    has no levers."""
    with entry.reading() as caller:
        found = scenarios.beside(caller, plan)
    if table is not None:
        return table.of_rows(f"plan-{plan}-scenarios", ScenarioRow, found["items"])
    return ScenariosDocument(**found)


@router.get(
    "/plans/{plan}/levers", operation_id="getPlanLevers", summary="Levers of a plan", responses=responses(NotFound)
)
def get_plan_levers(plan: ResultPath, entry: ReadsResults) -> LeversDocument:
    """What each lever of a scenario adds to its baseline, and how far the plan moves with every lever there is."""
    with entry.reading() as caller:
        return LeversDocument(plan=plan, **scenarios.described(caller, plan))


@router.post(
    "/plans/{plan}/goal-seek",
    operation_id="seekGoal",
    summary="What one lever must be to reach a target",
    responses=responses(NotFound, BadArgument),
)
def seek_goal(plan: ResultPath, goal: GoalRequest, entry: Calculates) -> GoalDocument:
    """One lever alone, multiplied by the same factor in every unit; or how much is missing at its cap."""
    with entry.reading() as caller:
        question = Goal(float(goal.target), goal.measure, goal.lever, goal.abc_class, goal.cap)
        found = operation.seek(caller, plan, question)
    return GoalDocument(plan=plan, measure=goal.measure, target=goal.target, **found)


def _part(
    entry: ReadsResults,
    plan: str,
    table: Any,
    order: Sequence[str],
    limit: int | None = None,
    cursor: tuple[Any, ...] | None = None,
) -> Sequence[Row[Any]]:
    with entry.reading() as caller:
        home, row = keeping.find(caller, results.PLAN, plan)
        return plans.page(caller.connection, home, table, order, row.number, limit, cursor)


def _line(row: Row[Any]) -> PlanLine:
    words = {name: getattr(row, name) for name in ("salesperson", "channel", "abc_class", "block")}
    amounts = {name: to_decimal(getattr(row, name)) for name in ("revenue", "margin")}
    return PlanLine(period=month_text(row.period), **words, **amounts)


def _input(row: Row[Any]) -> PlanInput:
    words = {name: getattr(row, name) for name in ("salesperson", "channel", "abc_class", "value", "provenance", "n")}
    return PlanInput(input=row.name, **words)


def plan_document(row: Row[Any], lives: Mapping[tuple[int, int], dict[str, Any]]) -> PlanDocument:
    """A kept plan with what was decided about it."""
    kept = keeping.summary(row) | lives[row.subsidiary_id, row.number]
    own = {name: kept[name] for name in kept.keys() - {"season", "baseline", "open_deals"}}
    return PlanDocument(**keeping.described(row), baseline=scenarios.baseline_id(row.subsidiary, kept), **own)
