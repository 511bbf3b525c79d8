"""A small GitHub: authorizes, hands out a token for a code once, and says who somebody is.

It checks what GitHub checks: client, secret, redirect address, and the proof of PKCE.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT, SECRET = "client-1", "s3cret"


@dataclass
class Hub:
    """The server's memory: who authorizes next, codes with what they were asked with, tokens."""

    url: str = ""
    number: int = 1
    login: str = "Ada"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, tuple[int, str]] = field(default_factory=dict)
    emails: list[dict[str, Any]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """The four addresses that a sign-in needs."""

    hub: ClassVar[Hub]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/login/oauth/authorize":
            self._authorize(dict(parse_qsl(parts.query)))
            return
        known = self.hub.tokens.get(self.headers.get("Authorization", "").partition(" ")[2])
        if known is None:
            self._say(401, {"message": "Bad credentials"})
        elif parts.path == "/user":
            self._say(200, {"id": known[0], "login": known[1]})
        else:
            self._say(200, self.hub.emails)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        asked = self.hub.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        client = (form.get("client_id"), form.get("client_secret"))
        if asked is None or client != (CLIENT, SECRET) or asked["code_challenge"] != challenge:
            # GitHub tells errors with status 200.
            self._say(200, {"error": "bad_verification_code"})
            return
        token = secrets.token_hex(8)
        self.hub.tokens[token] = (self.hub.number, self.hub.login)
        self._say(200, {"access_token": token, "token_type": "bearer", "scope": asked["scope"]})

    def _authorize(self, asked: dict[str, str]) -> None:
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self.hub.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
        self.end_headers()

    def _say(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


@contextmanager
def hub() -> Iterator[Hub]:
    """Run the server."""
    memory = Hub()
    handler = type("Bound", (Handler,), {"hub": memory})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        memory.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield memory
        server.shutdown()
        thread.join()
