"""The since-file: what it holds, what it understands, what it refuses."""

from __future__ import annotations

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


@pytest.mark.parametrize("text", ["", "\n", "yesterday", "plone many", "{}", "plone 1\nrubbish\n"])
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
