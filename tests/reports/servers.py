"""A mail server and a webhook over real sockets, which keep what they are given."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Mailbox:
    """Mails that came, and recipients that are refused."""

    port: int = 0
    refused: set[str] = field(default_factory=set)
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)


@contextmanager
def mail_server(*refused: str) -> Iterator[Mailbox]:
    """As much SMTP as a client needs that neither logs in nor encrypts."""
    box = Mailbox(refused=set(refused))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            to: list[str] = []
            self.say("220 mail.example")
            for line in iter(self.rfile.readline, b""):
                word = line.decode().strip()
                command = word.upper()
                if command.startswith("RCPT TO:"):
                    address = word[8:].strip().strip("<>")
                    if address in box.refused:
                        self.say("550 no such mailbox")
                    else:
                        to.append(address)
                        self.say("250 OK")
                elif command == "DATA":
                    self.say("354 go on")
                    box.mails.append((to, self.body()))
                    self.say("250 OK")
                elif command == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 OK")

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def body(self) -> EmailMessage:
            lines = []
            for line in iter(self.rfile.readline, b".\r\n"):
                lines.append(line[1:] if line.startswith(b"..") else line)
            return message_from_bytes(b"".join(lines), policy=policy.default)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        with _running(server):
            yield box


@dataclass
class Hook:
    """Messages that came, by path, and the status that is given."""

    url: str = ""
    status: int = 200
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def webhook(status: int = 200) -> Iterator[Hook]:
    """Take every POST."""
    hook = Hook(status=status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.posted.append((self.path, json.loads(body)))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_address[1]}"
        with _running(server):
            yield hook


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(5)
