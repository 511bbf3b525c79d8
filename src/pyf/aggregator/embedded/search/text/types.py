"""What crosses the seam between the search server and its text room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .scoring import text_match_info

Int64Array = npt.NDArray[np.int64]

DEFAULT_CANDIDATES = 4
EXHAUSTIVE_CANDIDATES = 10_000


@dataclass(frozen=True)
class TextField:
    """One indexed string field; the separators and symbols are the ones in force for it."""

    name: str
    array: bool
    token_separators: tuple[str, ...] = ()
    symbols_to_index: tuple[str, ...] = ()
    infix: bool = False


@dataclass(frozen=True)
class Synonym:
    """``root`` empty: all ``synonyms`` stand for each other; else they stand for ``root`` too."""

    synonyms: tuple[str, ...]
    root: str = ""
    symbols_to_index: tuple[str, ...] = ()


@dataclass(frozen=True)
class TextQuery:
    """The text part of a search request, validated.

    ``prefix``, ``num_typos`` and ``infix`` hold one value for all fields or one per field of
    ``query_by``; ``weights`` is empty or as long as ``query_by``. ``max_candidates`` None means
    Typesense's default, which ``exhaustive_search`` lifts. After ``cutoff_ms`` milliseconds no
    further corrections are tried.
    """

    q: str
    query_by: tuple[str, ...]
    weights: tuple[int, ...] = ()
    prefix: tuple[bool, ...] = (True,)
    num_typos: tuple[int, ...] = (2,)
    infix: tuple[str, ...] = ("off",)
    typo_tokens_threshold: int = 1
    drop_tokens_threshold: int = 1
    drop_tokens_mode: str = "right_to_left"
    prioritize_exact_match: bool = True
    prioritize_token_position: bool = False
    prioritize_num_matching_fields: bool = True
    text_match_type: str = "max_score"
    split_join_tokens: str = "fallback"
    min_len_1typo: int = 4
    min_len_2typo: int = 7
    max_candidates: int | None = None
    exhaustive_search: bool = False
    enable_typos_for_numerical_tokens: bool = True
    enable_typos_for_alpha_numerical_tokens: bool = True
    synonyms: tuple[Synonym, ...] = ()
    synonym_prefix: bool = False
    synonym_num_typos: int = 2
    demote_synonym_match: bool = False
    stopwords: frozenset[str] = frozenset()
    pre_segmented: bool = False
    cutoff_ms: int = 30_000


@dataclass(frozen=True)
class TokenHit:
    """How an indexed term came to match: length and edits of the query's word, or its prefix."""

    root_length: int
    typos: int
    prefix: bool


@dataclass(frozen=True)
class TextMatches:
    """The documents that match, ascending by ``seqs``, with ``scores`` (``text_match``) beside.

    ``wildcard`` is true where the query had nothing to match (``*``, empty, only exclusions):
    then the scores are all zero and hits carry neither ``text_match_info`` nor highlights.
    ``hits`` and ``words`` (those of the query) are what highlighting looks for.
    """

    seqs: Int64Array
    scores: Int64Array
    wildcard: bool = False
    query_by: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hits: Mapping[str, TokenHit] = field(default_factory=dict)
    match_type: str = "max_score"

    def info(self, seq: int) -> dict[str, Any]:
        """The ``text_match_info`` object of one hit (numbers and strings as in the answer)."""
        at = int(np.searchsorted(self.seqs, seq))
        return text_match_info(int(self.scores[at]), self.match_type, len(self.words))


@dataclass(frozen=True)
class HighlightParams:
    """The ``highlight_*`` parameters; ``fields`` empty means the fields of ``query_by``.

    ``"none"`` in ``fields`` turns highlighting off, as in Typesense. ``full_fields`` are the
    fields that also get ``value``, the whole text.
    """

    fields: tuple[str, ...] = ()
    full_fields: tuple[str, ...] = ()
    affix_num_tokens: int = 4
    start_tag: str = "<mark>"
    end_tag: str = "</mark>"
    snippet_threshold: int = 30
