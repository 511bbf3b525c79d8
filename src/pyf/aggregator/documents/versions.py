"""Versions: a string that sorts like PEP 440 with stable releases above pre-releases.

``version_sortable`` has six slots, ``STABLE.MAJOR.MINOR.BUGFIX.PRETYPE.PRENUM``; all but the
first have four digits::

    2.5.3      1.0002.0005.0003.0000.0000
    3.0.0a2    0.0003.0000.0000.0001.0002
    1!2.0      1.9999.9999.9999.9999.9999.a1a204010

PRETYPE is 0000 for dev, 0001 alpha, 0002 beta, 0003 rc, 0004 for what lies above every plain
pre-release of its release (``1.0.post1.dev2``, ``1.2.3.4a1``).

What the slots can tell apart completely ends there. Any other version (epochs, post, local, a
number over 9999, four and more segments, dev of a pre-release) gets the slots of its neighbour
below and behind them a key made of ``[0-9a-z]``. The slots have a fixed width and the key needs
no separators, so the order also holds where a server drops punctuation and case first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

__all__ = [
    "INVALID",
    "VersionParts",
    "parse_version",
    "sort_key",
    "version_parts",
    "version_sortable",
]

INVALID = "0"
"""What a version that is not PEP 440 sorts by: below all others."""

_FULL = 9999
_SEGMENTS = 3
_PRETYPES = {"a": 1, "b": 2, "rc": 3}
_ABOVE_PRE = (4, 0)
_SATURATED = (_FULL, _FULL)


@dataclass(frozen=True, slots=True)
class VersionParts:
    """The first three release segments of a version; zeros where it has none."""

    major: int
    minor: int
    bugfix: int
    is_prerelease: bool
    valid: bool


def parse_version(version: str) -> Version | None:
    """Return the version, or None for one that is not PEP 440."""
    try:
        return Version(version)
    except ValueError:  # InvalidVersion, and Python's limit on the digits of an int
        return None


def version_parts(version: str) -> VersionParts:
    """Return what the ``version_*`` fields show; not PEP 440: zeros and ``valid=False``."""
    parsed = parse_version(version)
    if parsed is None:
        return VersionParts(0, 0, 0, is_prerelease=False, valid=False)
    return VersionParts(
        parsed.major, parsed.minor, parsed.micro, is_prerelease=parsed.is_prerelease, valid=True
    )


def sort_key(version: str) -> tuple[bool, bool, Version]:
    """Return a key by which ``max`` finds the newest: valid, then stable, then PEP 440 order."""
    parsed = parse_version(version)
    if parsed is None:
        return False, False, Version("0")
    return True, not parsed.is_prerelease, parsed


def version_sortable(version: str) -> str:
    """Return the string to sort releases by; equal versions (``1.0``, ``1.0.0``) give one string.

    Not PEP 440: ``INVALID``.
    """
    parsed = parse_version(version)
    if parsed is None:
        return INVALID
    release = _significant(parsed.release)
    slots = _slots(parsed, release)
    plain = ".".join([str(int(not parsed.is_prerelease)), *(f"{slot:04d}" for slot in slots)])
    return plain if _slots_tell_all(parsed, release) else f"{plain}.{_key(parsed, release)}"


def _significant(release: Sequence[int]) -> tuple[int, ...]:
    """Return the segments without trailing zeros, which PEP 440 does not count."""
    end = len(release)
    while end and release[end - 1] == 0:
        end -= 1
    return tuple(release[:end])


def _slots(version: Version, release: tuple[int, ...]) -> tuple[int, ...]:
    """Return the five slots behind STABLE: exact, or those of the neighbour below."""
    padded = (*release[:_SEGMENTS], *(0,) * (_SEGMENTS - len(release)))
    if version.epoch:
        return (_FULL,) * 5
    over = next((at for at, segment in enumerate(padded) if segment > _FULL), None)
    if over is not None:
        return (*padded[:over], *(_FULL,) * (5 - over))
    return (*padded, *_pre_slots(version, release))


def _pre_slots(version: Version, release: tuple[int, ...]) -> tuple[int, int]:
    """Return PRETYPE and PRENUM."""
    if not version.is_prerelease:
        return 0, 0
    if len(release) > _SEGMENTS:
        return _ABOVE_PRE
    if version.pre is None:
        # A dev release of the release itself, or of one of its post releases.
        return _ABOVE_PRE if version.post is not None else (0, min(version.dev or 0, _FULL))
    kind, number = version.pre
    pretype = _PRETYPES[kind]
    if version.dev is None or version.post is not None:
        return pretype, min(number, _FULL)
    # 1.0a2.dev3 lies between 1.0a1 and 1.0a2, and 1.0a0.dev3 above every 1.0.devN.
    return (pretype, min(number - 1, _FULL)) if number else (pretype - 1, _FULL)


def _slots_tell_all(version: Version, release: tuple[int, ...]) -> bool:
    """Tell whether no other version can share the slots."""
    if version.epoch or version.post is not None or version.local is not None:
        return False
    if len(release) > _SEGMENTS or any(segment > _FULL for segment in release):
        return False
    if version.pre is not None:
        return version.dev is None and version.pre[1] <= _FULL
    return version.dev is None or version.dev <= _FULL


def _key(version: Version, release: tuple[int, ...]) -> str:
    """Return the whole PEP 440 order as ``[0-9a-z]``; no key is the beginning of another."""
    return "".join(
        (
            _number(version.epoch),
            "".join(map(_number, release)) + "0",
            _pre_key(version),
            "0" if version.post is None else "1" + _number(version.post),
            "1" if version.dev is None else "0" + _number(version.dev),
            _local_key(version.local),
        )
    )


def _number(number: int) -> str:
    """Return the digits behind a letter for how many they are: ``7`` a7, ``42`` b42."""
    digits = str(number)
    length = len(digits)
    if length < 26:
        return chr(ord("a") + length - 1) + digits
    return "z" + _number(length) + digits


def _pre_key(version: Version) -> str:
    if version.pre is not None:
        return f"{_PRETYPES[version.pre[0]]}{_number(version.pre[1])}"
    dev_of_release = version.dev is not None and version.post is None
    return "0" if dev_of_release else "4"


def _local_key(local: str | None) -> str:
    """Return ``0`` without a local part; words sort below numbers, fewer segments first."""
    if local is None:
        return "0"
    return "1" + "".join(map(_local_segment, local.split("."))) + "0"


def _local_segment(segment: str) -> str:
    if segment.isdecimal():
        return "2" + _number(int(segment))
    # A 1 before every letter and a 0 after the last keep a word below its continuations.
    return "1" + "".join("1" + letter for letter in segment) + "0"
