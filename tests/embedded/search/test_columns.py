"""Columns, filters and sorting agree with the plain way of doing it, whatever the history."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pyf.aggregator.embedded.search.columns import (
    MAX_UNUSED_ITEMS,
    Columns,
    StringDictionary,
    sort_key,
)
from pyf.aggregator.embedded.search.facets import FacetInput, count_facet, parse_facets
from pyf.aggregator.embedded.search.filter_syntax import parse_filter
from pyf.aggregator.embedded.search.filters import FilterContext, evaluate_filter
from pyf.aggregator.embedded.search.schema import CollectionSchema, parse_schema
from pyf.aggregator.embedded.search.sorting import SortContext, parse_sort, sort_rows

SCHEMA: CollectionSchema = parse_schema(
    {
        "name": "c",
        "fields": [
            {"name": "n", "type": "int32", "optional": True, "facet": True},
            {"name": "ns", "type": "int32[]", "optional": True, "facet": True},
            {"name": "s", "type": "string", "optional": True, "facet": True, "sort": True},
            {"name": "ss", "type": "string[]", "optional": True, "facet": True},
        ],
    },
    created_at=0,
)
WORDS = st.sampled_from(["a", "B", "ab", "a b", "zz", "é", "10", "9", ""])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-3, 3),
        "ns": st.lists(st.integers(-2, 2), max_size=3),
        "s": WORDS,
        "ss": st.lists(WORDS, max_size=3),
    },
)
# A write: which of a few sequence numbers get which document, or are removed.
WRITES = st.lists(
    st.dictionaries(st.integers(0, 14), st.one_of(st.none(), DOCUMENTS), max_size=6), max_size=8
)


def played(writes: list[dict[int, Any]]) -> tuple[Columns, dict[int, dict[str, Any]]]:
    """Columns after the writes, and the documents as a plain dict."""
    columns = Columns([one for one in SCHEMA.fields if one.is_column])
    documents: dict[int, dict[str, Any]] = {}
    highest = -1
    for write in writes:
        # As the server does it: what is new is newer than everything before, what was removed
        # does not come back under its number.
        allowed = {seq: d for seq, d in write.items() if seq in documents or seq > highest}
        allowed = {seq: d for seq, d in allowed.items() if d is not None or seq in documents}
        columns.apply(allowed)
        for seq, document in allowed.items():
            if document is None:
                del documents[seq]
            else:
                documents[seq] = document
                highest = max(highest, seq)
    return columns, documents


def holds(columns: Columns, text: str) -> list[int]:
    node = parse_filter(SCHEMA, text)
    assert node is not None
    context = FilterContext(columns, columns.row_count, _no_text, lambda _: None)
    mask = evaluate_filter(context, node)
    return columns.seqs[: columns.row_count][mask].tolist()


def _no_text(*_: object) -> Any:
    raise AssertionError("no text in these filters")


@settings(deadline=None)
@given(WRITES, st.integers(-3, 3), st.integers(-3, 3))
def test_filters_on_numbers_agree_with_a_plain_loop(writes: Any, low: int, high: int):
    columns, documents = played(writes)
    expected = {
        f"n:>{low}": lambda d: "n" in d and d["n"] > low,
        f"n:[{low}..{high}]": lambda d: "n" in d and low <= d["n"] <= high,
        f"n:!={low}": lambda d: d.get("n") != low,
        f"n:[{low},{high}]": lambda d: d.get("n") in (low, high),
        f"ns:={low}": lambda d: low in d.get("ns", ()),
        f"ns:!=[{low},{high}]": lambda d: not {low, high} & set(d.get("ns", ())),
        f"ns:<{low} || n:<{high}": lambda d: (
            any(one < low for one in d.get("ns", ())) or ("n" in d and d["n"] < high)
        ),
        f"n:>{low} || n:<{low} && ns:>{high}": lambda d: (
            ("n" in d and d["n"] != low) and any(one > high for one in d.get("ns", ()))
        ),
    }

    for text, plain in expected.items():
        assert holds(columns, text) == sorted(s for s, d in documents.items() if plain(d)), text


@settings(deadline=None)
@given(WRITES, st.booleans(), st.booleans(), st.integers(1, 20))
def test_sorting_agrees_with_sorted(writes: Any, up: bool, first: bool, wanted: int):
    columns, documents = played(writes)
    text = f"s(missing_values: {'first' if first else 'last'}):{'asc' if up else 'desc'},n:desc"
    rows = columns.live_rows()

    context = SortContext(columns, None, lambda _: np.zeros(0, dtype=np.bool_))
    positions = sort_rows(context, parse_sort(SCHEMA, text, wildcard=True), rows, wanted)

    def plain(seq: int) -> tuple[Any, ...]:
        key = sort_key(documents[seq].get("s", ""))
        missing = not key
        n = documents[seq].get("n")
        return (missing != first, b"" if missing else key, n is None, -(n or 0), -seq)

    expected = sorted(documents, key=plain)
    if not up:
        expected.sort(key=lambda s: (plain(s)[0], _inverted(plain(s)[1]), *plain(s)[2:]))
    assert columns.seqs[rows[positions]].tolist() == expected[:wanted]


def _inverted(key: bytes) -> tuple[int, ...]:
    """A key that sorts the other way round."""
    return (*(-byte for byte in key), 1)


@settings(deadline=None)
@given(WRITES)
def test_facets_agree_with_a_plain_count(writes: Any):
    columns, documents = played(writes)
    found = FacetInput(columns, columns.row_count, columns.live_rows())
    expected: dict[str, dict[str, int]] = {"n": {}, "ns": {}, "s": {}, "ss": {}}
    for document in documents.values():
        for name, counts in expected.items():
            value = document.get(name, [])
            values = value if name == "ns" else set(value) if isinstance(value, list) else [value]
            for one in values:
                if one != "":
                    counts[str(one)] = counts.get(str(one), 0) + 1

    for name, counts in expected.items():
        (key,) = parse_facets(SCHEMA, name)
        shown = count_facet(found, key, limit=100, query=None, tags=("", ""))["counts"]
        assert {one["value"]: one["count"] for one in shown} == counts
        assert [one["count"] for one in shown] == sorted(counts.values(), reverse=True)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=4), max_size=30), max_size=8))
def test_words_that_come_later_are_ranked_as_if_they_had_been_there(batches: list[list[str]]):
    words = StringDictionary()
    for batch in batches:
        for text in batch:
            words.code(text)
        words.ranks()

    ranks = words.ranks()
    codes = [code for code in range(len(words.texts)) if not np.isnan(ranks[code])]
    by_rank = sorted(codes, key=lambda code: (ranks[code], sort_key(words.texts[code])))
    by_key = sorted(codes, key=lambda code: sort_key(words.texts[code]))
    keys_by_rank = [sort_key(words.texts[code]) for code in by_rank]
    assert keys_by_rank == [sort_key(words.texts[code]) for code in by_key]
    for one, other in itertools.pairwise(codes):
        same = sort_key(words.texts[one]) == sort_key(words.texts[other])
        assert (ranks[one] == ranks[other]) == same


def test_a_rank_is_found_also_where_no_number_is_left_between_neighbours():
    words = StringDictionary()
    for text in ("a", "b"):
        words.code(text)
    words.ranks()

    for length in range(1, 80):  # each one between "a" and the one before
        words.code("a" + "0" * (80 - length) + "z")
        words.ranks()

    ranks = words.ranks()
    in_order = sorted(range(len(words.texts)), key=lambda code: ranks[code])
    assert len(set(ranks.tolist())) == len(words.texts)
    texts = [words.texts[code] for code in in_order]
    assert texts == sorted(words.texts, key=sort_key)


def test_columns_are_told_to_be_read_anew_when_most_rows_are_gone():
    columns = Columns([one for one in SCHEMA.fields if one.is_column])
    columns.apply({seq: {"n": seq} for seq in range(5000)})
    columns.apply(dict.fromkeys(range(2000)))
    assert not columns.is_wasteful

    columns.apply(dict.fromkeys(range(2000, 3000)))

    assert columns.is_wasteful
    assert columns.live_rows().tolist() == list(range(3000, 5000))


def test_columns_are_told_to_be_read_anew_when_changes_left_much_behind():
    columns = Columns([one for one in SCHEMA.fields if one.is_column])
    columns.apply({0: {"ss": ["a", "b"], "s": "x"}})
    assert not columns.is_wasteful

    for number in range(MAX_UNUSED_ITEMS):
        columns.apply({0: {"ss": [f"a{number}", "b"], "s": f"x{number}"}})

    assert columns.is_wasteful


def test_several_readers_rank_the_same_words():
    words = StringDictionary()
    for number in range(3000):
        words.code(f"word{number * 7919 % 3001:04}")
    words.ranks()
    for number in range(1500):
        words.code(f"word{number * 7919 % 3001:04}a")

    with ThreadPoolExecutor(4) as pool:
        ranked = list(pool.map(lambda _: words.ranks().tolist(), range(8)))

    order_of = sorted(range(len(words.texts)), key=ranked[0].__getitem__)
    assert all(one == ranked[0] for one in ranked)
    assert [words.texts[code] for code in order_of] == sorted(words.texts)
