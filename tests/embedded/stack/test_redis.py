"""The Redis of the stack, a real one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis as redis_client

from pyf.aggregator.embedded.stack.health_checks import is_healthy
from pyf.aggregator.running_stack.broker import ENDPOINT, local_redis_url

from .driving import WITHIN, until


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The URL of the Redis of a stack that consists of it alone."""
    environ = {"PATH": os.environ["PATH"], "PYF_DATA_DIR": str(folder)}
    command = [
        sys.executable,
        "-m",
        "pyf.aggregator.embedded.stack",
        "--only=redis",
        "--redis-port=0",
    ]
    with Path(os.devnull).open("wb") as nobody:
        descriptor = nobody.fileno()
        process = subprocess.Popen(
            [*command, f"--report={descriptor}"], env=environ, cwd=folder, pass_fds=(descriptor,)
        )
    try:
        yield str(until(lambda: local_redis_url(folder)))
    finally:
        process.terminate()
        assert process.wait(WITHIN) == 0


def test_what_is_in_it_survives_the_stack(tmp_path: Path):
    with redis(tmp_path) as url, redis_client.Redis.from_url(url) as client:
        client.lpush("celery", "one", "two")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert local_redis_url(tmp_path) is None
    with redis(tmp_path) as url, redis_client.Redis.from_url(url) as client:
        assert client.lrange("celery", 0, -1) == [b"two", b"one"]


def test_it_wants_the_password_and_listens_on_this_machine_alone(tmp_path: Path):
    with redis(tmp_path) as url, redis_client.Redis.from_url(url) as client:
        parts = urlsplit(url)
        address, password = f"redis://127.0.0.1:{parts.port}", str(parts.password)
        server = psutil.Process(client.info("server")["process_id"])
        with (
            redis_client.Redis.from_url(address) as stranger,
            pytest.raises(redis_client.AuthenticationError),
        ):
            stranger.get("anything")

        said = [is_healthy(address), is_healthy(address, password), is_healthy(address, "wrong")]
        assert said == [True, True, False]
        sockets = (c for c in server.net_connections() if c.status == psutil.CONN_LISTEN)
        assert {socket.laddr.ip for socket in sockets} == {"127.0.0.1"}
        assert password not in " ".join(server.cmdline())
        assert (tmp_path / ENDPOINT).stat().st_mode & 0o777 == 0o600


def test_a_url_left_behind_by_a_stack_that_is_gone_is_not_given(tmp_path: Path):
    (tmp_path / ENDPOINT).write_text('{"url": "redis://:old@127.0.0.1:1/0"}')

    assert local_redis_url(tmp_path) is None
    assert local_redis_url(tmp_path / "missing") is None


def test_nobody_there_is_no_answer():
    assert not is_healthy("redis://127.0.0.1:1")
    assert not is_healthy("http://127.0.0.1:1/health")
