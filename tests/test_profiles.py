"""Profiles: which projects belong, and what is said about a definition that is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.errors import ProfileError
from pyf.aggregator.profiles import (
    Profile,
    all_projects_profile,
    load_profiles,
    parse_profiles,
    profile_from_classifiers,
)
from pyf.aggregator.settings import load_settings

PLONE = Profile(
    key="plone",
    name="Plone",
    classifiers=("Framework :: Plone", "Framework :: Plone :: 6.0"),
    collection="plone",
    include=("zope-interface",),
    exclude=("plone-test-sample",),
)


def load(path: Path | None = None):
    environ = {"PYF_PROFILES": str(path)} if path else {}
    return load_profiles(load_settings(environ, dotenv=None))


def parse(text: str) -> dict[str, Profile]:
    return parse_profiles(text, "mine.yaml", ())


@pytest.mark.parametrize(
    ("classifiers", "name", "belongs"),
    [
        (["Framework :: Plone"], "plone.api", True),
        (["Topic :: Internet", "Framework :: Plone :: 6.0"], "plone.api", True),
        (["Framework :: Plone :: 5.2"], "plone.api", False),
        (["framework :: plone"], "plone.api", False),
        (["Framework :: Plone "], "plone.api", False),
        ([], "plone.api", False),
        ([], "zope.interface", True),
        ([], "Zope_Interface", True),
        (["Framework :: Plone"], "Plone.Test_Sample", False),
    ],
)
def test_a_project_belongs_by_an_exact_classifier_or_by_name(classifiers, name, belongs):
    assert PLONE.matches(classifiers, name) is belongs


def test_older_releases_count_only_where_the_profile_says_so():
    older = ["Framework :: Plone"]

    assert not PLONE.matches([], "old.addon", older)
    assert replace(PLONE, match="any").matches([], "old.addon", older)
    assert not replace(PLONE, match="any").matches([], "plone-test-sample", older)
    assert not replace(PLONE, match="any").matches([], "old.addon", ["Framework :: Flask"])


def test_everything_takes_every_project():
    assert all_projects_profile("all").matches([], "anything")
    assert all_projects_profile("all").collection == "all"


def test_a_profile_of_single_classifiers_takes_only_those_that_exist():
    profile = profile_from_classifiers(["Framework :: Plone", "Framework :: Plone"], "packages1")

    assert profile.classifiers == ("Framework :: Plone",)
    assert profile.collection == "packages1"
    with pytest.raises(ProfileError, match="did you mean 'Framework :: Plone'"):
        profile_from_classifiers(["Framework :: Plon"], "packages1")
    with pytest.raises(ProfileError, match="no classifier"):
        profile_from_classifiers([], "packages1")


def test_an_unknown_profile_is_answered_with_the_nearest_and_the_list():
    with pytest.raises(ProfileError, match=r"did you mean 'django'\?.*known: plone, django, flask"):
        load().get("Djano")
    with pytest.raises(ProfileError, match=r"there is no profile 'zzzzzz'; known"):
        load().get("zzzzzz")


def test_a_file_of_ones_own_adds_profiles_and_replaces_whole_ones(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        """
profiles:
  mine:
    name: My own
    description: What we build on.
    classifiers: ["Framework :: Plone :: 6.0"]
    families: ["Framework :: Pytest"]
    include: [Requests, typing_extensions, requests]
    exclude: [pytest]
    match: any
    collection: own
  flask:
    include: [flask]
""",
        encoding="utf-8",
    )

    profiles = load(path)

    assert profiles.get("mine") == Profile(
        key="mine",
        name="My own",
        description="What we build on.",
        classifiers=("Framework :: Plone :: 6.0", "Framework :: Pytest"),
        include=("requests", "typing-extensions"),
        exclude=("pytest",),
        match="any",
        collection="own",
    )
    assert profiles.get("flask").classifiers == ()
    assert profiles.get("django") == load().get("django")
    assert len(profiles) == len(load()) + 1
    assert "mine" in profiles
    assert "mine" not in load()


def test_key_is_name_and_collection_unless_given():
    profile = parse("profiles: {mine: {include: [requests]}}")["mine"]

    assert (profile.name, profile.collection, profile.match) == ("mine", "mine", "latest")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no mapping with the key 'profiles'"),
        ("[a, b]", "no mapping with the key 'profiles'"),
        ("profiles:", "not a mapping from keys"),
        ("profiles: [a]", "not a mapping from keys"),
        ("profiles: {m: {include: [x]}}\nprofile: {}", "unknown key 'profile' .*'profiles'"),
        ("profiles:\n  m: [1", "mine.yaml, line 2: "),
        ("profiles:\n  m: {include: [a]}\n  m: {include: [b]}", "line 3: the key 'm' .* twice"),
        ("profiles: {m: !!python/name:os.system {}}", "mine.yaml, line 1: "),
        ("profiles: \x00", "not readable as YAML"),
        ("[" * 5000, "not readable as YAML"),
        ("profiles: {m: text}", "profile 'm': it is not a mapping"),
        ("profiles: {m: {}}", "'m': it selects nothing"),
        ("profiles: {m: {classifiers: []}}", "'m': it selects nothing"),
        ("profiles: {m: {classifers: [x]}}", "unknown key 'classifers' .*'classifiers'"),
        ("profiles: {m: {classifiers: x}}", "'classifiers' is not a list"),
        (
            'profiles: {m: {classifiers: ["Framework :: Plon"]}}',
            "did you mean 'Framework :: Plone'",
        ),
        ('profiles: {m: {families: ["Framework :: Djang"]}}', "did you mean 'Framework :: Django'"),
        ("profiles:\n  m:\n    classifiers:\n      - Framework :: Plone", "quote it"),
        ("profiles: {m: {include: [6.0]}}", "6.0 is not a text"),
        ("profiles: {m: {include: ['']}}", "'' is not a text"),
        ("profiles: {m: {include: ['a b']}}", "'a b' cannot be the name of a project"),
        ("profiles: {m: {include: [ä]}}", "cannot be the name of a project"),
        ("profiles: {m: {include: [x], exclude: [X]}}", "'x' is included and excluded"),
        ("profiles: {m: {include: [x], match: all}}", "neither 'latest' nor 'any'"),
        ("profiles: {m: {include: [x], name: 6.0}}", "name: 6.0 is not a text"),
        ("profiles: {m: {include: [x], collection: 'a b'}}", "a collection has letters"),
        ("profiles: {'a b': {include: [x]}}", "a key has letters"),
        ("profiles: {6.0: {include: [x]}}", "a key has letters"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_with_the_place(text, sentence):
    with pytest.raises(ProfileError, match=sentence) as caught:
        parse(text)

    assert str(caught.value).startswith("mine.yaml")
    assert len(str(caught.value).splitlines()) == 1


@given(st.text())
def test_any_text_is_either_profiles_or_refused(text):
    try:
        assert parse(text)
    except ProfileError as error:
        assert str(error).startswith("mine.yaml")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("profiles: {m: {include: [x], collection: plone}}", "'plone' and 'm' have the same"),
        ("profiles: {plone-3: {include: [x]}}", "would be a version of the collection 'plone'"),
    ],
)
def test_two_profiles_never_share_a_collection(tmp_path, text, sentence):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ProfileError, match=sentence):
        load(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"profiles: {\xe4: }")

    with pytest.raises(ProfileError, match=r"none\.yaml \(PYF_PROFILES\) cannot be read: No such"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ProfileError, match="cannot be read: Is a directory"):
        load(tmp_path)
    with pytest.raises(ProfileError, match="not UTF-8"):
        load(tmp_path / "latin.yaml")
