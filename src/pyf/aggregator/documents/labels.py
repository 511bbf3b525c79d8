"""Short labels out of free metadata: license, keywords, versions named by classifiers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from .license_texts import license_of_whole_text
from .text import is_absent, one_line
from .versions import sort_key

__all__ = ["framework_versions", "keywords", "license_label", "python_versions"]

_LONGEST_LICENSE = 80
_LICENSE_PREFIX = "License :: "
# Headings of the classifier tree, not licences.
_LICENSE_HEADINGS = frozenset({"OSI Approved", "DFSG approved"})
# A name of a file, or a notice of copyright, does not say which licence.
_NO_LICENSE = re.compile(
    r"(?:see\b.*|file:.*|(?:the )?licen[cs]e(?:[.](?:txt|md|rst))?(?: file)?[.]?"
    r"|(?:copyright|©|\(c\)).*|unknown|none|n/?a|other|todo|tbd)",
    re.IGNORECASE,
)

_VERSION = re.compile(r"\d+(?:\.\d+)*")


def license_label(expression: object, classifiers: Sequence[str], free_text: object) -> str | None:
    """Return the licence in a few words: the SPDX expression, the classifiers', a short text, the
    name of a well-known licence whose whole text is given.

    None where none of them says it. Raises ``ValueError`` where the free text is all there is
    and is no label (an unknown licence, a file name).
    """
    if isinstance(expression, str) and not is_absent(expression):
        return one_line(expression)
    from_classifiers = _distinct(filter(None, map(_license_of_classifier, classifiers)))
    if from_classifiers:
        return ", ".join(from_classifiers)
    return None if is_absent(free_text) else _license_of_text(free_text)


def _license_of_classifier(classifier: str) -> str | None:
    if not classifier.startswith(_LICENSE_PREFIX):
        return None
    last = classifier.rsplit(" :: ", 1)[-1].strip()
    return None if last in _LICENSE_HEADINGS else last


def _license_of_text(free_text: object) -> str | None:
    if not isinstance(free_text, str):
        raise ValueError(f"is a {type(free_text).__name__}, not a text")
    label = free_text.strip()
    if label.startswith(_LICENSE_PREFIX):
        return _license_of_classifier(label)
    if len(label.splitlines()) > 1 or len(label) > _LONGEST_LICENSE:
        if known := license_of_whole_text(label):
            return known
        raise ValueError(f"is a text of {len(label)} characters, not a label")
    if _NO_LICENSE.fullmatch(label):
        raise ValueError(f"does not name a licence: {label!r}")
    return one_line(label)


def keywords(value: object) -> list[str]:
    """Return keywords one each, trimmed, in order, without repetitions.

    A text is split at commas, else at semicolons, else at white space; a JSON list, in a text
    or not, is taken as it is. Raises ``TypeError`` for anything else.
    """
    if is_absent(value):
        return []
    if isinstance(value, str):
        return _distinct(map(_keyword, _split_keywords(value.strip())))
    if isinstance(value, list | tuple):
        return _distinct(_keyword(item) for item in value if isinstance(item, str))
    raise TypeError(f"is a {type(value).__name__}, not a text or list")


def _split_keywords(text: str) -> Sequence[str]:
    if text.startswith("[") and text.endswith("]"):
        try:
            return [item for item in json.loads(text) if isinstance(item, str)]
        except (ValueError, RecursionError):
            text = text.strip("[]")
    for separator in ",;":
        if separator in text:
            return text.split(separator)
    return text.split()


def _keyword(text: str) -> str:
    return one_line(text).strip("\"'").strip()


def python_versions(classifiers: Iterable[str]) -> list[str]:
    """Return ``Python 3.12`` for ``Programming Language :: Python :: 3.12``, oldest first."""
    prefix = ["Programming Language", "Python"]
    return _labels(parts for parts in map(_parts, classifiers) if parts[:-1] == prefix)


def framework_versions(classifiers: Iterable[str]) -> list[str]:
    """Return ``Plone 6.0`` for ``Framework :: Plone :: 6.0``, by framework, oldest first.

    The framework stands in the label, since one release may name versions of several.
    """
    return _labels(
        parts for parts in map(_parts, classifiers) if parts[0] == "Framework" and len(parts) > 2
    )


def _parts(classifier: str) -> list[str]:
    return [part.strip() for part in classifier.split("::")]


def _labels(paths: Iterable[list[str]]) -> list[str]:
    """Return ``<last but one> <version>`` of the paths that end in a version."""
    found = {(path[-2], path[-1]) for path in paths if _VERSION.fullmatch(path[-1])}
    ordered = sorted(found, key=lambda label: (label[0].lower(), sort_key(label[1]), label))
    return [f"{name} {version}" for name, version in ordered]


def _distinct(texts: Iterable[str]) -> list[str]:
    """Return the texts that are not empty, each once whatever its case, as first spelled."""
    first: dict[str, str] = {}
    for text in texts:
        if text:
            first.setdefault(text.casefold(), text)
    return list(first.values())
