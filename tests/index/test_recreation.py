"""Recreation: under load nothing fails, is lost or comes back; a crash is carried on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.errors import NotFound, Refused, SafetyStop
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.index.recreation import Recreation, rollback

from .. import stack
from .load import Load, document, fill
from .recreate_child import STEPS

CHILD = Path(__file__).with_name("recreate_child.py")


def child(server: SearchServer, alias: str, folder: Path, step: str = "") -> int:
    command = [sys.executable, str(CHILD), server.url, server.key, alias, str(folder), step]
    return subprocess.run(command, timeout=280, check=False).returncode


def recreate(server: SearchServer, alias: str, folder: Path, **more: object) -> object:
    with Recreation(server, alias, folder, **more) as recreation:  # type: ignore[arg-type]
        recreation.copy()
        recreation.switch()
        return recreation.finish()


@pytest.mark.slow
def test_under_load_nothing_fails_is_lost_or_comes_back(tmp_path: Path) -> None:
    """50,000 documents, 50 searches/s and 20 writes/s through the alias."""
    with stack.search_server(tmp_path / "search") as server:
        fill(server, "busy", 50_000)
        with Load(server, "busy", 50_000) as load:
            assert child(server, "busy", tmp_path) == 0
        lost, back = load.check()
        assert (load.failed, load.empty, lost, back) == ([], 0, [], [])
        assert load.fewest > 45_000
        assert load.searches > 100
        assert load.writes > 40
        assert collections.aliases(server)["busy"] == "busy-2"
        assert not collections.exists(server, "busy-1")


@pytest.mark.integration
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_and_run_again(
    search: SearchServer, collection: str, tmp_path: Path, step: str
) -> None:
    """SIGKILL, searches and writes go on, then the next run carries it to its end."""
    fill(search, collection, 2000)
    with Load(search, collection, 2000, seed=STEPS.index(step)) as load:
        assert child(search, collection, tmp_path, step) == -signal.SIGKILL
        assert child(search, collection, tmp_path) == 0
    lost, back = load.check()
    assert (load.failed, load.empty, lost, back) == ([], 0, [], [])
    left = collections.versions(search, collection)
    assert left == [collections.aliases(search)[collection]]


@pytest.mark.integration
def test_the_first_use_makes_a_version_and_an_alias(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    recreate(search, collection, tmp_path)
    assert collections.aliases(search)[collection] == f"{collection}-1"


@pytest.mark.integration
def test_an_unversioned_collection_is_converted(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    from pyf.aggregator.documents import collection_schema

    search.call(lambda client: client.collections.create(collection_schema(collection)))
    writer = BulkWriter(search, collection)
    for number in range(700):
        writer.upsert(document(number))
    writer.flush()
    recreate(search, collection, tmp_path)
    assert collections.aliases(search)[collection] == f"{collection}-1"
    assert collections.count(search, collection, "pypi") == 700


@pytest.mark.integration
def test_two_at_once_the_second_refuses(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    with (
        Recreation(search, collection, tmp_path),
        pytest.raises(Refused, match="already"),
        Recreation(search, collection, tmp_path),
    ):
        pass


@pytest.mark.integration
def test_one_of_another_machine_is_not_taken_over(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    with (
        Recreation(search, collection, tmp_path / "here"),
        pytest.raises(Refused, match="being built"),
        Recreation(search, collection, tmp_path / "there"),
    ):
        pass


@pytest.mark.integration
def test_keeping_the_old_one_and_rolling_back(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    recreate(search, collection, tmp_path, keep_old=True)
    assert collections.versions(search, collection) == [f"{collection}-1", f"{collection}-2"]
    assert rollback(search, collection) == (f"{collection}-2", f"{collection}-1")
    assert collections.aliases(search)[collection] == f"{collection}-1"
    with pytest.raises(NotFound, match="keep-old"):
        rollback(search, collection)
    recreate(search, collection, tmp_path)
    assert collections.aliases(search)[collection] == f"{collection}-3"


@pytest.mark.integration
def test_a_field_that_both_sides_changed_keeps_the_later_value(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """Old and new are written to around the switch: each field keeps what was written last."""
    fill(search, collection, 3)
    one, two, three = (document(number)["id"] for number in range(3))
    old = f"{collection}-1"

    def write(where: str, id_: str, **fields: object) -> None:
        search.call(lambda client: client.collections[where].documents[id_].update(fields))

    with Recreation(search, collection, tmp_path) as recreation:
        recreation.copy()
        write(old, one, summary="late in the old", license="MIT")
        search.call(lambda client: client.collections[old].documents[three].delete())
        recreation.switch()
        write(collection, one, summary="later in the new")
        search.call(lambda client: client.collections[collection].documents[two].delete())
        recreation.finish()
    (found,) = collections.of_project(search, collection, "thing-0")
    assert (found["summary"], found["license"]) == ("later in the new", "MIT")
    assert collections.count(search, collection, "pypi") == 1


@pytest.mark.integration
def test_documents_that_do_not_fit_any_more_stop_it(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """Documents of a foreign schema are named, and the alias stays on the whole old version."""
    schema = {
        "name": f"{collection}-1",
        "fields": [{"name": "title", "type": "string"}, {"name": "id_number", "type": "int32"}],
    }
    search.call(lambda client: client.collections.create(schema))
    collections.point(search, collection, f"{collection}-1")
    writer = BulkWriter(search, f"{collection}-1")
    for number in range(20):
        writer.upsert({"id": str(number), "title": "x" * 3, "id_number": number})
    writer.flush()
    with Recreation(search, collection, tmp_path) as recreation:
        recreation.copy()
        with pytest.raises(SafetyStop, match="not put to use"):
            recreation.switch()
        recreation.abandon()
    assert collections.aliases(search)[collection] == f"{collection}-1"
    assert collections.versions(search, collection) == [f"{collection}-1"]
