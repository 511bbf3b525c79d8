"""Which terms a word may stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from pyf.aggregator.embedded.search.text.candidates import TermTree, find_candidates

words = st.text("abc", min_size=1, max_size=7)
vocabularies = st.sets(words, min_size=1, max_size=40)


def tree(
    terms: set[str], ranks: dict[str, int] | None = None, *, nodes_rank: bool = False
) -> TermTree:
    ordered = sorted(terms)
    numbers = np.array([(ranks or {}).get(term, 1) for term in ordered])
    return TermTree(ordered, numbers, nodes_rank)


def found(terms: TermTree, token: str, cost: int, *, prefix: bool, wanted: int = 1000) -> list[str]:
    return find_candidates(terms, token, cost, prefix, wanted, set(), lambda leaf: True)


@settings(deadline=None)
@given(vocabularies, words)
def test_without_edits_a_prefix_finds_all_that_begin_with_it(terms: set[str], token: str):
    expected = {term for term in terms if term.startswith(token)}

    assert set(found(tree(terms), token, 0, prefix=True)) == expected


@settings(deadline=None)
@given(vocabularies, words)
def test_without_edits_and_prefix_only_the_word_itself_is_found(terms: set[str], token: str):
    assert found(tree(terms), token, 0, prefix=False) == [token] * (token in terms)


@settings(deadline=None)
@given(vocabularies, words, st.integers(1, 2))
def test_what_is_found_is_as_far_away_as_asked(terms: set[str], token: str, cost: int):
    """Swapped letters count one, but two at the very beginning."""
    for term in found(tree(terms), token, cost, prefix=False):
        assert OSA.distance(token, term) in (cost, cost - 1)


@settings(deadline=None)
@given(vocabularies, words)
def test_every_single_edit_is_found(terms: set[str], token: str):
    swapped_start = {token[1::-1] + token[2:]}
    expected = {t for t in terms if OSA.distance(token, t) == 1} - swapped_start

    assert expected <= set(found(tree(terms), token, 1, prefix=False)) | {token}


@pytest.mark.parametrize(
    ("typed", "term", "cost"),
    [
        ("plne", "plone", 1),
        ("djanog", "django", 1),
        ("appi", "applications", 1),
        ("framewrok", "framework", 1),
        ("interfacse", "interfaces", 1),
        ("tempalting", "templating", 1),
        ("restfull", "restful", 1),
        ("pltinumm", "platinum", 2),
    ],
)
def test_usual_misspellings(typed: str, term: str, cost: int):
    assert found(tree({term, "zope", "other"}), typed, cost, prefix=True) == [term]


def test_the_word_itself_comes_first_then_the_highest_ranks():
    terms = tree({"plone", "plonex", "ploney", "plonez"}, {"ploney": 9, "plonez": 5})

    assert found(terms, "plone", 0, prefix=True, wanted=3) == ["plone", "ploney", "plonez"]


def test_nodes_that_rank_like_their_best_leaf_are_looked_into_first():
    """Of many terms only a few are looked at; with points the best is among them."""
    many = {f"a{first}{second}" for first in "bcdefgh" for second in "bcdefgh"}
    best = "aee"

    assert best in found(tree(many, {best: 9}, nodes_rank=True), "a", 0, prefix=True, wanted=1)


def test_terms_already_taken_and_refused_ones_are_passed_over():
    terms = tree({"abc", "abd", "abe"})
    taken = {"abc"}
    refused = terms.position("abd")

    assert find_candidates(terms, "ab", 0, True, 4, taken, lambda leaf: leaf != refused) == ["abe"]
    assert taken == {"abc", "abe"}
