"""Who runs a stack in a folder: told by the lock, whatever files say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.embedded.stack import control
from pyf.aggregator.errors import UsageError
from pyf.aggregator.running_stack import stack_state
from pyf.aggregator.running_stack.process_guard import process_start, process_start_by_ps

from .driving import driven, toy, until


@pytest.fixture
def stranger():
    """A process that has nothing to do with any stack."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def leave_behind(folder: Path, pid: int, start: str | None) -> None:
    """The files of a stack whose machine lost power."""
    (folder / stack_state.LOCK).write_text(f"{pid} {start}\n")
    services = (stack_state.ServiceState("search", stack_state.UP, pid, "http://127.0.0.1:1"),)
    stack_state.write_state(folder, stack_state.StackState(pid, services))


@pytest.mark.parametrize("known", [True, False])
def test_a_stale_file_with_the_pid_of_another_program_misleads_nobody(tmp_path, stranger, known):
    leave_behind(tmp_path, stranger.pid, process_start(stranger.pid) if known else "1")

    assert stack_state.lock_holder(tmp_path) is None
    assert control.stack_status(tmp_path) is None
    assert control.stop_stack(tmp_path) is None
    with driven(tmp_path, toy("one")) as run:
        run.hear("all are up")
    assert stranger.poll() is None


def test_a_second_stack_is_refused_with_the_pid_of_the_first(tmp_path):
    with driven(tmp_path, toy("one")) as first:
        first.hear("all are up")
        sentence = rf"\(pid {first.process.pid}\)"
        with (
            pytest.raises(stack_state.AlreadyUp, match=sentence) as refused,
            stack_state.lock_folder(tmp_path),
        ):
            pass
        assert control.stack_status(tmp_path) is not None
    assert refused.value.exit_status == 1


def test_a_stack_that_is_being_tidied_up_is_waited_for(tmp_path):
    slow = "import signal, sys, time\nsignal.signal(15, lambda *_: (time.sleep(1), sys.exit()))\n"
    with driven(tmp_path, toy("slow", slow + "print('ready')\ntime.sleep(60)")) as first:
        first.hear("all are up")
        first.process.kill()
        first.process.wait()
        seen = control.stack_status(tmp_path)
        with stack_state.lock_folder(tmp_path):
            assert list(tmp_path.glob("*.json")) == []
    assert seen is None or [service.state for service in seen.services] == [stack_state.STOPPING]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}', b'{"services": [{"a": 1}]}'])
def test_a_damaged_state_file_tells_of_no_services(tmp_path, content):
    (tmp_path / stack_state.STATE).write_bytes(content)

    assert stack_state.read_state(tmp_path, 7) == stack_state.StackState(7)


@pytest.mark.parametrize("when", [process_start, process_start_by_ps])
def test_a_process_is_named_by_pid_and_start(stranger, when):
    assert when(stranger.pid) == when(stranger.pid) is not None
    stranger.send_signal(signal.SIGKILL)
    until(lambda: when(stranger.pid) is None)  # a zombie runs no more
    stranger.wait()
    assert when(stranger.pid) is None


def test_a_folder_that_cannot_be_made_is_wrong_use(tmp_path):
    (tmp_path / "file").write_text("")

    sentence = r"cannot use the folder .*/file/data .*: Not a directory"
    with (
        pytest.raises(UsageError, match=sentence),
        stack_state.lock_folder(tmp_path / "file" / "data"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_wrong_use(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(UsageError, match="Permission denied"), stack_state.lock_folder(tmp_path):
        pass


def test_the_state_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    stack_state.replace_file(path, b"new")

    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
