"""The upstream client, against servers that misbehave byte by byte."""

from __future__ import annotations

import asyncio
import datetime as dt
import email.utils
import time

import pytest

from pyf.aggregator.http import (
    Fetcher,
    FetchPolicy,
    HttpResponse,
    InvalidBody,
    UpstreamError,
    expect_status,
    proxy_for,
    retry_after,
    retry_delay,
    user_agent,
)

from .scripted_server import RESET, ScriptedServer, reply

QUICK = FetchPolicy(retries=3, backoff=0.01, timeout=5)
GOOD = reply(200, b'{"ok": true}')


def ask(
    server: ScriptedServer, policy: FetchPolicy = QUICK, check=lambda answer: answer
) -> HttpResponse:
    async def go() -> HttpResponse:
        async with Fetcher(server.url, policy, contact="ops@example.org") as fetcher:
            return await fetcher.get("/thing", check=check)

    return asyncio.run(go())


@pytest.mark.parametrize(
    "fault",
    [
        reply(429, b"slow down", "Retry-After: 0"),
        reply(503),
        reply(500),
        RESET,
        reply(200, b'{"ok": t', length=12),
        b"",
        b"HTTP/1.1 nonsense\r\n\r\n",
    ],
    ids=["429", "503", "500", "reset", "truncated", "closed", "not-http"],
)
def test_a_fault_is_followed_by_another_try(fault: bytes) -> None:
    """Every fault that may pass is tried again, and the answer after it counts."""
    with ScriptedServer([fault, fault, GOOD]) as server:
        assert ask(server).body == b'{"ok": true}'
        assert len(server.requests) == 3


def test_the_last_try_fails_with_the_reason() -> None:
    with ScriptedServer([reply(503)]) as server:
        with pytest.raises(UpstreamError, match=r"/thing: HTTP status 503") as caught:
            ask(server)
        assert caught.value.exit_status == 5
        assert len(server.requests) == 1 + QUICK.retries


def test_a_malformed_body_is_asked_for_again() -> None:
    def check(answer: HttpResponse) -> HttpResponse:
        if answer.body != b'{"ok": true}':
            raise InvalidBody("not yet")
        return answer

    with ScriptedServer([reply(200, b"<html>"), GOOD]) as server:
        assert ask(server, check=check).status == 200


@pytest.mark.parametrize("status", [200, 304, 404, 410])
def test_an_answer_that_will_not_change_is_taken_at_once(status: int) -> None:
    with ScriptedServer([reply(status)]) as server:
        assert ask(server).status == status
        assert len(server.requests) == 1


def test_silence_is_a_fault() -> None:
    no_answer = pytest.raises(UpstreamError, match="no answer in time")
    with ScriptedServer([GOOD], silence=0.5) as server, no_answer:
        ask(server, FetchPolicy(retries=0, timeout=0.1))


def test_nobody_there_is_one_sentence() -> None:
    with ScriptedServer([GOOD]) as server:
        url = server.url

    async def go() -> None:
        async with Fetcher(url, FetchPolicy(retries=1, backoff=0.01)) as fetcher:
            await fetcher.get("/", check=lambda answer: answer)

    with pytest.raises(UpstreamError, match="cannot be reached"):
        asyncio.run(go())


def test_what_failed_is_told_without_user_and_password() -> None:
    """A mirror's address may carry both; they stand neither in the sentence nor in its parts."""
    with ScriptedServer([reply(503), reply(403)]) as server:
        own = server.url.replace("//", "//jane:pa55word@")

        async def go(check) -> None:
            async with Fetcher(own, FetchPolicy(retries=0)) as fetcher:
                await fetcher.get("/thing", check=check)

        for check in (lambda answer: answer, lambda answer: expect_status(answer, 200)):
            with pytest.raises(UpstreamError) as caught:
                asyncio.run(go(check))
            error = caught.value
            assert "pa55word" not in f"{error} {error.service} {error.reason}"
    assert all(b"Authorization: Basic" in asked for asked in server.requests)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(form: str) -> None:
    """The pause is the one asked for, in either form, not the client's own shorter one."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
    value = "1" if form == "seconds" else email.utils.format_datetime(moment, usegmt=True)
    with ScriptedServer([reply(429, b"", f"Retry-After: {value}"), GOOD]) as server:
        ask(server)
        assert 0.9 <= server.moments[1] - server.moments[0] < 3


def test_retry_after_reads_both_forms() -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert retry_after("7") == 7
    assert retry_after("Thu, 01 Jan 2026 00:00:30 GMT", now) == 30
    assert retry_after("Wed, 31 Dec 2025 00:00:30 GMT", now) == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_back_off_grows_and_varies() -> None:
    pauses = [[retry_delay(attempt, 2.0, None) for _ in range(50)] for attempt in (1, 2, 3)]
    for attempt, drawn in enumerate(pauses, 1):
        top = 2.0 * 2 ** (attempt - 1)
        assert all(top / 2 <= pause <= top for pause in drawn)
        assert len(set(drawn)) > 1


def test_the_user_agent_names_the_product_and_a_contact() -> None:
    with ScriptedServer([GOOD]) as server:
        ask(server)
        assert b"User-Agent: pyf.aggregator/" in server.requests[0]
        assert b"(ops@example.org)" in server.requests[0]
    assert "(" not in user_agent()


def test_a_rate_cap_spaces_starts_but_does_not_wait_for_answers() -> None:
    """Ten answers of 0.3 s each at 20 ms apart take far less than one after the other."""
    policy = FetchPolicy(workers=10, delay=0.02, retries=0)

    async def go(url: str) -> None:
        async with Fetcher(url, policy) as fetcher:
            await asyncio.gather(*(fetcher.get("/", check=lambda a: a) for _ in range(10)))

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        starts.append(time.monotonic())
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
        writer.write(GOOD)
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        async with server:
            await go(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    starts: list[float] = []
    begun = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - begun < 1.5
    assert starts[-1] - starts[0] >= 9 * 0.02 * 0.8


def test_no_more_requests_at_once_than_workers() -> None:
    now, most = 0, 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        await reader.readuntil(b"\r\n\r\n")
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        now -= 1
        writer.write(GOOD)
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(count, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Fetcher(url, FetchPolicy(workers=4)) as fetcher:
                await asyncio.gather(*(fetcher.get("/", check=lambda a: a) for _ in range(40)))
                assert fetcher.traffic.requests == 40

    asyncio.run(main())
    assert most == 4


def test_a_proxy_of_the_environment_is_used_where_it_should_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,inside.example")
    assert proxy_for("https://pypi.example/simple/") == "http://proxy.example:3128"
    assert proxy_for("https://inside.example") is None
    assert proxy_for("http://127.0.0.1:8081") is None
