"""Recreate a collection in a process of its own, and kill it with SIGKILL at a given step.

usage: recreate_child.py URL KEY ALIAS FOLDER [STEP]
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pyf.aggregator.index import SearchServer
from pyf.aggregator.index.recreation import Recreation
from pyf.aggregator.settings.value_types import nodes

STEPS = ("begun", "copying", "copied", "switched", "reconciling", "finished")


def main(url: str, key: str, alias: str, folder: str, step: str = "") -> None:
    def at(here: str) -> None:
        if here == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def report(here: str, done: int, _total: int) -> None:
        if done >= 500:
            at(here)

    server = SearchServer(nodes().parse(url), key)
    with Recreation(server, alias, Path(folder), report=report) as recreation:
        at("begun")
        recreation.copy()
        at("copied")
        recreation.switch()
        at("switched")
        recreation.finish()
        at("finished")


if __name__ == "__main__":
    main(*sys.argv[1:])
