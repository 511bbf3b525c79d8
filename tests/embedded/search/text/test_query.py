"""Taking apart what was typed, weights, synonyms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.text.query import (
    ParsedQuery,
    parse_query,
    synonym_variants,
    weighted_fields,
)
from pyf.aggregator.embedded.search.text.tokenizer import Tokenizer
from pyf.aggregator.embedded.search.text.types import Synonym, TextQuery

DOTTED = Tokenizer((".", "-"))
NOTHING: frozenset[str] = frozenset()


def taken_apart(q: str, tokenizer: Tokenizer = DOTTED) -> ParsedQuery:
    return parse_query(q, tokenizer, segmented=False, stopwords=frozenset({"the"}))


@pytest.mark.parametrize("q", ["", "  ", "*", " * ", "-", "...", '"'])
def test_nothing_to_look_for(q: str):
    assert taken_apart(q) == ParsedQuery()


@pytest.mark.parametrize(
    ("q", "parsed"),
    [
        ("Plone.API the 6", ParsedQuery(("plone", "api", "6"))),
        ("plone -api", ParsedQuery(("plone",), (), (("api",),))),
        ('"rest api" plone', ParsedQuery(("plone",), (("rest", "api"),))),
        ('" rest api "', ParsedQuery((), (("rest", "api"),))),
        ('-"rest api" plone', ParsedQuery(("plone",), (), (("rest", "api"),))),
        ('"never closed', ParsedQuery((), (("never", "closed"),))),
        ("django-filter", ParsedQuery(("django", "filter"))),
    ],
)
def test_words_phrases_exclusions(q: str, parsed: ParsedQuery):
    assert taken_apart(q) == parsed


def test_a_minus_that_is_indexed_excludes_nothing():
    assert taken_apart("-api", Tokenizer((), ("-",))) == ParsedQuery(("-api",))


def test_segmented_text_is_only_cut_at_blanks():
    parsed = parse_query("plone.api x", Tokenizer(), segmented=True, stopwords=NOTHING)

    assert parsed.words == ("ploneapi", "x")


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_any_text_can_be_taken_apart(q: str, segmented: bool):
    parsed = parse_query(q, DOTTED, segmented=segmented, stopwords=NOTHING)

    assert all(parsed.words) and all(map(all, parsed.phrases + parsed.exclusions))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((), [("a", 15), ("b", 14), ("c", 13)]),
        ((9, 5, 5), [("a", 9), ("b", 5), ("c", 5)]),
        ((1, 5, 2), [("b", 15), ("c", 14), ("a", 13)]),
        ((100, 50, 50), [("a", 15), ("b", 14), ("c", 14)]),
    ],
)
def test_weights_order_the_fields(weights: tuple[int, ...], expected: list[tuple[str, int]]):
    """Ordered weights up to 15 are kept, others squeezed into that range."""
    fields = weighted_fields(TextQuery("q", ("a", "b", "c"), weights))

    assert [(field.name, field.weight) for field in fields] == expected


def test_synonyms_stand_for_each_other():
    variants = synonym_variants(("best", "cms"), [Synonym(("cms", "content management"))], DOTTED)

    assert variants == [("best", "content", "management")]


def test_a_root_is_replaced_but_does_not_replace():
    one_way = [Synonym(("sneaker", "boot"), root="shoe")]

    assert synonym_variants(("shoe",), one_way, DOTTED) == [("sneaker",), ("boot",)]
    assert synonym_variants(("boot",), one_way, DOTTED) == []
