"""What the site says when servers behind it go away, how fresh each source is, plain pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.store import Store
from pyf.aggregator.web.freshness import are_late
from tests import stack
from tests.store.queries.book import Book
from tests.store.serving import served, url_of

from .conftest import environment, fill
from .downloads import GAP, LAST, story

PATHS = ["/", "/top", "/profiles", "/profiles/toys", "/packages/flask-form-kit", "/status"]
PATHS += ["/about", "/faqs"]


def page(url: str, path: str) -> requests.Response:
    return requests.get(url + path, headers={"Accept": "text/html"}, timeout=30)


def row(text: str, name: str) -> str:
    """The row of a source, without its markup."""
    found = re.search(rf'<th scope="row"[^>]*>{re.escape(name)}</th>.*?</tr>', text, re.DOTALL)
    assert found, name
    return re.sub(r"<[^>]+>|\s+", " ", found[0])


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, str]]]:
    """Pages of a site, by what had been stopped when they were asked for."""
    folder, seen = tmp_path_factory.mktemp("left-alone"), {}
    with ExitStack() as exits:
        search = exits.enter_context(ExitStack())
        kept = exits.enter_context(ExitStack())
        server = search.enter_context(stack.search_server(folder / "search"))
        store = kept.enter_context(served(folder / "store"))
        fill(server, "toys")
        with Store(store.admin) as admin:
            admin.migrate()
            Book(admin).publish_all({LAST - timedelta(n): story()[LAST] for n in range(3)})
        told = environment(server, "toys", folder) | {"CLICKHOUSE_URL": url_of(store.reader)}
        told |= {"REDIS_HOST": "127.0.0.1:1"}
        site = exits.enter_context(
            ServerProcess("pyf.aggregator.web", "--port", "0", environment=told)
        )
        for name, stop in (("search", search.close), ("store", kept.close)):
            stop()
            requests.get(f"{site.url}/ready", timeout=30)
            answers = {path: page(site.url, path) for path in [*PATHS, "/health", "/ready"]}
            seen[name] = {path: answer.text for path, answer in answers.items()}
            assert max(answer.status_code for answer in answers.values()) <= 503
            assert {answers[path].status_code for path in PATHS[1:]} == {200} or name == "store"
        yield seen


def test_without_the_search_server_the_rest_is_shown(left_alone):
    pages = left_alone["search"]

    assert "does not answer" in pages["/"]
    assert "flask-page24" in pages["/top"]
    assert "<svg" in pages["/packages/flask-form-kit"]
    assert "does not answer" in pages["/packages/flask-form-kit"]
    assert "not reachable" in row(pages["/status"], "Search index")
    assert "3 days" in row(pages["/status"], "Download counts")
    assert "not reachable" in row(pages["/status"], "Changes on the registry")


def test_with_nothing_left_pages_say_so_and_the_process_lives(left_alone):
    pages = left_alone["store"]

    assert pages["/health"] == '{"status":"ok"}'
    assert '"ready":false' in pages["/ready"]
    assert "not reachable" in row(pages["/status"], "Download counts")
    for path in ("/", "/profiles/toys", "/status"):
        assert "does not answer" in pages[path], path
    for path in ("/about", "/faqs"):
        assert "<h1>" in pages[path]


def test_no_address_or_password_of_a_server_is_told(left_alone):
    for pages in left_alone.values():
        for path in PATHS:
            assert "pyf_reader" not in pages[path]
            assert "127.0.0.1:1" not in pages[path]


def test_the_status_tells_of_days_that_are_missing_and_what_is_late(site):
    text = site.page("/status")

    counts = row(text, "Download counts")
    assert all(str(day) in counts for day in GAP)
    assert str(LAST) in counts
    assert "late" in counts
    assert "not set up" in row(text, "Advisories")
    assert "releases" in row(text, "Toys: documents")


@pytest.mark.parametrize("path", ["/top", "/packages/flask-form-kit", "/compare/flask-form-kit"])
def test_pages_with_counts_say_that_they_are_late(site, path):
    text = re.sub(r"<[^>]+>", "", site.page(path))

    assert f"Download counts are late: the last day that is loaded is {LAST}." in text


@pytest.mark.parametrize(("hour", "late"), [(11, False), (13, True)])
def test_counts_are_late_when_the_second_night_brought_none(hour, late):
    assert are_late(date(2026, 9, 20), datetime(2026, 9, 22, hour, tzinfo=UTC)) is late


def test_a_site_without_a_queue_misses_none(site):
    assert "not reachable" not in row(site.page("/status"), "Changes on the registry")
    assert requests.get(f"{site.url}/ready", timeout=10).json()["ready"] is True


def test_what_other_pages_point_to_is_there(site):
    assert 'id="counted"' in site.page("/about")
    assert 'id="not-listed"' in site.page("/faqs")
    assert "pyf_session" not in site.page("/about")
    for path in PATHS:
        for target in set(
            re.findall(r'href="(/(?:about|faqs|status|feeds)[^"#]*)', site.page(path))
        ):
            assert site.get(target).status_code == 200, target
