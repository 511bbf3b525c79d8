"""Write docs/cli.md anew from the command line's parsers."""

from __future__ import annotations

from pathlib import Path

from pyf.aggregator.cli.reference import cli_page

if __name__ == "__main__":
    page = Path(__file__).parents[1] / "docs" / "cli.md"
    page.write_text(cli_page(), encoding="utf-8")
