"""Importing: every line gets its answer, readers go on, and memory stays small."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .running import Running, running

FIELDS = (
    {"name": "name", "type": "string"},
    {"name": "tags", "type": "string[]", "facet": True, "optional": True},
    {"name": "number", "type": "int32"},
)


@pytest.fixture
def name(server: Running) -> str:
    server.create("imported", *FIELDS)
    return "imported"


def package(number: int) -> dict[str, object]:
    return {
        "id": str(number),
        "name": f"p{number}",
        "tags": ["a", f"t{number % 3}"],
        "number": number,
    }


def as_lines(*documents: object) -> bytes:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in documents).encode()


def test_good_lines_are_kept_beside_bad_ones(server: Running, name: str):
    body = as_lines(package(1), "not json", '"a string"', {"id": 7, "name": "x"}, package(2))

    answers = [json.loads(line) for line in server.load(name, body)]

    assert [one["success"] for one in answers] == [True, False, False, False, True]
    assert [one.get("code") for one in answers] == [None, 400, 400, 400, None]
    assert answers[1]["document"] == "not json"
    assert answers[3]["error"] == "Document's `id` field should be a string."
    assert sorted(server.ids(name, q="*")) == ["1", "2"]


def test_odd_values_cost_their_document_only(server: Running, name: str):
    deep = '{"id": "deep", "name": "n", "number": 1, "x": ' + "[" * 600 + "]" * 600 + "}"
    odd = [
        '{"id": "big", "name": "n", "number": 99999999999999999999}',
        '{"id": "half", "name": "\\ud800", "number": 1}',
        '{"id": "zero", "name": "a\\u0000b", "number": 1}',
        '{"id": "", "name": "n", "number": 1}',
        '{"id": null, "name": "n", "number": 1}',
    ]

    answers = [json.loads(one) for one in server.load(name, as_lines(package(1), deep, *odd))]

    assert [one["success"] for one in answers] == [True, False, False, False, True, False, False]
    assert sorted(server.ids(name, q="*")) == ["1", "zero"]
    assert server.ask("GET", f"/collections/{name}/documents/zero").json()["name"] == "a\x00b"


def test_blank_lines_and_a_last_newline_have_no_answer(server: Running, name: str):
    body = b"\n" + as_lines(package(1)) + b"\n\n  \n" + as_lines(package(2)) + b"\n"

    assert len(server.load(name, body)) == 2


def test_the_last_of_several_lines_with_one_id_counts(server: Running, name: str):
    twice = [package(1), package(1) | {"name": "renamed"}]

    answers = server.load(name, as_lines(*twice), action="upsert")

    assert answers == ['{"success":true}', '{"success":true}']
    assert server.get(f"/collections/{name}")["num_documents"] == 1
    assert server.ids(name, q="renamed", query_by="name") == ["1"]
    assert server.ids(name, q="p1", query_by="name", num_typos=0) == []


def test_an_update_keeps_what_it_does_not_name_and_null_removes(server: Running, name: str):
    server.load(name, as_lines(package(1)))

    server.load(name, as_lines({"id": "1", "number": 9, "tags": None}), action="update")

    assert server.get(f"/collections/{name}/documents/1") == {"id": "1", "name": "p1", "number": 9}
    assert server.search(name, q="*", facet_by="tags")["facet_counts"][0]["counts"] == []


def test_wrong_parameters_are_refused_before_anything_is_written(server: Running, name: str):
    path = f"/collections/{name}/documents/import"

    bad = server.ask("POST", path, data=as_lines(package(1)), params={"batch_size": 0})

    assert (bad.status_code, bad.json()) == (
        400,
        {"message": "Parameter `batch_size` must be a positive integer."},
    )
    assert server.search(name, q="*")["found"] == 0


def test_readers_go_on_while_an_import_runs(server: Running, name: str):
    server.load(name, as_lines(*(package(n) for n in range(100))))
    body = as_lines(*(package(n) for n in range(100, 12_000)))
    writer = threading.Thread(target=server.load, args=(name, body))
    seen: list[int] = []
    slowest_health = 0.0

    writer.start()
    while writer.is_alive():
        found = server.search(name, q="*", facet_by="tags", filter_by="number:>=0")
        counts = {one["value"]: one["count"] for one in found["facet_counts"][0]["counts"]}
        assert counts["a"] == found["found"] == sum(counts.values()) - counts["a"]
        seen.append(found["found"])
        began = time.perf_counter()
        server.ask("GET", "/health", key=None)
        slowest_health = max(slowest_health, time.perf_counter() - began)
    writer.join()

    assert len(seen) > 5
    assert seen == sorted(seen)
    assert slowest_health < 1.0
    assert server.search(name, q="*")["found"] == 12_000


def test_a_large_import_is_not_kept_in_memory(tmp_path: Path):
    text = "word " * 5_000
    sent = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent
        for number in range(6_000):
            line = json.dumps({"id": str(number), "name": "n", "number": 1, "text": text}) + "\n"
            sent += len(line)
            yield line.encode()

    with running(tmp_path) as server:
        server.create("large", *FIELDS)
        before = resident(server)
        answers = server.load("large", stream())  # type: ignore[arg-type]
        grown = resident(server) - before

    assert len(answers) == 6_000
    assert sent > 150_000_000
    assert grown < sent * 2 / 3  # kept, it would take more than was sent


def resident(server: Running) -> int:
    return int(server.get("/metrics.json")["typesense_memory_resident_bytes"])
