"""Starting, ending, being killed; who has the folder."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.errors import AggregatorError
from pyf.aggregator.store import Store
from pyf.aggregator.store.location import Location

from ...store.serving import STORE, served


def command(folder, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", STORE, "--port", "0", "--data-dir", str(folder), *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_was_answered_survives_a_kill(tmp_path):
    with served(tmp_path) as server, Store(server.admin) as store:
        store.insert("loads", [(5, "file")], ("id", "source"))
        (tmp_path / "store.spool" / "left.data").write_bytes(b"half")
        server.process.process.send_signal(signal.SIGKILL)
        server.process.process.wait(10)
    with served(tmp_path) as server, Store(server.reader, readonly=True) as store:
        assert store.query("SELECT id, source FROM loads") == [(5, "file")]
        assert list((tmp_path / "store.spool").iterdir()) == []
        keys = [tmp_path / name for name in ("store.key", "store.reader.key")]
        assert [key.stat().st_mode & 0o777 for key in keys] == [0o600, 0o600]


def test_a_folder_has_one_process(tmp_path):
    with served(tmp_path) as server:
        second = command(tmp_path)

        assert second.returncode == 1
        assert (
            second.stderr == f"the store in {tmp_path} is open already (pid {server.process.pid})\n"
        )
        folder = Location("chdb", folder=tmp_path / "store")
        with Store(folder) as store, pytest.raises(AggregatorError, match="open in another"):
            store.check()


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    told = command(tmp_path / "file" / "below")

    assert told.returncode == 2
    assert "cannot use the folder" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_port_in_use_is_told(tmp_path):
    with served(tmp_path / "first") as server:
        told = command(tmp_path / "second", "--port", str(server.admin.port))

    assert told.returncode == 1
    assert "cannot listen on 127.0.0.1" in told.stderr


def test_it_ends_though_a_query_runs(tmp_path):
    with served(tmp_path) as server:
        store = Store(server.admin)
        store.check()
        ended = threading.Event()

        def ask() -> None:
            with pytest.raises(AggregatorError):
                store.command("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
            ended.set()

        thread = threading.Thread(target=ask)
        thread.start()
        with Store(server.reader, readonly=True) as other:
            count = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%'"
            deadline = time.monotonic() + 20
            while other.query(count) == [(1,)] and time.monotonic() < deadline:
                time.sleep(0.05)
        server.process.process.send_signal(signal.SIGTERM)

        assert server.process.process.wait(20) == 0
        assert ended.wait(20)
        thread.join()


def test_without_the_engine_it_says_what_to_install(tmp_path):
    hidden = (
        "import sys; sys.modules['chdb'] = None; "
        f"from {STORE}.__main__ import main; sys.exit(main())"
    )
    told = subprocess.run(
        [sys.executable, "-c", hidden, "--port", "0", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert told.returncode == 2
    assert told.stderr.startswith("chdb is not installed")
    assert told.stderr.count("\n") == 1


def test_the_address_is_the_first_that_it_says(tmp_path):
    with ServerProcess(STORE, "--port", "0", "--data-dir", str(tmp_path)) as process:
        assert process.url.startswith("http://127.0.0.1:")
