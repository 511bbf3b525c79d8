"""Output that nothing can take any more is told of in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    answer = tmp_path / "project.json"
    info = {"name": "here", "project_urls": {"Source": "https://github.com/some/thing"}}
    answer.write_text(json.dumps({"info": info, "urls": []}), "utf-8")
    command = [sys.executable, "-m", "pyf.aggregator.cli.main", "github", "resolve", str(answer)]
    with FULL.open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "pyfa: No space left on device\n"
