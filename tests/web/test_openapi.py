"""The API's description: complete, true, and nothing that is asked by it breaks the site."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from pyf.aggregator.web.api import examples

from .conftest import Running

NAME = "flask-form-kit"
QUICK = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
HELD = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(site: Running) -> dict[str, Any]:
    """The document as it is served."""
    answer = requests.get(f"{site.url}/api/openapi.json", timeout=30)
    assert answer.headers["Content-Type"] == "application/json"
    return dict(answer.json())


@pytest.fixture(scope="module")
def api(site: Running) -> Any:
    """The document as schemathesis reads it."""
    return schemathesis.openapi.from_url(f"{site.url}/api/openapi.json")


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", examples.ANSWERS)
def test_whatever_is_asked_the_answer_is_one_that_is_described(api, path, mode):
    operation = api[path]["GET"]
    if mode is GenerationMode.NEGATIVE and not list(operation.query):
        pytest.skip("nothing in its query can be wrong")

    @QUICK
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        if mode is GenerationMode.POSITIVE:
            ask_for_what_is_there(case)
        case.call_and_validate(checks=HELD, timeout=30)

    ask()


def ask_for_what_is_there(case: schemathesis.Case) -> None:
    """Made-up names would be answered with 404 alone."""
    if "package" in case.path_parameters:
        case.path_parameters["package"] = NAME
    elif "name" in case.query:
        case.query["name"] = [NAME, "flask-vulnerable"]
    case.query.pop("profile", None)


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, methods["get"]) for path, methods in document["paths"].items()]


def test_it_is_an_openapi_3_1_document_of_every_route(site: Running, document):
    assert document["openapi"].startswith("3.1")
    assert len(operations(document)) == 16
    assert all(path.startswith("/api/") for path in document["paths"])
    for _, operation in operations(document):
        assert operation["tags"]
        assert operation["description"]


def test_every_answer_has_an_example_of_its_shape(document):
    for path, operation in operations(document):
        content = operation["responses"]["200"]["content"]["application/json"]
        shape = {**content["schema"], "components": document["components"]}
        jsonschema_rs.validator_for(shape).validate(content["example"])
        assert {"text/csv", "application/jsonl"} < operation["responses"]["200"]["content"].keys()
        for status in ("400", "404", "422", "429", "503"):
            problem = operation["responses"][status]["content"]["application/problem+json"]
            assert problem["example"]["status"] == int(status), path


def test_every_parameter_has_an_example_that_it_would_take(document):
    for path, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            schema = {**parameter["schema"], "components": document["components"]}
            jsonschema_rs.validator_for(schema).validate(parameter["example"])
            assert parameter["name"], path


def test_the_page_shows_every_route_with_an_address_that_can_be_opened(site: Running, document):
    text = site.page("/api/")

    for path in document["paths"]:
        assert f"GET {path}</code>" in text
    addresses = re.findall(r'Try it: <a href="([^"]+)"', text)
    assert len(addresses) == len(document["paths"])
    for address in addresses:
        # The packages and profiles of the examples are not those of this site.
        answer = requests.get(site.url + address.replace("&amp;", "&"), timeout=30)
        assert answer.status_code in (200, 404), address
    assert site.get("/api", allow_redirects=False).headers["Location"] == "/api/"


def test_the_page_has_an_anchor_for_each_of_its_own_links(site: Running):
    text = site.page("/api/")

    anchors = re.findall(r'href="#([^"]+)"', text)
    assert len(anchors) > 16
    for anchor in anchors:
        assert f'id="{anchor}"' in text


anything = st.text(max_size=60).map(lambda text: quote(text, safe=""))
PATHS = st.one_of(
    st.builds("/api/packages/{}/recent".format, anything),
    st.builds("/api/packages/{}".format, anything),
    st.builds("/api/packages/flask-form-kit/{}".format, anything),
    st.builds("/api/packages/flask-form-kit/overall?start={}&bucket={}".format, anything, anything),
    st.builds("/api/packages/flask-form-kit/system?os={}".format, anything),
    st.builds("/api/recent?name={}".format, anything),
    st.builds("/api/compare?name={}".format, anything),
    st.builds("/api/search?q={}".format, anything),
    st.builds("/api/search?license={}&python={}".format, anything, anything),
    st.builds("/api/top?profile={}".format, anything),
    st.builds("/api/insights/{}".format, anything),
    st.builds("/{}".format, anything),
    st.builds("/packages/{}".format, anything),
    st.builds("/badge/{}/month.svg".format, anything),
)


@given(path=PATHS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_stands_in_an_address_is_answered_clearly(site: Running, path):
    answer = requests.get(site.url + path, timeout=30, allow_redirects=False)

    assert answer.status_code < 500, (path, answer.text)
    if answer.status_code >= 400 and path.startswith("/api/"):
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/packages/%ff%fe/recent",
        "/api/packages/a%2Fb/recent",
        "/api/packages/../../etc/passwd",
        "/api/packages/%00/overall",
        "/api/search?q=%ff%00",
        "/api/search?keyword=%0d%0aX-Injected:%201",
        "/api/top?limit=99999999999999999999999",
        "/api/packages/flask/overall?start=0000-00-00",
        "/api/packages/flask-form-kit/overall?start=0001-01-01&end=9999-12-31",
        "/api/packages/flask-form-kit/overall?start=9999-12-31",
        "/api/packages/flask-form-kit/overall?end=0001-01-01&bucket=week",
        "/api/compare?name=flask-form-kit&start=0001-01-01&bucket=month",
        "/api/search?page=%2B1",
    ],
)
def test_what_often_breaks_sites_does_not(site: Running, path):
    with requests.Session() as session:
        asked = session.prepare_request(requests.Request("GET", site.url))
        asked.url = site.url + path
        answer = session.send(asked, timeout=30, allow_redirects=False)

    assert answer.status_code < 500, answer.text
    assert "X-Injected" not in answer.headers
