"""The queue's actions of ``pyfa manage`` and ``pyfa metrics``, as users meet them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from pyf.aggregator.queue.config import PREFIX
from pyf.aggregator.queue.dead_letters import DeadLetters
from pyf.aggregator.queue.stats import TaskStats
from pyf.aggregator.running_stack.broker import local_redis_url

from ..queue.running import RedisServer, free_port, redis_server

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(redis_server() is None, reason="there is no Redis server"),
]
MODULE = [sys.executable, "-m", "pyf.aggregator.cli.main"]
MESSAGE = '{"headers": {"pyf_sent": %f}}'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    running = RedisServer(folder)
    yield running
    running.stop()


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYF_DATA_DIR": str(folder / "data"),
        **more,
    }


def pyfa(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MODULE, *arguments],
        env=environment(folder, **more),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert (result.returncode, len(result.stderr.splitlines())) == (status, 1), result.stderr
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr


def rows(result: subprocess.CompletedProcess[str]) -> list[list[str]]:
    assert result.returncode == 0, result.stderr
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_the_state_is_told_to_people_and_to_programs(server: RedisServer, tmp_path: Path) -> None:
    client = server.client()
    client.lpush("celery", MESSAGE % (time.time() - 100), MESSAGE % time.time())
    TaskStats(client).record_start("sync_changes", periodic=True)
    TaskStats(client).record_end("inspect_project", "failed")
    TaskStats(client).record_progress("full:plone", 5, 9)
    DeadLetters(client).add(f"{PREFIX}inspect_project", "bad", ["bad"], {}, "ValueError: x")

    told = pyfa(tmp_path, "manage", "--queue-stats", REDIS_HOST=server.address)
    lines = rows(told)
    (ordinary,) = [row for row in lines if row[:2] == ["queue", "celery"]]
    assert ordinary[2] == "2"
    assert 100 <= int(ordinary[3]) < 160
    assert ["failed", "inspect_project", "1"] in lines
    assert ["total", "dead letters", "1"] in lines
    assert any(row[:4] == ["run", "full:plone", "5", "9"] for row in lines)
    assert ["beat", "full_fetch_all_packages", "never", "on"] in lines
    assert "no worker answers" in told.stderr

    data = json.loads(
        pyfa(tmp_path, "manage", "--queue-stats", "--json", REDIS_HOST=server.address).stdout
    )
    assert data["waiting"]["celery"]["pending"] == 2
    assert data["waiting"]["celery"]["oldest_s"] >= 100
    assert data["waiting"]["long"] == {"pending": 0, "oldest_s": None}
    assert (data["workers"], data["active"], data["dead"]) == ([], 0, 1)
    assert data["beats"]["sync_changes"]["age_s"] < 60
    assert data["today"]["sync_changes:started"] == 1
    assert data["runs"][0]["name"] == "full:plone"


def test_purging_asks_and_says_what_went(server: RedisServer, tmp_path: Path) -> None:
    client = server.client()
    client.lpush("celery", MESSAGE % 1, MESSAGE % 2)
    client.lpush("long", MESSAGE % 1)

    asked = pyfa(tmp_path, "manage", "--purge-queue", REDIS_HOST=server.address)
    one_line(asked, 2, "3 waiting tasks", "celery 2", "long 1", "-f")
    assert client.llen("celery") == 2
    purged = pyfa(tmp_path, "manage", "--purge-queue", "-f", REDIS_HOST=server.address)
    assert purged.stdout == "3 waiting tasks (celery 2, feeds 0, long 1) are thrown away\n"
    assert client.llen("celery") == client.llen("long") == 0
    again = pyfa(tmp_path, "manage", "--purge-queue", "--json", REDIS_HOST=server.address)
    assert json.loads(again.stdout)["purged"] == {"celery": 0, "feeds": 0, "long": 0}


def test_failed_tasks_are_listed_queued_again_forgotten(
    server: RedisServer, tmp_path: Path
) -> None:
    dead = DeadLetters(server.client())
    task = f"{PREFIX}inspect_project"
    dead.add(task, "six", ["six"], {"serial": 3}, "ValueError: a\tb\nc")
    dead.add(task, "six", ["six"], {"serial": 3}, "ValueError: a\tb\nc")

    (row,) = rows(pyfa(tmp_path, "manage", "--list-failed", REDIS_HOST=server.address))
    assert [*row[:3], row[5]] == ["inspect_project", "six", "ValueError: a b c", "2"]
    listed = pyfa(tmp_path, "manage", "--list-failed", "--json", REDIS_HOST=server.address)
    (letter,) = json.loads(listed.stdout)
    assert (letter["task"], letter["subject"], letter["count"]) == (task, "six", 2)
    assert (letter["args"], letter["kwargs"]) == (["six"], {"serial": 3})

    again = pyfa(tmp_path, "manage", "--retry-failed", "--json", REDIS_HOST=server.address)
    assert json.loads(again.stdout) == {"queued": 1}
    assert (server.client().llen("celery"), len(dead)) == (1, 0)
    dead.add(task, "seven", ["seven"], {}, "ValueError: x")
    one_line(pyfa(tmp_path, "manage", "--forget-failed", REDIS_HOST=server.address), 2, "-f")
    assert len(dead) == 1
    assert pyfa(tmp_path, "manage", "--forget-failed", "-f", REDIS_HOST=server.address).stdout
    assert len(dead) == 0


def test_redis_being_away_is_a_sentence(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    url = f"redis://:secret@{address}/0"
    for action in ("--queue-stats", "--list-failed", "--retry-failed", "--purge-queue"):
        told = pyfa(tmp_path, "manage", action, REDIS_HOST=url)
        one_line(told, 5, address, "connection refused")
        assert "secret" not in told.stderr


def test_nothing_configured_and_nothing_running_names_both_ways(tmp_path: Path) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 6379)) == 0:
            pytest.skip("a Redis runs at the default address")
    one_line(pyfa(tmp_path, "manage", "--queue-stats"), 5, "REDIS_HOST", "pyfa up")


def test_metrics_once_with_everything_away(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    printed = pyfa(tmp_path, "metrics", "--once", REDIS_HOST=nobody)
    assert (printed.returncode, printed.stderr) == (0, "")
    assert 'pyf_up{service="redis"} 0.0' in printed.stdout
    assert 'pyf_up{service="search"} 0.0' in printed.stdout


def test_metrics_are_served_until_told_to_end(server: RedisServer, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*MODULE, "metrics", "--port", "0"],
        env=environment(tmp_path, REDIS_HOST=server.address),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        (url,) = re.findall(r"http://\S+", process.stdout.readline())
        assert 'pyf_queue_depth{queue="celery"} 0.0' in requests.get(url, timeout=20).text
        server.client().lpush("celery", MESSAGE % time.time())
        assert 'pyf_queue_depth{queue="celery"} 1.0' in requests.get(url, timeout=20).text
        port = url.rpartition(":")[2].partition("/")[0]
        one_line(pyfa(tmp_path, "metrics", "--port", port), 2, port, "in use")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_the_stack_of_this_machine_is_found_without_a_setting(tmp_path: Path) -> None:
    """With its password, for reading and for queueing; the default address is not asked."""
    up = pyfa(tmp_path, "up", "--detach", "--only", "redis", "--redis-port", "0")
    assert up.returncode == 0, up.stderr
    try:
        url = local_redis_url(tmp_path / "data")
        assert url is not None
        dead = DeadLetters(redis.Redis.from_url(url, decode_responses=True))
        dead.add(f"{PREFIX}inspect_project", "six", ["six"], {}, "ValueError: x")
        again = pyfa(tmp_path, "manage", "--retry-failed")
        assert (again.returncode, again.stdout) == (0, "1 tasks are queued again\n")
        told = json.loads(pyfa(tmp_path, "manage", "--queue-stats", "--json").stdout)
        assert told["waiting"]["celery"]["pending"] == 1
        assert 0 <= told["waiting"]["celery"]["oldest_s"] < 60
        assert 'pyf_up{service="redis"} 1.0' in pyfa(tmp_path, "metrics", "--once").stdout
    finally:
        assert pyfa(tmp_path, "down").returncode == 0
