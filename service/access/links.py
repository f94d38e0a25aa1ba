"""Links to pictures that stand for a key: one address with its parameters, until a moment, by a signature.

The signature is an HMAC with what is stored of the key's secret, so a link ends with its key, and every replica can
check it. Who holds the key could make the same links; nobody else can.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from service.access.audit import Origin
from service.access.keys import Caller, Scope, ended, entered, good_hashes
from service.errors import NotAuthenticated
from service.store import keys
from service.wording import say


@dataclass(frozen=True, slots=True)
class Link:
    """What a link presents: `address` is the path with all parameters but the signature, `until` in Unix seconds."""

    key_id: str
    until: int
    address: str
    signature: str

    @property
    def principal(self) -> str:
        return self.key_id


def sign(connection: Connection, key_id: str, address: str) -> str:
    """The signature of an address that names the key and the moment."""
    key = keys.get(connection, key_id)
    if key is None:
        raise NotAuthenticated(say("Links are made by API keys; an access token ends too soon for them."))
    return _signature(key.secret_hash, address)


def follow(connection: Connection, link: Link, scope: Scope, now: datetime, origin: Origin) -> Caller:
    """Who the link stands for, with what his key may do now. Raises NotAuthenticated."""
    key = keys.get(connection, link.key_id)
    if key is None or link.until <= now.timestamp() or not _good(key, link, now):
        raise NotAuthenticated(say("This link was changed, it has expired, or its key has ended."))
    reached = None if key.whole_group else keys.subsidiaries(connection, key.id)
    return entered(connection, key.id, key.scopes.split(), reached, scope, now, origin)


def _good(key: Row[Any], link: Link, now: datetime) -> bool:
    signatures = (_signature(one, link.address) for one in good_hashes(key, now))
    return not ended(key, now) and any(hmac.compare_digest(link.signature, one) for one in signatures)


def _signature(secret_hash: str, address: str) -> str:
    return hmac.new(secret_hash.encode(), address.encode(), hashlib.sha256).hexdigest()
