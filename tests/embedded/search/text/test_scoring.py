"""Nearness of tokens: the arrays agree with the search written for one text."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.text import scoring
from pyf.aggregator.embedded.search.text.postings import low_halves, pack_occurrences
from pyf.aggregator.embedded.search.text.snippet_window import (
    SnippetWindow,
    TokenPositions,
    best_window,
)

WORDS = "abcd"
texts = st.lists(st.sampled_from("abcd" + "x" * 12), min_size=1, max_size=60)


def occurrences(word: str, documents: list[list[str]]) -> np.ndarray:
    """Where a word stands in documents 0, 1, 2 and so on, one element each."""
    counts = np.array([len(text) for text in documents])
    places = low_halves(np.zeros(len(documents), np.int64), counts)
    dids = np.repeat(np.arange(len(documents)), counts)
    wanted = np.array([token == word for text in documents for token in text])
    return pack_occurrences(dids, places)[wanted]


def one_by_one(words: str, text: list[str]) -> SnippetWindow | None:
    places = [[at for at, token in enumerate(text) if token == word] for word in words]
    placed = [TokenPositions(tuple(p), p[-1] == len(text) - 1) for p in places if p]
    return best_window(placed) if placed else None


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=6), st.integers(2, 4))
def test_arrays_agree_with_one_text_at_a_time(documents: list[list[str]], size: int):
    words = WORDS[:size]
    near = scoring.proximity([occurrences(word, documents) for word in words], True)
    expected = [w for text in documents if (w := one_by_one(words, text))]

    assert near.present.tolist() == [w.tokens for w in expected]
    assert near.within.tolist() == [w.within for w in expected]
    assert near.distance.tolist() == [w.distance for w in expected]
    assert near.exact.tolist() == [w.exact for w in expected]


def test_a_score_says_what_it_is_made_of():
    """The figures of a recorded hit: one word, prefix, second field of two."""
    best = scoring.field_score(1, 1, 0, cost=1, exact=0, offset=0)
    score = scoring.total_score(
        "max_score", np.array([1]), np.array([best]), np.array([14]), np.array([1])
    )

    assert scoring.text_match_info(int(score[0]), "max_score", total_tokens=2) == {
        "best_field_score": "1108074561536",
        "best_field_weight": 14,
        "fields_matched": 1,
        "num_tokens_dropped": 1,
        "score": "578730089005449329",
        "tokens_matched": 1,
        "typo_prefix_score": 1,
    }
    assert score[0] == 578730089005449329


def test_weight_can_come_first():
    best, fields = (
        np.array([scoring.field_score(2, 2, 1, cost=0, exact=1, offset=0)]),
        np.array([2]),
    )
    score = scoring.total_score("max_weight", np.array([2]), best, np.array([15]), fields)
    info = scoring.text_match_info(int(score[0]), "max_weight", total_tokens=2)

    assert (info["best_field_weight"], info["best_field_score"]) == (15, str(best[0]))
    assert (info["tokens_matched"], info["fields_matched"]) == (2, 2)
