"""What PyPI says and how it is understood, against the sample PyPI over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from pyf.aggregator.http import Fetcher, FetchPolicy, UpstreamError
from pyf.aggregator.registries.discovery import BrowseDiscovery
from pyf.aggregator.registries.pypi import PyPI
from pyf.aggregator.registries.pypi.simple import download_index, read_index
from pyf.aggregator.registries.results import (
    AbsentProject,
    EmptyProject,
    FoundProject,
    NoUsableAnswer,
    QuarantinedProject,
    StaleAnswer,
)

from ..scripted_server import ScriptedServer, reply
from ..shared import SHARED, needs_shared
from ..stack import CLASSIFIER, Sample, sample_pypi

T = TypeVar("T")
QUICK = FetchPolicy(retries=2, backoff=0.01, stale_retries=2, stale_backoff=0.01)


@pytest.fixture
def sample() -> Iterator[Sample]:
    with sample_pypi(projects=120) as pypi:
        pypi.tell("publish", name="My.Thing", version="1.0", classifiers=[CLASSIFIER])
        yield pypi


def ask(url: str, question: Callable[[PyPI], Awaitable[T]], policy: FetchPolicy = QUICK) -> T:
    async def go() -> T:
        async with Fetcher(url, policy) as fetcher:
            return await question(PyPI(fetcher))

    return asyncio.run(go())


def project(sample: Sample, name: str, serial: int = 0) -> object:
    return ask(sample.url, lambda pypi: pypi.project(name, serial=serial))


def test_found_under_any_spelling(sample: Sample) -> None:
    for spelling in ("My.Thing", "my-thing", "MY__thing"):
        found = project(sample, spelling)
        assert isinstance(found, FoundProject)
        assert (found.name, found.latest) == ("My.Thing", "1.0")
        assert found.serial > 0
        assert set(found.releases) == {"1.0"}


def test_absent_is_what_both_interfaces_deny(sample: Sample) -> None:
    assert project(sample, "no-such-project") == AbsentProject()
    sample.tell("delete_project", name="my-thing")
    assert project(sample, "my-thing") == AbsentProject()


def test_quarantined_is_not_absent(sample: Sample) -> None:
    sample.tell("quarantine", name="my-thing")
    assert project(sample, "my-thing") == QuarantinedProject()
    sample.tell("clear_quarantine", name="my-thing")
    assert isinstance(project(sample, "my-thing"), FoundProject)


def test_a_project_without_releases_is_empty(sample: Sample) -> None:
    sample.tell("delete_release", name="my-thing", version="1.0")
    assert project(sample, "my-thing") == EmptyProject()


def test_no_answer_is_unknown(sample: Sample) -> None:
    sample.tell("set_faults", outage=True)
    result = project(sample, "my-thing")
    assert isinstance(result, NoUsableAnswer)
    assert "503" in result.reason


def test_the_json_api_down_and_the_simple_page_up_is_unknown(sample: Sample) -> None:
    """A 404 of one interface about a project that the other one lists proves nothing."""
    page = (
        b'{"meta": {"api-version": "1.1"}, "name": "x", "versions": ["1.0"], "files": '
        b'[{"filename": "x-1.0.tar.gz", "url": "https://files.example/x", "hashes": {}}]}'
    )
    kind = "Content-Type: application/vnd.pypi.simple.v1+json"
    with ScriptedServer([reply(404, b"{}"), reply(200, page, kind)]) as server:
        assert isinstance(ask(server.url, lambda pypi: pypi.project("x")), NoUsableAnswer)


def test_an_old_answer_is_stale(sample: Sample) -> None:
    serial = ask(sample.url, lambda pypi: pypi.last_serial())
    result = project(sample, "my-thing", serial + 1000)
    assert isinstance(result, StaleAnswer)
    assert result.wanted == serial + 1000


def test_a_release_and_one_that_is_not_there(sample: Sample) -> None:
    release = ask(sample.url, lambda pypi: pypi.release("my-thing", "1.0"))
    assert release is not None
    assert release.info["version"] == "1.0"
    assert ask(sample.url, lambda pypi: pypi.release("my-thing", "9.9")) is None


def test_without_the_key_releases_the_simple_page_is_asked() -> None:
    """The key is deprecated; versions and files come from the Simple page then."""
    project_json = b'{"info": {"name": "x", "version": "1.1"}, "urls": []}'
    page = (
        b'{"meta": {"api-version": "1.1"}, "name": "x", "versions": ["1.0", "1.1"], "files": ['
        b'{"filename": "x-1.0.tar.gz", "url": "https://files.example/a", "hashes": '
        b'{"sha256": "00"}, "size": 5, "upload-time": "2024-01-02T03:04:05Z", "yanked": "bad"}]}'
    )
    kind = "Content-Type: application/vnd.pypi.simple.v1+json"
    with ScriptedServer([reply(200, project_json), reply(200, page, kind)]) as server:
        found = ask(server.url, lambda pypi: pypi.project("x"))
    assert isinstance(found, FoundProject)
    assert set(found.releases) == {"1.0", "1.1"}
    (file,) = found.releases["1.0"]
    assert file["yanked"] is True
    assert file["yanked_reason"] == "bad"
    assert file["upload_time_iso_8601"].startswith("2024-01-02T03:04:05")


def test_an_html_index_is_understood() -> None:
    """Mirrors often answer the Simple API as HTML only."""
    html = b'<!DOCTYPE html><a href="https://files.example/x-2.0.tar.gz#sha256=00">x-2.0.tar.gz</a>'
    with ScriptedServer([reply(200, html, "Content-Type: text/html")]) as server:
        page = ask(server.url, lambda pypi: pypi.page("x"))
    assert page is not None
    assert (page.status, list(page.versions)) == ("active", ["2.0"])


def test_the_journal_has_every_change_in_order(sample: Sample) -> None:
    async def all_changes(pypi: PyPI) -> list[tuple[str, str | None, int]]:
        return [(c.name, c.version, c.serial) async for page in pypi.changes(start) for c in page]

    start = ask(sample.url, lambda pypi: pypi.last_serial())
    sample.tell("publish", name="one", version="1", classifiers=[])
    sample.tell("yank", name="my-thing", version="1.0", reason="x")
    changes = ask(sample.url, all_changes)
    assert {name for name, _, _ in changes} == {"one", "My.Thing"}
    serials = [serial for _, _, serial in changes]
    assert serials == sorted(serials)
    assert serials[0] > start


def test_a_rate_limited_call_waits_and_goes_on(sample: Sample) -> None:
    """XML-RPC's limit is a fault that names the seconds, no HTTP status."""
    sample.tell("set_faults", xmlrpc_limit=1, xmlrpc_window=1.0)
    serials = [ask(sample.url, lambda pypi: pypi.last_serial()) for _ in range(3)]
    assert len(set(serials)) == 1


