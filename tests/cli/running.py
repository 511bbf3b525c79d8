"""Run ``pyfa`` to its end, in an environment that holds what a test gives and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ..stack import QUICK


def run_pyfa(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with ``folder`` as home, working and data folder."""
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYF_DATA_DIR": str(folder), **QUICK}
    return subprocess.run(
        [sys.executable, "-m", "pyf.aggregator.cli.main", *arguments],
        env={**given, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
