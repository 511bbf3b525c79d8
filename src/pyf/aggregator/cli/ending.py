"""Ways in which a command is told to end before it is done."""

from __future__ import annotations

import signal
from types import FrameType

TOLD_TO_END = (signal.SIGTERM, signal.SIGHUP)


def orderly() -> None:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that a command clears up behind itself.

    A signal that whoever started the command has switched off (``nohup``) stays off. Where that
    is Ctrl-C, as for what a script runs in its background, all stays as it is: an event loop
    ends in order by its handler of Ctrl-C alone.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    for number in TOLD_TO_END:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does now."""
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):
        handler(signal.SIGINT, frame)
