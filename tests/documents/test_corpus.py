"""Every recorded project becomes documents, none refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path
from typing import Any

import pytest
from tests.documents.checks import assert_fits, assert_one_latest
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents import BuiltDocument, ProjectFacts, build_document

pytestmark = needs_shared
PYPI = SHARED / "corpus/pypi"
FOLDERS = ("json", "json-variants", "json-version", "json-derived")


def answers(folder: str) -> Iterator[dict[str, Any]]:
    paths = sorted((PYPI / folder).rglob("*.json"))
    assert paths
    for path in paths:
        yield json.loads(path.read_text("utf-8"))


def releases(answer: dict[str, Any]) -> Iterator[BuiltDocument]:
    """Build every release of an answer; older ones with the metadata of the one it shows."""
    info = answer["info"]
    project = ProjectFacts(
        serial=answer.get("last_serial") or 0, latest_version=info["version"], status="active"
    )
    listed = {info["version"]: answer.get("urls") or [], **(answer.get("releases") or {})}
    for version, files in listed.items():
        yield build_document({**info, "version": version}, files, project)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_release_becomes_a_document_that_fits(folder: str) -> None:
    for answer in answers(folder):
        documents = [built.document for built in releases(answer)]
        for document in documents:
            assert_fits(document)
            assert document["name"] == answer["info"]["name"]
        assert_one_latest(documents)


def test_recorded_answers_lose_nothing_but_texts_of_licenses() -> None:
    lost = {
        problem.field
        for folder in FOLDERS
        for answer in answers(folder)
        for built in releases(answer)
        for problem in built.problems
    }
    assert lost <= {"license"}


def test_what_the_registry_shows_stands_in_the_document() -> None:
    for answer in answers("json"):
        info = answer["info"]
        [document] = [b.document for b in releases(answer) if b.document["is_latest"]]
        assert document["classifiers"] == info["classifiers"]
        assert document.get("requires_dist", []) == (info.get("requires_dist") or [])
        assert bool(document.get("author")) >= bool((info.get("author") or "").strip())
        files = (answer.get("releases") or {}).get(info["version"]) or answer["urls"]
        times = [file["upload_time"] for file in files if file.get("upload_time")]
        assert bool(document["upload_timestamp"]) == bool(times)


def test_odd_recorded_texts_and_addresses_become_documents() -> None:
    hard = SHARED / "corpus/hard"
    project = ProjectFacts(serial=0, latest_version="1")
    texts = json.loads((hard / "text-fields.json").read_text("utf-8"))
    for kind, entries in texts.items():
        field = kind.rsplit("-", 1)[-1]
        for entry in entries:
            info = {"name": entry["name"], "version": "1", field: entry["value"]}
            assert_fits(build_document(info, [], project).document)
    for line in (hard / "project-urls.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        document = build_document(entry, [], project).document
        assert_fits(document)
        assert bool(document.get("project_urls")) == any((entry["project_urls"] or {}).values())


def test_odd_recorded_names_and_versions_become_documents() -> None:
    project = ProjectFacts(serial=0, latest_version="1")
    for line in (SHARED / "corpus/hard/versions-not-pep440.tsv").read_text("utf-8").splitlines():
        name, version = line.split("\t")[:2]
        document = build_document({"name": name, "version": version}, [], project).document
        assert_fits(document)
        assert document["version_sortable"] == "0"


def test_core_metadata_files_become_documents() -> None:
    for path in sorted((PYPI / "metadata").iterdir()):
        built = build_document(core_metadata(path), [], ProjectFacts(serial=0, latest_version="0"))
        assert_fits(built.document)


def core_metadata(path: Path) -> dict[str, Any]:
    """Return a PKG-INFO file with broken bytes as lone surrogates, as a lax parser has them."""
    message = message_from_bytes(path.read_bytes(), policy=compat32)
    several = {"Classifier", "Requires-Dist", "Provides-Extra", "Project-URL", "Platform"}
    info: dict[str, Any] = {}
    for key in dict.fromkeys(message.keys()):
        values = [str(value) for value in message.get_all(key, [])]
        name = {"Classifier": "classifiers", "Project-URL": "project_urls"}.get(key)
        info[name or key.lower().replace("-", "_")] = values if key in several else values[0]
    return info
