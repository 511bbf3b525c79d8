"""Where the recorded data lies, for tests that read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("PYF_SHARED") or Path(__file__).parents[2] / "shared")

needs_shared = pytest.mark.skipif(
    not (SHARED / "corpus").is_dir(), reason="the recorded data (../shared) is not there"
)
