"""Starting and stopping the server from the command line."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from pathlib import Path

from .running import MODULE, Running, running


def test_a_port_in_use_is_one_clear_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", MODULE, "--port", port, "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_without_a_key_one_is_made_and_kept(tmp_path: Path):
    arguments = [sys.executable, "-m", MODULE, "--port", "0", "--data-dir", str(tmp_path)]
    keys = []
    for _ in range(2):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            key = (tmp_path / "admin.key").read_text().strip()
            keys.append(
                (key, Running(process, url).ask("GET", "/collections", key=key).status_code)
            )
            process.terminate()
            assert process.wait(20) == 0

    assert keys[0] == keys[1]
    assert keys[0][1] == 200
    assert len(keys[0][0]) >= 32
    assert stat.S_IMODE((tmp_path / "admin.key").stat().st_mode) == 0o600


def test_nothing_but_the_ready_line_is_printed(tmp_path: Path):
    with running(tmp_path) as server:
        server.ask("GET", "/collections/none")
        assert server.stop() == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""


def test_a_snapshot_starts_as_a_server(tmp_path: Path):
    with running(tmp_path / "first") as server:
        server.create("copied", {"name": "t", "type": "string"})
        server.ask("POST", "/collections/copied/documents", json={"t": "hello world"})
        path = "/operations/snapshot"
        copy = tmp_path / "copy"
        answer = server.ask("POST", path, params={"snapshot_path": str(copy)})
        again = server.ask("POST", path, params={"snapshot_path": str(copy)})

    with running(copy) as second:
        assert second.search("copied", q="hello", query_by="t")["found"] == 1
    assert (answer.status_code, answer.json(), again.status_code) == (201, {"success": True}, 409)


def refused(folder: Path) -> str:
    """What a server says that cannot start on a folder."""
    arguments = [sys.executable, "-m", MODULE, "--port", "0", "--data-dir", str(folder)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_two_servers_do_not_share_a_folder(tmp_path: Path):
    with running(tmp_path):
        assert refused(tmp_path) == f"another search server uses the folder {tmp_path}\n"


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path):
    (tmp_path / "file").write_text("")

    folder = tmp_path / "file" / "data"
    assert refused(folder) == f"cannot use the folder {folder}: Not a directory\n"
