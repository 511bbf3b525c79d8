"""Facts of files, and the digest that tells whether a release must be fetched again."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pyf.aggregator.documents.release_files import files_digest, read_files

WHEEL: dict[str, Any] = {
    "filename": "a-1-py3-none-any.whl",
    "digests": {"sha256": "9f", "md5": "0a"},
    "size": 1000,
    "upload_time": "2025-01-21T05:35:05",
    "upload_time_iso_8601": "2025-01-21T05:35:05.558877Z",
    "yanked": False,
    "yanked_reason": None,
}
SDIST: dict[str, Any] = {
    "filename": "a-1.tar.gz",
    "digests": {"sha256": "8e"},
    "size": 500,
    "upload_time": "2025-01-20T00:00:00",
    "yanked": False,
    "yanked_reason": None,
}
SIMPLE_WHEEL: dict[str, Any] = {
    "filename": "a-1-py3-none-any.whl",
    "hashes": {"sha256": "9f"},
    "upload-time": "2025-01-21T05:35:05.558877Z",
    "yanked": False,
}


def test_the_first_upload_and_the_sum_of_sizes() -> None:
    found = read_files([WHEEL, SDIST])
    assert (found.uploaded, found.count, found.size) == (1737331200, 2, 1500)


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2025-01-20T00:00:00Z", 1737331200),
        ("2025-01-20T01:00:00+01:00", 1737331200),
        ("2025-01-20 00:00:00", 1737331200),
        ("1969-12-31T00:00:00", 0),
        ("0001-01-01T00:00:00", 0),
        ("yesterday", 0),
        ("", 0),
        (None, 0),
        (1737331200, 0),
    ],
)
def test_upload_times(time: object, seconds: int) -> None:
    assert read_files([{"upload_time": time}]).uploaded == seconds


def test_an_unreadable_time_gives_way_to_the_other() -> None:
    file = {"upload_time_iso_8601": "x", "upload_time": "2025-01-20T00:00:00"}
    assert read_files([file]).uploaded == 1737331200


def test_yanked_when_all_files_are() -> None:
    yanked = {"yanked": True, "yanked_reason": "broken"}
    assert not read_files([]).all_yanked
    assert not read_files([WHEEL, SDIST | yanked]).all_yanked
    found = read_files([WHEEL | yanked, SDIST | {"yanked": "wrong"}])
    assert (found.all_yanked, found.yanked_reason) == (True, "broken")


def test_odd_files_are_counted_and_do_no_harm() -> None:
    found = read_files([None, "a", {"size": -1}, {"size": "5"}, {"yanked": 5, "digests": []}])
    assert (found.count, found.size, found.unreadable) == (3, 0, 2)
    assert len(files_digest([None, "a", {"size": -1}, {"digests": [], "hashes": 5}])) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"filename": "b.whl"},
        {"digests": {"sha256": "77"}},
        {"upload_time_iso_8601": "2025-01-21T05:35:06Z"},
        {"yanked": True},
        {"yanked": True, "yanked_reason": "broken"},
    ],
)
def test_the_digest_changes_with_what_matters(change: dict[str, Any]) -> None:
    assert files_digest([WHEEL | change, SDIST]) != files_digest([WHEEL, SDIST])


def test_the_digest_changes_when_a_file_comes_or_goes() -> None:
    digests = {files_digest(files) for files in ([], [WHEEL], [SDIST], [WHEEL, SDIST])}
    assert len(digests) == 4


def test_the_digest_ignores_order_and_what_does_not_matter() -> None:
    files = [WHEEL, SDIST, {"filename": "c"}, {}]
    shuffled = random.Random(1).sample(files, len(files))
    assert files_digest(shuffled) == files_digest(files)
    assert files_digest([WHEEL | {"downloads": -1, "comment_text": ""}]) == files_digest([WHEEL])


def test_both_registry_interfaces_give_one_digest() -> None:
    assert files_digest([WHEEL]) == files_digest([SIMPLE_WHEEL])
    yanked = {"yanked": True, "yanked_reason": "broken"}
    assert files_digest([WHEEL | yanked]) == files_digest([SIMPLE_WHEEL | {"yanked": "broken"}])
    yanked = {"yanked": True, "yanked_reason": None}
    assert files_digest([WHEEL | yanked]) == files_digest([SIMPLE_WHEEL | {"yanked": True}])
