"""Receives Kontor's webhooks with nothing but Python: verifies each message, takes it once, answers at once.

    WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py 8080

It prints what it took. A real receiver keeps the ids it has taken in its database, and works on messages after it has
answered: Kontor waits 15 seconds. Terminate TLS in front of it.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

TOLERANCE_SECONDS = 300
LARGEST_BODY = 64 * 1024


def verify(secret: str, headers: Message, body: bytes, now: float) -> None:
    """Raises ValueError unless the message was signed with the secret, not long ago."""
    moment = headers.get("webhook-timestamp", "")
    if not moment.isascii() or not moment.isdigit() or abs(now - int(moment)) > TOLERANCE_SECONDS:
        raise ValueError("it was signed too long ago, or the clocks differ")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    # While a secret is being rotated there are two signatures: one that fits is enough.
    signatures = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(f"v1,{expected}".encode(), one.encode()) for one in signatures):
        raise ValueError("no signature fits")


class Receiver(BaseHTTPRequestHandler):
    taken: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not size.isascii() or not size.isdigit() or int(size) > LARGEST_BODY:
            self.answer(413)
            return
        body = self.rfile.read(int(size))
        try:
            verify(os.environ["WEBHOOK_SECRET"], self.headers, body, time.time())
        except ValueError as error:
            print(f"refused: {error}", flush=True)
            self.answer(401)
            return
        identifier = self.headers["webhook-id"]
        if identifier not in self.taken:  # the same message may come twice
            self.taken.add(identifier)
            message = json.loads(body)
            print(f"took {message['type']}: {json.dumps(message['data'])}", flush=True)
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only what was taken or refused is printed."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
