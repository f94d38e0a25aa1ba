"""Secrets that the service itself signs with, kept so that who reads the database cannot.

AES-256-GCM, with keys that the database does not hold. The first key closes; each of them opens what it closed, so keys
are changed without a gap: put a new one in front, close everything again, take the former one away.
"""

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import Unavailable
from service.wording import say

PREFIX = "whsec_"
"""Of a secret as its owner is shown it, by the Standard Webhooks scheme."""
_MARK = "aes256:"
_NONCE_BYTES = 12
_NAME_LENGTH = 8


def shown(secret: bytes) -> str:
    """As its owner is shown it."""
    return PREFIX + base64.b64encode(secret).decode()


class Safe:
    """Closes and opens secrets with the keys of a setting. Without a key they stay as they are."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        digests = [hashlib.sha256(f"kontor webhook secrets {key}".encode()).digest() for key in keys]
        self._ciphers = {hashlib.sha256(one).hexdigest()[:_NAME_LENGTH]: AESGCM(one) for one in digests}

    def closed(self, secret: bytes, owner: int) -> str:
        """The secret of a subsidiary as it is stored, in at most 100 characters for 32 bytes; nobody else's opens."""
        if not self._ciphers:
            return shown(secret)
        name, cipher = next(iter(self._ciphers.items()))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, secret, str(owner).encode())
        return f"{_MARK}{name}:{base64.b64encode(sealed).decode()}"

    def opened(self, stored: str, owner: int) -> bytes:
        """The secret again. Unavailable where its key is not among those of the setting, or the text was changed."""
        if not stored.startswith(_MARK):
            return base64.b64decode(stored.removeprefix(PREFIX))
        name, _, text = stored.removeprefix(_MARK).partition(":")
        try:
            sealed = base64.b64decode(text)
            return self._ciphers[name].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], str(owner).encode())
        except (KeyError, InvalidTag) as error:
            raise Unavailable(say("KONTOR_WEBHOOK_SECRET_KEYS does not open the secret of a webhook.")) from error
