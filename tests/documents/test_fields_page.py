"""The page of fields in the documentation is the one that the table gives."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from pyf.aggregator.documents.field import FieldSource
from pyf.aggregator.documents.fields import FIELDS
from pyf.aggregator.documents.fields_page import _HEADINGS, fields_page

PAGE = Path(__file__).parents[2] / "docs" / "fields.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == fields_page(), "run: python tools/fields_doc.py"


def test_every_field_stands_on_the_page_once() -> None:
    page = fields_page()
    for field in FIELDS:
        assert page.count(f"\n| `{field.name}` |") == 1


def test_every_source_has_a_heading() -> None:
    assert set(_HEADINGS) == set(get_args(FieldSource))
