"""Logs do not grow without end."""

from __future__ import annotations

from pathlib import Path

from pyf.aggregator.embedded.stack.logs import MAX_ROTATED_FILES, RotatingLog, mask_secrets


def test_a_full_log_is_put_aside_and_the_oldest_is_dropped(tmp_path: Path):
    log = RotatingLog(tmp_path / "one.log", limit=100)
    for number in range(100):
        log.write(f"line {number:04}")

    names = ["one.log", *(f"one.log.{number}" for number in range(1, MAX_ROTATED_FILES + 1))]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    kept = [line for name in reversed(names) for line in (tmp_path / name).read_text().splitlines()]
    assert kept == [f"line {number:04}" for number in range(100 - len(kept), 100)]
    assert len(kept) >= 30
    assert all((tmp_path / name).stat().st_size <= 110 for name in names)


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path):
    log = RotatingLog(tmp_path / "missing" / "one.log")
    log.write("lost")
    (tmp_path / "missing").mkdir()
    log.write("kept")

    assert log.path.read_text() == "kept\n"


def test_every_secret_is_masked_wherever_it_stands():
    assert (
        mask_secrets("a=KEY, redis://:PASS@h KEY", ("KEY", "PASS")) == "a=***, redis://:***@h ***"
    )
