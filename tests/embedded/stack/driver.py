"""Runs a supervisor over small services, in a process of its own that tests may kill.

``python driver.py FOLDER``; the services come as JSON on standard input, events go to standard
output, a line each.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

from pyf.aggregator.embedded.stack.stack_plan import EndpointFile, StackPlan, StackService
from pyf.aggregator.embedded.stack.supervisor import RestartPolicy, Supervisor
from pyf.aggregator.errors import AggregatorError
from pyf.aggregator.running_stack.stack_state import StackState, lock_folder

POLITE = [("SIGTERM", 10.0)]


class Lines:
    """Tells everything on standard output."""

    def event(self, text: str) -> None:
        print(text, flush=True)

    def line(self, name: str, text: str) -> None:
        print(f"{name} | {text}", flush=True)

    def ready(self, state: StackState) -> None:
        print("all are up", flush=True)


def service(told: dict[str, Any]) -> StackService:
    """A service that runs a few lines of Python and is ready when it says so."""
    endpoint = EndpointFile(told["endpoint"], {"url": "u"}) if "endpoint" in told else None
    return StackService(
        told["name"],
        tuple(told.get("command") or (sys.executable, "-c", told["code"])),
        ready_text=told.get("ready_text", "ready"),
        depends_on=tuple(told.get("depends_on", ())),
        environment=told.get("environment", {}),
        provides=told.get("provides", {}),
        endpoint=endpoint,
        stop=tuple((signal.Signals[name], seconds) for name, seconds in told.get("stop", POLITE)),
    )


def main() -> int:
    order = json.load(sys.stdin)
    folder = Path(sys.argv[1])
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    services = tuple(map(service, order["services"]))
    plan = StackPlan(folder, services, secrets=tuple(order.get("secrets", ())))
    try:
        with lock_folder(folder) as lock:
            Supervisor(plan, lock, Lines(), RestartPolicy(**order.get("policy", {}))).run()
    except AggregatorError as error:
        print(f"failed: {error}", flush=True)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
