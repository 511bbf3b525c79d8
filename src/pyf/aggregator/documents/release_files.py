"""Files of a release: when uploaded, how big, whether yanked, whether anything changed.

File objects come from the JSON API (``upload_time_iso_8601``, ``digests``, ``yanked_reason``) or
from the Simple API (``upload-time``, ``hashes``, ``yanked`` holding the reason); both read alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .text import is_absent

__all__ = ["ReleaseFiles", "files_digest", "read_files"]

_TIME_KEYS = ("upload_time_iso_8601", "upload-time", "upload_time")


@dataclass(frozen=True, slots=True)
class ReleaseFiles:
    """What the files say of their release; ``uploaded`` in Unix seconds UTC, ``size`` in bytes."""

    uploaded: int
    count: int
    size: int
    all_yanked: bool
    yanked_reason: str | None
    unreadable: int


def read_files(files: Sequence[object]) -> ReleaseFiles:
    """Return the facts of all files; entries that are not objects are counted as unreadable."""
    readable = _objects(files)
    times = [uploaded for uploaded in map(_upload_time, readable) if uploaded]
    reasons = [reason for yanked, reason in map(_yanked_status, readable) if yanked and reason]
    return ReleaseFiles(
        uploaded=min(times, default=0),
        count=len(readable),
        size=sum(map(_size, readable)),
        all_yanked=bool(readable) and all(yanked for yanked, _ in map(_yanked_status, readable)),
        yanked_reason=reasons[0] if reasons else None,
        unreadable=len(files) - len(readable),
    )


def files_digest(files: Sequence[object]) -> str:
    """Return 32 hex digits that change when a file is added, removed, replaced or yanked.

    The order of the files, missing keys and which of the two APIs they come from do not count.
    """
    lines = sorted(_line(file) for file in _objects(files))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _objects(files: Sequence[object]) -> list[Mapping[str, object]]:
    return [file for file in files if isinstance(file, Mapping)]


def _line(file: Mapping[str, object]) -> str:
    name = str(file.get("filename") or file.get("url") or "")
    return json.dumps([name, _checksum(file), _upload_time(file), *_yanked_status(file)])


def _checksum(file: Mapping[str, object]) -> str:
    checksums = file.get("digests") or file.get("hashes")
    known = checksums if isinstance(checksums, Mapping) else {}
    return str(known.get("sha256") or known.get("md5") or file.get("md5_digest") or "")


def _upload_time(file: Mapping[str, object]) -> int:
    """Return Unix seconds, 0 without a readable time."""
    for key in _TIME_KEYS:
        seconds = _seconds(file.get(key))
        if seconds:
            return seconds
    return 0


def _seconds(value: object) -> int:
    if not isinstance(value, str):
        return 0
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp()))
    except (ValueError, OverflowError):
        return 0


def _yanked_status(file: Mapping[str, object]) -> tuple[bool, str | None]:
    """Return whether the file is yanked and why."""
    yanked, reason = file.get("yanked"), file.get("yanked_reason")
    if isinstance(yanked, str):
        reason = yanked
    if not yanked:
        return False, None
    return True, None if is_absent(reason) else str(reason)


def _size(file: Mapping[str, object]) -> int:
    size = file.get("size")
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else 0
