"""A folder of a run lives as long as the run, and no longer than until the next one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.ingest.scratch import ScratchFolder

RUN = """
import sys
from pyf.aggregator.ingest.scratch import ScratchFolder
with ScratchFolder("pyf-try") as scratch:
    (scratch.path / "list").write_text("x")
    print(scratch.path, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of temporary files of one's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def run(root: Path) -> tuple[subprocess.Popen[str], Path]:
    """A run under way, and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        env={"TMPDIR": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_the_next_run_clears_what_a_killed_one_left_and_nothing_else(root: Path) -> None:
    living, kept = run(root)
    killed, left = run(root)
    foreign = root / "pyf-other-1"
    foreign.mkdir()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert left.exists()
    with ScratchFolder("pyf-try") as scratch:
        assert {*root.iterdir()} == {kept, foreign, scratch.path}
        assert (kept / "list").read_text() == "x"
    living.communicate("")

    assert {*root.iterdir()} == {foreign}


def test_a_link_is_not_followed(root: Path) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    (root / "pyf-try-link").symlink_to(elsewhere)
    with ScratchFolder("pyf-try"):
        pass

    assert elsewhere.exists()
