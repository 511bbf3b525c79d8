"""Writing: replacing, removing, rolling back, reading beside a writer, segments and merges."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.embedded.search.text.conftest import FIELDS, Shelf

from pyf.aggregator.embedded.search.text import TextIndex, TextQuery
from pyf.aggregator.embedded.search.text.writer import FLUSH_DOCS


def connection(path: Path) -> apsw.Connection:
    db = apsw.Connection(str(path))
    db.set_busy_timeout(5000)
    db.execute("PRAGMA journal_mode = wal").fetchall()
    return db


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Shelf]:
    db = connection(tmp_path / "search.db")
    yield Shelf(db, TextIndex(7, FIELDS))
    db.close()


def numbered(first: int, count: int, summary: str = "") -> list[dict[str, str]]:
    """Projects with a word of their own, one shared with every tenth, and one with all."""
    return [
        {"name": f"own{n} tenth{n % 10}", "summary": f"all {summary}"}
        for n in range(first, first + count)
    ]


def test_adding_again_replaces(shelf: Shelf):
    shelf.put([{"name": "plone"}, {"name": "django"}])
    shelf.put([{"name": "flask"}])

    assert shelf.find("plone") == []
    assert (shelf.find("flask"), shelf.find("django")) == ([0], [1])


def test_the_last_of_several_with_one_seq_counts(shelf: Shelf):
    with shelf.db:
        shelf.index.add_many(shelf.db, [(3, {"name": ["one"]}, 0), (3, {"name": ["two"]}, 0)])

    assert (shelf.find("one"), shelf.find("two")) == ([], [3])


def test_removed_documents_are_gone(shelf: Shelf):
    shelf.put([{"name": "plone"}, {"name": "plone api"}])
    with shelf.db:
        shelf.index.remove(shelf.db, 0)
        shelf.index.remove(shelf.db, 99)

    assert shelf.find("plone") == [1]
    assert shelf.filter("name", "plone") == []
    assert shelf.find("*") == [1]


def test_clearing_leaves_nothing_and_can_be_filled_again(shelf: Shelf):
    shelf.put([{"name": "plone"}])
    assert shelf.find("plone") == [0]
    with shelf.db:
        shelf.index.clear(shelf.db)
    assert shelf.find("plone") == []
    shelf.put([{"name": "django"}])

    assert (shelf.find("plone"), shelf.find("django")) == ([], [0])


def test_dropping_removes_every_table(shelf: Shelf):
    shelf.put([{"name": "plone"}])
    with shelf.db:
        shelf.index.drop(shelf.db)

    assert shelf.db.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_indexes_of_one_file_do_not_mix(shelf: Shelf):
    other = Shelf(shelf.db, TextIndex(11, FIELDS))
    shelf.put([{"name": "plone"}])
    other.put([{"name": "django"}])

    assert (other.find("plone"), other.find("django")) == ([], [0])


def test_a_rollback_leaves_no_trace(shelf: Shelf):
    """Neither documents nor numbers of terms, even if they were searched meanwhile."""
    shelf.put([{"name": "plone"}])

    class Undo(Exception):
        pass

    for word in ("django", "flask"):
        with pytest.raises(Undo), shelf.db:
            shelf.index.add(shelf.db, 1, {"name": [word, "plone"]})
            shelf.index.remove(shelf.db, 0)
            assert shelf.find(word) == [1]
            raise Undo
        assert (shelf.find(word), shelf.find("plone")) == ([], [0])
    shelf.put([{"name": "zope"}], first=1)

    assert (shelf.find("zope"), shelf.find("django")) == ([1], [])
    assert shelf.find("*") == [0, 1]


def test_a_rolled_back_segment_is_not_remembered(on_disk: Shelf):
    class Undo(Exception):
        pass

    with pytest.raises(Undo), on_disk.db:
        on_disk.index.add_many(on_disk.db, [(n, {"name": ["wrong"]}, 0) for n in range(FLUSH_DOCS)])
        assert len(on_disk.find("wrong")) == FLUSH_DOCS
        raise Undo
    on_disk.put({"name": "right"} for _ in range(FLUSH_DOCS))

    assert (len(on_disk.find("right")), on_disk.find("wrong")) == (FLUSH_DOCS, [])


def test_another_process_reads_what_was_written(on_disk: Shelf, tmp_path: Path):
    """A new index object knows nothing but the file."""
    on_disk.put(numbered(0, FLUSH_DOCS + 10))
    with on_disk.db:
        on_disk.index.remove(on_disk.db, 5)
    again = TextIndex(7, FIELDS)
    db = connection(tmp_path / "search.db")

    found = again.search(db, TextQuery("tenth5", ("name",)), None)
    assert found.seqs.tolist() == list(range(15, FLUSH_DOCS + 10, 10))
    with db:
        again.add(db, 5, {"name": ["own5 back"]})
    assert again.search(db, TextQuery("back", ("name",)), None).seqs.tolist() == [5]
    db.close()


def test_segments_are_merged_and_answers_stay(on_disk: Shelf):
    """Through flushes, updates and merges every document is found exactly where it should be."""
    rounds = 10
    for n in range(rounds):
        on_disk.put(numbered(n * FLUSH_DOCS, FLUSH_DOCS), first=n * FLUSH_DOCS)
    on_disk.put(numbered(0, 2 * FLUSH_DOCS, "changed"), first=0)
    count = rounds * FLUSH_DOCS

    segments = on_disk.index._store.segments(on_disk.db)
    assert len(segments) < rounds
    assert sum(segment.live for segment in segments) <= count
    assert len(on_disk.find("all")) == count
    assert sorted(on_disk.find("changed")) == list(range(2 * FLUSH_DOCS))
    assert sorted(on_disk.find("tenth3")) == list(range(3, count, 10))
    assert on_disk.find("own4321") == [4321]
    assert on_disk.filter("name", "own17 tenth7") == [17]


def test_segments_of_deleted_documents_shrink(on_disk: Shelf):
    for n in range(4):
        on_disk.put(numbered(n * FLUSH_DOCS, FLUSH_DOCS), first=n * FLUSH_DOCS)
    with on_disk.db:
        for seq in range(2 * FLUSH_DOCS - 10):
            on_disk.index.remove(on_disk.db, seq)
    on_disk.put(numbered(4 * FLUSH_DOCS, FLUSH_DOCS), first=4 * FLUSH_DOCS)
    kept = on_disk.db.execute("SELECT sum(length(occurrences)) FROM text7_data").get

    assert kept == 8 * 3 * (3 * FLUSH_DOCS + 10)
    assert len(on_disk.find("all")) == 3 * FLUSH_DOCS + 10


def test_readers_see_whole_transactions_while_one_writes(on_disk: Shelf, tmp_path: Path):
    """Each batch replaces all documents: a reader finds all the old ones or all the new ones."""
    size, rounds = 300, 12
    on_disk.put([{"name": "round0"}] * size)
    wrong: list[list[int]] = []
    done = threading.Event()

    def read() -> None:
        db = connection(tmp_path / "search.db")
        while not done.is_set():
            found = on_disk.index.search(db, TextQuery("round", ("name",)), None)
            if len(found.seqs) != size or len(set(found.scores.tolist())) != 1:
                wrong.append([len(found.seqs), *set(found.scores.tolist())])
        db.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, rounds):
        on_disk.put([{"name": f"round{number}"}] * size)
    done.set()
    for reader in readers:
        reader.join()

    assert wrong == []
    assert len(on_disk.find(f"round{rounds - 1}")) == size
