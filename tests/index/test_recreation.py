"""Recreation: under load nothing fails, is lost or comes back; a crash is carried on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.errors import NotFound, SafetyStop, ServiceRefused, UsageError
from pyf.aggregator.index import BulkWriter, SearchServer, collections
from pyf.aggregator.index.recreation import (
    Recreation,
    RecreationJournal,
    RecreationReport,
    rollback,
)

from .. import stack
from ..stack import remove_collections
from .load import Load, document, fill
from .recreate_child import STEPS

CHILD = Path(__file__).with_name("recreate_child.py")


def child(server: SearchServer, alias: str, folder: Path, step: str = "") -> int:
    command = [sys.executable, str(CHILD), server.url, server.key, alias, str(folder), step]
    return subprocess.run(command, timeout=280, check=False).returncode


def recreate(server: SearchServer, alias: str, folder: Path, **more: object) -> RecreationReport:
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
    assert collections.count_of_registry(search, collection, "pypi") == 700


@pytest.mark.integration
def test_two_at_once_the_second_refuses(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    with (
        Recreation(search, collection, tmp_path),
        pytest.raises(ServiceRefused, match="already"),
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
        pytest.raises(ServiceRefused, match="being built"),
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
    assert rollback(search, collection, tmp_path) == (f"{collection}-2", f"{collection}-1")
    assert collections.aliases(search)[collection] == f"{collection}-1"
    with pytest.raises(NotFound, match="keep-old"):
        rollback(search, collection, tmp_path)
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
    (found,) = collections.project_documents(search, collection, "thing-0")
    assert (found["summary"], found["license"]) == ("later in the new", "MIT")
    assert collections.count_of_registry(search, collection, "pypi") == 1


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
    collections.point_alias(search, collection, f"{collection}-1")
    writer = BulkWriter(search, f"{collection}-1")
    for number in range(20):
        writer.upsert({"id": str(number), "title": "x" * 3, "id_number": number})
    writer.flush()
    with Recreation(search, collection, tmp_path) as recreation:
        recreation.copy()
        with pytest.raises(SafetyStop, match="not put to use"):
            recreation.switch()
        recreation.abort()
    assert collections.aliases(search)[collection] == f"{collection}-1"
    assert collections.versions(search, collection) == [f"{collection}-1"]


@pytest.mark.integration
def test_aliases_of_similar_names_have_journals_of_their_own(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """The interrupted recreation of ``x-a`` is nothing that ``x_a`` could carry on."""
    alike = (f"{collection}-a", f"{collection}_a")
    for alias in alike:
        fill(search, alias, 10)
    with Recreation(search, alike[0], tmp_path) as interrupted:
        interrupted.copy()
    result = recreate(search, alike[1], tmp_path)
    assert result.new == f"{alike[1]}-2"
    assert not result.resumed
    for alias in alike:
        remove_collections(search, alias)


@pytest.mark.integration
def test_the_name_of_a_version_is_no_name_for_an_alias(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    with (
        pytest.raises(UsageError, match=f"behind the alias {collection}; name the alias"),
        Recreation(search, f"{collection}-1", tmp_path),
    ):
        pass
    assert collections.count_of_registry(search, collection, "pypi") == 10


@pytest.mark.integration
def test_a_version_that_other_aliases_lead_to_is_kept(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    other = f"{collection}_stable"
    collections.point_alias(search, other, f"{collection}-1")
    result = recreate(search, collection, tmp_path)
    assert result.kept_for == (other,)
    assert collections.count_of_registry(search, other, "pypi") == 10
    remove_collections(search, other)


@pytest.mark.integration
def test_an_alias_that_moved_meanwhile_is_begun_anew(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """What an interrupted recreation has copied is not what the alias stands for any more."""
    fill(search, collection, 10)
    with Recreation(search, collection, tmp_path) as interrupted:
        interrupted.copy()
    collections.create(search, f"{collection}-7")
    collections.point_alias(search, collection, f"{collection}-7")
    writer = BulkWriter(search, f"{collection}-7")
    for number in range(30):
        writer.upsert(document(number))
    writer.flush()
    result = recreate(search, collection, tmp_path)
    assert (result.old, result.new) == (f"{collection}-7", f"{collection}-8")
    assert collections.count_of_registry(search, collection, "pypi") == 30
    assert collections.versions(search, collection) == [f"{collection}-1", f"{collection}-8"]


@pytest.mark.integration
def test_one_that_was_rolled_back_is_not_carried_on(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """It was in use and may hold what was written then, so it stays as it is."""
    fill(search, collection, 10)
    with Recreation(search, collection, tmp_path, keep_old=True) as interrupted:
        interrupted.copy()
        interrupted.switch()
        with pytest.raises(ServiceRefused, match="being recreated"):
            rollback(search, collection, tmp_path)
    rollback(search, collection, tmp_path)
    result = recreate(search, collection, tmp_path)
    assert (result.new, result.resumed) == (f"{collection}-3", False)
    assert collections.exists(search, f"{collection}-2")


@pytest.mark.integration
def test_one_that_lost_the_old_version_is_not_taken_for_whole(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    with Recreation(search, collection, tmp_path):
        pass
    collections.drop(search, f"{collection}-1")
    with (
        pytest.raises(ServiceRefused, match="unfinished"),
        Recreation(search, collection, tmp_path),
    ):
        pass
    assert collections.aliases(search)[collection] == f"{collection}-1"


@pytest.mark.integration
def test_documents_without_their_alias_are_not_left_behind(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    fill(search, collection, 10)
    search.call(lambda client: client.aliases[collection].delete())
    with (
        pytest.raises(ServiceRefused, match="10 documents"),
        Recreation(search, collection, tmp_path),
    ):
        pass


@pytest.mark.integration
def test_of_two_machines_that_begin_at_once_one_stays_out(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """The name was free when it was looked up: the second run leaves the other's work alone."""
    fill(search, collection, 10)
    with RecreationJournal(tmp_path / "there" / "recreate", search.url, collection) as journal:
        journal.begin(f"{collection}-1", f"{collection}-2", "a machine that came too late")
    with (
        Recreation(search, collection, tmp_path / "here") as first,
        pytest.raises(ServiceRefused, match="being built"),
        Recreation(search, collection, tmp_path / "there"),
    ):
        pass
    assert collections.exists(search, first.result.new)


