"""``pyfa status``: how the one-machine stack is."""

from __future__ import annotations

import argparse
import time

from ...embedded.stack import control
from ...errors import NotFound
from ...running_stack.stack_state import ServiceState, StackState
from ...settings import load_settings
from ..common import output

NAME = "status"
HELP = (
    "Show the services of the one-machine stack (exit status: 0 all up, 1 some down, 3 not running)"
)
EXAMPLE = """examples:
  pyfa status
  pyfa status --json"""

COLUMNS = ["service", "state", "pid", "address", "uptime", "restarts"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="as JSON on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Show the state; return the exit status."""
    data_dir = load_settings().pyf_data_dir
    state = control.stack_status(data_dir)
    if arguments.json:
        output.data(_as_data(state))
    if state is None:
        raise NotFound(f"no stack runs in {data_dir}; `pyfa up` starts one")
    if not arguments.json:
        show(state)
    return 0 if state.is_healthy else 1


def show(state: StackState) -> None:
    """Print the table of services."""
    output.table(f"stack (pid {state.pid})", COLUMNS, [_row(item) for item in state.services])


def _row(item: ServiceState) -> list[str]:
    uptime = _duration(_uptime(item))
    pid = str(item.pid or "-")
    return [item.name, item.state, pid, item.address or "-", uptime, str(item.restarts)]


def _as_data(state: StackState | None) -> dict[str, object]:
    services = state.services if state else ()
    return {
        "running": state is not None,
        "pid": state.pid if state else None,
        "services": [
            {
                "name": item.name,
                "state": item.state,
                "pid": item.pid,
                "address": item.address or None,
                "uptime_s": None if (up := _uptime(item)) is None else round(up, 1),
                "restarts": item.restarts,
            }
            for item in services
        ],
    }


def _uptime(item: ServiceState) -> float | None:
    return None if item.since is None else max(time.time() - item.since, 0.0)


def _duration(seconds: float | None) -> str:
    """Two units at the most: 45s, 12m 5s, 3h 20m, 2d 4h."""
    if seconds is None:
        return "-"
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d {hour}h"
    if hours:
        return f"{hours}h {minute}m"
    return f"{minutes}m {second}s" if minutes else f"{second}s"
