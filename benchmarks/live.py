"""The whole system as processes: sample PyPI, search server, Redis, worker and beat."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import redis
from celery import Celery

from pyf.aggregator.embedded.stack.redis_server import (
    find_redis_program,
    redis_url_for_port,
    write_config,
)
from pyf.aggregator.queue.config import (
    DEFAULT,
    FEED_TASKS,
    FEEDS,
    LONG,
    LONG_TASKS,
    PREFIX,
)
from pyf.aggregator.queue.dead_letters import DeadLetters
from pyf.aggregator.queue.stats import TaskStats

from . import common

APP = "pyf.aggregator.queue"
PASSWORD = "loopback-only"
QUEUES = {**dict.fromkeys(LONG_TASKS, LONG), **dict.fromkeys(FEED_TASKS, FEEDS)}


@dataclass
class Live:
    """A running system. The processes can be killed and started again one by one."""

    stack: common.Stack
    redis_url: str
    redis_port: int
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start_redis(self) -> None:
        """Start Redis on its data."""
        folder = self.stack.folder / "broker"
        folder.mkdir(exist_ok=True)
        config = write_config(folder, self.redis_port, PASSWORD)
        self._start("redis", [find_redis_program(), str(config)])
        client = redis.Redis.from_url(self.redis_url)
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                return
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def start_worker(self) -> None:
        """Start a worker for all queues; it takes tasks as soon as it is up."""
        command = ["-m", "celery", "-A", APP, "worker", "--loglevel", "WARNING"]
        self._start("worker", [sys.executable, *command, "--pool", "threads", "-c", "20"])

    def start_beat(self) -> None:
        """Start beat with the schedule of the settings."""
        schedule = str(self.stack.folder / "beat")
        self._start("beat", [sys.executable, "-m", "celery", "-A", APP, "beat", "-s", schedule])

    def redis(self) -> redis.Redis:
        """A client of the broker."""
        return redis.Redis.from_url(self.redis_url, decode_responses=True)

    def send(self, task: str) -> None:
        """Queue a task, without waiting for a broker that is away."""
        self._queue(task, [()])

    def send_all(self, task: str, subjects: Sequence[str]) -> None:
        """Queue a task for each of the subjects."""
        self._queue(task, [(subject,) for subject in subjects])

    def _queue(self, task: str, calls: Sequence[tuple[str, ...]]) -> None:
        app = Celery(broker=self.redis_url, set_as_current=False)
        app.conf.broker_transport_options = {"max_retries": 0, "socket_connect_timeout": 2}
        options = {"queue": QUEUES.get(task, DEFAULT), "retry": False}
        with app.connection_for_write() as connection:
            for arguments in calls:
                app.send_task(PREFIX + task, args=arguments, connection=connection, **options)

    def waiting(self) -> int:
        """How many tasks wait or are under way."""
        client = self.redis()
        listed = sum(int(client.llen(name)) for name in (DEFAULT, FEEDS, LONG))
        return listed + int(client.hlen("unacked"))

    def counts(self) -> dict[str, float]:
        """What the tasks did since the start."""
        return TaskStats(self.redis()).total()

    def dead_letters(self) -> int:
        """How many tasks failed for good."""
        return len(DeadLetters(self.redis()))

    def kill(self, name: str) -> None:
        """Kill a process with SIGKILL."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End everything, politely first."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, command: list[str]) -> None:
        log: IO[bytes] = (self.stack.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command, env=self.environment, cwd=self.stack.folder, stdout=log, stderr=log
        )
        log.close()


@contextmanager
def live(projects: int, **settings: str) -> Iterator[Live]:
    """Run a system over a sample PyPI of so many projects; nothing is indexed yet."""
    with common.stack(projects) as stack, ExitStack() as ending:
        port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(stack.folder),
            "PYPI_URL": stack.pypi_url,
            "PYPI_RATE_LIMIT_DELAY": "0",
            "PYF_DATA_DIR": str(stack.folder),
            "TYPESENSE_NODES": stack.server.url,
            "TYPESENSE_API_KEY": stack.key,
            "REDIS_HOST": redis_url_for_port(port, PASSWORD),
            "PYTHONPATH": str(Path.cwd()),
            **settings,
        }
        system = Live(stack, environment["REDIS_HOST"], port, environment)
        ending.callback(system.stop)
        system.start_redis()
        yield system


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
