"""The generated catalogue: shares, kinds, and that a seed means the same every time."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from packaging.version import InvalidVersion, Version

from pyf.aggregator.names import normalize_name
from pyf.aggregator.samples.pypi.generated_source import GeneratedSource
from pyf.aggregator.samples.pypi.model import SampleProject
from pyf.aggregator.samples.pypi.options import END
from pyf.aggregator.samples.pypi.sample_index import SampleIndex

FAMILY = "Framework :: Plone"


def source(count: int = 3000, seed: int = 5, framework: str = FAMILY, share: float = 0.1):
    return GeneratedSource(count, seed, framework, share, END)


@pytest.fixture(scope="module")
def projects() -> list[SampleProject]:
    made = source()
    return [_found(made, name) for name, _, _ in made.listing()]


def _found(made: GeneratedSource, name: str) -> SampleProject:
    project = made.project(name)
    assert project is not None and project.normalized == name == normalize_name(project.name)
    return project


def in_family(project: SampleProject) -> bool:
    found = (each for release in project.releases for each in release.classifiers)
    return any(each == FAMILY or each.startswith(f"{FAMILY} :: ") for each in found)


def test_a_seed_gives_the_same_catalogue_and_another_one_another():
    def content(made: GeneratedSource) -> list[object]:
        found = (_found(made, name) for name, _, _ in list(made.listing())[:50])
        return [
            (
                each.name,
                each.serial,
                each.status,
                release.version,
                release.describe(),
                release.files(),
            )
            for each in found
            for release in each.releases
        ]

    assert content(source()) == content(source())
    assert content(source()) != content(source(seed=6))


def test_the_share_of_the_family_is_exact(projects: list[SampleProject]):
    others = source(framework="Framework :: Django", share=0.25)

    # A project without any release carries nothing.
    assert 295 <= sum(map(in_family, projects)) <= 300
    assert len(list(others.candidates("Framework :: Django"))) == 750
    assert len(list(others.candidates(FAMILY))) > 10


def test_few_of_the_projects_that_browse_names_have_left_the_family():
    index = SampleIndex(source(count=20_000, share=0.02))
    named = {
        normalize_name(pair[0])
        for pair in index.releases_with_classifiers([FAMILY])
        if pair is not None
    }
    gone = []
    for name in named:
        project = index.project(name)
        assert project is not None
        latest = project.latest_release()
        assert latest is not None
        if project.status == "quarantined" or FAMILY not in latest.classifiers:
            gone.append(name)

    # One in twenty carries only classifiers below the family's own.
    assert 360 <= len(named) <= 395
    assert 0 < len(gone) <= 0.02 * len(named)


def test_releases_are_about_six_of_all_kinds(projects: list[SampleProject]):
    counts = Counter(len(project.releases) for project in projects)
    versions = [release.version for project in projects for release in project.releases]
    valid = [parsed for parsed in map(_parsed, versions) if parsed is not None]

    assert 5.0 <= len(versions) / len(projects) <= 7.0
    assert counts[0] and counts[1] and max(counts) > 50
    assert 0 < len(versions) - len(valid) < 0.02 * len(versions)
    for kind in ("is_prerelease", "is_postrelease", "is_devrelease", "epoch"):
        assert any(getattr(version, kind) for version in valid), kind
    assert any(len(version.release) > 3 for version in valid)
    assert any(version.major > 2000 for version in valid)
    for project in projects:
        own = [_parsed(release.version) or release.version for release in project.releases]
        assert len(set(own)) == len(own)


def _parsed(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None


def test_states_are_all_there_and_rare(projects: list[SampleProject]):
    status = Counter(project.status for project in projects)
    releases = [release for project in projects for release in project.releases]
    yanked = [release for release in releases if release.yanked is not None]

    assert 0.015 <= status["archived"] / len(projects) <= 0.05
    assert status["quarantined"] == 6
    assert 0.005 <= len(yanked) / len(releases) <= 0.02
    assert {"", "broken wheel"} <= {release.yanked for release in yanked}
    assert any(not release.files() for release in releases)
    assert any(len(release.files()) > 5 for release in releases)
    assert all(release.created < END for release in releases)


def test_metadata_comes_in_the_forms_of_the_real_index(projects: list[SampleProject]):
    infos = [release.describe() for project in projects if (release := project.latest_release())]
    kinds = {(info["description_content_type"] or "").partition(";")[0] for info in infos}
    keywords = [info["keywords"] for info in infos]
    lengths = sorted(len(info["description"]) for info in infos)

    assert kinds == {"", "text/markdown", "text/x-rst", "text/plain"}
    assert None in keywords and "" in keywords
    words = [each for each in keywords if each]
    assert any(", " in each for each in words)
    assert any("," in each and " " not in each for each in words)
    assert any(" " in each and "," not in each for each in words)
    assert 1500 <= lengths[len(lengths) // 2] <= 4000
    assert lengths[-1] > 20_000
    assert any(not info["description"].isascii() for info in infos)
    assert {type(info["project_urls"]) for info in infos} == {dict, type(None)}
    assert any(info["license_expression"] for info in infos)


def test_an_empty_catalogue_and_a_tiny_one_are_possible():
    assert list(source(0).listing()) == list(source(0).rows_after(0)) == []
    assert len(list(source(1, share=1.0).listing())) == 1


@pytest.mark.parametrize(("count", "seconds"), [(20_000, 2.0), (100_000, 5.0)])
def test_many_projects_start_fast(count: int, seconds: float):
    begun = time.process_time()
    made = source(count)

    assert time.process_time() - begun < seconds
    assert len(list(made.listing())) == count


def test_names_are_unique_when_normalized():
    names = [name for name, _, _ in source(100_000).listing()]

    assert len(set(names)) == 100_000
    assert all(normalize_name(name) == name for name in names)
