"""Version numbers of generated projects: every style the real index holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from random import Random

_INVALID = ("0.1-bulk", "2004d", "1.0.x", "0.2-alpha-preview", "r1187", "dev-trunk", "1..0")


def versions(rng: Random, created: Sequence[float]) -> list[str]:
    """Return one version per time of creation (ascending seconds), no two equal."""
    draw = rng.random()
    style = next(style for share, style in _STYLES if draw < share)
    if style is _calendar:
        return _distinct(list(_calendar(rng, created)))
    return list(islice(style(rng, created), len(created)))


def _distinct(found: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for version in found:
        count = seen[version] = seen.get(version, 0) + 1
        result.append(version if count == 1 else f"{version}.post{count - 1}")
    return result


def _steps(rng: Random) -> Iterator[tuple[int, int, int]]:
    major, minor, patch = (0, 1, 0) if rng.random() < 0.6 else (1, 0, 0)
    while True:
        yield major, minor, patch
        draw = rng.random()
        if draw < 0.55:
            patch += 1
        elif draw < 0.92:
            minor, patch = minor + 1, 0
        else:
            major, minor, patch = major + 1, 0, 0


def _semantic(rng: Random, created: Sequence[float]) -> Iterator[str]:
    for major, minor, patch in _steps(rng):
        yield f"{major}.{minor}.{patch}"


def _with_pre_releases(rng: Random, created: Sequence[float]) -> Iterator[str]:
    for major, minor, patch in _steps(rng):
        final = f"{major}.{minor}" if patch == 0 else f"{major}.{minor}.{patch}"
        if patch == 0:
            for kind in ("a", "b", "rc"):
                yield from (f"{final}{kind}{n}" for n in range(1, rng.randint(1, 3)))
        yield final


def _two_parts(rng: Random, created: Sequence[float]) -> Iterator[str]:
    major = rng.randint(0, 3)
    minor = 0
    while True:
        yield f"{major}.{minor}"
        minor += rng.randint(1, 9)


def _calendar(rng: Random, created: Sequence[float]) -> Iterator[str]:
    pattern = rng.choice(("%Y.%m.%d", "%Y%m%d", "%y.%-m", "%Y.%-m.%-d"))
    for moment in created:
        yield datetime.fromtimestamp(moment, UTC).strftime(pattern)


def _with_dev_and_post(rng: Random, created: Sequence[float]) -> Iterator[str]:
    for major, minor, patch in _steps(rng):
        number = f"{major}.{minor}.{patch}"
        if rng.random() < 0.4:
            yield f"{number}.dev{rng.randint(1, 20240101)}"
        if rng.random() < 0.15:
            yield f"{number}a1.dev1"
        yield number
        if rng.random() < 0.4:
            yield f"{number}.post1"


def _with_epoch(rng: Random, created: Sequence[float]) -> Iterator[str]:
    yield "2019.4"
    for major, minor, patch in _steps(rng):
        yield f"1!{major}.{minor}.{patch}"


def _many_parts(rng: Random, created: Sequence[float]) -> Iterator[str]:
    tail = ".0" * rng.randint(0, 2)
    for major, minor, patch in _steps(rng):
        yield f"{major}.{minor}.{patch}.{rng.randint(0, 1200)}{tail}"


def _oddly_spelled(rng: Random, created: Sequence[float]) -> Iterator[str]:
    forms = ("v{}", "{}-beta1", "{}.RC1", "{}-1", "0{}", "{}.0.0", "{}")
    for major, minor, patch in _steps(rng):
        yield rng.choice(forms).format(f"{major}.{minor}.{patch}")


def _legacy(rng: Random, created: Sequence[float]) -> Iterator[str]:
    yield from rng.sample(_INVALID, rng.randint(1, 3))
    yield from _semantic(rng, created)


def _maintained_twice(rng: Random, created: Sequence[float]) -> Iterator[str]:
    """Releases of an old series appear after the new one has begun."""
    new, old = rng.randint(2, 5), 0
    yield f"{new - 1}.0"
    minor = 0
    while True:
        yield f"{new}.{minor}.0"
        minor += 1
        if rng.random() < 0.5:
            old += 1
            yield f"{new - 1}.0.{old}"


_Style = Callable[[Random, Sequence[float]], Iterator[str]]
_STYLES: tuple[tuple[float, _Style], ...] = (
    (0.52, _semantic),
    (0.68, _with_pre_releases),
    (0.78, _two_parts),
    (0.86, _calendar),
    (0.90, _with_dev_and_post),
    (0.905, _with_epoch),
    (0.935, _many_parts),
    (0.95, _oddly_spelled),
    (0.96, _legacy),
    (1.0, _maintained_twice),
)
