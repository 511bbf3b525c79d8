"""Faults: what a client meets, how often, and that the same seed gives the same."""

from __future__ import annotations

import http.client
import time
import xmlrpc.client
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest
import requests
from tests.samples.pypi.conftest import Client

PATH = "/pypi/sample-project/json"


def outcome(client: Client, path: str = PATH) -> str:
    """What one request ends with: a status, or the name of what went wrong."""
    try:
        answer = requests.get(client.url + path, timeout=20)
        if answer.status_code == 200:
            answer.json()
    except requests.exceptions.JSONDecodeError:
        return "malformed"
    except requests.exceptions.ChunkedEncodingError:
        return "truncated"
    except requests.exceptions.ConnectionError as error:
        return "reset" if "reset" in str(error) else str(error)
    return str(answer.status_code)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"rate_429": 1.0}, "429"),
        ({"rate_503": 1.0}, "503"),
        ({"rate_reset": 1.0}, "reset"),
        ({"rate_truncated": 1.0}, "truncated"),
        ({"rate_malformed": 1.0}, "malformed"),
        ({"outage": True}, "503"),
        ({}, "200"),
    ],
)
def test_each_fault_is_what_it_is_called(fresh: Client, fault: dict[str, float], expected: str):
    fresh.control.set_faults(**fault)
    assert outcome(fresh) == expected

    fresh.control.reset_faults()
    assert outcome(fresh) == "200"


def test_a_truncated_answer_promises_more_than_it_sends(fresh: Client):
    whole = fresh.get(PATH)
    fresh.control.set_faults(rate_truncated=1.0)
    connection = http.client.HTTPConnection(fresh.url.removeprefix("http://"), timeout=20)
    connection.request("GET", PATH)
    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Content-Length")) == (200, str(len(whole.content)))
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    assert whole.content.startswith(caught.value.partial)
    connection.close()


def test_rates_come_out_as_set_and_the_same_every_time(fresh: Client):
    rates = {"rate_429": 0.2, "rate_503": 0.1, "rate_reset": 0.05, "rate_malformed": 0.1}

    def run(seed: int) -> list[str]:
        fresh.control.set_faults(seed=seed, **rates)
        return [outcome(fresh) for _ in range(200)]

    first, second, other = run(1), run(1), run(2)
    assert first == second != other
    counts = Counter(first)
    assert 20 <= counts["429"] <= 65
    assert 6 <= counts["503"] <= 38
    assert 6 <= counts["malformed"] <= 38
    assert 1 <= counts["reset"] <= 25
    assert counts["200"] >= 80


def test_the_order_in_which_requests_arrive_changes_nothing(fresh: Client):
    paths = [f"/pypi/sample-project/{version}/json" for version in ("1.0", "1.1", "2.0a1")] * 30

    def run(workers: int) -> Counter[tuple[str, str]]:
        fresh.control.set_faults(rate_503=0.3, rate_reset=0.2)
        with ThreadPoolExecutor(workers) as pool:
            return Counter(pool.map(lambda path: (path, outcome(fresh, path)), paths))

    assert run(1) == run(8)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_has_both_forms_or_none(fresh: Client, status: int):
    fresh.control.set_faults(**{f"rate_{status}": 1.0, "retry_after": 2.5})
    assert fresh.get(PATH).headers["Retry-After"] == "2.5"

    fresh.control.set_faults(retry_after=30.0, retry_after_date=True)
    moment = parsedate_to_datetime(fresh.get(PATH).headers["Retry-After"])
    assert 28 <= moment.timestamp() - time.time() <= 32

    fresh.control.set_faults(retry_after=None)
    assert "Retry-After" not in fresh.get(PATH).headers


def test_xmlrpc_says_too_many_and_unavailable_as_faults(fresh: Client):
    for fault, code, text in (
        ({"rate_429": 1.0, "retry_after": 7.0}, -32500, "may reset in 7 seconds."),
        ({"rate_429": 0.0, "rate_503": 1.0}, -32403, "service unavailable"),
    ):
        fresh.control.set_faults(**fault)
        with pytest.raises(xmlrpc.client.Fault) as caught:
            fresh.rpc.changelog_last_serial()
        assert caught.value.faultCode == code
        assert caught.value.faultString.endswith(text)


def test_an_outage_spares_nothing_but_control(fresh: Client):
    fresh.control.set_faults(outage=True)
    for path in ("/simple/", PATH, "/rss/updates.xml", "/pypi?:action=list_classifiers"):
        assert fresh.get(path).status_code == 503
    with pytest.raises(xmlrpc.client.ProtocolError) as caught:
        fresh.rpc.changelog_last_serial()

    assert caught.value.errcode == 503
    assert fresh.control.stats()["faults"] == {"outage": 5}
    assert fresh.control.stats()["statuses"] == {"503": 5}


def test_faults_keep_to_their_prefixes(fresh: Client):
    fresh.control.set_faults(rate_503=1.0, prefixes=["/simple/", "/rss/"])

    assert fresh.get("/simple/sample-project/").status_code == 503
    assert fresh.get("/rss/packages.xml").status_code == 503
    assert fresh.get(PATH).status_code == 200


def test_latency_delays_without_holding_up_others(fresh: Client):
    fresh.control.set_faults(latency=0.25, jitter=0.05)
    begun = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(lambda _: outcome(fresh), range(10))) == ["200"] * 10

    assert 0.25 <= time.monotonic() - begun < 2.0
    assert fresh.control.stats()["peak_in_flight"] > 1
