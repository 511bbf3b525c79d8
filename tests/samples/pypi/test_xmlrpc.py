"""XML-RPC: the methods that work, those that do not, and how it says no."""

from __future__ import annotations

import re
import xmlrpc.client
from typing import Any

import pytest
import trove_classifiers
from tests.samples.pypi.conftest import FAMILY, Client

from pyf.aggregator.names import normalize_name
from pyf.aggregator.samples.pypi import Upstreams


def rows(client: Client, serial: int) -> list[list[Any]]:
    found: Any = client.rpc.changelog_since_serial(serial)
    return found


def test_the_journal_agrees_with_the_root(index: Client):
    found = rows(index, 0)
    serials = [row[4] for row in found]
    last = {normalize_name(row[0]): row[4] for row in found}
    root = index.root()

    assert serials == sorted(set(serials))
    assert [row[2] for row in found] == sorted(row[2] for row in found)
    assert serials[-1] == index.rpc.changelog_last_serial() == root["meta"]["_last-serial"]
    for each in root["projects"]:
        assert last[normalize_name(each["name"])] == each["_last-serial"]
    assert serials[-1] - serials[0] + 1 > len(serials), "serials have holes"


def test_the_journal_names_the_files_of_the_json_api(index: Client):
    named: dict[str, set[str]] = {}
    for name, _, _, action, _ in rows(index, 0):
        if found := re.fullmatch(r"add \S+ file (\S+)", action):
            named.setdefault(normalize_name(name), set()).add(found[1])
    for each in index.root()["projects"][:80]:
        page = index.page(each["name"])
        assert named.get(page["name"], set()) == {file["filename"] for file in page["files"]}


def test_every_serial_can_be_gone_on_from(index: Client):
    found = rows(index, 0)
    for place in (0, 1, 2, 500, len(found) - 2, len(found) - 1):
        assert rows(index, found[place][4])[:50] == found[place + 1 : place + 51]


def test_a_call_returns_fifty_thousand_rows_at_most():
    with (
        Upstreams(projects=4200) as upstreams,
        xmlrpc.client.ServerProxy(f"{upstreams.url}/RPC2", allow_none=True) as rpc,
    ):
        found: Any = rpc.changelog_since_serial(0)
        rest: Any = rpc.changelog_since_serial(found[-1][4])

    assert len(found) == 50_000
    assert 0 < len(rest) < 50_000
    assert rest[0][4] > found[-1][4]


def test_all_names_are_listed_also_those_in_quarantine(index: Client):
    listed: Any = index.rpc.list_packages_with_serial()
    root = {each["name"]: each["_last-serial"] for each in index.root()["projects"]}
    hidden = listed.keys() - root.keys()

    assert len(listed) == 600
    assert hidden
    assert root.items() <= listed.items()
    for name in hidden:
        assert index.page(name)["project-status"] == {"status": "quarantined"}
        assert (index.page(name)["versions"], index.page(name)["files"]) == ([], [])
        assert index.get(f"/pypi/{normalize_name(name)}/json").status_code == 404


@pytest.fixture(scope="module")
def carried(index: Client) -> dict[tuple[str, str], set[str]]:
    """The classifiers of every release that the JSON API shows."""
    found = {}
    for each in index.root()["projects"]:
        answer = index.get(f"/pypi/{normalize_name(each['name'])}/json")
        for version in answer.json().get("releases", ()):
            info = index.json(each["name"], version)["info"]
            found[each["name"], version] = set(info["classifiers"])
    return found


def browsed(client: Client, *classifiers: str) -> set[tuple[str, str]]:
    found: Any = client.rpc.browse(list(classifiers))
    pairs = [tuple(pair) for pair in found]
    assert pairs == sorted(set(pairs))
    return set(pairs)


@pytest.mark.parametrize(
    "classifiers",
    [
        (FAMILY,),
        (f"{FAMILY} :: 5.2",),
        (FAMILY, f"{FAMILY} :: 6.0"),
        ("Topic :: Utilities",),
        ("Framework :: Django",),
    ],
)
def test_browse_names_exactly_the_releases_that_carry_all(
    index: Client, carried: dict[tuple[str, str], set[str]], classifiers: tuple[str, ...]
):
    shown = {pair for pair in browsed(index, *classifiers) if _is_shown(index, pair[0])}
    expected = {pair for pair, found in carried.items() if set(classifiers) <= found}

    assert shown == expected
    assert expected


