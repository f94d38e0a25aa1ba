"""The log: one JSON object a line. What a line may hold is listed here, so no name, amount, key or query gets into it.

Of a message only its template is written, never what was put into it; of an error its kind and where it was raised,
never its words, which may quote what somebody sent or stored.
"""

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

FIELDS = ("method", "route", "status", "milliseconds", "principal", "problem")
"""What a line may tell beside its message, from `extra`."""
REQUEST: ContextVar[tuple[str, str] | None] = ContextVar("kontor_request", default=None)
"""Id of the request that is answered, and of the trace that it belongs to (W3C trace context; may be empty)."""
_DEEPEST = 8
_CAUSES = 4
_ROOT = Path(__file__).parents[1]


class Lines(logging.Formatter):
    """Writes a record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        request = REQUEST.get()
        if request is not None:
            line["request_id"], trace = request
            if trace:
                line["trace_id"] = trace
        given = record.__dict__
        line |= {name: given[name] for name in FIELDS if name in given}
        if record.exc_info and record.exc_info[1] is not None:
            line["errors"] = _told(record.exc_info[1])
        return json.dumps(line)


def _told(error: BaseException | None) -> list[dict[str, Any]]:
    """The error and what caused it, the first cause last."""
    told: list[dict[str, Any]] = []
    while error is not None and len(told) < _CAUSES:
        one: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
        state = getattr(error, "sqlstate", None)
        if state is not None:
            one["sqlstate"] = state
        told.append(one | {"at": _places(error.__traceback__)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told


def _places(trace: TracebackType | None) -> list[str]:
    """The deepest calls, as `file:line function`."""
    return [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-_DEEPEST:]
    ]


def _short(path: str) -> str:
    place = Path(path)
    return str(place.relative_to(_ROOT)) if place.is_relative_to(_ROOT) else place.name


def configuration() -> dict[str, Any]:
    """For `logging.config`: lines to standard output. Requests are told by the guard, not by uvicorn."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": Lines}},
        "handlers": {"output": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["output"], "level": "WARNING"},
        "loggers": {name: {"level": "INFO"} for name in ("kontor", "service", "uvicorn.error")},
    }
