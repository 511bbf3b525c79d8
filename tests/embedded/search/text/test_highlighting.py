"""Marking matched words."""

from __future__ import annotations

from typing import Any

import apsw
from tests.embedded.search.text.conftest import FIELDS, Shelf

from pyf.aggregator.embedded.search.text import (
    HighlightParams,
    TextField,
    TextIndex,
    TextQuery,
    highlight,
)


def marked(
    document: dict[str, Any], q: str, by: str = "summary,keywords", **params: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    shelf = Shelf(apsw.Connection(":memory:"), TextIndex(1, FIELDS))
    shelf.put([document])
    found = shelf.index.search(shelf.db, TextQuery(q, tuple(by.split(","))), None)
    assert found.seqs.tolist() == [0]
    return highlight(shelf.index, document, found, HighlightParams(**params))


def snippet(text: str, q: str, **params: Any) -> str:
    return marked({"summary": text}, q, **params)[0]["summary"]["snippet"]


LONG = " ".join(f"word{n}" for n in range(40)) + " plone and zope, " + "more text. " * 40


def test_a_short_text_is_kept_whole():
    assert snippet("An API (for Plone).", "plone api") == (
        "An <mark>API</mark> (for <mark>Plone</mark>)."
    )


def test_a_long_text_is_cut_around_the_best_stretch():
    assert snippet(LONG, "plone zope") == (
        "word36 word37 word38 word39 <mark>plone</mark> and <mark>zope</mark>, more text. more text"
    )


def test_how_much_stands_around_can_be_chosen():
    assert snippet(LONG, "zope", affix_num_tokens=1) == "and <mark>zope</mark>, more"


def test_a_text_shorter_than_the_threshold_is_not_cut():
    assert snippet(LONG, "zope", snippet_threshold=1000).startswith("word0 word1")


def test_only_what_was_typed_of_a_longer_word_is_marked():
    assert snippet("templating engines", "templ") == "<mark>templ</mark>ating engines"


def test_a_misspelt_word_is_marked_whole():
    assert snippet("templating engines", "tempalting") == "<mark>templating</mark> engines"


def test_a_dropped_word_is_marked_where_it_stands():
    document = {"summary": "plone and django"}

    assert marked(document, "plone xyzzy django")[0]["summary"]["matched_tokens"] == [
        "plone",
        "django",
    ]


def test_tags_and_full_values():
    document = {"summary": LONG}
    result, entries = marked(
        document, "zope", start_tag="<b>", end_tag="</b>", full_fields=("summary",)
    )

    assert result["summary"]["value"] == LONG.replace("zope", "<b>zope</b>")
    assert entries[0]["value"] == result["summary"]["value"]
    assert len(result["summary"]["snippet"]) < 100


def test_all_elements_are_mirrored_and_five_are_listed():
    document = {"keywords": ["plone", *["the plone"] * 7, "django"]}
    result, [entry] = marked(document, "plone", full_fields=("keywords",))

    assert len(result["keywords"]) == 9
    assert result["keywords"][8] == {
        "matched_tokens": [],
        "snippet": "django",
        "value": "django",
    }
    assert entry["indices"] == [0, 1, 2, 3, 4]
    assert entry["snippets"][1] == entry["values"][1] == "the <mark>plone</mark>"
    assert entry["matched_tokens"] == [["plone"]] * 5


def test_fields_can_be_chosen_and_unknown_ones_are_ignored():
    document = {"summary": "plone", "keywords": ["plone"]}

    assert list(marked(document, "plone", fields=("keywords", "nope"))[0]) == ["keywords"]
    assert marked(document, "plone", fields=("none",)) == ({}, [])


def test_the_field_that_matches_better_is_listed_first():
    document = {"summary": "all about plone", "keywords": ["plone"]}

    assert [entry["field"] for entry in marked(document, "plone")[1]] == ["keywords", "summary"]


def test_a_query_for_everything_marks_nothing():
    assert marked({"summary": "plone"}, "*") == ({}, [])


def test_fields_of_objects_are_mirrored_where_they_lie():
    """Deep fields have no entry in the older list."""
    fields = [TextField("owner.name", False), TextField("files.name", True)]
    index, db = TextIndex(1, fields), apsw.Connection(":memory:")
    document = {
        "owner": {"name": "Plone Foundation", "id": 3},
        "files": [{"name": "plone.tar"}, {"name": "other"}],
    }
    with db:
        index.create(db)
        values = {"owner.name": ["Plone Foundation"], "files.name": ["plone.tar", "other"]}
        index.add(db, 0, values)
    found = index.search(db, TextQuery("plone", ("owner.name", "files.name")), None)

    assert highlight(index, document, found, HighlightParams()) == (
        {
            "owner": {
                "name": {
                    "matched_tokens": ["Plone"],
                    "snippet": "<mark>Plone</mark> Foundation",
                }
            },
            "files": [
                {"name": {"matched_tokens": ["plone"], "snippet": "<mark>plone</mark>.tar"}},
                {"name": {"matched_tokens": [], "snippet": "other"}},
            ],
        },
        [],
    )
