"""Filters: how they are read, and that a quoted value cannot change one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.errors import ApiError
from pyf.aggregator.embedded.search.filter_syntax import (
    BooleanOperation,
    IdTest,
    NumberTest,
    TextTest,
    parse_filter,
)
from pyf.aggregator.embedded.search.schema import CollectionSchema, parse_schema

SCHEMA: CollectionSchema = parse_schema(
    {
        "name": "c",
        "fields": [
            {"name": "n", "type": "int32"},
            {"name": "f", "type": "float"},
            {"name": "s", "type": "string"},
            {"name": "b", "type": "bool"},
            {"name": "off", "type": "string", "index": False, "optional": True},
        ],
    },
    created_at=0,
)


def test_operators_are_read_from_left_to_right_as_typesense_does():
    tree = parse_filter(SCHEMA, "n:1 || n:2 && n:3")

    assert isinstance(tree, BooleanOperation)
    assert tree.operator == "&&"
    assert isinstance(tree.left, BooleanOperation)
    assert tree.left.operator == "||"


@pytest.mark.parametrize("text", ["s:=`a && b`", "s: = `a && b`", "(s:=`a && b`)"])
def test_backticks_protect_operators(text: str):
    tree = parse_filter(SCHEMA, text)

    assert isinstance(tree, TextTest)
    assert (tree.values, tree.exact, tree.negated) == (("a && b",), True, False)


def test_several_values_are_cut_at_commas_outside_of_backticks():
    tree = parse_filter(SCHEMA, "s:!=[`a, b`, c,d]")

    assert isinstance(tree, TextTest)
    assert (tree.values, tree.exact, tree.negated) == (("a, b", "c", "d"), True, True)


def test_ids_may_be_quoted():
    assert parse_filter(SCHEMA, "id:=`a/b 1.0`") == IdTest(("a/b 1.0",))
    assert parse_filter(SCHEMA, "id:![a]") == IdTest(("![a]",))
    assert parse_filter(SCHEMA, "id:!=[a,`b,c`]") == IdTest(("a", "b,c"), negated=True)


def test_an_empty_filter_is_none():
    assert parse_filter(SCHEMA, "  ") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n:1 & n:2", "Error with filter field `n`: Numerical field has an invalid comparator."),
        ("off:x", "Cannot filter on non-indexed field `off`."),
        (
            "n:99999999999",
            "Error with filter field `n`: `99999999999` exceeds the range of an int32.",
        ),
        ("f:>x", "Error with filter field `f`: Not a float."),
        ("s:=", "Error with filter field `s`: Filter value cannot be empty."),
        ("b:[true,x]", "Values of filter field `b`: must be `true` or `false`."),
        ("id:", "Error with filter field `id`: Filter value cannot be empty."),
        ("()", "Filter query cannot be empty."),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str):
    with pytest.raises(ApiError) as refusal:
        parse_filter(SCHEMA, text)

    assert (refusal.value.status, str(refusal.value)) == (400, message)


def test_too_many_operations_are_refused():
    with pytest.raises(ApiError, match="too many operations"):
        parse_filter(SCHEMA, " || ".join(["n:1"] * 60))


@given(st.text(st.characters(exclude_characters="`"), min_size=1))
def test_a_quoted_value_never_changes_a_filter(value: str):
    tree = parse_filter(SCHEMA, f"s:=`{value}` && n:>1")

    assert isinstance(tree, BooleanOperation)
    assert isinstance(tree.left, TextTest)
    assert isinstance(tree.right, NumberTest)


@given(st.text(alphabet="nsfb:=!<>[]().,&|` 19-ab*", max_size=40))
def test_no_filter_breaks_the_parser(text: str):
    try:
        parse_filter(SCHEMA, text)
    except ApiError as refusal:
        assert refusal.status in (400, 501)
