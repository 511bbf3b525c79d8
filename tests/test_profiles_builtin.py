"""The built-in profiles are complete, measured by both lists of classifiers there are."""

from __future__ import annotations

import importlib.util
import json
from importlib import resources
from pathlib import Path

import pytest
import yaml
from trove_classifiers import deprecated_classifiers, sorted_classifiers

from pyf.aggregator.profiles import Profiles, load_profiles
from pyf.aggregator.settings import load_settings
from tests.shared import SHARED, needs_shared

FAMILIES = {
    "plone": ("Framework :: Plone",),
    "django": ("Framework :: Django", "Framework :: Django CMS"),
    "flask": ("Framework :: Flask",),
}


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return load_profiles(load_settings({}, dotenv=None))


def in_family(classifiers, roots):
    return {c for c in classifiers if any(c == r or c.startswith(f"{r} :: ") for r in roots)}


def listed(key: str) -> set[str]:
    """The classifiers that the file itself names, without what families add."""
    text = resources.files("pyf.aggregator").joinpath("profiles.yaml").read_text("utf-8")
    return set(yaml.safe_load(text)["profiles"][key]["classifiers"])


@pytest.mark.parametrize("key", FAMILIES)
def test_the_main_profiles_have_every_classifier_of_the_installed_package(profiles, key):
    assert in_family(sorted_classifiers, FAMILIES[key]) <= set(profiles.get(key).classifiers)


@pytest.mark.parametrize("key", FAMILIES)
def test_the_main_profiles_list_nothing_that_does_not_exist(key):
    assert listed(key) <= in_family([*sorted_classifiers, *deprecated_classifiers], FAMILIES[key])


@needs_shared
@pytest.mark.parametrize("key", FAMILIES)
def test_the_main_profiles_list_every_recorded_classifier_that_is_not_deprecated(key):
    folder = SHARED / "corpus" / "pypi"
    recorded = (folder / "trove-classifiers.txt").read_text("utf-8").splitlines()
    deprecated = json.loads((folder / "trove-classifiers-deprecated.json").read_text("utf-8"))

    missing = in_family(recorded, FAMILIES[key]) - listed(key) - set(deprecated)

    assert len(in_family(recorded, FAMILIES[key])) > 0
    assert missing == set()


def test_no_built_in_profile_lacks_a_member_of_a_family_it_starts(profiles):
    for profile in profiles:
        roots = [c for c in profile.classifiers if c.count(" :: ") == 1]
        assert in_family(sorted_classifiers, roots) == set(profile.classifiers), profile.key


@needs_shared
def test_every_recorded_framework_has_a_profile_or_is_left_out_on_purpose(profiles):
    """Those left out have hardly a project, or are tools without an ecosystem."""
    left_out = {"BEAT", "BFG", "Bob", "Chandler", "IDLE", "Opps", "Paste", "PySimpleGUI", "Pycsou"}
    recorded = (SHARED / "corpus" / "pypi" / "trove-classifiers.txt").read_text("utf-8")
    frameworks = {
        line.split(" :: ")[1] for line in recorded.splitlines() if line.startswith("Framework :: ")
    }
    covered = {c.split(" :: ")[1] for profile in profiles for c in profile.classifiers}

    assert frameworks - covered == left_out


@needs_shared
def test_recorded_projects_belong_where_their_classifiers_say(profiles):
    belongs = {}
    for path in sorted((SHARED / "corpus" / "pypi" / "json").glob("*.json")):
        info = json.loads(path.read_bytes())["info"]
        classifiers, name = info.get("classifiers") or [], info["name"]
        belongs[name] = {p.key for p in profiles if p.matches(classifiers, name)}
        for key, roots in FAMILIES.items():
            assert (key in belongs[name]) == bool(in_family(classifiers, roots)), name

    assert "flask" not in belongs.get("flask-cbv", belongs.get("Flask-CBV", set()))
    assert sum("datasette" in keys for keys in belongs.values()) > 10


def test_the_file_ships_with_the_package():
    spec = importlib.util.find_spec("pyf.aggregator")

    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).with_name("profiles.yaml").is_file()
