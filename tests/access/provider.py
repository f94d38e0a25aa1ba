"""An OpenID Connect provider on this machine: it signs tokens and publishes its keys over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from tests.conftest import NOW

AUDIENCE = "https://kontor.example"
MOMENT = int(NOW.timestamp())
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa-2"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})
_SIGNS = jws.JWSRegistry(algorithms=list(jws.JWSRegistry.algorithms), strict_check_header=False)


class Provider:
    """`keys` are published; `status` answers instead where it is not 200; `asked` counts what was asked for."""

    def __init__(self, url: str) -> None:
        self.issuer = url
        self.keys: list[Any] = [RSA, EC]
        self.status = 200
        self.jwks_uri = f"{url}/keys"
        self.said_issuer = url
        self.asked: list[str] = []

    def document(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.said_issuer, "jwks_uri": self.jwks_uri}
        return {"keys": [key.as_dict(private=False) if isinstance(key, RSAKey | ECKey) else key for key in self.keys]}

    def claims(self, **more: Any) -> dict[str, Any]:
        """Of a good token; None takes a claim away."""
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "bi-robot",
            "iat": MOMENT,
            "exp": MOMENT + 600,
            "scope": "statistics:read results:read",
            "kontor_subsidiaries": ["DE"],
            **more,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: Any = RSA, header: dict[str, Any] | None = None, **more: Any) -> str:
        """Signed with a key; None takes away what the header or the claims have."""
        given = {"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt", **(header or {})}
        head = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(head, self.claims(**more), key, registry=_SIGNS, default_type=None)

    def signed(self, payload: str, **header: Any) -> str:
        """Any payload at all, with a good signature."""
        head = {"alg": "RS256", "kid": "rsa-1", "typ": "at+jwt", **header}
        return jws.serialize_compact(head, payload, RSA, registry=_SIGNS)


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers on a free port."""
    served: list[Provider] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served[0].asked.append(self.path)
            body = json.dumps(served[0].document(self.path)).encode()
            self.send_response(served[0].status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.append(Provider(f"http://127.0.0.1:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield served[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
