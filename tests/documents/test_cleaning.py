"""Cleaning: whatever comes in, what goes out is what the table says, and losses are told."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.checks import assert_fits

from pyf.aggregator.documents import FIELDS, FieldProblem, clean_document

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def cleaned(**values: Any) -> tuple[dict[str, object], list[str]]:
    document, problems = clean_document(values, partial=True)
    return document, [f"{problem.field} {problem.reason}" for problem in problems]


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional={field.name: JSON for field in FIELDS}))
def test_anything_becomes_a_document_that_fits(document: dict[str, Any]) -> None:
    result, _ = clean_document(document)
    assert_fits(result)
    again, problems = clean_document(result)
    assert again == result
    required = {field.name for field in FIELDS if not field.optional and field.zero is None}
    assert {problem.field for problem in problems} <= required


def test_what_is_missing_gets_its_zero() -> None:
    document, problems = clean_document({"id": "a-1"})
    assert document["upload_timestamp"] == 0
    assert document["yanked"] is False
    assert document["keywords"] == []
    assert document["version_sortable"] == "0"
    assert "summary" not in document and "status" not in document
    assert FieldProblem("registry", "is missing") in problems


def test_a_partial_document_brings_nothing_else() -> None:
    assert cleaned(id="a-1", status="archived") == ({"id": "a-1", "status": "archived"}, [])


def test_unprintable_characters_are_removed() -> None:
    document, problems = cleaned(summary="a\x00b\x1b[D\ud800c\u200dd", description="x\r\n\ty")
    assert document == {"summary": "ab[Dc\u200dd", "description": "x\r\n\ty"}
    assert problems == ["summary 3 unprintable characters removed"]


def test_a_description_is_cut_between_characters() -> None:
    document, problems = cleaned(description="ä" * 10_000_000)
    assert document["description"] == "ä" * (256 * 1024)
    assert problems == ["description cut from 20000000 to 524288 bytes"]
    document, problems = cleaned(description="€" * 200_000)
    assert document["description"] == "€" * (512 * 1024 // 3)


def test_a_text_at_its_limit_stays_whole() -> None:
    text = "a" * 512 * 1024
    assert cleaned(description=text) == ({"description": text}, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("summary", ["a"]),
        ("summary", 5),
        ("keywords", "a b"),
        ("version_major", 2**31),
        ("version_major", "5"),
        ("version_major", True),
        ("serial", 2**63),
        ("serial", 1.5),
        ("yanked", "true"),
        ("yanked", 1),
        ("project_urls", "https://example.org"),
    ],
)
def test_a_value_of_another_type_or_range_costs_its_field(name: str, value: object) -> None:
    document, problems = cleaned(id="a-1", **{name: value})
    assert document == {"id": "a-1"}
    [problem] = problems
    assert problem.startswith(f"{name} ")


def test_odd_items_cost_themselves_only() -> None:
    document, problems = cleaned(keywords=["a", None, 5, "", "b"])
    assert document == {"keywords": ["a", "b"]}
    assert problems == ["keywords 2 items are not texts"]


def test_a_list_without_end_is_cut() -> None:
    document, problems = cleaned(requires_dist=["a"] * 5001)
    assert document == {"requires_dist": ["a"] * 5000}
    assert problems == ["requires_dist cut from 5001 to 5000 items"]


def test_an_object_keeps_odd_labels_and_drops_nulls() -> None:
    urls = {"Docs v1.0": "https://example.org", "": "x", "Nothing": None, "Größe\x00": "y"}
    document, problems = cleaned(project_urls=urls)
    expected = {"Docs v1.0": "https://example.org", "": "x", "Größe": "y"}
    assert document == {"project_urls": expected}
    assert problems == ["project_urls 1 unprintable characters removed"]


def test_an_object_too_deep_is_cut_off() -> None:
    deep: Any = "end"
    for _ in range(2000):
        deep = {"in": deep}
    document, problems = cleaned(project_urls=deep)
    assert orjson.dumps(document).count(b'"in"') <= 8
    assert problems


def test_an_undeclared_field_is_left_out() -> None:
    assert cleaned(id="a", stars=5) == ({"id": "a"}, ["stars is not a declared field"])
