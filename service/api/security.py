"""The door of every operation: no session without a key or token, no transaction without admission.

An operation asks for `needs(scope)` and gets an `Entry`. Its blocks open a transaction, admit who asks in it and hand
out the `Caller`; `writing()` has committed when its block is left, so before the answer is sent.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Connection

from service.access import links
from service.access.keys import PREFIX, Caller, Lately, Scope, Token, admit
from service.access.links import Link
from service.access.quotas import Quotas
from service.access.tokens import AccessToken, Issuer, enter
from service.access.uses import Uses
from service.api.visit import Visit
from service.errors import Forbidden, NotAuthenticated, Unavailable
from service.store import subsidiaries
from service.store.database import Database, confine
from service.values import Whole
from service.wording import say

Lane = Literal["light", "heavy"]
_MOST_REVISIONS = 100
"""That fit into a header."""
_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="apiKey",
    description="`Authorization: Bearer kontor_…`, from `kontor keys create`; or an access token of the provider that "
    "the service trusts.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A request's way to the database."""

    database: Database
    presented: Token | AccessToken | Link
    scope: Scope
    clock: Callable[[], datetime]
    uses: Uses
    lately: Lately
    quotas: Quotas
    visit: Visit
    credentials: str
    replica: Database | None

    @contextmanager
    def reading(self) -> Iterator[Caller]:
        """Read from one snapshot. Stopped when the client leaves."""
        with self.database.reading() as connection, self.visit.reading(connection):
            yield self._admitted(connection)

    @contextmanager
    def looking_up(self) -> Iterator[Caller]:
        """Read by a single statement, with a key as it was within the last second. Stopped when the client leaves."""
        with self.database.looking_up() as connection, self.visit.reading(connection):
            yield self._admitted(connection, self.lately)

    @contextmanager
    def reading_behind(self) -> Iterator[Caller]:
        """Read from one snapshot of the replica, where there is one that answers. It may be behind, so the answer names
        the data revisions that it knows. Who asks is admitted by the database itself: what was revoked there is."""
        if self.replica is None:
            with self.reading() as caller:
                yield caller
            return
        with self.reading() as caller:
            admitted = caller
        with ExitStack() as opened:
            try:
                connection = opened.enter_context(self.replica.reading(admitted.reach))
            except Unavailable:
                connection = opened.enter_context(self.database.reading(admitted.reach))
            opened.enter_context(self.visit.reading(connection))
            known = subsidiaries.listed(connection, admitted.reach)
            self.visit.revisions = ", ".join(f"{row.code}={row.data_revision}" for row in known[:_MOST_REVISIONS])
            yield replace(admitted, connection=connection)

    @contextmanager
    def writing(self) -> Iterator[Caller]:
        """Write; what the block did, and the audit of it, is stored if it ends well, and only then."""
        with self.database.writing() as connection:
            caller = self._admitted(connection)
            yield caller
            caller.written()

    def _admitted(self, connection: Connection, lately: Lately | None = None) -> Caller:
        with self.quotas.judging(self.visit.origin.address):
            try:
                caller = self._judged(connection, lately)
            except Forbidden:
                self._count(self.presented.principal)  # he is who he says, and the log names him
                raise
        confine(connection, caller.reach)
        self._count(caller.principal)
        return caller

    def _count(self, principal: str) -> None:
        """The request, once, whatever it may do."""
        if self.visit.principal:
            return
        self.visit.principal = principal
        self.quotas.admitted(principal, self.credentials)
        if not self.visit.counted:
            self.visit.stands(*self.quotas.count_request(principal))

    def _judged(self, connection: Connection, lately: Lately | None) -> Caller:
        if isinstance(self.presented, Link):
            caller = links.follow(connection, self.presented, self.scope, self.clock(), self.visit.origin)
            self.uses.seen(self.presented.key_id, caller.now)
            return caller
        if isinstance(self.presented, AccessToken):
            return enter(connection, self.presented, self.scope, self.clock(), self.visit.origin)
        caller = admit(connection, self.presented, self.scope, self.clock(), self.visit.origin, lately)
        self.uses.seen(self.presented.key_id, caller.now)
        return caller

    def expect_rows(self) -> None:
        """Admit whoever is about to hand a form in, before any of it is read."""
        with self.reading() as caller:
            principal = caller.principal
        self.visit.stands(*self.quotas.expect_rows(principal))

    def count_rows(self, rows_read: int, _loaded: int) -> None:
        """So many rows of the form were read by now."""
        self.quotas.count_rows(self.visit.principal, rows_read - self.visit.rows)
        self.visit.rows = rows_read


