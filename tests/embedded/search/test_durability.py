"""What was acknowledged survives ``kill -9``, and everything agrees with it afterwards."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import requests

from .running import Running, running

FIELDS = (
    {"name": "name", "type": "string", "facet": True, "sort": True},
    {"name": "number", "type": "int32"},
)


def lines(first: int, count: int) -> bytes:
    documents = (
        {"id": str(n), "name": f"package number{n} even{n % 2}", "number": n}
        for n in range(first, first + count)
    )
    return "\n".join(json.dumps(one) for one in documents).encode()


def acknowledged(server: Running, done: list[int]) -> None:
    for batch in range(10_000):
        try:
            answers = server.load("killed", lines(batch * 200, 200))
        except requests.RequestException:
            return
        done.append(sum('"success":true' in line for line in answers))


def test_a_killed_server_has_every_acknowledged_document(tmp_path: Path):
    done: list[int] = []
    with running(tmp_path) as server:
        server.create("killed", *FIELDS)
        writer = threading.Thread(target=acknowledged, args=(server, done))
        writer.start()
        while len(done) < 5:
            writer.join(0.05)
        server.kill()
        writer.join()

    with running(tmp_path) as again:
        kept = again.get("/collections/killed")["num_documents"]
        wild = again.search("killed", q="*")["found"]
        even = again.search("killed", q="even0", query_by="name", num_typos=0)["found"]
        filtered = again.search("killed", q="*", filter_by=f"number:<{sum(done)}")["found"]

    assert kept >= sum(done) >= 1000
    assert kept % 200 == 0
    assert (wild, even, filtered) == (kept, kept // 2, sum(done))


def test_everything_is_there_after_a_stop_and_a_start(tmp_path: Path):
    with running(tmp_path) as server:
        server.create("kept", *FIELDS, metadata={"batch": 7})
        server.load("kept", lines(0, 50))
        server.ask("PUT", "/aliases/kept_live", json={"collection_name": "kept"})
        preset = {"value": {"q": "*", "filter_by": "number:<10"}}
        server.ask("PUT", "/presets/few", json=preset)
        key = {"description": "k", "actions": ["documents:search"], "collections": ["kept"]}
        made = server.ask("POST", "/keys", json=key).json()
        assert server.stop() == 0

    with running(tmp_path) as again:
        collection = again.get("/collections/kept_live")
        found = again.search("kept_live", preset="few")["found"]
        path = "/collections/kept/documents/search"
        by_key = again.ask("GET", path, key=made["value"], params={"q": "*"})
        added = again.ask("POST", "/collections/kept/documents", json={"name": "x", "number": 1})

    assert collection["metadata"] == {"batch": 7}
    assert found == 10
    assert by_key.json()["found"] == 50
    assert added.json()["id"] == "50"


def test_the_files_are_for_their_owner_alone(tmp_path: Path):
    """They hold the values of all keys, a snapshot does too."""
    (tmp_path / "search.db").touch(mode=0o644)
    with running(tmp_path) as server:
        server.create("kept", *FIELDS)
        folder = tmp_path / "snapshot"
        path = f"/operations/snapshot?snapshot_path={folder}"
        assert server.ask("POST", path).status_code == 201
        made = [*tmp_path.glob("search.db*"), *folder.iterdir()]
        assert len(made) >= 3
        assert {file.stat().st_mode & 0o077 for file in made} == {0}
