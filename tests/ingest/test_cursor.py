"""The since-file: what it holds, what it understands, what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.ingest.cursor import Cursor, SinceFile


@pytest.fixture
def since(tmp_path: Path) -> SinceFile:
    return SinceFile(tmp_path / "since")


def test_without_a_file_there_is_no_cursor(since: SinceFile) -> None:
    assert since.read("plone") is None


def test_what_is_written_is_read(since: SinceFile) -> None:
    cursor = Cursor(31412345, None, {"plone-api": 31412300})
    since.write("plone", cursor)
    assert since.read("plone") == cursor


def test_collections_do_not_take_each_others_place(since: SinceFile) -> None:
    since.write("plone", Cursor(100))
    since.write("django", Cursor(200))
    since.write("plone", Cursor(300))
    assert since.read("plone") == Cursor(300)
    assert since.read("django") == Cursor(200)
    assert since.read("flask") is None


def test_a_serial_alone_stands_for_every_collection(since: SinceFile) -> None:
    since.path.write_text("31412345\n")
    assert since.read("plone") == Cursor(31412345)
    since.write("plone", Cursor(31412400))
    assert since.read("plone") == Cursor(31412400)
    assert since.read("django") == Cursor(31412345)


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("1700000000", 1700000000.0),
        ("1700000000.25", 1700000000.25),
        ("2023-11-14T22:13:20", 1700000000.0),
        ("2023-11-14T22:13:20+00:00", 1700000000.0),
    ],
)
def test_a_timestamp_of_older_versions_is_understood(
    since: SinceFile, text: str, timestamp: float
) -> None:
    since.path.write_text(text)
    cursor = since.read("plone")
    assert cursor is not None
    assert cursor.timestamp == timestamp


CORRUPT = ["", "\n", "yesterday", "plone many", "{}", "plone 1\nrubbish\n"]
NO_TIME = ["nan", "inf", "1e30", "-5", "9" * 29, "2999-01-01", "plone 99999999999"]


@pytest.mark.parametrize("text", [*CORRUPT, *NO_TIME])
def test_a_corrupt_file_is_refused_and_left_alone(since: SinceFile, text: str) -> None:
    since.path.write_text(text)
    with pytest.raises(UsageError, match="since-file"):
        since.read("plone")
    with pytest.raises(UsageError, match="since-file"):
        since.write("plone", Cursor(1))
    assert since.path.read_text() == text


def test_bytes_that_are_no_text_are_refused(since: SinceFile) -> None:
    since.path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        since.read("plone")


def test_a_read_only_file_is_refused_before_any_work(since: SinceFile) -> None:
    since.write("plone", Cursor(1))
    since.path.chmod(0o444)
    with pytest.raises(UsageError, match="cannot be written"):
        since.check_writable()


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        SinceFile(tmp_path).check_writable()
    with pytest.raises(UsageError, match="cannot be written"):
        SinceFile(tmp_path / "nowhere" / "since").check_writable()


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """Four processes with one file: every collection has its line in the end."""
    code = (
        "import sys; from pathlib import Path\n"
        "from pyf.aggregator.ingest.cursor import Cursor, SinceFile\n"
        "for n in range(40): SinceFile(Path(sys.argv[1])).write(sys.argv[2], Cursor(n + 1))"
    )
    file = tmp_path / "since"
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(file), f"c{number}"])
        for number in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    for number in range(4):
        assert SinceFile(file).read(f"c{number}") == Cursor(40)
    assert [path.name for path in tmp_path.iterdir()] == ["since"]


def test_a_link_stays_a_link_and_the_mode_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("plone 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    SinceFile(link).write("plone", Cursor(2))
    assert link.is_symlink()
    assert real.read_text() == "plone 2\n"
    assert real.stat().st_mode & 0o777 == 0o640
