"""API keys `kontor_<public id>_<secret>_<checksum>`.

The checksum lets a mistyped key be refused before the database is asked, and lets secret scanners recognise a real
one. Only the SHA-256 of the secret is stored; with 178 random bits it needs no salt and no slow hash.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any

from cachetools import TTLCache
from sqlalchemy import Connection, Row

from service.access import audit
from service.access.audit import Action, Note, Origin
from service.errors import BadArgument, Conflict, Forbidden, NotAuthenticated
from service.failpoints import reach
from service.store import keys, subsidiaries
from service.store.reach import GROUP, Reach
from service.wording import say

_ALPHABET = string.digits + string.ascii_letters
PREFIX = "kontor_"
_LATELY_SECONDS, _MOST_LATELY = 1, 10_000
_KEY = re.compile(r"kontor_([0-9A-Za-z]{12})_([0-9A-Za-z]{30})_([0-9A-Za-z]{6})", re.ASCII)


class Scope(StrEnum):
    """What a key may do."""

    STATISTICS_WRITE = "statistics:write"
    STATISTICS_READ = "statistics:read"
    RESULTS_READ = "results:read"
    PLANS_WRITE = "plans:write"
    PLANS_APPROVE = "plans:approve"
    METHOD_WRITE = "method:write"
    NAMES_READ = "names:read"
    AUDIT_READ = "audit:read"
    METRICS_READ = "metrics:read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Token:
    """A key as a client presents it, with its checksum proven."""

    key_id: str
    secret: str

    @property
    def principal(self) -> str:
        return self.key_id

    @classmethod
    def read(cls, text: str) -> "Token":
        match = _KEY.fullmatch(text)
        if match is None or not hmac.compare_digest(match[3], _checksum(match[1] + match[2])):
            raise NotAuthenticated(say("This is not an API key of Kontor, or it was mistyped."))
        return cls(match[1], match[2])

    def __str__(self) -> str:
        return f"kontor_{self.key_id}_{self.secret}_{_checksum(self.key_id + self.secret)}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose key or token was accepted, inside one transaction. `principal` is what records of his doing name:
    the public id of the key, or what stands for the token's subject; at most 32 characters."""

    connection: Connection
    reach: Reach
    principal: str
    now: datetime
    origin: Origin
    notes: list[Note] = field(default_factory=list)

    def note(
        self,
        home: Reach,
        action: Action,
        resource: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell what was done to what, and whose it is; before and after of settings. It is written by `written`."""
        self.notes.append(Note(home, action, resource, before, after))

    def written(self) -> None:
        """Write what was noted into the audit, as the last thing in the transaction."""
        audit.write(self.connection, self.principal, self.now, self.origin, self.notes)
        if self.notes:
            reach("after_audit")

    def reads_names(self) -> None:
        """Refuse unless names of people and customers may be read."""
        if not self.reach.names:
            raise Forbidden(
                say("This holds names of people or customers: it needs the scope {scope}.", scope=Scope.NAMES_READ)
            )

    def whole_group(self) -> None:
        """Refuse unless the key reaches the whole group."""
        if not self.reach.whole_group:
            raise Forbidden(say("This concerns the whole group: it needs a key that reaches all subsidiaries."))


class Lately:
    """Keys that were good within the last second, so that quick reads do not each ask for theirs. Of one process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._found = TTLCache[str, tuple[Row[Any], frozenset[int] | None]](
            _MOST_LATELY, _LATELY_SECONDS, timer=lambda: clock().timestamp()
        )
        self._lock = Lock()

    def get(self, key_id: str) -> tuple[Row[Any], frozenset[int] | None] | None:
        """The key's row and the subsidiaries that it reached; None where it has to be asked for."""
        with self._lock:
            return self._found.get(key_id)

    def keep(self, key: Row[Any], reached: frozenset[int] | None) -> None:
        with self._lock:
            self._found[key.id] = key, reached


def admit(
    connection: Connection, token: Token, scope: Scope, now: datetime, origin: Origin, lately: Lately | None = None
) -> Caller:
    """The caller behind a token; NotAuthenticated or Forbidden if the key is not good for this.

    With `lately` a key that was revoked less than a second ago may still be let in.
    """
    known = None if lately is None else lately.get(token.key_id)
    key = keys.get(connection, token.key_id) if known is None else known[0]
    given = _hashed(token.secret)
    if key is None or not any(hmac.compare_digest(one, given) for one in good_hashes(key, now)):
        raise NotAuthenticated(say("This API key is unknown."))
    if ended(key, now):
        raise NotAuthenticated(say("This API key has expired or was revoked."))
    if known is not None:
        reached = known[1]
    else:
        reached = None if key.whole_group else keys.subsidiaries(connection, key.id)
        if lately is not None:
            lately.keep(key, reached)
    return entered(connection, key.id, key.scopes.split(), reached, scope, now, origin)


def entered(
    connection: Connection,
    principal: str,
    scopes: Collection[str],
    reached: frozenset[int] | None,
    scope: Scope,
    now: datetime,
    origin: Origin,
) -> Caller:
    """The caller that a credential with these scopes makes; Forbidden if they do not hold the one that is needed."""
    if scope.value not in scopes:
        raise Forbidden(
            say(
                "This needs the scope {scope}; there is {scopes}.",
                scope=scope.value,
                scopes=" ".join(sorted(scopes)) or "–",
            )
        )
    return Caller(connection, Reach(reached, names=Scope.NAMES_READ in scopes), principal, now, origin)


def ended(key: Row[Any], now: datetime) -> bool:
    """Whether the key has expired or was revoked."""
    return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)


