"""The sort key of versions against PEP 440, over every shape and every recorded version."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents import versions
from pyf.aggregator.documents.versions import (
    VersionParts,
    sort_key,
    version_parts,
    version_sortable,
)

NUMBERS = st.one_of(
    st.integers(0, 3),
    st.sampled_from([9, 10, 9998, 9999, 10000, 10001, 20240101]),
    st.integers(0, 10**30),
)
WORDS = st.text("abz019", min_size=1, max_size=4)


@st.composite
def pep440(draw: st.DrawFn) -> str:
    """Draw a version of any shape; few distinct numbers, so that neighbours meet."""
    release = ".".join(map(str, draw(st.lists(NUMBERS, min_size=1, max_size=5))))
    optional = {
        "epoch": draw(st.one_of(st.just(""), st.just(""), NUMBERS.map("{}!".format))),
        "pre": draw(st.one_of(st.just(""), st.builds("{}{}".format, PRES, NUMBERS))),
        "post": draw(st.one_of(st.just(""), NUMBERS.map(".post{}".format))),
        "dev": draw(st.one_of(st.just(""), NUMBERS.map(".dev{}".format))),
        "local": draw(st.one_of(st.just(""), st.lists(WORDS, min_size=1, max_size=3).map(join))),
    }
    return "{epoch}{release}{pre}{post}{dev}{local}".format(release=release, **optional)


PRES = st.sampled_from(["a", "b", "rc"])


def join(words: list[str]) -> str:
    return "+" + ".".join(words)


def stripped(text: str) -> str:
    """Return what a search server may compare instead."""
    return "".join(letter for letter in text if letter.isalnum()).lower()


def assert_same_order(one: str, other: str) -> None:
    expected = (sort_key(one) > sort_key(other)) - (sort_key(one) < sort_key(other))
    left, right = version_sortable(one), version_sortable(other)
    assert (left > right) - (left < right) == expected, (one, other)
    left, right = stripped(left), stripped(right)
    assert (left > right) - (left < right) == expected, (one, other)


@pytest.mark.parametrize(
    ("version", "sortable"),
    [
        ("2.5.3", "1.0002.0005.0003.0000.0000"),
        ("3.0.0a2", "0.0003.0000.0000.0001.0002"),
        ("3.0b1", "0.0003.0000.0000.0002.0001"),
        ("3rc9999", "0.0003.0000.0000.0003.9999"),
        ("3.0.dev7", "0.0003.0000.0000.0000.0007"),
        ("9999.9999.9999.0.0", "1.9999.9999.9999.0000.0000"),
        ("v1.0-BETA", "0.0001.0000.0000.0002.0000"),
        ("0", "1.0000.0000.0000.0000.0000"),
        ("2009-05-13a", "0"),
        ("", "0"),
        ("1" * 5000, "0"),
    ],
)
def test_ordinary_versions_have_exactly_six_slots(version: str, sortable: str) -> None:
    assert version_sortable(version) == sortable


@pytest.mark.parametrize(
    ("version", "slots"),
    [
        ("1.0.post1", "1.0001.0000.0000.0000.0000."),
        ("1.2.3.4", "1.0001.0002.0003.0000.0000."),
        ("1.2+abc", "1.0001.0002.0000.0000.0000."),
        ("1.2.3.4a1", "0.0001.0002.0003.0004.0000."),
        ("1.0.post1.dev2", "0.0001.0000.0000.0004.0000."),
        ("1.0a2.post1", "0.0001.0000.0000.0001.0002."),
        ("1.0a2.dev3", "0.0001.0000.0000.0001.0001."),
        ("1.0b0.dev3", "0.0001.0000.0000.0001.9999."),
        ("1.20240101.7", "1.0001.9999.9999.9999.9999."),
        ("20240101", "1.9999.9999.9999.9999.9999."),
        ("1!2.0", "1.9999.9999.9999.9999.9999."),
        ("1.0rc10000", "0.0001.0000.0000.0003.9999."),
    ],
)
def test_other_versions_take_the_slots_below_them_and_a_key(version: str, slots: str) -> None:
    sortable = version_sortable(version)
    assert sortable.startswith(slots)
    key = sortable.removeprefix(slots)
    assert key.isascii() and key.isalnum() and key == key.lower()


@settings(max_examples=1500, deadline=None)
@given(pep440(), pep440())
@example("1.0a0.dev1", "1.0.dev10000")
@example("1.0+a", "1.0+ab")
@example("1.0+1", "1.0+z")
@example("1.0", "1.0.0")
@example("1.2.3.4a1", "1.2.3.post1.dev2")
def test_strings_sort_like_stable_first_then_pep440(one: str, other: str) -> None:
    assert_same_order(one, other)


@settings(max_examples=300, deadline=None)
@given(pep440(), st.sampled_from([".0", ".0.0"]))
def test_equal_versions_give_equal_strings(version: str, zeros: str) -> None:
    assert version_sortable(f"V{version.upper()} ") == version_sortable(version)
    if set(version) <= set("0123456789."):
        assert version_sortable(version + zeros) == version_sortable(version)


@given(st.text(max_size=40))
def test_any_text_has_a_place(text: str) -> None:
    assert (version_sortable(text) == versions.INVALID) == (versions.parse_version(text) is None)
    assert version_sortable(text) >= versions.INVALID


def test_shapes_near_each_other_sort_right_in_all_pairs() -> None:
    releases = ["0", "1", "1.0.0.1", "1.0.1", "1.9999.9999", "1.9999.9999.1", "1.10000", "10000"]
    pres = ["", "a0", "a1", "a9999", "a10000", "b0", "rc0", "rc9999"]
    posts, devs, locals_ = ["", ".post0", ".post1"], ["", ".dev0", ".dev9999"], ["", "+a"]
    shapes = ["".join(s) for s in itertools.product(releases, pres, posts, devs, locals_)]
    ordered = sorted(shapes, key=sort_key)
    for one, other in itertools.pairwise(ordered):
        assert_same_order(one, other)


@needs_shared
def test_every_recorded_version_sorts_like_its_neighbours_and_a_sample_of_all() -> None:
    recorded = sorted(set(recorded_versions()))
    assert len(recorded) > 6500
    ordered = sorted(recorded, key=sort_key)
    for one, other in itertools.pairwise(ordered):
        assert_same_order(one, other)
    chance = random.Random(440)
    for _ in range(20_000):
        assert_same_order(chance.choice(recorded), chance.choice(recorded))


@needs_shared
def test_recorded_lists_sort_by_string_as_by_pep440() -> None:
    lists = json.loads((SHARED / "corpus/hard/version-lists-mixed.json").read_text())
    for listed in lists.values():
        by_string = sorted(listed, key=version_sortable, reverse=True)
        assert by_string == sorted(listed, key=sort_key, reverse=True)


def recorded_versions() -> Iterator[str]:
    """Yield every version string of the recorded answers and of the hard cases."""
    hard = SHARED / "corpus/hard"
    for name, column in (("versions-not-pep440.tsv", 1), ("versions-odd-but-valid.tsv", 2)):
        for line in (hard / name).read_text("utf-8").splitlines():
            yield line.split("\t")[column]
    yield from strings(json.loads((hard / "version-lists-mixed.json").read_text("utf-8")))
    yield from strings(json.loads((hard / "versions-packaging-tests.json").read_text("utf-8")))
    for path in sorted((SHARED / "corpus/pypi").glob("json*/**/*.json")):
        answer = json.loads(path.read_text("utf-8"))
        yield answer["info"]["version"]
        yield from answer.get("releases") or ()
    trimmed = json.loads((SHARED / "corpus/pypi/json-trimmed.json").read_text("utf-8"))
    yield from strings(trimmed)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def test_parts_show_three_numbers_and_zeros_for_what_is_not_pep440() -> None:
    assert version_parts("2.5rc1") == VersionParts(2, 5, 0, is_prerelease=True, valid=True)
    assert version_parts("1!20240101.1.2.3") == VersionParts(20240101, 1, 2, False, True)
    assert version_parts("0.3dev-r91") == VersionParts(0, 0, 0, is_prerelease=False, valid=False)


def test_newest_is_the_last_stable_release() -> None:
    assert max(["1.0", "2.0", "3.0a1", "nonsense"], key=sort_key) == "2.0"
    assert max(["nonsense", "3.0a1", "3.0.dev1"], key=sort_key) == "3.0a1"
