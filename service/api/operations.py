"""For those who run the service: is it up, is it ready, which version is it."""

import platform
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from service import __version__
from service.api.models import Strict
from service.api.problems import responses
from service.errors import NotFound, Unavailable, kinds
from service.store.database import newest_revision

router = APIRouter(tags=["operations"])


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
def get_readiness(request: Request) -> Status:
    """The database answers and has the schema that this version needs."""
    revision = request.app.state.database.revision()
    if revision != newest_revision():
        raise Unavailable(f"The database is at revision {revision}, not {newest_revision()}: run kontor migrate.")
    return Status(status="ok")


class ProblemKind(Strict):
    slug: str
    status: int
    title: str
    meaning: str


@router.get("/problems", operation_id="listProblems", summary="Kinds of refusal")
async def list_problems() -> list[ProblemKind]:
    """Every `type` that a problem document can have."""
    return [_kind(slug) for slug in kinds()]


@router.get("/problems/{slug}", operation_id="getProblem", summary="One kind of refusal", responses=responses(NotFound))
async def get_problem(slug: Annotated[str, Path(max_length=64, examples=["rows-refused"])]) -> ProblemKind:
    """The page that the `type` of a problem document leads to."""
    if slug not in kinds():
        raise NotFound(f"There is no problem {slug!r}; /problems lists them.")
    return _kind(slug)


def _kind(slug: str) -> ProblemKind:
    kind = kinds()[slug]
    return ProblemKind(slug=slug, status=kind.status, title=kind.title, meaning=kind.__doc__ or "")


@router.get("/version", operation_id="getVersion", summary="Version of the service")
async def get_version() -> Version:
    """Of the program, the Python it runs on, and the database schema it needs."""
    return Version(version=__version__, python=platform.python_version(), schema_revision=newest_revision())
