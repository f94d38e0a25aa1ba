"""The front door: `create_app(settings)`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from service import __version__
from service.access.uses import Uses
from service.api import contract, operations, problems
from service.api.guard import Guard
from service.api.security import utc_now
from service.operations.jobs import Worker
from service.settings import Settings
from service.store.database import Database


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application over the database of the settings. Nothing is opened before the first request."""
    # Two more connections: a job at work, and what it reports.
    pool_size = settings.pool_size + 2
    database = Database(settings.database_url.get_secret_value(), pool_size, settings.statement_timeout_ms)
    uses = Uses()
    worker = Worker(database, clock, uses)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # One thread per connection: a request that has a thread never waits for a connection.
        current_default_thread_limiter().total_tokens = settings.pool_size
        worker.start()
        yield
        worker.stop()
        database.close()

    app = FastAPIOffline(
        title="Kontor",
        version=__version__,
        description=contract.DESCRIPTION,
        openapi_tags=contract.TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.database = database
    app.state.clock = clock
    app.state.settings = settings
    app.state.worker = worker
    app.state.uses = uses
    problems.install(app)
    for router in contract.ROUTERS:
        app.include_router(router, prefix="/v1", responses=contract.EVERYWHERE)
    app.include_router(operations.router)
    app.add_middleware(Guard, max_body=settings.max_body_bytes, max_json=settings.max_json_bytes)
    contract.install(app)
    return app


def from_environment() -> FastAPI:
    """For servers that want a factory without arguments."""
    return create_app(Settings())
