"""Ends what a supervisor leaves behind when it is killed.

Run as a script beside the supervisor, with a pipe from it as standard input. The supervisor says
what it started and wrote, a line each; once the pipe closes, whatever still runs is ended and
whatever still lies there is removed. It needs the standard library alone, so that it stays small.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

STOP_TIMEOUT_S = 10.0
"""Seconds that each process gets to end by itself before it is killed."""
POLL = 0.05
PROC_STAT = Path("/proc/self/stat")


class ProcessGuard:
    """The supervisor's end of the pipe. ``held`` are descriptors that the guard keeps open."""

    def __init__(self, held: Iterable[int] = ()) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            pass_fds=tuple(held),
            start_new_session=True,
        )

    def watch(self, pid: int) -> None:
        """End the process group of this leader if the supervisor does not."""
        self._send(f"watch {pid}")

    def unwatch(self, pid: int) -> None:
        """The process has ended."""
        self._send(f"forget {pid}")

    def watch_file(self, path: Path) -> None:
        """Remove the file if the supervisor does not."""
        self._send(f"file {path}")

    def close(self) -> None:
        """End the guard; what it still watches ends with it."""
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _send(self, line: str) -> None:
        if self._process.stdin:
            # A guard that somebody killed is no reason to end the stack.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()


def process_start(pid: int) -> str | None:
    """When a process started, in the system's own notation; None where none runs.

    Together with the pid it names a process for good: pids are used again.
    """
    if not PROC_STAT.exists():
        return process_start_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def process_start_by_ps(pid: int) -> str | None:
    """The same where the system has no /proc."""
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return "_".join(told[1:]) if told and not told[0].startswith("Z") else None


def end_process_group(pid: int, start: str) -> None:
    """Ask a process to end, see that it does, and kill what is left of its group."""
    if process_start(pid) == start:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while process_start(pid) == start and time.monotonic() < deadline:
            time.sleep(POLL)
    elif process_start(pid) is not None:
        return  # another process has the pid now, so the group is gone
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Listen until the pipe closes, then tidy up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, str] = {}
    files: list[Path] = []
    for line in sys.stdin:
        word, _, value = line.rstrip("\n").partition(" ")
        if word == "file":
            files.append(Path(value))
        elif word == "forget":
            watched.pop(int(value), None)
        elif (start := process_start(int(value))) is not None:
            watched[int(value)] = start
    for pid in reversed(watched):
        end_process_group(pid, watched[pid])
    for path in files:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
