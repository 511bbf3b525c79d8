"""Rows made tidy: the names that the project's one normaliser gives, nothing lost unsaid."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.names import normalize_name
from pyf.aggregator.store.download_rows import MAX_NAME_LENGTH, tidy_rows

PIECES = st.sampled_from(["a", "Z", "9", "-", "_", ".", "ß", " ", "__all__"])
NAMES = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=140)


def is_name(text: str) -> bool:
    """Whether a normalized name can be that of a project."""
    inner = all(c.isascii() and (c.islower() or c.isdigit() or c == "-") for c in text)
    return inner and text.strip("-") == text != "" and len(text) <= MAX_NAME_LENGTH


@given(names=st.lists(NAMES, max_size=20), category=st.sampled_from([None, "", "pip"]))
def test_names_are_those_of_the_normaliser(names: list[str], category: str | None) -> None:
    table = pa.table(
        {
            "dimension": pa.array(["installer"] * len(names), pa.string()),
            "package": pa.array(names, pa.string()),
            "category": pa.array([category] * len(names), pa.string()),
            "downloads": pa.array([1] * len(names), pa.int64()),
        }
    )

    tidied = tidy_rows(table)

    given_names = [name for name in names if name != "__all__"]
    wanted = [normalize_name(name) for name in given_names if is_name(normalize_name(name))]
    assert tidied.rows["package"].to_pylist() == wanted
    assert set(tidied.rows["category"].to_pylist()) <= {category or "null"}
    assert tidied.skipped == len(given_names) - len(wanted)
    changed = [name for name in given_names if name != normalize_name(name)]
    assert tidied.renamed == len([name for name in changed if is_name(normalize_name(name))])


def test_rows_without_a_count_are_counted_and_those_of_zero_are_not_wrong() -> None:
    table = pa.table(
        {
            "dimension": ["overall", "overall", "overall", None],
            "package": ["a", "b", "c", "d"],
            "category": ["with_mirrors"] * 4,
            "downloads": pa.array([None, 0, 2, 5], pa.int64()),
        }
    )

    tidied = tidy_rows(table)

    assert tidied.rows["package"].to_pylist() == ["c"]
    assert {what: fault.rows for what, fault in tidied.wrong.items()} == {
        "no count": 1,
        "an unknown dimension": 1,
    }
    assert tidied.wrong["no count"].example == "a, overall, with_mirrors: None"