def needs(scope: Scope, lane: Lane | None = "light") -> Any:
    """The dependency of an operation that a key or token with this scope may call, and the lane of its requests."""

    async def entry(
        request: Request, presented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Entry:
        return await _entered(request, _sent(request, presented), scope, lane)

    entry.scope = scope  # type: ignore[attr-defined]
    return Depends(entry)


def needs_of_tool(scope: Scope, lane: Lane = "light") -> Any:
    """The same for tools that offer their users few ways to present a key: as a bearer, as the password of Basic, or in
    the query, out of which `Guard` takes it before anybody writes it down."""

    async def entry(request: Request) -> Entry:
        given = [_of_header(one) for one in request.headers.getlist("authorization")]
        given += request.state.keys_of_query
        if len(given) > 1:
            raise NotAuthenticated(say("Send the key once, not in several places."))
        if not given or not given[0]:
            raise NotAuthenticated(say("Send an API key: as the password of Basic, as Bearer, or as ?key="))
        return await _entered(request, given[0], scope, lane)

    entry.scope = scope  # type: ignore[attr-defined]
    return Depends(entry)


def needs_or_link(scope: Scope) -> Any:
    """The same for pictures, which a signed link may ask for, too. Drawing takes no place of quick reads."""

    async def entry(
        request: Request,
        presented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        by: Annotated[str | None, Query(max_length=12, description="Of a signed link: its key.")] = None,
        until: Annotated[Whole | None, Query(ge=0, le=2**40, description="Of a signed link: when it ends.")] = None,
        signature: Annotated[str | None, Query(max_length=64, description="Of a signed link.")] = None,
    ) -> Entry:
        credentials = _sent(request, presented)
        if credentials is None and by is not None and until is not None and signature is not None:
            address = link_address(request.url.path, request.query_params.multi_items())
            _enter(request, signature)
            return await _admitted_to(request, Link(by, until, address, signature), signature, scope, "heavy")
        return await _entered(request, credentials, scope, "heavy")

    entry.scope = scope  # type: ignore[attr-defined]
    return Depends(entry)


def link_address(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """What a link's signature is made of: the path and all parameters but the signature, in their order."""
    return f"{path}?{urlencode([one for one in parameters if one[0] != 'signature'])}"


def _sent(request: Request, presented: HTTPAuthorizationCredentials | None) -> str | None:
    if len(request.headers.getlist("authorization")) > 1:
        raise NotAuthenticated(say("Send one Authorization header, not several."))
    return None if presented is None else presented.credentials


def _of_header(header: str) -> str:
    """The key in an Authorization header; empty where there is none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


async def _entered(request: Request, credentials: str | None, scope: Scope, lane: Lane | None) -> Entry:
    if credentials is None:
        raise NotAuthenticated(say("Send an API key: Authorization: Bearer kontor_…"))
    _enter(request, credentials)
    state = request.app.state
    with state.quotas.judging(request.state.visit.origin.address):
        shown = await _read(credentials, state.issuer)
    return await _admitted_to(request, shown, credentials, scope, lane)


def _enter(request: Request, credentials: str) -> None:
    visit = request.state.visit
    standings = request.app.state.quotas.enter(visit.origin.address, credentials)
    if standings is not None:
        visit.counted = True
        visit.stands(*standings)


async def _admitted_to(
    request: Request, shown: Token | AccessToken | Link, credentials: str, scope: Scope, lane: Lane | None
) -> Entry:
    state, visit = request.app.state, request.state.visit
    visit.caller = credentials
    if lane is not None:
        await visit.enter(getattr(state.lanes, lane))
    return Entry(
        state.database,
        shown,
        scope,
        state.clock,
        state.uses,
        state.lately,
        state.quotas,
        visit,
        credentials,
        state.replica,
    )


async def _read(text: str, issuer: Issuer | None) -> Token | AccessToken:
    """What was presented; NotAuthenticated where it is no key of ours and no good token."""
    if issuer is None or text.startswith(PREFIX):
        return Token.read(text)
    return await issuer.verified(text)


Reads = Annotated[Entry, needs(Scope.STATISTICS_READ)]
Submits = Annotated[Entry, needs(Scope.STATISTICS_WRITE)]
ReadsResults = Annotated[Entry, needs(Scope.RESULTS_READ)]
Calculates = Annotated[Entry, needs(Scope.RESULTS_READ, "heavy")]
Plans = Annotated[Entry, needs(Scope.PLANS_WRITE, "heavy")]
Approves = Annotated[Entry, needs(Scope.PLANS_APPROVE)]
WritesMethods = Annotated[Entry, needs(Scope.METHOD_WRITE)]
Draws = Annotated[Entry, needs_or_link(Scope.RESULTS_READ)]
ReadsAudit = Annotated[Entry, needs(Scope.AUDIT_READ)]
Watches = Annotated[Entry, needs(Scope.METRICS_READ, None)]
Administers = Annotated[Entry, needs(Scope.ADMIN)]


def utc_now() -> datetime:
    return datetime.now(UTC)
