"""Asks a service whether it answers."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

TIMEOUT_S = 2.0
"""Seconds that an answer may take."""


def is_healthy(check: str, password: str = "") -> bool:
    """Whether the service behind an http or redis URL answers and says that it is well.

    Of a Redis without its password only that it answers can be told, not that it has its data.
    """
    try:
        return _check_redis(check, password) if check.startswith("redis:") else _check_http(check)
    except (OSError, http.client.HTTPException):
        return False


def _check_http(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    finally:
        connection.close()


def _check_redis(url: str, password: str) -> bool:
    parts = urlsplit(url)
    with socket.create_connection(
        (parts.hostname or "", parts.port or 6379), TIMEOUT_S
    ) as connection:
        login = f"AUTH {password}\r\n" if password else ""
        connection.sendall(f"{login}PING\r\nQUIT\r\n".encode())
        said = b""
        while piece := connection.recv(1000):
            said += piece
    return b"+PONG" in said or (not password and said.startswith(b"-NOAUTH"))
