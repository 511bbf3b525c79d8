"""Documents from collection to collection, and collections from server to server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from pyf.aggregator.errors import NotFound, ServiceRefused, UsageError
from pyf.aggregator.index import (
    BulkWriter,
    SearchServer,
    admin,
    collection_copy,
    collections,
    synonyms,
)
from pyf.aggregator.index.raw_requests import get_json
from pyf.aggregator.index.server_contents import put_preset
from pyf.aggregator.index.transfer import MARK
from pyf.aggregator.settings.value_types import nodes

from .making import document, documents, fill, make, own_server

pytestmark = pytest.mark.integration


def test_a_missing_target_is_made_with_the_current_fields(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1", 30)
    admin.set_alias(search, name, f"{name}-1")

    done = collection_copy.migrate_documents(search, name, f"{name}_new")

    assert (done.source, done.target, done.created) == (f"{name}-1", f"{name}_new-1", True)
    assert (done.documents.read, done.documents.written, done.documents.refused) == (30, 30, ())
    assert documents(search, f"{name}_new") == documents(search, name)


def test_an_existing_target_keeps_what_it_has_besides(search: SearchServer, name: str) -> None:
    make(search, f"{name}_a", 5)
    make(search, f"{name}_b")
    writer = BulkWriter(search, f"{name}_b")
    writer.upsert(document("project-0", summary="old"))
    writer.upsert(document("other"))
    writer.flush()

    done = collection_copy.migrate_documents(search, f"{name}_a", f"{name}_b")

    assert not done.created
    expected = documents(search, f"{name}_a") | {"other-1.0": document("other")}
    assert documents(search, f"{name}_b") == expected


def test_of_a_hundred_with_one_that_does_not_fit_99_are_in_and_one_is_named(
    search: SearchServer, name: str
) -> None:
    free = [{"name": field, "type": "string"} for field in ("name", "registry")]
    make(search, f"{name}_a", fields=free, default_sorting_field="")
    fill(search, f"{name}_a", 100)
    spoiled = BulkWriter(search, f"{name}_a")
    spoiled.upsert(document("project-41", files_count="many"))
    spoiled.flush()

    done = collection_copy.migrate_documents(search, f"{name}_a", f"{name}_b")

    assert (done.documents.read, done.documents.written) == (100, 99)
    (refusal,) = done.documents.refused
    assert refusal.id == "project-41-1.0"
    assert "files_count" in refusal.reason
    assert len(documents(search, f"{name}_b")) == 99


def test_what_cannot_be_migrated(search: SearchServer, name: str) -> None:
    make(search, f"{name}-1", 1)
    admin.set_alias(search, name, f"{name}-1")

    with pytest.raises(UsageError, match="the same collection"):
        collection_copy.migrate_documents(search, name, f"{name}-1")
    with pytest.raises(NotFound, match=f"{name}_x"):
        collection_copy.migrate_documents(search, f"{name}_x", name)
    with pytest.raises(NotFound, match="documents/export"):
        collection_copy.migrate_documents(search, f"{name}-1/documents/export", f"{name}_y")
    assert admin.find_collection(search, f"{name}_y") is None


def test_a_copy_is_the_same_on_the_other_server(
    search: SearchServer, second: SearchServer, name: str
) -> None:
    make(search, f"{name}-1", 30)
    admin.set_alias(search, name, f"{name}-1")
    admin.set_alias(search, f"{name}_b", f"{name}-1")
    words = {"id": "cms", "synonyms": ["cms", "content management"]}
    synonyms.write_synonyms(search, f"{name}-1", [words])

    done = collection_copy.copy_to_server(search, second, only=name)

    assert done.complete
    assert done.collections[f"{name}-1"].written == 30
    assert collections.aliases(second) == {name: f"{name}-1", f"{name}_b": f"{name}-1"}
    assert documents(second, name) == documents(search, name)
    here, there = (admin.describe_collection(server, f"{name}-1") for server in (search, second))
    for told in ("fields", "default_sorting_field", "token_separators", "metadata"):
        assert there.get(told) == here.get(told)
    (copied,) = synonyms.read_synonyms(second, f"{name}-1")
    assert (copied["id"], copied["synonyms"]) == (words["id"], words["synonyms"])


def test_a_whole_server_goes_over_with_its_presets(second: SearchServer, tmp_path) -> None:
    make(second, "plone-1", 3)
    make(second, "flask-1", 2)
    for alias in ("plone", "flask"):
        admin.set_alias(second, alias, f"{alias}-1")
    put_preset(second, "listing", {"query_by": "name", "per_page": 5})
    with own_server(tmp_path) as third:
        done = collection_copy.copy_to_server(second, third)

        assert set(done.collections) == {"plone-1", "flask-1"}
        assert done.presets == 1
        assert collections.aliases(third) == collections.aliases(second)
        assert get_json(third, "/presets/listing") == get_json(second, "/presets/listing")


def test_nothing_on_the_target_is_overwritten_unasked(
    search: SearchServer, second: SearchServer, name: str
) -> None:
    make(search, f"{name}-1", 3)
    make(second, f"{name}-1", 1)
    make(second, "mine-1", 1)
    admin.set_alias(search, name, f"{name}-1")
    admin.set_alias(second, name, "mine-1")

    with pytest.raises(ServiceRefused, match=f"the collection {name}-1, the alias {name} already"):
        collection_copy.copy_to_server(search, second, only=name)
    assert len(documents(second, f"{name}-1")) == 1
    collection_copy.copy_to_server(search, second, only=name, force=True)
    assert len(documents(second, name)) == 3
    assert len(documents(second, "mine-1")) == 1


def test_a_name_that_is_an_alias_here_and_a_collection_there_is_refused_always(
    search: SearchServer, second: SearchServer, name: str
) -> None:
    make(search, f"{name}-1", 3)
    admin.set_alias(search, name, f"{name}-1")
    make(second, name, 1)

    for force in (False, True):
        with pytest.raises(ServiceRefused, match="needed for something else"):
            collection_copy.copy_to_server(search, second, only=name, force=force)
    assert len(documents(second, name)) == 1
    assert admin.collection_names(second) == [name]


def test_a_server_is_not_copied_onto_itself(search: SearchServer) -> None:
    with pytest.raises(UsageError, match="the server to copy from"):
        collection_copy.copy_to_server(search, SearchServer(search.nodes, search.key))


def test_an_interrupted_copy_is_finished_by_the_next(
    search: SearchServer, second: SearchServer, name: str
) -> None:
    make(search, f"{name}-1", 2500)
    admin.set_alias(search, name, f"{name}-1")

    def interrupt(_collection: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collection_copy.copy_to_server(search, second, only=name, report=interrupt)
    assert MARK in admin.describe_collection(second, f"{name}-1")["metadata"]
    assert name not in collections.aliases(second)
    # Gone from the source since: it must not survive in the copy.
    BulkWriter(search, f"{name}-1").delete(["project-7-1.0"])
    done = collection_copy.copy_to_server(search, second, only=name)

    assert done.collections[f"{name}-1"].written == 2499
    assert documents(second, name) == documents(search, name)
    assert MARK not in admin.describe_collection(second, f"{name}-1")["metadata"]


class SetsOfSynonyms(BaseHTTPRequestHandler):
    """Paths of a server of version 30: synonyms stand in sets, to which collections are linked."""

    kept: ClassVar[dict[str, dict[str, Any]]] = {}

    def do_GET(self) -> None:
        found = self.kept.get(self.path)
        self._answer(200 if found else 404, found or {"message": "Not Found"})

    def do_PUT(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.startswith("/synonym_sets/"):
            self._answer(404, {"message": "Not Found"})
            return
        self.kept[self.path] = given
        self._answer(200, given)

    def do_PATCH(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.kept[self.path].update(given)
        self._answer(200, given)

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def sets() -> Iterator[SearchServer]:
    """A server that keeps synonyms in sets, with an empty collection ``plone-1``."""
    SetsOfSynonyms.kept = {"/collections/plone-1": {"name": "plone-1"}}
    with ThreadingHTTPServer(("127.0.0.1", 0), SetsOfSynonyms) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        yield SearchServer(nodes().parse(address), "key")
        server.shutdown()
        thread.join(5)


def test_synonyms_are_a_linked_set_on_newer_servers(sets: SearchServer) -> None:
    words = [
        {"id": "cms", "synonyms": ["cms", "content management"]},
        {"id": "b", "root": "b", "synonyms": ["c"]},
    ]

    assert synonyms.read_synonyms(sets, "plone-1") == []
    synonyms.write_synonyms(sets, "plone-1", words)

    assert synonyms.read_synonyms(sets, "plone-1") == words
    assert SetsOfSynonyms.kept["/collections/plone-1"]["synonym_sets"] == ["plone-1_synonyms"]
