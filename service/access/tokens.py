"""Access tokens of an OpenID Connect provider: whether one is good, and what it lets its bearer do here.

A token is good when the provider signed it (with an allowed algorithm and a key that the settings lead to, never one
that the token brings along), for this service, as an access token, for now, and for an hour at most: unlike a key it
cannot be revoked. What it allows follows from two claims, by the settings alone.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy import Connection

from service.access.audit import Origin
from service.access.keys import Caller, Scope, entered
from service.access.signing_keys import SigningKeys
from service.errors import BadArgument, Forbidden, NotAuthenticated
from service.settings import Settings
from service.store import subsidiaries
from service.store.reach import Reach
from service.wording import Message, say

LEEWAY_SECONDS = 60
LONGEST_LIFE_SECONDS = 3600
LONGEST_TOKEN = 16_384
WHOLE_GROUP = "*"
"""What stands for all subsidiaries, in a claim or in the settings."""
_LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that was found good. `codes` are subsidiaries; None: the whole group."""

    principal: str
    scopes: frozenset[str]
    codes: frozenset[str] | None


def enter(connection: Connection, token: AccessToken, scope: Scope, now: datetime, origin: Origin) -> Caller:
    """The caller behind a token; Forbidden if it does not allow this."""
    reached = None
    if token.codes is not None:
        reached = subsidiaries.ids_of(connection, Reach(None), token.codes)
        if not reached:
            raise Forbidden(say("The token names no subsidiary that there is."))
    return entered(connection, token.principal, token.scopes, reached, scope, now, origin)


def principal_of(issuer: str, subject: str) -> str:
    """The name under which records keep a subject: the same for each of its tokens, and it tells nobody who it is."""
    return "oidc_" + hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:27]


class _Unfit(Exception):
    """What a token lacks, in our words."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


class Issuer:
    """The provider whose tokens are taken."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        if settings.oidc_issuer is None or settings.oidc_audience is None:
            raise BadArgument("oidc_audience", say("Tokens need both, an issuer and an audience."))
        known = {scope.value for scope in Scope}
        strange = sorted({scope for given in settings.oidc_scopes.values() for scope in given} - known)
        if strange:
            raise BadArgument(
                "oidc_scopes",
                say(
                    "There is no scope {strange!r}; there are {known}.",
                    strange=strange[0],
                    known=", ".join(sorted(known)),
                ),
            )
        self._settings = settings
        self._name = settings.oidc_issuer
        self._clock = clock
        self._keys = SigningKeys(settings.oidc_issuer, settings.oidc_jwks_url)
        self._registry = jws.JWSRegistry(algorithms=settings.oidc_algorithms, strict_check_header=False)
        self._required: dict[str, jwt.ClaimsOption] = {
            "iss": {"essential": True, "value": settings.oidc_issuer},
            "aud": {"essential": True, "value": settings.oidc_audience},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }

    async def verified(self, text: str) -> AccessToken:
        """NotAuthenticated where the token is not good, Forbidden where it names no subsidiary."""
        if len(text) > LONGEST_TOKEN:
            raise NotAuthenticated(say("The token is longer than {longest} characters.", longest=LONGEST_TOKEN))
        try:
            kid = self._kid(text)
            key = await self._keys.find(kid)
            claims = jwt.decode(text, key, registry=self._registry, decoder_cls=_Strict).claims
            self._check(claims)
        except (_Unfit, JoseError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise NotAuthenticated(say("The token is not good: {error}.", error=_said(error))) from error
        return self._told(claims)

    def _kid(self, text: str) -> str:
        """The name of the key, from a header that asks for nothing that is not done here."""
        header = jws.extract_compact(text.encode("ascii"), registry=self._registry).headers()
        self._registry.get_alg(str(header.get("alg")))
        if "crit" in header:
            raise _Unfit(say("its header has extensions (crit)"))
        kind = str(header.get("typ", "")).lower().removeprefix("application/")
        if kind != self._settings.oidc_token_type.lower():
            raise _Unfit(
                say("its type is {kind!r}, not {expected}", kind=kind[:40], expected=self._settings.oidc_token_type)
            )
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise _Unfit(say("its header names no key (kid)"))
        return kid

    def _check(self, claims: Mapping[str, Any]) -> None:
        now = int(self._clock().timestamp())
        jwt.JWTClaimsRegistry(now, LEEWAY_SECONDS, **self._required).validate(dict(claims))
        if claims["exp"] - claims["iat"] > LONGEST_LIFE_SECONDS:
            raise _Unfit(
                say("it lives longer than {seconds} seconds, and it cannot be revoked", seconds=LONGEST_LIFE_SECONDS)
            )
        if len(claims["sub"]) > _LONGEST_SUBJECT:
            raise _Unfit(say("its subject is too long"))

    def _told(self, claims: Mapping[str, Any]) -> AccessToken:
        settings = self._settings
        scopes = _allowed(_words(claims, settings.oidc_scope_claim), settings.oidc_scopes)
        codes = _allowed(_words(claims, settings.oidc_subsidiary_claim), settings.oidc_subsidiaries)
        if not codes:
            raise Forbidden(say("The token's claim {claim} names no subsidiary.", claim=settings.oidc_subsidiary_claim))
        principal = principal_of(self._name, claims["sub"])
        return AccessToken(principal, scopes, None if WHOLE_GROUP in codes else codes)


def _allowed(words: Sequence[str], mapping: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """What the words of a claim stand for: themselves, unless the settings say what each stands for."""
    return frozenset(words) if not mapping else frozenset(one for word in words for one in mapping.get(word, ()))


def _words(claims: Mapping[str, Any], name: str) -> list[str]:
    """The words of a claim: text with spaces between, or a list. `a.b` is b in the object a, unless a claim has it all
    as its name."""
    value: Any = claims
    for part in [name] if name in claims else name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return []
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise NotAuthenticated(say("The token's claim {name} must be text or a list of texts.", name=name))
    return words


class _Strict(json.JSONDecoder):
    """JSON in which no name stands twice: which of two subsidiaries was meant?"""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(say("a claim stands in it twice"))
    return found


def _said(error: Exception) -> str:
    """Our reason or the library's; what Python says of an odd token would repeat pieces of it."""
    if isinstance(error, _Unfit):
        return error.reason
    return (error.description or error.error).rstrip(".") if isinstance(error, JoseError) else say("it cannot be read")
