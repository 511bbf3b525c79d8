"""A server that says exactly what a test scripts, byte for byte, over a real socket."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

RESET = b"<reset>"


def reply(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """One HTTP answer; ``length`` lies about the body's length."""
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class ScriptedServer:
    """Answers the n-th connection with the n-th script line, the last one from then on.

    ``requests`` holds what was asked, ``moments`` when (monotonic seconds).
    """

    def __init__(self, script: Sequence[bytes], *, silence: float = 0.0) -> None:
        self.requests: list[bytes] = []
        self.moments: list[float] = []
        self._script = list(script)
        self._silence = silence
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        asked = connection.recv(65536)
        self.moments.append(time.monotonic())
        line = self._script[min(len(self.requests), len(self._script) - 1)]
        self.requests.append(asked)
        time.sleep(self._silence)
        with contextlib.suppress(OSError):
            if line == RESET:
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            else:
                connection.sendall(line)
