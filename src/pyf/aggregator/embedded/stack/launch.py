"""Becomes a service: takes its environment from a pipe, ties itself to its parent, and execs.

Run as a script, ``launch.py PARENT COMMAND ...``. The environment comes as JSON on standard input,
since an argument would show it to everybody on the machine. It needs the standard library alone.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def command_line(parent: int, command: tuple[str, ...]) -> list[str]:
    """The command that starts ``command`` as a child of ``parent``."""
    return [sys.executable, "-I", "-S", __file__, str(parent), *command]


def set_parent_death_signal(parent: int) -> None:
    """Get SIGTERM when the parent dies, on systems that can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before it was asked to tell
        sys.exit("the supervisor has ended")


def main() -> None:
    """Become the command."""
    parent, *command = sys.argv[1:]
    for name, value in json.load(sys.stdin).items():
        os.putenv(name, value)
    set_parent_death_signal(int(parent))
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
