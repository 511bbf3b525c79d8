"""Searches and writes through an alias at a steady rate, and what should be there afterwards."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import typesense

from pyf.aggregator.index import BulkWriter, SearchServer, collections

SEARCHES_PER_S = 50
WRITES_PER_S = 20


def document(number: int, summary: str = "the first") -> dict[str, Any]:
    """A small document that fits the field table."""
    from pyf.aggregator.documents import ProjectFacts, build_document

    info = {"name": f"thing-{number}", "version": "1.0", "summary": summary, "keywords": "a,b"}
    return build_document(info, [], ProjectFacts(serial=number, latest_version="1.0")).document


def fill(server: SearchServer, alias: str, count: int) -> None:
    """Make a collection with so many documents."""
    target = collections.ensure(server, alias)
    writer = BulkWriter(server, target.collection, batch_size=1000)
    for number in range(count):
        writer.upsert(document(number))
    writer.flush()
    assert not writer.refused


@dataclass
class Load:
    """Runs until ``stop``. ``expected`` is what each document written to should be, by id."""

    server: SearchServer
    alias: str
    count: int
    seed: int = 1
    expected: dict[str, str | None] = field(default_factory=dict)
    searches: int = 0
    writes: int = 0
    failed: list[str] = field(default_factory=list)
    empty: int = 0
    fewest: int = 1 << 60

    def __enter__(self) -> Load:
        self._stopped = threading.Event()
        # Two connections of its own for each: clients are not for several threads.
        self._threads = [
            threading.Thread(target=self._paced, args=(self._search, SEARCHES_PER_S / 2, 1)),
            threading.Thread(target=self._paced, args=(self._search, SEARCHES_PER_S / 2, 2)),
            threading.Thread(target=self._paced, args=(self._write, WRITES_PER_S, 3)),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def check(self) -> tuple[list[str], list[str]]:
        """Return the ids of lost writes and of documents that came back from the dead."""
        target = collections.require(self.server, self.alias)
        found = {
            d["id"]: d["summary"]
            for d in collections.documents(self.server, target.collection, "pypi")
        }
        lost = [i for i, want in self.expected.items() if want is not None and found.get(i) != want]
        back = [i for i, want in self.expected.items() if want is None and i in found]
        return lost, back

    def _paced(self, act: Any, rate: float, seed: int) -> None:
        client = SearchServer(self.server.nodes, self.server.key).client
        draw = random.Random(self.seed * 1000 + seed)
        due = time.monotonic()
        while not self._stopped.is_set():
            act(client, draw)
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))

    def _search(self, client: typesense.Client, draw: random.Random) -> None:
        words = draw.choice(["thing", "*", f"thing-{draw.randrange(self.count)}", "first"])
        parameters = {"q": words, "query_by": "name,summary", "per_page": 3}
        try:
            answer = client.collections[self.alias].documents.search(parameters)
        except Exception as error:
            self.failed.append(f"search: {error!r}")
            return
        self.searches += 1
        self.empty += answer["found"] == 0 and words in ("*", "thing", "first")
        if words == "*":
            self.fewest = min(self.fewest, answer["found"])

    def _write(self, client: typesense.Client, draw: random.Random) -> None:
        self.writes += 1
        documents = client.collections[self.alias].documents
        number = draw.randrange(int(self.count * 1.05))
        new = document(number, f"written {self.writes}")
        id_ = new["id"]
        known = self.expected.get(id_, "there") if number < self.count else self.expected.get(id_)
        try:
            action = draw.choice(["update", "upsert", "delete"])
            if action == "delete" and known:
                documents[id_].delete()
                self.expected[id_] = None
            elif action == "update" and known:
                documents[id_].update({"summary": new["summary"]})
                self.expected[id_] = new["summary"]
            else:
                documents.upsert(new)
                self.expected[id_] = new["summary"]
        except Exception as error:
            # The write may be in or not: nobody was told, so nothing is expected of it.
            self.expected.pop(id_, None)
            self.failed.append(f"{action} {id_}: {error!r}")
