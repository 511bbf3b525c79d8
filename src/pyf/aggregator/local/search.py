"""``python -m pyf.aggregator.local.search``: the former name of ``embedded.search``."""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("pyf.aggregator.embedded.search", run_name="__main__", alter_sys=True)
