"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack

from ...serving import PortInUse

HOST = "127.0.0.1"


def free_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """The port of each service, with free ones in place of 0; none of them is taken twice."""
    with ExitStack() as listeners:
        return {name: _port(listeners, name, port) for name, port in wanted.items()}


def _port(listeners: ExitStack, name: str, port: int) -> int:
    listener = listeners.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        raise PortInUse(
            f"{name} cannot listen on {HOST}:{port}: {error.strerror}; "
            f"--{name}-port takes another port, 0 any free one"
        ) from None
    return int(listener.getsockname()[1])
