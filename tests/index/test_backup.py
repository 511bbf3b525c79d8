"""Backups: whole or not at all, checked before they are brought back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pyf.aggregator.errors import NotFound, ServiceRefused, UsageError
from pyf.aggregator.index import SearchServer, admin, backup, collections, keys, synonyms
from pyf.aggregator.index.raw_requests import get_json
from pyf.aggregator.index.server_contents import put_preset, put_stopwords
from pyf.aggregator.index.transfer import MARK

from .making import documents, fill, make, remove_all, remove_presets_and_stopwords

pytestmark = pytest.mark.integration
PRESET = {"query_by": "name", "per_page": 5}


@pytest.fixture
def filled(second: SearchServer) -> SearchServer:
    """A server with two collections and everything that goes with them."""
    make(second, "plone-2", 30)
    make(second, "flask-1", 5)
    for alias, target in (("plone", "plone-2"), ("flask", "flask-1")):
        admin.set_alias(second, alias, target)
    synonyms.write_synonyms(second, "plone-2", [{"id": "cms", "synonyms": ["cms", "content"]}])
    put_preset(second, "listing", PRESET)
    put_stopwords(second, "common", {"stopwords": ["the"]})
    keys.create_search_key(second, "plone", value="a-value-to-look-for")
    return second


def state(server: SearchServer) -> dict[str, object]:
    """Everything a server holds, but for what no backup can bring back."""
    return {
        "documents": {name: documents(server, name) for name in admin.collection_names(server)},
        "schemas": {
            remote["name"]: {key: remote.get(key) for key in ("fields", "metadata", "aliases")}
            for remote in admin.overview(server)
        },
        "synonyms": {
            name: list(synonyms.read_synonyms(server, name))
            for name in admin.collection_names(server)
        },
        "presets": get_json(server, "/presets"),
        "stopwords": get_json(server, "/stopwords"),
    }


def stop(_collection: str, _done: int, _total: int) -> None:
    """A report during which somebody presses Ctrl-C."""
    raise KeyboardInterrupt


def test_what_is_restored_is_what_was_there(filled: SearchServer, tmp_path: Path) -> None:
    before = state(filled)
    made = backup.backup(filled, tmp_path / "b")
    remove_all(filled, "")
    remove_presets_and_stopwords(filled)

    done = backup.restore(filled, tmp_path / "b")

    assert made.documents == {"flask-1": 5, "plone-2": 30}
    assert done.complete
    assert state(filled) == before


def test_a_backup_describes_keys_and_has_no_values(filled: SearchServer, tmp_path: Path) -> None:
    backup.backup(filled, tmp_path)

    (line,) = (tmp_path / "keys.jsonl").read_text().splitlines()

    assert json.loads(line)["description"] == "search only: plone"
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"a-value-to-look-for" not in everything
    assert b"value_prefix" not in everything
    assert filled.key.encode() not in everything


def test_the_manifest_has_the_checksum_of_every_file(filled: SearchServer, tmp_path: Path) -> None:
    backup.backup(filled, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())

    listed = {file["name"]: file for file in manifest["files"]}
    assert set(listed) | {"manifest.json"} == {path.name for path in tmp_path.iterdir()}
    for name, file in listed.items():
        content = (tmp_path / name).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert (file["bytes"], file["lines"]) == (len(content), content.count(b"\n"))


@pytest.mark.parametrize("spoil", ["change", "cut", "remove"])
def test_a_spoiled_backup_changes_nothing(filled: SearchServer, tmp_path: Path, spoil: str) -> None:
    backup.backup(filled, tmp_path)
    victim = tmp_path / "documents-0002.jsonl"
    content = victim.read_bytes()
    victim.write_bytes(content.replace(b"text", b"tuxt", 1) if spoil == "change" else content[:-9])
    if spoil == "remove":
        victim.unlink()
    before = state(filled)

    with pytest.raises(UsageError, match="documents-0002"):
        backup.restore(filled, tmp_path, force=True)

    assert state(filled) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not readable"),
        ("[]", "not readable"),
        ('{"format": 2}', "format 2"),
        ('{"format": 1, "server": "", "made": "", "files": [{"name": "x"}]}', "not readable"),
        ('{"format": 1, "server": "", "made": "", "files": [], "left_out": []}', "names no"),
    ],
)
def test_a_manifest_that_is_none(second: SearchServer, tmp_path: Path, text: str, said: str):
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(UsageError, match=said):
        backup.restore(second, tmp_path)


def test_a_manifest_cannot_name_files_elsewhere(filled: SearchServer, tmp_path: Path) -> None:
    backup.backup(filled, tmp_path)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace("documents-0001", "../documents-0001"))

    with pytest.raises(UsageError, match="outside"):
        backup.restore(filled, tmp_path)


def test_an_interrupted_backup_is_none(filled: SearchServer, tmp_path: Path) -> None:
    fill(filled, "plone-2", 2500)

    with pytest.raises(KeyboardInterrupt):
        backup.backup(filled, tmp_path, report=stop)
    with pytest.raises(UsageError, match="interrupted"):
        backup.restore(filled, tmp_path)
    backup.backup(filled, tmp_path)
    assert backup.BackupSource(tmp_path).manifest.documents["plone-2"] == 2500


def test_an_alias_that_moves_during_a_backup_spoils_it(
    filled: SearchServer, tmp_path: Path
) -> None:
    def switch(_collection: str, _done: int, _total: int) -> None:
        admin.set_alias(filled, "plone", "flask-1")

    with pytest.raises(ServiceRefused, match="plone went or moved during the backup"):
        backup.backup(filled, tmp_path, report=switch)
    assert not (tmp_path / "manifest.json").exists()


def test_a_backup_is_not_replaced_unasked(filled: SearchServer, tmp_path: Path) -> None:
    backup.backup(filled, tmp_path)

    with pytest.raises(UsageError, match="holds a backup already"):
        backup.backup(filled, tmp_path)
    made = backup.backup(filled, tmp_path, only="flask", force=True)

    assert made.documents == {"flask-1": 5}
    assert not (tmp_path / "documents-0002.jsonl").exists()


def test_a_collection_that_is_there_is_not_overwritten_unasked(
    filled: SearchServer, tmp_path: Path
) -> None:
    backup.backup(filled, tmp_path)
    fill(filled, "plone-2", 40)
    before = state(filled)

    with pytest.raises(
        ServiceRefused, match="the collection flask-1, the collection plone-2 already"
    ):
        backup.restore(filled, tmp_path)
    assert state(filled) == before
    backup.restore(filled, tmp_path, force=True)
    assert len(documents(filled, "plone")) == 30


def test_an_interrupted_restore_can_be_run_again(filled: SearchServer, tmp_path: Path) -> None:
    fill(filled, "plone-2", 2500)
    before = state(filled)
    backup.backup(filled, tmp_path)
    remove_all(filled, "")

    def after_the_first(collection: str, done: int, _total: int) -> None:
        if collection == "plone-2" and done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup.restore(filled, tmp_path, report=after_the_first)
    assert collections.aliases(filled) == {}
    assert all(MARK in remote["metadata"] for remote in admin.overview(filled))
    done = backup.restore(filled, tmp_path)

    assert done.skipped == ("flask-1",)
    assert set(done.collections) == {"plone-2"}
    assert state(filled) == before


def test_one_collection_alone(search: SearchServer, name: str, tmp_path: Path) -> None:
    make(search, f"{name}-1", 12)
    make(search, f"{name}_other", 1)
    admin.set_alias(search, name, f"{name}-1")
    before = documents(search, name)

    made = backup.backup(search, tmp_path, only=name)
    remove_all(search, name)
    done = backup.restore(search, tmp_path)

    assert made.documents == {f"{name}-1": 12}
    assert dict(done.aliases) == {name: f"{name}-1"}
    assert documents(search, name) == before
    with pytest.raises(NotFound, match=f"{name}_other"):
        backup.backup(search, tmp_path / "none", only=f"{name}_other")


def test_of_a_hundred_lines_with_a_bad_one_99_are_in_and_one_is_named(
    search: SearchServer, name: str, tmp_path: Path
) -> None:
    make(search, name, 100)
    backup.backup(search, tmp_path, only=name)
    spoil(tmp_path, b'"files_count":1,', b'"files_count":"many",', 41)
    remove_all(search, name)

    done = backup.restore(search, tmp_path)

    poured = done.collections[name]
    assert not done.complete
    assert (poured.read, poured.written) == (100, 99)
    (refusal,) = poured.refused
    assert refusal.id.startswith("project-")
    assert "files_count" in refusal.reason
    assert refusal.id not in documents(search, name)


def test_lines_that_are_no_documents_are_named_by_their_number(
    search: SearchServer, name: str, tmp_path: Path
) -> None:
    make(search, name, 10)
    backup.backup(search, tmp_path, only=name)
    spoil(tmp_path, b"{", b"", 3)
    spoil(tmp_path, b'"id":', b'"no":', 5)
    remove_all(search, name)

    done = backup.restore(search, tmp_path)

    assert [one.id for one in done.collections[name].refused] == ["line 3", "line 5"]
    assert len(documents(search, name)) == 8


def spoil(folder: Path, what: bytes, by: bytes, number: int) -> None:
    """Change a line of the documents as somebody would who also mends the checksum."""
    path = folder / "documents-0001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert what in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(what, by, 1)
    path.write_bytes(b"".join(lines))
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        if file["name"] == path.name:
            file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_files_of_somebody_else_are_not_overwritten_unasked(
    filled: SearchServer, tmp_path: Path
) -> None:
    """They may be of these names by chance; what an interrupted backup left is not theirs."""
    for name in ("aliases.jsonl", "documents-0001.jsonl"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("of somebody else")
        with pytest.raises(UsageError, match=name):
            backup.backup(filled, folder)
        assert (folder / name).read_text() == "of somebody else"
        with pytest.raises(KeyboardInterrupt):
            backup.backup(filled, folder, force=True, report=stop)
        assert backup.backup(filled, folder).documents == {"flask-1": 5, "plone-2": 30}
