"""Which repository a release names: real packages against a list made by hand, and every form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.documents import repository_urls
from pyf.aggregator.documents.repositories import find_named_repositories
from pyf.aggregator.documents.repository_urls import LinkPurpose

from ..shared import SHARED, needs_shared

CORPUS = SHARED / "corpus"
EXPECTED = Path(__file__).with_name("repositories.txt")
"""By folder of the corpus: what is asked about, then ``owner/name`` or the other forge, or nothing.

Compiled from the links by hand and by a second reading of them; where those two differed, by
looking at the package's links one by one.
"""


def expected() -> dict[tuple[str, str], str]:
    known, group = {}, ""
    for line in EXPECTED.read_text("utf-8").splitlines():
        if line.startswith("["):
            group = line.strip("[]")
        else:
            key, _, repository = line.partition(" ")
            known[group, key] = repository
    return known


def corpus() -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for group in ("json", "json-variants", "json-derived", "json-version"):
        folder = CORPUS / "pypi" / group
        for path in sorted(folder.rglob("*.json")):
            key = path.relative_to(folder).as_posix().removesuffix(".json")
            yield (group, key), json.loads(path.read_bytes())["info"]
    for path in sorted((CORPUS / "pypi" / "metadata").glob("*.METADATA")):
        yield ("metadata", path.stem), metadata(path)
    for line in (CORPUS / "hard" / "project-urls.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        yield ("odd", f"{entry['kind']}/{entry['name']}"), entry
    top = json.loads((CORPUS / "hard" / "project-urls-top-packages.json").read_bytes())
    for name, urls in top.items():
        yield ("top", name), {"name": name, "project_urls": urls}


def metadata(path: Path) -> dict[str, Any]:
    headers = BytesHeaderParser().parsebytes(path.read_bytes())
    alone = {"name": "Name", "home_page": "Home-page", "download_url": "Download-URL"}
    found: dict[str, Any] = {key: headers[name] for key, name in alone.items() if headers[name]}
    urls = [str(url) for url in headers.get_all("Project-URL") or []]
    return {key: str(value) for key, value in found.items()} | {"project_urls": urls}


def answer(info: Mapping[str, Any]) -> str:
    best = find_named_repositories(info).best
    if best is None:
        return ""
    repository = best.repository
    return repository.full_name if repository.forge == "github" else repository.forge


@needs_shared
def test_repositories_of_real_packages_are_found_and_none_is_invented():
    known = expected()
    wrong_of: dict[bool, list[str]] = {True: [], False: []}
    asked = {True: 0, False: 0}
    for key, info in corpus():
        has_one = bool(known[key])
        asked[has_one] += 1
        if answer(info).lower() != known[key].lower():
            wrong_of[has_one].append(f"{key}: {answer(info)!r}, not {known[key]!r}")

    assert asked[True] > 1_100
    assert asked[False] > 500
    assert wrong_of[False] == []
    assert len(wrong_of[True]) <= 0.02 * asked[True], wrong_of[True]


FORMS = [
    "https://github.com/plone/plone.api",
    "http://www.github.com/plone/plone.api/",
    "github.com/plone/plone.api",
    "https://GitHub.com/plone/plone.api.git",
    "git+https://github.com/plone/plone.api.git@main#egg=plone.api",
    "git@github.com:plone/plone.api.git",
    "ssh://git@github.com/plone/plone.api.git",
    "ssh://git@ssh.github.com:443/plone/plone.api.git",
    "git+ssh://git@github.com/plone/plone.api",
    "git://github.com/plone/plone.api.git",
    "https://user:token@github.com/plone/plone.api",
    "https://github.com/plone/plone.api#readme",
    "https://github.com/plone/plone.api?tab=readme-ov-file",
    "https://github.com/plone/plone.api/tree/main/src/plone",
    "https://github.com/plone/plone.api/issues/",
    "https://github.com/plone/plone.api/archive/refs/tags/2.0.tar.gz",
    "https://github.com/plone/plone.api #README.md",
    "https://github.com//plone/plone.api",
    "https:// github.com/plone/plone.api",
    "<https://github.com/plone/plone.api>",
    "see https://github.com/plone/plone.api.",
    "https://github.com/plone%2Fplone.api%20",
    "https://raw.githubusercontent.com/plone/plone.api/main/README.md",
    "https://codeload.github.com/plone/plone.api/zip/main",
    "https://api.github.com/repos/plone/plone.api/tarball",
    "https://docs.plone.example;Source,https://github.com/plone/plone.api;Other,https://x.example",
    "scm:git:https://github.com/plone/plone.api.git",
]


@pytest.mark.parametrize("url", FORMS)
def test_every_form_of_an_address(url: str):
    [found] = repository_urls.find_repositories(url).repositories

    assert (found.forge, found.full_name) == ("github", "plone/plone.api")
    assert found.url == "https://github.com/plone/plone.api"


@pytest.mark.parametrize(
    ("url", "forge", "full_name"),
    [
        ("https://gitlab.com/a/b/c/-/tree/main/docs", "gitlab", "a/b/c"),
        ("https://gitlab.com/a/b/issues", "gitlab", "a/b"),
        ("https://gitlab.cern.ch/group/sub/tool.git", "gitlab", "group/sub/tool"),
        ("https://gricad-gitlab.univ-grenoble-alpes.fr/x/y", "gitlab", "x/y"),
        ("git@gitlab.com:group/tool.git", "gitlab", "group/tool"),
        ("https://codeberg.org/pea/fh6/issues", "codeberg", "pea/fh6"),
        ("https://bitbucket.org/jdufour/phystool/src/master/", "bitbucket", "jdufour/phystool"),
    ],
)
def test_other_forges_are_told_as_such(url: str, forge: str, full_name: str):
    found = find_named_repositories({"project_urls": {"Source": url}})

    assert found.best is not None
    assert (found.best.repository.forge, found.best.repository.full_name) == (forge, full_name)
    assert found.reason == "other_forge"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://github.com/sponsors/plone", "no_repo_url"),
        ("https://github.com/orgs/plone/repositories", "no_repo_url"),
        ("https://gist.github.com/plone/0123456789", "no_repo_url"),
        ("https://plone.github.io/plone.api", "no_repo_url"),
        ("https://notgithub.com/plone/plone.api", "no_repo_url"),
        ("https://github.com.evil.example/plone/plone.api", "no_repo_url"),
        ("https://tracker.org/github.com/plone/plone.api", "no_repo_url"),
        ("https://docs.gitlab.com/ee/api", "no_repo_url"),
        ("https://gitlab.example.com/data-team/thing", "no_repo_url"),
        ("https://github.com/enterprises/plone/people", "no_repo_url"),
        ("https://github.com/advisories/GHSA-1234", "no_repo_url"),
        ("https://plone.org", "no_repo_url"),
        ("UNKNOWN", "no_repo_url"),
        ("", "no_repo_url"),
        ("https://github.com", "no_repo_url"),
        ("https://github.com/plone", "malformed_identifier"),
        ("https://github.com/Some Body/thing", "malformed_identifier"),
        ("https://github.com/<username>/<package>", "malformed_identifier"),
        ("https://github.com/{{cookiecutter.user}}/thing", "malformed_identifier"),
        ("https://github.com/your-username/thing", "malformed_identifier"),
        ("https://github.com/pypa/sampleproject", "malformed_identifier"),
    ],
)
def test_what_is_no_repository(url: str, reason: str):
    assert find_named_repositories({"name": "thing", "home_page": url}).reason == reason


def test_the_label_decides_before_the_order():
    found = find_named_repositories(
        {
            "name": "thing",
            "home_page": "https://github.com/old/thing",
            "project_urls": {
                "Documentation": "https://github.com/docs/thing/wiki",
                "Issues": "https://github.com/bugs/thing/issues",
                "Funding": "https://github.com/money/thing",
                "Homepage": "https://github.com/home/thing",
                "Source Code": "https://github.com/code/thing",
            },
        }
    )
    owners = [candidate.repository.owner for candidate in found.candidates]

    assert owners == ["code", "home", "old", "bugs", "docs"]
    assert found.best is not None
    assert found.best.link.field == "project_urls.Source Code"


def test_what_is_named_more_often_goes_first_among_equals():
    urls = {
        "Repository": "https://github.com/a/fork",
        "Source": "https://github.com/b/thing",
        "Issues": "https://github.com/b/thing/issues",
    }

    assert answer({"name": "thing", "project_urls": urls}) == "b/thing"


def test_a_link_of_another_label_counts_where_the_names_are_alike():
    def with_label(repository: str) -> str:
        return answer(
            {"name": "thing", "project_urls": {"Engine": f"https://github.com/{repository}"}}
        )

    assert with_label("x/thing") == "x/thing"
    assert with_label("x/python-thing") == "x/python-thing"
    assert with_label("x/other") == ""


def test_reports_alone_are_no_source():
    urls = {"Bug Tracker": "https://github.com/company/support/issues"}

    assert answer({"name": "thing", "project_urls": urls}) == ""


def test_lines_of_core_metadata_are_read_as_well():
    assert answer({"project_urls": ["Source, https://github.com/a/b"]}) == "a/b"


def test_odd_types_are_passed_over():
    assert find_named_repositories(
        {"project_urls": {"Source": None, "x": 5}, "home_page": ["a"]}
    ).reason
    assert (
        find_named_repositories({"project_urls": "https://github.com/a/b"}).reason == "no_repo_url"
    )


OWNERS = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True).filter(
    lambda owner: repository_urls.find_repositories(f"https://github.com/{owner}/x").repositories
)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}[A-Za-z0-9]", fullmatch=True).filter(
    lambda name: not name.lower().endswith(".git")
)


@given(OWNERS, NAMES, st.sampled_from(FORMS))
def test_every_name_is_found_in_every_form(owner: str, name: str, form: str):
    url = form.replace("plone/plone.api", f"{owner}/{name}").replace(
        "plone%2Fplone.api", f"{owner}%2F{name}"
    )

    assert repository_urls.find_repositories(url).repositories[0].full_name == f"{owner}/{name}"


@given(st.text())
def test_whatever_stands_there_is_read(text: str):
    for purpose in LinkPurpose:
        for found in repository_urls.find_repositories(
            "https://github.com/" + text, purpose, "x"
        ).repositories:
            assert found.owner
            assert found.name
            assert not set(found.full_name) & set(" <>{}?#\n")
