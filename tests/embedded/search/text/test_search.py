"""Searching and filtering a small index."""

from __future__ import annotations

import apsw
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.embedded.search.text.conftest import FIELDS, Shelf

from pyf.aggregator.embedded.search.text import Synonym, TextIndex, TextQuery
from pyf.aggregator.embedded.search.text.query import MAX_WORDS


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("plone", [0, 1]),
        ("api", [0, 1]),
        ("restapi", [1]),
        ("simple framework", [4]),
        ('"web framework"', [2, 4]),
        ('"framework web"', []),
        ("framework -simple", [2]),
        ('framework -"simple web"', [2]),
        ("-plone", [2, 3, 4]),
        ("frame", [2, 4]),
        ("flsak", [4]),
        ("djangofilter", [3]),
        ("rest ap", [1]),
        ("xyzzy", []),
    ],
)
def test_what_is_found(stocked: Shelf, q: str, found: list[int]):
    assert sorted(stocked.find(q)) == found


def test_the_whole_value_ranks_before_a_part(stocked: Shelf):
    assert stocked.find("django", "name") == [2, 3]
    assert stocked.find("filter", "name", prioritize_exact_match=False) == [3]


def test_an_earlier_or_heavier_field_ranks_before_others(shelf: Shelf):
    shelf.put([{"name": "plone one"}, {"summary": "plone two"}])

    assert shelf.find("plone", "name,summary") == [0, 1]
    assert shelf.find("plone", "summary,name") == [1, 0]
    assert shelf.find("plone", "name,summary", weights=(1, 5)) == [1, 0]


def test_more_fields_rank_higher_unless_told_otherwise(shelf: Shelf):
    shelf.put([{"name": "plone one"}, {"name": "plone two", "summary": "for plone"}])

    assert shelf.find("plone") == [1, 0]
    assert shelf.find("plone", prioritize_num_matching_fields=False) == [0, 1]


def test_nearer_words_rank_higher(shelf: Shelf):
    shelf.put([{"summary": "fast and rather small server"}, {"summary": "a fast server"}])

    assert shelf.find("fast server", "summary") == [1, 0]


def test_earlier_words_rank_higher_when_asked_for(shelf: Shelf):
    shelf.put([{"summary": "so much for plone"}, {"summary": "for plone only"}])

    assert shelf.find("plone", "summary", prioritize_token_position=True) == [1, 0]
    assert shelf.find("for plone", "summary", prioritize_token_position=True) == [1, 0]


def test_words_of_different_elements_are_not_near_each_other(shelf: Shelf):
    shelf.put([{"keywords": ["rest", "api"]}, {"keywords": ["rest api"]}])

    assert shelf.find("rest api", "keywords") == [1, 0]
    assert shelf.find('"rest api"', "keywords") == [1]


def test_dropping_words(stocked: Shelf):
    """Words are left out from the right, then from the left, until something is found."""
    assert stocked.find("plone xyzzy", drop_tokens_threshold=0) == []
    assert sorted(stocked.find("plone xyzzy")) == [0, 1]
    assert sorted(stocked.find("xyzzy plone")) == [0, 1]
    left_first = stocked.find("flask xyzzy django", drop_tokens_mode="left_to_right")
    assert sorted(left_first) == [2, 3]
    both = stocked.find("flask xyzzy django", drop_tokens_mode="both_sides:3")
    assert sorted(both) == [2, 3, 4]


def test_a_hit_without_a_dropped_word_ranks_lower(shelf: Shelf):
    shelf.put([{"name": "plone"}, {"name": "plone", "summary": "api"}])

    assert shelf.find("plone xyzzy api", drop_tokens_threshold=1) == [1, 0]


def test_short_words_are_not_corrected(stocked: Shelf):
    assert stocked.find("wab") == []
    assert sorted(stocked.find("wab", min_len_1typo=3)) == [2, 4]
    assert stocked.find("frmework", num_typos=(0,)) == []


def test_numbers_are_corrected_only_if_wanted(shelf: Shelf):
    shelf.put([{"name": "release 20301"}])

    assert shelf.find("20302") == [0]
    assert shelf.find("20302", enable_typos_for_numerical_tokens=False) == []


def test_prefix_and_typos_can_be_set_per_field(stocked: Shelf):
    assert sorted(stocked.find("frame", "name,summary", prefix=(True, False))) == []
    assert stocked.find("flsak", "summary,name", num_typos=(2, 0)) == []
    assert stocked.find("flsak", "summary,name", num_typos=(0, 2)) == [4]


