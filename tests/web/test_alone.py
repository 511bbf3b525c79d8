"""The site with nothing behind it: what it says, what it refuses, what it keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.web.same_origin import local_path

LIMIT = 7


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site whose search server and store are not there."""
    settings = {
        "PYF_DATA_DIR": str(tmp_path_factory.mktemp("nothing")),
        "WEB_RATE_LIMIT": f"{LIMIT}/minute",
        "WEB_TRUSTED_PROXIES": "1",
        "TYPESENSE_HOST": "",
        "CLICKHOUSE_URL": "",
    }
    arguments = ("--port", "0")
    with ServerProcess("pyf.aggregator.web", *arguments, environment=settings) as process:
        yield process.url


def test_the_process_lives_though_nothing_answers(alone):
    assert requests.get(f"{alone}/health", timeout=10).json() == {"status": "ok"}

    ready = requests.get(f"{alone}/ready", timeout=10)

    assert ready.status_code == 503
    assert ready.headers["Cache-Control"] == "no-store"
    told = ready.json()["dependencies"]
    assert set(told) == {"search", "store"}
    assert all(not item["ok"] and item["reason"] for item in told.values())


@pytest.mark.parametrize("path", ["/health", "/nothing", "/api/nothing", "/static/nothing.css"])
def test_every_answer_says_what_a_browser_may_do(alone, path):
    headers = requests.get(alone + path, timeout=10).headers

    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]


def test_errors_are_pages_for_people_and_problem_details_for_programs(alone):
    page = requests.get(f"{alone}/nothing", headers={"Accept": "text/html"}, timeout=10)
    problem = requests.get(f"{alone}/api/nothing", timeout=10)

    assert (page.status_code, problem.status_code) == (404, 404)
    assert page.headers["Content-Type"].startswith("text/html")
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= problem.json().keys()


def test_static_files_have_the_hash_of_their_content_and_are_kept_for_ever(alone):
    page = requests.get(f"{alone}/nothing", headers={"Accept": "text/html"}, timeout=10).text
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)"', page)

    assert len(addresses) >= 3
    for address in addresses:
        assert re.search(r"\.[0-9a-f]{12}\.", address)
        answer = requests.get(alone + address, timeout=10)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_browser_that_has_an_answer_is_told_that_it_is_the_same(alone):
    page = requests.get(f"{alone}/nothing", headers={"Accept": "text/html"}, timeout=10).text
    address = alone + re.search(r'href="(/static/style[^"]+)"', page)[1]
    first = requests.get(address, timeout=10)

    again = requests.get(address, headers={"If-None-Match": first.headers["ETag"]}, timeout=10)
    other = requests.get(address, headers={"If-None-Match": '"something"'}, timeout=10)

    assert (again.status_code, again.content) == (304, b"")
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("encoding", ["br", "gzip", "zstd", "identity"])
def test_answers_come_in_the_encoding_asked_for(alone, encoding):
    page = requests.get(f"{alone}/nothing", headers={"Accept": "text/html"}, timeout=10).text
    address = alone + re.search(r'href="(/static/style[^"]+)"', page)[1]

    with requests.get(
        address, headers={"Accept-Encoding": encoding}, timeout=10, stream=True
    ) as answer:
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/settings/model.py",
        "/static//etc/passwd",
        "/static/style.css%00.svg",
    ],
)
def test_no_path_leads_out_of_the_static_files(alone, path):
    with requests.Session() as session:
        asked = session.prepare_request(requests.Request("GET", alone))
        asked.url = alone + path
        assert session.send(asked, timeout=10).status_code == 404


def test_a_client_that_asks_too_much_is_told_when_to_come_back(alone):
    def ask(client: str) -> requests.Response:
        # The last entry is the one that the trusted proxy added; the others anybody can write.
        headers = {"X-Forwarded-For": f"192.0.2.1, {client}"}
        return requests.get(f"{alone}/api/nothing", headers=headers, timeout=10)

    answers = [ask("192.0.2.7") for _ in range(LIMIT + 1)]

    assert [answer.status_code for answer in answers] == [404] * LIMIT + [429]
    assert [int(a.headers["RateLimit-Remaining"]) for a in answers[:3]] == [6, 5, 4]
    refused = answers[-1]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert ask("192.0.2.8").status_code == 404
    assert requests.get(f"{alone}/health", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_only_pages_of_this_site_change_something(alone, headers, status):
    form = {"theme": "dark", "next": "/top"}

    answer = requests.post(
        f"{alone}/theme", form, headers=headers, timeout=10, allow_redirects=False
    )

    assert answer.status_code == status
    assert ("theme" in answer.cookies) == (status == 303)


def test_the_theme_is_remembered_and_the_page_drawn_in_it(alone):
    page = requests.get(
        f"{alone}/nothing", headers={"Accept": "text/html"}, cookies={"theme": "dark"}, timeout=10
    )

    assert 'data-theme="dark"' in page.text
    odd = {"theme": '"><script>'}
    page = requests.get(
        f"{alone}/nothing", headers={"Accept": "text/html"}, cookies=odd, timeout=10
    )
    assert "data-theme=" not in page.text


@pytest.mark.parametrize(
    "text",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "",
        "x",
        "/a\r\nb",
    ],
)
def test_nobody_is_sent_to_another_site(text):
    assert local_path(text) == "/"


@given(st.text())
def test_whatever_is_given_leads_to_a_path_of_this_site(text):
    path = local_path(text)

    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert "\r" not in path
    assert "\n" not in path
