"""Values of command lines that the servers of the one-machine stack share."""

from __future__ import annotations

import argparse


def port(text: str) -> int:
    """Read a port number; 0 stands for any free one."""
    value = int(text) if text.isdigit() else -1
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return value
