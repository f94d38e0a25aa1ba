"""The public keys by which a provider's tokens are checked: fetched when needed, kept, and fetched again in bounds."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import anyio
import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from service.errors import NotAuthenticated, Unavailable
from service.settings import SAFE_URL
from service.wording import say

FRESH_SECONDS = 300.0
"""So long the keys are used without looking for others."""
FETCH_SECONDS = 30.0
"""Between two fetches, whoever asks for which key."""
STALE_SECONDS = 3600.0
"""So long the keys are used while the provider cannot be asked."""
TIMEOUT_SECONDS = 5.0
LARGEST_DOCUMENT = 2 << 20
_WELL_KNOWN = "/.well-known/openid-configuration"
_KINDS: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
"""Public keys alone: a shared secret (`oct`) among them would let whoever reads them sign."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_SHORTEST_RSA = 256
"""Bytes of the modulus."""


class SigningKeys:
    """A provider's keys by their `kid`. Its owner lives in one event loop."""

    def __init__(self, issuer: str, url: str | None, seconds: Callable[[], float] = monotonic) -> None:
        self._issuer = issuer
        self._url = url
        self._seconds = seconds
        self._published: dict[str, Mapping[str, Any]] | None = None
        self._read: dict[str, Key | None] = {}
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._fetching = anyio.Lock()

    async def find(self, kid: str) -> Key:
        """The key of this name. NotAuthenticated where the provider has none, Unavailable where it cannot be asked."""
        if not self._holds(kid, FRESH_SECONDS):
            if self._may_fetch():
                await self._fetch()
            elif not self._holds(kid, STALE_SECONDS):
                async with self._fetching:  # another request asks just now: it may bring the key
                    pass
        if self._published is None or self._age() > STALE_SECONDS:
            raise Unavailable(say("The keys of the token's issuer cannot be fetched."))
        key = self._key(kid)
        if key is None:
            raise NotAuthenticated(say("The token is signed with a key that its issuer does not publish."))
        return key

    def _holds(self, kid: str, seconds: float) -> bool:
        return self._published is not None and kid in self._published and self._age() <= seconds

    def _age(self) -> float:
        return self._seconds() - self._fetched_at

    def _may_fetch(self) -> bool:
        """Whether nobody tried just now; counts as a try."""
        now = self._seconds()
        if self._tried_at is not None and now - self._tried_at < FETCH_SECONDS:
            return False
        self._tried_at = now
        return True

    async def _fetch(self) -> None:
        """What cannot be fetched leaves the keys as they are."""
        async with self._fetching:
            try:
                with anyio.fail_after(TIMEOUT_SECONDS):
                    published = await self._published_keys()
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError):
                return
            self._published, self._read, self._fetched_at = published, {}, self._seconds()

    async def _published_keys(self) -> dict[str, Mapping[str, Any]]:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            url = self._url or await self._discovered(client)
            keys = (await _document(client, url)).get("keys")
        if not isinstance(keys, list):
            raise ValueError("no keys")  # noqa: TRY004 - a document, not an argument, is wrong
        named = [key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
        return {key["kid"]: key for key in reversed(named) if key.get("use", "sig") == "sig"}

    async def _discovered(self, client: httpx.AsyncClient) -> str:
        """The address of the keys, as the provider's own document tells it."""
        document = await _document(client, self._issuer.rstrip("/") + _WELL_KNOWN)
        url = document.get("jwks_uri")
        if document.get("issuer") != self._issuer or not isinstance(url, str) or re.match(SAFE_URL, url) is None:
            raise ValueError("not the document of this issuer")
        return url

    def _key(self, kid: str) -> Key | None:
        """The key, read when it is first asked for: there may be a thousand."""
        if kid not in self._read:
            published = (self._published or {}).get(kid)
            if published is None:
                return None
            self._read[kid] = _usable(published)
        return self._read[kid]


def _usable(published: Mapping[str, Any]) -> Key | None:
    kind = _KINDS.get(str(published.get("kty")))
    try:
        if kind is None or (kind is RSAKey and _length(published["n"]) < _SHORTEST_RSA):
            return None
        return kind.import_key({name: value for name, value in published.items() if name not in _PRIVATE})
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _length(number: str) -> int:
    """Bytes of a number as keys write it."""
    return len(urlsafe_b64decode(number + "==").lstrip(b"\0"))


async def _document(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """A JSON object. Redirects are not followed."""
    body = b""
    async with client.stream("GET", url, headers={"Accept": "application/json"}) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > LARGEST_DOCUMENT:
                raise ValueError("too long a document")
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004
    return document
