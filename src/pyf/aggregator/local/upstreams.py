"""``python -m pyf.aggregator.local.upstreams``: the former name of ``samples.pypi``."""

from __future__ import annotations

import runpy

if __name__ == "__main__":
    runpy.run_module("pyf.aggregator.samples.pypi", run_name="__main__", alter_sys=True)