def _is_shown(client: Client, name: str) -> bool:
    return client.page(name)["project-status"]["status"] != "quarantined"


def test_browse_knows_no_prefixes_and_nothing_twice(fresh: Client):
    fresh.control.publish("only-child", "1.0", classifiers=[f"{FAMILY} :: 6.0"])

    assert ("only-child", "1.0") not in browsed(fresh, FAMILY)
    assert ("only-child", "1.0") in browsed(fresh, f"{FAMILY} :: 6.0")
    assert browsed(fresh, FAMILY, FAMILY) == browsed(fresh) == set()
    assert browsed(fresh, "No :: Such :: Classifier") == set()


def test_browse_names_yanked_and_quarantined_releases_but_none_that_is_gone(fresh: Client):
    fresh.control.yank("sample-project", "1.0")
    fresh.control.quarantine("sample-project", "1.1")
    mine = {pair for pair in browsed(fresh, FAMILY) if pair[0] == "Sample.Project"}
    assert {version for _, version in mine} == {"1.0", "1.1", "2.0a1"}

    fresh.control.quarantine("sample-project")
    assert mine <= browsed(fresh, FAMILY)
    fresh.control.delete_project("sample-project")
    assert not mine & browsed(fresh, FAMILY)


@pytest.mark.parametrize(
    ("method", "parameters", "code"),
    [
        ("search", ({"name": "x"},), -32500),
        ("package_releases", ("x",), -32500),
        ("changelog", (0,), -32500),
        ("no_such_method", (), -32601),
        ("changelog_since_serial", ("12",), -32602),
        ("changelog_since_serial", (True,), -32602),
        ("changelog_since_serial", (), -32602),
        ("changelog_last_serial", (1,), -32602),
        ("browse", ("Framework :: Plone",), -32602),
        ("browse", ([1],), -32602),
    ],
)
def test_what_is_not_offered_or_of_the_wrong_type_is_a_fault(
    index: Client, method: str, parameters: tuple[Any, ...], code: int
):
    with pytest.raises(xmlrpc.client.Fault) as caught:
        getattr(index.rpc, method)(*parameters)

    assert caught.value.faultCode == code
    assert code != -32602 or caught.value.faultString.startswith("client error; ")


def test_a_body_that_is_no_call_is_a_fault(index: Client):
    answer = index.session.post(f"{index.url}/pypi", b"<x", headers={"Content-Type": "text/xml"})

    with pytest.raises(xmlrpc.client.Fault):
        xmlrpc.client.loads(answer.content)


@pytest.mark.parametrize("path", ["/pypi", "/pypi/", "/RPC2"])
def test_the_content_type_has_to_be_right(index: Client, path: str):
    call = xmlrpc.client.dumps((), "changelog_last_serial")

    def status(kind: str) -> int:
        answer = index.session.post(index.url + path, call, headers={"Content-Type": kind})
        return answer.status_code

    assert (status("text/xml"), status("text/xml; charset=utf-8")) == (200, 200)
    assert status("application/json") == 404


def test_more_calls_than_allowed_are_a_fault_that_says_for_how_long(fresh: Client):
    fresh.control.set_faults(xmlrpc_limit=2, xmlrpc_window=0.6)
    call = xmlrpc.client.dumps((), "changelog_last_serial")
    answers = [
        fresh.session.post(f"{fresh.url}/pypi", call, headers={"Content-Type": "text/xml"})
        for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].headers["RateLimit-Policy"] == '"xmlrpc.client";q=2;w=0.6;pk=:ip:'
    assert answers[0].headers["RateLimit"].startswith('"xmlrpc.client";r=1;t=')
    with pytest.raises(xmlrpc.client.Fault) as caught:
        xmlrpc.client.loads(answers[2].content)
    assert caught.value.faultCode == -32500
    assert re.match(r"HTTPTooManyRequests: .*reset in 1 seconds\.", caught.value.faultString)


def test_the_classifiers_are_those_of_the_package(index: Client):
    answer = index.get("/pypi?%3Aaction=list_classifiers")
    lines = answer.text.splitlines()

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert {FAMILY, "Framework :: Django"} <= set(lines)
    assert set(lines) == trove_classifiers.classifiers
