"""Filter expressions: one quoting function, and values that cannot break out of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.errors import UsageError
from pyf.aggregator.index import filters


def test_equality_of_one_and_of_many() -> None:
    assert filters.equals("name", "plone.api") == "name:=`plone.api`"
    assert filters.equals("id", "a-1", "b-2") == "id:=[`a-1`,`b-2`]"


def test_a_backtick_is_refused() -> None:
    with pytest.raises(UsageError, match="backtick"):
        filters.quote("a`b")


@given(st.text())
def test_a_value_never_ends_its_literal(value: str) -> None:
    """Whatever the value, there is exactly one literal, or the value is refused."""
    try:
        literal = filters.quote(value)
    except UsageError:
        assert "`" in value
        return
    assert literal[0] == literal[-1] == "`"
    assert "`" not in literal[1:-1]
