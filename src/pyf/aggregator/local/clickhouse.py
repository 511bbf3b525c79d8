"""``python -m pyf.aggregator.local.clickhouse``: the former name of ``embedded.store``."""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("pyf.aggregator.embedded.store", run_name="__main__", alter_sys=True)