@pytest.mark.integration
def test_many_late_changes_and_odd_ids_are_reconciled(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """More than an address can name, one after the other, and one that no filter can name."""
    fill(search, collection, 400)
    odd = {**document(1000), "id": "odd`one"}
    old = f"{collection}-1"
    writer = BulkWriter(search, old)
    writer.upsert(odd)
    writer.flush()
    with Recreation(search, collection, tmp_path) as recreation:
        recreation.copy()
        for number in range(400):
            writer.upsert(document(number, "late"))
        writer.upsert({**odd, "summary": "late"})
        writer.flush()
        recreation.switch()
        recreation.finish()
    found = list(collections.documents(search, collection, "pypi"))
    assert len(found) == 401
    assert {document["summary"] for document in found} == {"late"}


@pytest.mark.integration
def test_what_never_fits_is_not_copied_again_and_again(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """Nor does it hold up a collection that is converted, where no document may differ."""
    schema = {"name": collection, "fields": [{"name": ".*", "type": "auto"}]}
    search.call(lambda client: client.collections.create(schema))
    writer = BulkWriter(search, collection)
    for number in range(99):
        writer.upsert(document(number))
    writer.upsert({"id": "foreign", "name_sortable": "x"})
    writer.flush()
    told: list[tuple[str, int, int]] = []
    result = recreate(search, collection, tmp_path, report=lambda *step: told.append(step))
    assert [refusal.id for refusal in result.refused] == ["foreign"]
    assert told == [("copying", 100, 100), ("copying", 100, 100)]
    assert collections.count_of_registry(search, collection, "pypi") == 99


def test_a_journal_that_is_done_leaves_no_file(tmp_path: Path) -> None:
    with RecreationJournal(tmp_path, "a server", "an alias") as journal:
        journal.begin("x-1", "x-2", "mark")
    assert list(tmp_path.glob("*.sqlite"))
    with RecreationJournal(tmp_path, "a server", "an alias") as journal:
        assert journal.progress is not None
        journal.clear()
    assert not list(tmp_path.glob("*.sqlite*"))


@pytest.mark.integration
def test_a_conversion_that_ended_between_its_two_steps_is_carried_on(
    search: SearchServer, collection: str, tmp_path: Path
) -> None:
    """The old collection is gone, the alias not there yet: the new version is all there is."""
    collections.create(search, collection)
    writer = BulkWriter(search, collection)
    for number in range(10):
        writer.upsert(document(number))
    writer.flush()
    with Recreation(search, collection, tmp_path) as recreation:
        recreation.copy()
        collections.drop(search, collection)
    assert recreate(search, collection, tmp_path).resumed
    assert collections.count_of_registry(search, collection, "pypi") == 10


def test_a_folder_that_cannot_hold_a_journal(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(UsageError, match="the journal"),
        RecreationJournal(tmp_path / "file", "a server", "an alias"),
    ):
        pass
    with RecreationJournal(tmp_path, "a server", "an alias") as journal:
        journal.begin("x-1", "x-2", "mark")
    (left,) = tmp_path.glob("*.sqlite")
    left.write_bytes(b"no database at all, however long one reads in it" * 99)
    with (
        pytest.raises(UsageError, match="the journal"),
        RecreationJournal(tmp_path, "a server", "an alias"),
    ):
        pass
