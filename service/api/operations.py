"""For those who run the service: is it up, is it ready, which version is it."""

import platform
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import PlainTextResponse
from pydantic import Field

from service import __version__, metrics
from service.api.models import Strict
from service.api.problems import AnsweredIn, responses
from service.api.remedies import REMEDIES
from service.api.security import Watches
from service.errors import Forbidden, NotAuthenticated, NotFound, QuotaExceeded, Unavailable, kinds
from service.forms.languages import translate, worded
from service.store import deliveries, jobs
from service.store.database import newest_revision
from service.wording import say

router = APIRouter(tags=["operations"])
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class Status(Strict):
    status: str = Field(examples=["ok"])


class Version(Strict):
    version: str
    python: str
    schema_revision: str = Field(description="The database revision that this version needs.")


@router.get("/healthz", operation_id="getHealth", summary="The process is alive")
async def get_health() -> Status:
    """Touches nothing but the process."""
    return Status(status="ok")


@router.get("/readyz", operation_id="getReadiness", summary="The service can answer", responses=responses(Unavailable))
async def get_readiness(request: Request) -> Status:
    """The database answers within half a second and has the schema that this version needs, there is room for bodies
    that are handed in, and the process is not about to end."""
    await request.app.state.readiness.check()
    return Status(status="ok")


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="What the service counts about itself",
    response_class=PlainTextResponse,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text that Prometheus reads."},
        **responses(NotAuthenticated, Forbidden, QuotaExceeded, Unavailable),
    },
)
def get_metrics(entry: Watches) -> PlainTextResponse:
    """Requests, rows, calculations, lanes, connections, and jobs and messages to webhooks (those that the key reaches),
    of all processes that share the address. It needs a key with `metrics:read`, and no place in a lane."""
    with entry.reading() as caller:
        metrics.JOBS_WAITING.set(jobs.count_waiting(caller.connection, caller.reach))
        due_since = deliveries.longest_due(caller.connection, caller.reach, caller.now)
    metrics.WEBHOOK_LAG.set(0 if due_since is None else (caller.now - due_since).total_seconds())
    return PlainTextResponse(metrics.exposition(), media_type=_EXPOSITION)


class ProblemKind(Strict):
    slug: str
    status: int
    title: str = Field(description="In the language that `Accept-Language` asks for.")
    meaning: str = Field(description="In English.")
    remedy: str = Field(description="What to do about it, in the same language as the title.")


@router.get("/problems", operation_id="listProblems", summary="Kinds of refusal")
async def list_problems(lang: AnsweredIn) -> list[ProblemKind]:
    """Every `type` that a problem document can have."""
    return [_kind(slug, lang) for slug in kinds()]


@router.get("/problems/{slug}", operation_id="getProblem", summary="One kind of refusal", responses=responses(NotFound))
async def get_problem(
    slug: Annotated[str, Path(max_length=64, examples=["rows-refused"])], lang: AnsweredIn
) -> ProblemKind:
    """The page that the `type` of a problem document leads to."""
    if slug not in kinds():
        raise NotFound(say("There is no problem {slug!r}; /problems lists them.", slug=slug))
    return _kind(slug, lang)


def _kind(slug: str, lang: str) -> ProblemKind:
    kind = kinds()[slug]
    title, remedy = translate(lang)(kind.title), worded(REMEDIES[slug], lang)
    return ProblemKind(slug=slug, status=kind.status, title=title, meaning=kind.__doc__ or "", remedy=remedy)


@router.get("/version", operation_id="getVersion", summary="Version of the service")
async def get_version() -> Version:
    """Of the program, the Python it runs on, and the database schema it needs."""
    return Version(version=__version__, python=platform.python_version(), schema_revision=newest_revision())
