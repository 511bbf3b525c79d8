"""Write docs/fields.md anew from the table of document fields."""

from __future__ import annotations

from pathlib import Path

from pyf.aggregator.documents.fields_page import fields_page

if __name__ == "__main__":
    page = Path(__file__).parents[1] / "docs" / "fields.md"
    page.write_text(fields_page(), encoding="utf-8")