def good_hashes(key: Row[Any], now: datetime) -> list[str]:
    """What is stored of the key's secret, and of the one before it while that is still good."""
    former = key.former_hash is not None and key.former_until > now
    return [key.secret_hash, key.former_hash] if former else [key.secret_hash]


def rotated(connection: Connection, key_id: str, overlap: timedelta, now: datetime) -> Token:
    """Another secret of a key; the one of now is good for so long yet. Conflict where the key has ended."""
    token = Token(key_id, _random(30))
    if not keys.rotate(connection, key_id, _hashed(token.secret), now + overlap, now):
        raise Conflict(say("Key {key_id} has expired or was revoked.", key_id=key_id))
    return token


def create(
    connection: Connection,
    name: str,
    scopes: Sequence[Scope],
    subsidiary_codes: Sequence[str] | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> Token:
    """A new key; `None` for the subsidiaries reaches the whole group. The token is not kept: show it now."""
    token = Token(_random(12), _random(30))
    everything = Reach(None)
    reached = []
    for code in subsidiary_codes or ():
        row = subsidiaries.find(connection, everything, code)
        if row is None:
            raise BadArgument("subsidiary", say("There is no subsidiary {code!r}.", code=code))
        reached.append(row.id)
    values = {
        "id": token.key_id,
        "name": name,
        "secret_hash": _hashed(token.secret),
        "scopes": " ".join(scope.value for scope in scopes),
        "whole_group": subsidiary_codes is None,
        "created_at": now,
        "expires_at": expires_at,
        "revoked_at": None,
    }
    keys.create(connection, values, reached)
    return token


def noted(connection: Connection, key_id: str, action: Action, before: Mapping[str, Any] | None = None) -> list[Note]:
    """What was done to a key: told to each subsidiary that it reaches, or to the group. `before` is from `terms`."""
    key = keys.get(connection, key_id)
    reached = {GROUP} if key is None or key.whole_group else keys.subsidiaries(connection, key_id)
    after = terms(connection, key_id)
    return [Note(Reach(frozenset({one})), action, f"keys/{key_id}", before, after) for one in sorted(reached)]


def terms(connection: Connection, key_id: str) -> dict[str, Any]:
    """What a key may do and until when, as the audit tells it."""
    key = keys.get(connection, key_id)
    if key is None:
        return {}
    moments = {name: getattr(key, name) for name in ("expires_at", "former_until", "revoked_at")}
    told = {name: None if moment is None else moment.isoformat() for name, moment in moments.items()}
    return {"scopes": key.scopes.split(), "whole_group": key.whole_group, **told}


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, place = divmod(number, len(_ALPHABET))
        digits += _ALPHABET[place]
    return digits
