"""Ways in which a command is told to end before it is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

END_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def exit_on_signals() -> None:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that a command clears up behind itself.

    A signal that whoever started the command has switched off (``nohup``) stays off. Where that
    is Ctrl-C, as for what a script runs in its background, all stays as it is: an event loop
    ends in order by its handler of Ctrl-C alone.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    for number in END_SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


@contextmanager
def stop_event() -> Iterator[threading.Event]:
    """An event that each signal to end sets, for a command that waits for nothing else.

    Handlers see to it, not a mask: threads that run already would take what is held back here.
    A signal that is switched off stays off.
    """
    told = threading.Event()
    numbers = [
        number
        for number in (signal.SIGINT, *END_SIGNALS)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, lambda *_: told.set()) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does now."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