def test_another_fault_is_one_sentence(sample: Sample) -> None:
    with pytest.raises(UpstreamError, match="XML-RPC"):
        ask(sample.url, lambda pypi: pypi._xmlrpc._call("package_releases", "x"))


def test_the_index_streams_names_and_serials(sample: Sample, tmp_path: Path) -> None:
    target = tmp_path / "index.json"
    serial = ask(sample.url, lambda pypi: download_index(pypi.fetcher, target))
    entries = {entry.name: entry.serial for entry in read_index(target)}
    assert serial == ask(sample.url, lambda pypi: pypi.last_serial())
    assert entries["My.Thing"] == project(sample, "my-thing").serial  # type: ignore[attr-defined]
    assert len(entries) > 100


def test_a_malformed_index_is_asked_for_again(sample: Sample, tmp_path: Path) -> None:
    sample.tell("set_faults", rate_malformed=0.5, prefixes=["/simple/"], seed=5)
    policy = FetchPolicy(retries=8, backoff=0.01)
    target = tmp_path / "index.json"
    assert ask(sample.url, lambda pypi: download_index(pypi.fetcher, target), policy)
    assert len(list(read_index(target))) > 100


def test_browse_names_every_project_that_ever_carried_the_classifier(sample: Sample) -> None:
    sample.tell("publish", name="my-thing", version="2.0", classifiers=[])
    names = ask(sample.url, lambda pypi: BrowseDiscovery(pypi).names([CLASSIFIER, CLASSIFIER]))
    assert "my-thing" in names
    assert ask(sample.url, lambda pypi: BrowseDiscovery(pypi).names([])) == set()


def test_both_feeds(sample: Sample) -> None:
    sample.tell("publish", name="fresh", version="0.1", classifiers=[])
    releases = ask(sample.url, lambda pypi: pypi.new_releases())
    projects = ask(sample.url, lambda pypi: pypi.new_projects())
    assert (releases[0].name, releases[0].version) == ("fresh", "0.1")
    assert (projects[0].name, projects[0].version) == ("fresh", None)
    assert releases[0].published > 0
    assert len(releases) == 100
    assert len(projects) == 40


@needs_shared
@pytest.mark.parametrize("name", ["updates.xml", "packages.xml", "updates-2019-01-09-a.xml"])
def test_recorded_feeds_are_read_whole(name: str) -> None:
    body = (SHARED / "corpus/pypi/rss" / name).read_bytes()
    with ScriptedServer([reply(200, body, "Content-Type: text/xml")]) as server:
        if name == "packages.xml":
            items = ask(server.url, lambda pypi: pypi.new_projects())
        else:
            items = ask(server.url, lambda pypi: pypi.new_releases())
    assert len(items) == body.count(b"<item>")
    assert all(item.name and item.published for item in items)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"info": null}', b'{"info": {}}', b"<p>"])
def test_nonsense_is_unknown(body: bytes) -> None:
    with ScriptedServer([reply(200, body)]) as server:
        assert isinstance(ask(server.url, lambda pypi: pypi.project("x")), NoUsableAnswer)
