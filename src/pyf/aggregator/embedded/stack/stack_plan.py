"""What the stack is made of: services, each declared once, and what the user runs himself."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

StopSignals = tuple[tuple[signal.Signals, float], ...]
DEFAULT_STOP_SIGNALS: StopSignals = ((signal.SIGTERM, 10.0),)
"""Signals that ask a service to end, each with the seconds it gets; SIGKILL follows by itself."""


@dataclass(frozen=True)
class EndpointFile:
    """A file in the data folder that tells commands where a service listens; mode 0600."""

    file: str
    content: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class StackService:
    """A program of the stack.

    It is ready once ``check`` (an http or redis URL, see :mod:`.checks`) answers or, for one that
    does not listen, once ``says`` stands in a line of its output. ``provides`` are the settings by
    which services that depend on it find it.
    """

    name: str
    command: tuple[str, ...]
    address: str = ""
    check: str = ""
    secret: str = field(default="", repr=False)
    ready_text: str = ""
    depends_on: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    provides: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint: EndpointFile | None = None
    stop: StopSignals = DEFAULT_STOP_SIGNALS


@dataclass(frozen=True)
class ExternalService:
    """A service of the user's own, named by a setting; it is used and not started."""

    name: str
    address: str
    setting: str


@dataclass(frozen=True)
class StackPlan:
    """What one ``pyfa up`` runs; services stand in the order of their start."""

    data_dir: Path
    services: tuple[StackService, ...]
    external: tuple[ExternalService, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
