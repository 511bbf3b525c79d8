"""The page of commands says what the commands say."""

from __future__ import annotations

from pathlib import Path

from pyf.aggregator.cli.reference import cli_page


def test_the_page_is_in_step() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    assert page.split() == cli_page().split(), "run `make docs`"
