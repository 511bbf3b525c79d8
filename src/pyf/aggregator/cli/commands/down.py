"""``pyfa down``: end the one-machine stack."""

from __future__ import annotations

import argparse

from ...embedded.stack import control
from ...settings import load_settings
from ..common import output

NAME = "down"
HELP = "Stop the one-machine stack and wait until it has ended; its data is kept"
EXAMPLE = """examples:
  pyfa down"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options: what is ended is what runs in PYF_DATA_DIR."""


def run(arguments: argparse.Namespace) -> int:
    """End the stack; return the exit status."""
    data_dir = load_settings().pyf_data_dir
    ended = control.stop_stack(data_dir)
    if ended is None:
        output.say(f"nothing to end: no stack runs in {data_dir}")
        return 0
    names = ", ".join(ended.services) or "no service"
    how = "killed, since it did not end when asked to" if ended.killed else "ended"
    output.say(f"{how}: {names} (pid {ended.pid}) in {ended.seconds:.1f} seconds")
    return 0
