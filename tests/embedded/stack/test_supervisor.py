"""Starting, keeping up and ending services, with real processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from pyf.aggregator.embedded.stack import control
from pyf.aggregator.running_stack.stack_state import UP, lock_holder

from .driving import DEAF, STAY, alive, driven, toy, until

PARENT = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {STAY!r}])\n"
"""Starts a process of its own, which a service may leave behind."""


def happened(lines: list[str]) -> list[str]:
    """What happened, without what services said and without pids."""
    return [line.partition(" (")[0] for line in lines if " | " not in line]


def test_services_start_when_what_they_need_is_up_and_end_in_reverse(tmp_path: Path):
    slow = "import time\ntime.sleep(0.5)\n" + STAY
    with driven(tmp_path, toy("second", depends_on=["first"]), toy("first", slow)) as run:
        run.hear("all are up")
        lines = run.stop()

    ups, downs = ["first is up", "second is up"], ["second ended", "first ended"]
    assert happened(lines) == [*ups, "all are up", *downs]
    assert run.process.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "stack.lock"]


def test_a_child_that_dies_is_started_again_and_the_others_stay(tmp_path: Path):
    with driven(tmp_path, toy("one"), toy("two")) as run:
        run.hear("all are up")
        one, two = run.service("one"), run.service("two")
        os.kill(int(one.pid or 0), signal.SIGKILL)
        assert "one died (killed by SIGKILL)" in run.hear("one died")
        run.hear("one is up again")
        until(lambda: run.service("one").state == UP)
        one_again, two_again = run.service("one"), run.service("two")

    assert (one_again.restarts, two_again.restarts) == (1, 0)
    assert one_again.pid != one.pid
    assert two_again.pid == two.pid


def test_what_a_dead_child_left_behind_is_gone_before_it_starts_again(tmp_path: Path):
    with driven(tmp_path, toy("parent", PARENT + STAY)) as run:
        run.hear("all are up")
        parent = psutil.Process(int(run.service("parent").pid or 0))
        (left,) = until(parent.children)
        parent.kill()
        run.hear("up again")

        assert alive([left]) == []


def test_a_child_that_dies_again_and_again_is_given_up(tmp_path: Path):
    brief = "print('ready', flush=True)\nimport time\ntime.sleep(0.3)\nraise SystemExit('no more')"
    services = (toy("steady"), toy("brief", brief))
    policy = {"initial_delay": 0.05, "quick_exit_seconds": 5.0, "max_quick_exits": 3}
    with driven(tmp_path, *services, policy=policy) as run:
        run.hear("all are up")
        family = run.family()
        lines = run.rest()

    log = tmp_path / "logs" / "brief.log"
    assert lines[-1] == (
        "failed: brief died 3 times in a row, the last time: status 1: no more; "
        f"what it said is in {log}"
    )
    assert run.process.returncode == 1
    assert log.read_text() == "ready\nno more\n" * 3
    assert alive(family) == []
    assert "ending: brief died 3 times" in (tmp_path / "logs" / "up.log").read_text()


def test_pauses_grow_up_to_a_limit():
    from pyf.aggregator.embedded.stack.supervisor import RestartPolicy

    assert [RestartPolicy().restart_delay(deaths) for deaths in range(1, 9)] == [
        0.5,
        1,
        2,
        4,
        8,
        16,
        30,
        30,
    ]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('hello')\nraise SystemExit(3)", "status 3: hello"),
        ("import os\nos.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("raise SystemExit", "status 0"),
    ],
)
def test_a_service_that_does_not_start_is_said_with_its_last_words(tmp_path: Path, code, why):
    with driven(tmp_path, toy("steady"), toy("bad", code, depends_on=["steady"])) as run:
        run.hear("steady is up")
        lines = run.rest()

    assert lines[-1].startswith(f"failed: bad did not start ({why}); what it said is in ")
    assert run.process.returncode == 1
    assert "steady ended" in lines


def test_a_service_that_is_not_ready_in_time_is_said(tmp_path: Path):
    toys = toy("mute", ready_text="never said")
    with driven(tmp_path, toys, policy={"start_timeout": 0.5}) as run:
        run.hear("mute | ready")
        family = run.family()
        lines = run.rest()

    assert lines[-1].startswith("failed: mute did not start (not ready within 0.5 seconds)")
    assert alive(family) == []


def test_a_program_that_is_not_there_is_said(tmp_path: Path):
    with driven(tmp_path, toy("none", command=[str(tmp_path / "none")])) as run:
        lines = run.rest()

    assert f"(status 1: cannot run {tmp_path}/none: No such file or directory)" in lines[-1]


def test_a_second_signal_does_not_wait_for_a_deaf_child(tmp_path: Path):
    with driven(tmp_path, toy("deaf", DEAF)) as run:
        run.hear("all are up")
        begun = time.monotonic()
        run.process.terminate()
        until(lambda: run.service("deaf").state == "stopping")
        run.stop()

    assert time.monotonic() - begun < 5
    assert run.process.returncode == 0


def test_a_child_is_asked_more_and_more_firmly(tmp_path: Path):
    quits = "import signal, sys\nsignal.signal(signal.SIGQUIT, lambda *_: sys.exit('gave back'))\n"
    firm = [["SIGTERM", 0.3], ["SIGQUIT", 10]]
    with driven(tmp_path, toy("worker", quits + DEAF, stop=firm)) as run:
        run.hear("all are up")
        lines = run.stop()

    assert lines[-2:] == ["worker | gave back", "worker ended"]


def test_a_supervisor_that_does_not_react_is_killed_with_all_it_runs(tmp_path: Path):
    with driven(tmp_path, toy("one")) as run:
        run.hear("all are up")
        family = run.family()
        run.process.send_signal(signal.SIGSTOP)
        ended = control.stop_stack(tmp_path, within=0.5)

    assert ended is not None
    assert (ended.pid, ended.services, ended.killed) == (run.process.pid, ("one",), True)
    assert alive(family) == []


def killed(run, *processes: psutil.Process) -> list[psutil.Process]:
    """Kill the supervisor and some of its children; what of it is left when its lock is free."""
    family = run.family()
    run.process.kill()
    for process in processes:
        process.kill()
    run.process.wait()
    until(lambda: lock_holder(run.folder) is None)
    return alive(family)


def test_nothing_is_left_of_a_supervisor_that_was_killed(tmp_path: Path):
    services = (toy("one", PARENT + STAY, endpoint="one.json"), toy("two"))
    with driven(tmp_path, *services) as run:
        run.hear("all are up")
        assert (tmp_path / "one.json").stat().st_mode & 0o777 == 0o600
        assert len(until(lambda: f if len(f := run.family()) == 4 else None)) == 4

        assert killed(run) == []
        assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "stack.lock"]


@pytest.mark.slow
def test_deaf_children_are_left_no_more_than_others(tmp_path: Path):
    with driven(tmp_path, toy("deaf", DEAF)) as run:
        run.hear("all are up")

        assert killed(run) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell a parent's death")
def test_children_end_even_where_the_guard_was_killed_too(tmp_path: Path):
    with driven(tmp_path, toy("one"), toy("two")) as run:
        run.hear("all are up")
        pids = {run.service(name).pid for name in ("one", "two")}
        (guard,) = [child for child in run.family() if child.pid not in pids]
        family = run.family()
        killed(run, guard)

        until(lambda: alive(family) == [])


def test_a_guard_that_was_killed_does_not_end_the_stack(tmp_path: Path):
    with driven(tmp_path, toy("one")) as run:
        run.hear("all are up")
        pid = run.service("one").pid
        (guard,) = [child for child in run.family() if child.pid != pid]
        guard.kill()
        os.kill(int(pid or 0), signal.SIGKILL)
        run.hear("one is up again")
        run.stop()

    assert run.process.returncode == 0


def test_a_service_gets_what_others_provide_by_its_environment_alone(tmp_path: Path):
    code = "import os\nprint(os.environ['WHERE'], os.environ['OWN'], os.environ['PATH'])\n" + STAY
    giver = toy("giver", provides={"WHERE": "at-the-secret-place"})
    taker = toy("taker", code, depends_on=["giver"], environment={"OWN": "mine"})
    with driven(tmp_path, giver, taker) as run:
        run.hear("all are up")
        said = (tmp_path / "logs" / "taker.log").read_text().splitlines()[0]
        arguments = " ".join(word for process in run.family() for word in process.cmdline())

    assert said == f"at-the-secret-place mine {os.environ['PATH']}"
    assert "secret-place" not in arguments


def test_secrets_are_in_no_log_and_no_message(tmp_path: Path):
    code = "import sys\nprint('key hush-hush taken')\n"
    services = (toy("one", code + STAY), toy("two", code + "sys.exit('hush-hush')"))
    with driven(tmp_path, *services, secrets=["hush-hush"]) as run:
        lines = run.rest()

    logs = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    assert "one | key *** taken" in lines
    assert "(status 1: ***)" in lines[-1]
    assert "hush" not in "".join(lines) + logs


def test_a_talkative_service_is_neither_held_up_nor_lost_for_words(tmp_path: Path):
    code = "print('x' * 5_000_000)\nfor i in range(20_000): print(i)\nprint(b'\\xff\\x00'.hex())\n"
    odd = "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe odd\\n')\n"
    with driven(tmp_path, toy("loud", code + odd + STAY)) as run:
        run.hear("all are up")

    log = (tmp_path / "logs" / "loud.log").read_text("utf-8")
    assert log.count("x") == 5_000_000
    assert "\n19999\n" in log
    assert "\ufffd\ufffd odd\n" in log


def test_the_stack_goes_on_when_nobody_reads_what_it_says(tmp_path: Path):
    code = "import time\nprint('ready', flush=True)\nwhile True:\n time.sleep(0.01)\n print('word')"
    with driven(tmp_path, toy("talker", code)) as run:
        run.hear("all are up")
        assert run.process.stdout
        run.process.stdout.close()
        log = tmp_path / "logs" / "talker.log"
        size = log.stat().st_size
        until(lambda: log.stat().st_size > size + 500)
        run.process.terminate()

        assert run.process.wait(20) == 0
