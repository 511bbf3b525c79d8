"""HTTP itself: keep-alive, pipelining, HEAD, compression, requests that are none."""

from __future__ import annotations

import http.client
import socket

import pytest
from tests.samples.pypi.conftest import JSON, Client, connected


def address(client: Client) -> tuple[str, int]:
    host, _, port = client.url.removeprefix("http://").partition(":")
    return host, int(port)


def exchange(client: Client, sent: bytes) -> bytes:
    with socket.create_connection(address(client), timeout=20) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65_536):
            received += part
    return received


def test_a_connection_serves_many_requests(fresh: Client):
    connection = http.client.HTTPConnection(*address(fresh), timeout=20)
    for _ in range(20):
        connection.request("GET", "/pypi/sample-project/json")
        assert connection.getresponse().read().startswith(b"{")
    connection.close()

    assert fresh.control.stats()["connections"] == 1


def test_requests_sent_at_once_are_answered_in_order(fresh: Client):
    paths = [f"/pypi/sample-project/{version}/json" for version in ("1.0", "2.0a1", "1.1")]
    sent = b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths)
    call = b"<methodCall><methodName>changelog_last_serial</methodName></methodCall>"
    head = b"POST /pypi HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nConnection: close\r\n"
    sent += head + b"Content-Length: %d\r\n\r\n" % len(call) + call
    for latency in (0.0, 0.02):
        fresh.control.set_faults(latency=latency)
        received = exchange(fresh, sent)
        places = [received.index(mark) for mark in (b'"1.0"', b'"2.0a1"', b'"1.1"', b"<int>")]
        assert places == sorted(places)
        assert received.count(b"HTTP/1.1 200 OK") == 4


def test_a_client_that_wants_to_close_is_closed(fresh: Client):
    received = exchange(fresh, b"GET /simple HTTP/1.0\r\n\r\n")

    assert received.startswith(b"HTTP/1.1 301 ")
    assert b"\r\nConnection: close\r\n" in received


def test_head_sends_the_headers_alone(fresh: Client):
    answer = fresh.session.head(f"{fresh.url}/pypi/sample-project/json", timeout=20)
    whole = fresh.get("/pypi/sample-project/json")

    assert answer.content == b""
    assert answer.headers["Content-Length"] == str(len(whole.content))
    assert answer.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize("sent", [b"\x00\x01\x02\r\n\r\n", b"NONSENSE\r\n\r\n", b"GET\r\n\r\n"])
def test_what_is_no_request_is_refused(fresh: Client, sent: bytes):
    assert exchange(fresh, sent).startswith(b"HTTP/1.1 400 ")


def test_other_methods_are_not_allowed(fresh: Client):
    answer = fresh.session.put(f"{fresh.url}/pypi/sample-project/json", b"{}", timeout=20)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_body_beyond_the_limit_is_refused(fresh: Client):
    head = b"POST /pypi HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
    with socket.create_connection(address(fresh), timeout=20) as connection:
        connection.sendall(head + b"Content-Length: 20000000\r\n\r\n")
        try:
            for _ in range(200):
                connection.sendall(b"x" * 65_536)
        except OSError:
            return  # closed before all was sent: just as good
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_large_bodies_are_compressed_for_those_who_take_it():
    for client in connected(projects=200, gzip_from=2000):
        plain = client.get("/simple/", Accept=JSON, Accept_Encoding="identity")
        packed = client.get("/simple/", Accept=JSON, Accept_Encoding="gzip, deflate")

        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) < len(plain.content)
        assert (packed.content, packed.headers["ETag"]) == (plain.content, plain.headers["ETag"])


def test_an_escaped_path_is_decoded(fresh: Client):
    assert fresh.get("/pypi/sample%2Dproject/json").status_code == 200
