"""``python -m pyf.aggregator.local.github``: the former name of ``samples.github``."""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("pyf.aggregator.samples.github", run_name="__main__", alter_sys=True)
