"""File objects: what the JSON API tells of the files of a release."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from .model import FileObject, iso_time

_RUNS = re.compile(r"[-_.]+")
_WHEELS_SINCE = 1_388_534_400.0
_PLATFORMS = (
    "manylinux_2_17_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
    "manylinux_2_17_aarch64",
    "musllinux_1_2_x86_64",
)


@lru_cache(maxsize=4096)
def _stem(name: str) -> str:
    return _RUNS.sub("_", name).lower()


Tag = tuple[str, str, str]
"""Name, package type and Python version of a file."""


def tags_of(name: str, version: str, count: int, created: float) -> list[Tag]:
    """Return the files of a release: wheels, and a source archive as the last."""
    stem = f"{_stem(name)}-{version.replace('-', '_')}"
    modern = created > _WHEELS_SINCE
    tags = [(f"{name}-{version}.tar.gz", "sdist", "source")]
    if count == 2 or (count == 1 and modern and len(name) % 3):
        tag = "py3" if created > _WHEELS_SINCE + 2e8 else "py2.py3"
        tags.insert(0, (f"{stem}-{tag}-none-any.whl", "bdist_wheel", tag))
    elif count > 2:
        tags = [_binary(stem, number) for number in range(count - 1)] + tags
    return tags[:count]


def files_of(
    name: str, version: str, count: int, created: float, requires_python: str | None
) -> tuple[FileObject, ...]:
    """Return the objects of the ``count`` files of a release."""
    moment = iso_time(created)
    tags = tags_of(name, version, count, created)
    return tuple(file_object(tag, moment, requires_python) for tag in tags)


def _binary(stem: str, number: int) -> Tag:
    python = f"cp3{9 + number // len(_PLATFORMS)}"
    platform = _PLATFORMS[number % len(_PLATFORMS)]
    return (f"{stem}-{python}-{python}-{platform}.whl", "bdist_wheel", python)


def file_object(tag: Tag, uploaded: str, requires_python: str | None) -> FileObject:
    """Return the object of one file; ``uploaded`` in the form of ``model.iso``.

    There is no file behind it: digests and size are made from the name alone.
    """
    filename, packagetype, python_version = tag
    # One hash for all three: nothing can be downloaded, so nobody can check them.
    digest = hashlib.blake2b(filename.encode()).hexdigest()
    blake2b, sha256, md5 = digest[:64], digest[64:], digest[48:80]
    return {
        "comment_text": None,
        "core-metadata": {"sha256": sha256[::-1]} if packagetype == "bdist_wheel" else False,
        "digests": {"blake2b_256": blake2b, "md5": md5, "sha256": sha256},
        "downloads": -1,
        "filename": filename,
        "has_sig": False,
        "md5_digest": md5,
        "packagetype": packagetype,
        "python_version": python_version,
        "requires_python": requires_python,
        "size": 900 + int(sha256[:5], 16) % 400_000,
        "upload_time": uploaded[:19],
        "upload_time_iso_8601": uploaded,
        "url": f"https://files.example/packages/{blake2b[:2]}/{blake2b[2:4]}/{blake2b[4:]}/{filename}",
        "yanked": False,
        "yanked_reason": None,
    }
