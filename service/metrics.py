"""What the service counts about itself, for Prometheus. Labels are templates and words of ours, never what was sent."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import REGISTRY

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The library's variable for a folder in which several processes count together; `kontor serve --workers` sets it."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter("kontor_requests", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "kontor_request_seconds", "From the headers of a request to its answer.", ["route"], buckets=_SECONDS
)
CALCULATION_SECONDS = Histogram(
    "kontor_calculation_seconds", "Heavy calculations, from their place in the lane on.", ["route"], buckets=_SECONDS
)
ROWS = Counter("kontor_rows", "Rows handed in, by what became of them.", ["form", "outcome"])
TURNED_AWAY = Counter("kontor_turned_away", "Requests that found no place in their lane.", ["lane"])
WORKED_ON = Gauge(
    "kontor_worked_on", "Requests that have a place in their lane.", ["lane"], multiprocess_mode="livesum"
)
WAITING = Gauge("kontor_waiting", "Requests that wait for a place.", ["lane"], multiprocess_mode="livesum")
CONNECTIONS = Gauge("kontor_database_connections", "Database connections in use.", multiprocess_mode="livesum")
QUOTAS_ALONE = Gauge(
    "kontor_quotas_alone", "Processes that cannot share the counts of quotas.", multiprocess_mode="livesum"
)
JOBS_WAITING = Gauge(
    "kontor_jobs_waiting", "Submissions accepted for later and not yet done.", multiprocess_mode="mostrecent"
)
WEBHOOK_LAG = Gauge(
    "kontor_webhook_lag_seconds",
    "So long the oldest message to a webhook has been due that may be sent now; 0: there is none.",
    multiprocess_mode="mostrecent",
)


def exposition() -> bytes:
    """All of it as text that Prometheus reads; of every process of this service, where there are several."""
    if DIRECTORY not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)


def leave() -> None:
    """This process ends: what it measured of the moment is not counted any more."""
    if DIRECTORY in os.environ:
        mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]
