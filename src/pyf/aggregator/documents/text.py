"""Plain values of metadata: what counts as absent, one-line texts, encoded header words."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header

__all__ = ["decode_words", "is_absent", "one_line"]

# Build tools write these where a value is missing.
_PLACEHOLDERS = frozenset({"", "UNKNOWN", "None", "null"})

_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=")
_GAP_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")


def is_absent(value: object) -> bool:
    """Tell whether a value says nothing: null, blank or a placeholder of a build tool."""
    return value is None or (isinstance(value, str) and value.strip() in _PLACEHOLDERS)


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def decode_words(text: str) -> str:
    """Return the text with RFC 2047 words decoded; a word of an unknown charset stays."""
    if "=?" not in text:
        return text
    return _ENCODED_WORD.sub(_decode_word, _GAP_BETWEEN_WORDS.sub("", text))


def _decode_word(match: re.Match[str]) -> str:
    try:
        [(content, charset)] = decode_header(match.group())
        return content if isinstance(content, str) else content.decode(charset or "ascii")
    except (HeaderParseError, LookupError, ValueError):
        return match.group()
