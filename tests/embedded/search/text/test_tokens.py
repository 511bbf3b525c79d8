"""How text becomes tokens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.text.tokenizer import MAX_TOKEN_CHARS, Tokenizer

PLAIN = Tokenizer()
DOTTED = Tokenizer((".", "-", "_"), ("+",))
tokenizers = st.sampled_from([PLAIN, DOTTED])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("...", []),
        ("Plone.API 6-dev", ["plone", "api", "6", "dev"]),
        ("C++, don't", ["c++", "dont"]),
        ("one\ntwo\tthree", ["one", "twothree"]),
        ("Genève", ["genve"]),
        ("Straße “quoted” ﬁne", ["strasse", "quoted", "fine"]),
        ("Привет 日本", ["привет", "日本"]),
    ],
)
def test_rules(text: str, tokens: list[str]):
    """Separators end a token, other signs vanish, symbols stay, as the recorded server does."""
    assert DOTTED.split(text) == tokens


def test_signs_that_do_not_separate_are_dropped_inside_a_word():
    assert PLAIN.split("plone.api") == ["ploneapi"]


@settings(deadline=None)
@given(tokenizers, st.text())
def test_splitting_again_changes_nothing(tokenizer: Tokenizer, text: str):
    tokens = tokenizer.split(text)

    assert tokenizer.split(" ".join(tokens)) == tokens


@settings(deadline=None)
@given(tokenizers, st.text())
def test_spans_are_the_tokens_and_lie_in_order(tokenizer: Tokenizer, text: str):
    spans = list(tokenizer.spans(text))
    edges = [edge for span in spans for edge in (span.start, span.end)]

    assert [token[:MAX_TOKEN_CHARS] for token in tokenizer.split(text)] == [s.token for s in spans]
    assert edges == sorted(edges)
    assert all(tokenizer.split(text[s.start : s.end])[0].startswith(s.token) for s in spans)


@settings(deadline=None)
@given(st.text(), st.text())
def test_case_of_ascii_letters_does_not_matter(before: str, after: str):
    assert PLAIN.split(f"{before} ABC {after}") == PLAIN.split(f"{before} abc {after}")
