"""The front door: `create_app(settings)`."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from pydantic import SecretStr

from service import __version__, failpoints, metrics
from service.access.keys import Lately
from service.access.quotas import SHARED_EVERY, Quotas
from service.access.safe import Safe
from service.access.tally import DatabaseTally, RedisTally
from service.access.tokens import Issuer
from service.access.uses import Uses
from service.api import cockpit, contract, odata, operations, problems
from service.api.guard import Guard
from service.api.lanes import Lanes
from service.api.readiness import Readiness, lingering
from service.api.security import utc_now
from service.charts.drawing import Artist
from service.operations.courier import Courier
from service.operations.jobs import Worker
from service.operations.sending import Sender
from service.settings import Settings
from service.store.database import Database

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_SPARE_THREADS = 4
"""For what is done without the database."""
_TRACED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Variables of OpenTelemetry that say where spans go."""
_log = logging.getLogger(__name__)
_WITHOUT_PAGES = partial(FastAPI, docs_url=None, openapi_url=None)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What lives as long as the process. Operations find it in the state of the application, by these names."""

    settings: Settings
    clock: Callable[[], datetime]
    database: Database
    replica: Database | None
    lanes: Lanes
    uses: Uses
    lately: Lately
    quotas: Quotas
    issuer: Issuer | None
    readiness: Readiness
    worker: Worker
    sender: Sender
    safe: Safe
    courier: Courier
    artist: Artist
    traces: "TracerProvider | None"

    @classmethod
    def of(cls, settings: Settings, clock: Callable[[], datetime]) -> "_Parts":
        lanes = Lanes.of(settings.pool_size)
        # Connections beside those of requests: a job at work, what it reports, webhooks, the counts of quotas, probes
        # and metrics.
        pool_size = lanes.places + 5
        database = _opened(settings.database_url, pool_size, settings)
        uses, quotas = Uses(), _quotas(settings, database, clock)
        sender = Sender(settings.webhook_allow_private, settings.webhook_allow_http)
        safe = Safe(settings.keys_of_webhook_secrets)
        traces = _traces()
        if traces is not None:
            database.trace(traces.get_tracer("kontor"))
        return cls(
            settings=settings,
            clock=clock,
            database=database,
            replica=_replica(settings, lanes),
            lanes=lanes,
            uses=uses,
            lately=Lately(clock),
            quotas=quotas,
            issuer=None if settings.oidc_issuer is None else Issuer(settings, clock),
            readiness=Readiness(database),
            worker=Worker(database, clock, uses, quotas.count_rows),
            sender=sender,
            safe=safe,
            courier=Courier(database, clock, sender, safe),
            artist=Artist(),
            traces=traces,
        )

    @asynccontextmanager
    async def living(self, _app: FastAPI) -> AsyncIterator[None]:
        """From the first request to the end of the process."""
        # At least one thread per connection: a request that has a thread never waits for a connection.
        to_thread.current_default_thread_limiter().total_tokens = self.lanes.places + _SPARE_THREADS
        self.worker.start()
        self.courier.start()
        counting = asyncio.create_task(_counting(self.quotas, self.lanes, self.database))
        with lingering(self.readiness, self.settings.linger_seconds, self.settings.drain_seconds):
            yield
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)  # its thread may still hold a connection
        self.courier.stop()
        self.worker.stop()
        self.artist.close()
        self.database.close()
        if self.replica is not None:
            self.replica.close()
        if self.traces is not None:
            await to_thread.run_sync(self.traces.shutdown)  # what was not sent yet is sent now
        metrics.leave()


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The application over the database of the settings. Nothing is opened before the first request."""
    failpoints.arm(settings.fault)
    parts = _Parts.of(settings, clock)
    made: Callable[..., FastAPI] = FastAPIOffline if settings.show_contract else _WITHOUT_PAGES
    app = made(
        title="Kontor",
        version=__version__,
        description=contract.DESCRIPTION,
        openapi_tags=contract.TAGS,
        lifespan=parts.living,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        telemetry=_telemetry(parts.traces),
    )
    for part in fields(parts):
        setattr(app.state, part.name, getattr(parts, part.name))
    problems.install(app)
    for router in contract.ROUTERS:
        app.include_router(router, prefix="/v1", responses=contract.EVERYWHERE)
    for other in (operations.router, odata.router, cockpit.router):
        app.include_router(other)
    app.add_middleware(Guard, settings=settings, quotas=parts.quotas)
    contract.install(app)
    if settings.show_contract:
        contract.show(app)
    return app


def _opened(url: SecretStr, pool_size: int, settings: Settings) -> Database:
    return Database(url.get_secret_value(), pool_size, settings.statement_timeout_ms, settings.silence_seconds)


def _replica(settings: Settings, lanes: Lanes) -> Database | None:
    url = settings.read_database_url
    return None if url is None else _opened(url, lanes.heavy.places, settings)


def _telemetry(traces: "TracerProvider | None") -> TelemetryConfig:
    """The framework's own: spans of requests by our provider alone, whatever its variables say."""
    return {
        "tracing": traces is not None,
        "tracer_provider": traces,
        "operation_spans": False,
        "metrics": False,
        "logs": False,
        "auto_configure": False,
    }


def _traces() -> "TracerProvider | None":
    """Where spans go, if a variable of OpenTelemetry says so."""
    if not any(os.environ.get(name) for name in _TRACED):
        return None
    try:
        from service import traces  # noqa: PLC0415 - an extra
    except ImportError:
        _log.error("traces are not sent: kontor[otel] is not installed", exc_info=True)
        return None
    return traces.provider()


def _quotas(settings: Settings, database: Database, clock: Callable[[], datetime]) -> Quotas:
    url = settings.quotas_url
    tally = DatabaseTally(database) if url is None else RedisTally(url.get_secret_value())
    return Quotas(settings.requests_per_minute, settings.rows_per_minute, settings.wrong_keys_per_minute, tally, clock)


async def _counting(quotas: Quotas, lanes: Lanes, database: Database) -> None:
    """Share the counts of quotas every second, and measure how full the process is."""
    limiter = CapacityLimiter(1)
    while True:
        await asyncio.sleep(SHARED_EVERY)
        await to_thread.run_sync(quotas.synchronise, limiter=limiter)
        metrics.QUOTAS_ALONE.set(not quotas.shared)
        metrics.CONNECTIONS.set(database.connections_in_use)
        for lane in lanes.every:
            lane.measure()


def from_environment() -> FastAPI:
    """For servers that want a factory without arguments."""
    return create_app(Settings())
