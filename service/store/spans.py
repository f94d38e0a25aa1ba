"""A span of each statement, for OpenTelemetry: which kind and how long, neither its words nor its values."""

from typing import Any

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_current_span
from sqlalchemy import Engine, event

_OPERATIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "SET", "WITH", "CREATE", "DROP", "PRAGMA")
_OPEN = "kontor_spans"


def trace(engine: Engine, tracer: Tracer) -> None:
    """From now on. Only within a span: what the service does by itself begins no trace."""
    system = engine.dialect.name

    @event.listens_for(engine, "before_cursor_execute")
    def _before(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if get_current_span().is_recording():
            word = statement.lstrip("( \n")[:8].partition(" ")[0].upper()
            word = word if word in _OPERATIONS else "OTHER"
            about = {"db.system.name": system, "db.operation.name": word}
            span = tracer.start_span(word, kind=SpanKind.CLIENT, attributes=about)
            connection.info.setdefault(_OPEN, []).append(span)

    @event.listens_for(engine, "after_cursor_execute")
    def _after(connection: Any, *_more: Any) -> None:
        for span in _open(connection):
            span.end()

    @event.listens_for(engine, "handle_error")
    def _failed(failure: Any) -> None:
        for span in _open(failure.connection):
            span.set_attribute("error.type", type(failure.original_exception).__qualname__)
            span.set_status(StatusCode.ERROR)
            span.end()


def _open(connection: Any) -> list[Span]:
    """One, where a statement of a request has ended."""
    found: list[Span] = [] if connection is None else connection.info.pop(_OPEN, [])
    return found
