"""What is said about lines that are not JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.json_errors import explain_json_error

AT = "[json.exception.parse_error.101] parse error at line 1, column "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{not json",
            "3: syntax error while parsing object key - invalid literal; last read: '{no'; "
            "expected string literal",
        ),
        (
            '{"a" 1}',
            "6: syntax error while parsing object separator - unexpected number literal; "
            "expected ':'",
        ),
        (
            "[1,",
            "4: syntax error while parsing value - unexpected end of input; expected '[', '{', "
            "or a literal",
        ),
        (
            '{"a": "b',
            "9: syntax error while parsing value - invalid string: missing closing quote; "
            "last read: '\"b'",
        ),
        (
            '{"a": 1} {',
            "10: syntax error while parsing value - unexpected '{'; expected end of input",
        ),
    ],
)
def test_the_place_and_the_reason_are_named(text: str, message: str):
    assert explain_json_error(text) == AT + message


@given(st.text(alphabet='{}[]",:0123nultrefas-.\\ \n', max_size=30))
def test_whatever_is_not_json_is_explained_in_one_sentence(text: str):
    try:
        json.loads(text)
    except ValueError:
        assert explain_json_error(text)
