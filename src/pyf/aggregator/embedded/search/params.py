"""Search parameters: from what a request carries to one checked, frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from .errors import ApiError, bad_request, unsupported_feature
from .sorting import split_outside
from .text import HighlightParams, Synonym, TextQuery

MAX_PER_PAGE = 250
DEFAULT_PER_PAGE = 10
DEFAULT_FACET_VALUES = 10
DEFAULT_GROUP_LIMIT = 3
MAX_GROUP_LIMIT = 99
DEFAULT_TYPOS = 2
LARGEST_COUNT = 0xFFFF_FFFF

UNSUPPORTED = {
    "vector_query": "Vector search (`vector_query`)",
    "pinned_hits": "Curation (`pinned_hits`)",
    "hidden_hits": "Curation (`hidden_hits`)",
    "conversation": "Conversational search",
    "nl_query": "Natural language search",
    "voice_query": "Voice search",
    "personalization_model_id": "Personalization",
    "facet_return_parent": "Returning the parents of facet values (`facet_return_parent`)",
    "override_tags": "Curation (`override_tags`)",
}
FALSE_VALUES = frozenset({"", "false", "0"})


@dataclass(frozen=True)
class SearchParams:
    """One search. ``filters`` must all hold; each was written by someone else."""

    q: str
    query_by: tuple[str, ...]
    text: TextQuery
    filters: tuple[str, ...]
    sort_by: str
    facet_by: str
    max_facet_values: int
    facet_query: str
    facet_query_num_typos: int
    group_by: tuple[str, ...]
    group_limit: int
    group_missing_values: bool
    include_fields: tuple[str, ...]
    exclude_fields: tuple[str, ...]
    page: int
    per_page: int
    offset: int
    limit_hits: int | None
    highlight: HighlightParams
    stopwords: str
    synonyms: bool

    @property
    def is_wildcard(self) -> bool:
        return self.q == "*"


class ParamReader:
    """The parameters of one search by name, with the checks that Typesense makes on them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, default)

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(split_outside(self.text(name)))

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        return default if value not in ("true", "false", "0", "1") else value in ("true", "1")

    def count(self, name: str, default: int) -> int:
        value = self._values.get(name)
        if value is None:
            return default
        if not _is_count(value):
            raise bad_request(f"Parameter `{name}` must be an unsigned integer.")
        return int(value)

    def optional_count(self, name: str) -> int | None:
        return self.count(name, 0) if name in self._values else None

    def counts(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """One number, or one per field of ``query_by``."""
        parts = self.names(name)
        if not parts:
            return default
        if not all(map(_is_count, parts)):
            raise bad_request(f"Parameter `{name}` must be an unsigned integer.")
        return tuple(int(part) for part in parts)

    def flags(self, name: str, default: tuple[bool, ...]) -> tuple[bool, ...]:
        parts = [part.lower() for part in self.names(name)]
        if not all(part in ("true", "false") for part in parts):
            raise bad_request("Prefix value must be a boolean.")
        return tuple(part == "true" for part in parts) or default


def _is_count(text: str) -> bool:
    """Whether it is an unsigned integer of 32 bits, as all numbers of a search are."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_COUNT


def as_strings(values: Mapping[str, Any]) -> dict[str, str]:
    """The values of a JSON object as a query string would carry them."""
    strings = {}
    for name, value in values.items():
        if isinstance(value, bool):
            strings[name] = "true" if value else "false"
        elif isinstance(value, str):
            strings[name] = value
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            strings[name] = ",".join(value)
        elif isinstance(value, int | float):
            strings[name] = str(value)
        elif value is not None:
            strings[name] = orjson.dumps(value).decode()
    return strings


def parse_search(
    values: Mapping[str, str], filters: Sequence[str] = (), synonyms: tuple[Synonym, ...] = ()
) -> SearchParams:
    """Check all parameters of a search; ``filters`` hold besides its own ``filter_by``."""
    given = ParamReader(values)
    _refuse_unsupported(given)
    q = given.text("q", "*")
    query_by = given.names("query_by")
    per_page = _per_page(given)
    page = given.count("page", 0)
    offset = given.count("offset", 0)
    limit_hits = given.optional_count("limit_hits")
    if "offset" not in values or page:
        offset = (max(page, 1) - 1) * per_page
    if limit_hits is not None and offset + per_page > max(limit_hits, 0):
        raise ApiError(
            422,
            f"Only upto {limit_hits} hits can be fetched. Ensure that `page` and `per_page` "
            "parameters are within this range.",
        )
    group_limit = given.count("group_limit", DEFAULT_GROUP_LIMIT)
    group_by = given.names("group_by")
    if group_by and not 1 <= group_limit <= MAX_GROUP_LIMIT:
        raise bad_request("Value of `group_limit` must be between 1 and 99.")
    return SearchParams(
        q=q,
        query_by=query_by,
        text=_text_query(given, q, query_by, synonyms),
        filters=tuple(one for one in (*filters, given.text("filter_by")) if one.strip()),
        sort_by=given.text("sort_by"),
        facet_by=given.text("facet_by"),
        max_facet_values=given.count("max_facet_values", DEFAULT_FACET_VALUES),
        facet_query=given.text("facet_query"),
        facet_query_num_typos=given.count("facet_query_num_typos", DEFAULT_TYPOS),
        group_by=group_by,
        group_limit=group_limit,
        group_missing_values=given.flag("group_missing_values", True),
        include_fields=given.names("include_fields"),
        exclude_fields=given.names("exclude_fields"),
        page=page or offset // max(per_page, 1) + 1,
        per_page=per_page,
        offset=offset,
        limit_hits=limit_hits,
        highlight=_highlight(given),
        stopwords=given.text("stopwords"),
        synonyms=given.flag("enable_synonyms", True),
    )


def _refuse_unsupported(given: ParamReader) -> None:
    for name, what in UNSUPPORTED.items():
        if given.text(name).lower() not in FALSE_VALUES:
            raise unsupported_feature(what)


def _per_page(given: ParamReader) -> int:
    per_page = given.count("per_page", given.count("limit", DEFAULT_PER_PAGE))
    if per_page > MAX_PER_PAGE:
        raise ApiError(422, f"Only upto {MAX_PER_PAGE} hits can be fetched per page.")
    return per_page


def _text_query(
    given: ParamReader, q: str, query_by: tuple[str, ...], synonyms: tuple[Synonym, ...]
) -> TextQuery:
    weights = given.counts("query_by_weights", ())
    if weights and len(weights) != len(query_by):
        raise bad_request(
            "Number of weights in `query_by_weights` does not match number of `query_by` fields."
        )
    exhaustive = given.flag("exhaustive_search", False)
    return TextQuery(
        q=q,
        query_by=query_by,
        weights=weights,
        prefix=given.flags("prefix", (True,)),
        num_typos=given.counts("num_typos", (DEFAULT_TYPOS,)),
        infix=given.names("infix") or ("off",),
        typo_tokens_threshold=given.count("typo_tokens_threshold", 1),
        drop_tokens_threshold=given.count("drop_tokens_threshold", 1),
        drop_tokens_mode=given.text("drop_tokens_mode", "right_to_left"),
        prioritize_exact_match=given.flag("prioritize_exact_match", True),
        prioritize_token_position=given.flag("prioritize_token_position", False),
        prioritize_num_matching_fields=given.flag("prioritize_num_matching_fields", True),
        text_match_type=given.text("text_match_type", "max_score"),
        split_join_tokens=given.text("split_join_tokens", "fallback"),
        min_len_1typo=given.count("min_len_1typo", 4),
        min_len_2typo=given.count("min_len_2typo", 7),
        max_candidates=given.optional_count("max_candidates"),
        exhaustive_search=exhaustive,
        enable_typos_for_numerical_tokens=given.flag("enable_typos_for_numerical_tokens", True),
        enable_typos_for_alpha_numerical_tokens=given.flag(
            "enable_typos_for_alpha_numerical_tokens", True
        ),
        synonyms=synonyms if given.flag("enable_synonyms", True) else (),
        synonym_prefix=given.flag("synonym_prefix", False),
        synonym_num_typos=given.count("synonym_num_typos", DEFAULT_TYPOS),
        demote_synonym_match=given.flag("demote_synonym_match", False),
        pre_segmented=given.flag("pre_segmented_query", False),
    )


def _highlight(given: ParamReader) -> HighlightParams:
    return HighlightParams(
        fields=given.names("highlight_fields"),
        full_fields=given.names("highlight_full_fields"),
        affix_num_tokens=given.count("highlight_affix_num_tokens", 4),
        start_tag=given.text("highlight_start_tag", "<mark>"),
        end_tag=given.text("highlight_end_tag", "</mark>"),
        snippet_threshold=given.count("snippet_threshold", 30),
    )
