"""Authors out of the forms that metadata has had over the years."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyf.aggregator.documents.people import People, parse_people

CASES = [
    ("Jane Doe", "jane@x.example", "Jane Doe", "jane@x.example"),
    (None, "Jane Doe <jane@x.example>", "Jane Doe", "jane@x.example"),
    (
        "",
        '"Doe, Jane" <jane@x.example>, Bob <bob@y.example>',
        "Doe, Jane, Bob",
        "jane@x.example, bob@y.example",
    ),
    ("Jane", "Someone Else <else@x.example>", "Jane", "else@x.example"),
    ("UNKNOWN", "UNKNOWN", None, None),
    (None, "jane@x.example; bob@y.example", None, "jane@x.example, bob@y.example"),
    (
        None,
        "=?utf-8?q?Timoth=C3=A9e?= =?utf-8?b?IE0u?= <t@x.example>",
        "Timothée M.",
        "t@x.example",
    ),
    ("=?iso-8859-1?q?J=FCrgen?= Müller", None, "Jürgen Müller", None),
    ("=?no-such-charset?q?J=FCrgen?=", None, "=?no-such-charset?q?J=FCrgen?=", None),
    (None, "jane@x.example (Jane Doe)", "Jane Doe", "jane@x.example"),
    (
        "Jane <jane@x.example> and Bob <bob@y.example>",
        None,
        "Jane, Bob",
        "jane@x.example, bob@y.example",
    ),
    ('"Doe, Jane <x>" <jane@x.example>', None, "Doe, Jane <x>", "jane@x.example"),
    ("Jane <jane@x.example>, Bob", None, "Jane, Bob", "jane@x.example"),
    (["Jane", "Bob"], ["jane@x.example"], "Jane, Bob", "jane@x.example"),
    ([{"name": "Jane", "email": "jane@x.example"}], None, "Jane", "jane@x.example"),
    ("Jane\n   Doe", None, "Jane Doe", None),
    (None, 'Jane "the <jane@x.example>, Bob <b@y.example>', 'Jane "the, Bob', None),
    (None, "Jane Doe", "Jane Doe", None),
    (None, "Smith and Sons <s@x.example>", "Smith and Sons", "s@x.example"),
    ("玉衡Alioth", None, "玉衡Alioth", None),
]


@pytest.mark.parametrize(("names", "emails", "shown", "addresses"), CASES)
def test_names_and_addresses(
    names: object, emails: object, shown: str | None, addresses: str | None
) -> None:
    found = parse_people(names, emails)
    assert found.names == shown
    if addresses:
        assert found.addresses == addresses


def test_a_quote_without_end_does_not_swallow_the_rest() -> None:
    found = parse_people(None, 'Jane "the <jane@x.example>, Bob <b@y.example>')
    assert found.addresses == "jane@x.example, b@y.example"


@pytest.mark.parametrize("value", [5, 1.5, True, ["a", 5]])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not a text"):
        parse_people(value, None)


@example("", "@( =")
@given(st.text(max_size=60), st.text('<>,;"@ =?ab()', max_size=60))
def test_any_text_is_read(names: str, emails: str) -> None:
    found = parse_people(names, emails)
    assert isinstance(found, People)
    for shown in (found.names, found.addresses):
        assert shown is None or shown == shown.strip() != ""


@pytest.mark.parametrize(
    "header", ["<" * 100_000, "a" * 100_000 + "<", "@" * 100_000, "=?" * 50_000]
)
def test_a_hostile_header_takes_no_time(header: str) -> None:
    parse_people(header, header)