def test_the_best_prefixes_are_those_of_most_documents(shelf: Shelf):
    """More terms begin alike than are tried: the frequent ones are."""
    shelf.put([{"name": f"term{letter}"} for letter in "abcdefgh"])
    shelf.put([{"name": "termz"}, {"name": "termz"}], first=8)

    found = shelf.find("term", "name")
    assert {8, 9} <= set(found) and len(found) == 5
    assert len(shelf.find("term", "name", exhaustive_search=True)) == 10
    assert len(shelf.find("term", "name", max_candidates=20)) == 10


def test_synonyms_are_found_too(stocked: Shelf):
    meant = (Synonym(("cms", "plone")),)

    assert stocked.find("cms") == []
    assert sorted(stocked.find("cms", synonyms=meant)) == [0, 1]


def test_stopwords_are_not_looked_for(stocked: Shelf):
    assert sorted(stocked.find("the plone", stopwords=frozenset({"the"}))) == [0, 1]


def test_infix_finds_the_middle_of_a_word(stocked: Shelf):
    assert stocked.find("ask30", "file") == []
    assert stocked.find("ask30", "file", infix=("fallback",)) == [4]


def test_symbols_to_index_tell_values_apart(stocked: Shelf):
    assert stocked.find("c++", "language") == [2]
    assert stocked.filter("language", "c#") == [3]


def test_only_allowed_documents_are_found(stocked: Shelf):
    def found(q: str, *allowed: int) -> list[int]:
        query = TextQuery(q, ("name", "summary"))
        return stocked.index.search(stocked.db, query, np.array(allowed, np.int64)).seqs.tolist()

    assert found("plone", 1, 3) == [1]
    assert found("*", 1, 3) == [1, 3]
    assert found("plone") == []
    assert found("fra", 4, 7, 99) == [4]


def test_few_allowed_documents_among_many_terms(shelf: Shelf):
    """Not every one of hundreds of terms is tried, but those of many documents are."""
    shelf.put([{"name": f"p{n} pelican" if n % 2 else f"p{n}"} for n in range(1500)])
    query = TextQuery("p", ("name",))
    found = shelf.index.search(shelf.db, query, np.array([701, 702], np.int64))

    assert 701 in found.seqs.tolist()


def test_words_beyond_a_limit_are_not_looked_for(shelf: Shelf):
    shelf.put([{"name": "plone"}])

    assert shelf.find(" ".join(["plone"] * MAX_WORDS + ["xyzzy"]), drop_tokens_threshold=0) == [0]


def test_corrections_end_with_the_time_given(stocked: Shelf):
    assert stocked.find("flsak", cutoff_ms=10_000) == [4]
    assert stocked.find("flsak", cutoff_ms=0) == []


def test_all_documents_match_a_query_without_words(stocked: Shelf):
    found = stocked.index.search(stocked.db, TextQuery("*", ("name",)), None)

    assert found.wildcard and found.seqs.tolist() == [0, 1, 2, 3, 4]
    assert found.scores.tolist() == [0] * 5


def test_an_empty_index_finds_nothing(shelf: Shelf):
    assert shelf.find("plone") == shelf.find("*") == []
    assert shelf.filter("name", "plone") == []


@pytest.mark.parametrize(
    ("value", "exact", "prefix", "found"),
    [
        ("plone.api", True, False, [0]),
        ("PLONE API", True, False, [0]),
        ("plone", True, False, []),
        ("plone", True, True, [0, 1]),
        ("plone", False, False, [0, 1]),
        ("rest", False, True, [1]),
        ("rest", True, True, []),
        ("api plone", False, False, []),
        ("filter", False, False, [3]),
        ("...", True, False, []),
    ],
)
def test_filters_compare_tokens(
    stocked: Shelf, value: str, exact: bool, prefix: bool, found: list[int]
):
    assert stocked.filter("name", value, exact=exact, prefix=prefix) == found


def test_a_filter_looks_at_each_element_of_an_array(shelf: Shelf):
    shelf.put([{"keywords": ["rest", "api"]}, {"keywords": ["rest api", "other"]}])

    assert shelf.filter("keywords", "rest api") == [1]
    assert shelf.filter("keywords", "rest") == [0]
    assert shelf.filter("keywords", "rest", exact=False) == [0, 1]


values = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, min_size=1, max_size=5), values)
def test_a_filter_finds_the_values_with_the_same_tokens_whatever_they_contain(
    texts: list[str], asked: str
):
    """No value can mean more than itself."""
    shelf = Shelf(apsw.Connection(":memory:"), TextIndex(1, FIELDS))
    shelf.put([{"name": text} for text in texts])
    split = shelf.index.tokenizer("name").split
    assume(split(asked))

    for value in [asked, *(text for text in texts if split(text))]:
        same = [seq for seq, text in enumerate(texts) if split(text) == split(value)]
        assert shelf.filter("name", value) == same
