"""Errors as ClickHouse says them, and the HTTP status of each."""

from __future__ import annotations

import re

_ERROR_TEXT = re.compile(
    r"Code: (\d+)\. (?:DB::)?(?:NetException|Exception|ErrnoException): ", re.DOTALL
)
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]+)\)[^()]*(?:\(version [^)]*(?:\([^)]*\))?[^)]*\))?\s*$")

BAD_REQUEST = {6, 26, 27, 38, 41, 43, 53, 62, 69, 72, 117, 130, 131, 167, 168, 456, 457}
NOT_FOUND = {46, 47, 50, 56, 60, 73, 78, 81, 115, 336}
STATUS = {
    **dict.fromkeys(BAD_REQUEST, 400),
    **dict.fromkeys(NOT_FOUND, 404),
    **dict.fromkeys((192, 193, 512, 516), 403),
    194: 401,
    48: 501,
    159: 408,
    164: 500,
    202: 503,
    209: 503,
    307: 413,
}
"""The HTTP status of an error by its number; 500 for all others."""


class ServerError(Exception):
    """A refusal: ``code`` and ``name`` are ClickHouse's."""

    def __init__(self, code: int, name: str, message: str) -> None:
        self.code = code
        self.name = name
        super().__init__(f"Code: {code}. DB::Exception: {message} ({name})")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS.get(self.code, 500)


class EngineError(ServerError):
    """What the engine said, in its own words."""

    def __init__(self, said: str) -> None:
        found = _ERROR_TEXT.search(said)
        name = _NAME.search(said)
        code = int(found.group(1)) if found else 1001
        super().__init__(code, name.group(1) if name else "STD_EXCEPTION", said)
        text = said[found.start() :] if found else f"Code: {code}. {said}"
        self.args = (_strip_repeated_prefix(text.strip()),)


def _strip_repeated_prefix(text: str) -> str:
    """Without the head that the engine repeats where one exception was made of another."""
    head = _ERROR_TEXT.match(text)
    while head and (again := _ERROR_TEXT.match(text, head.end())):
        text = text[: head.start()] + text[again.start() :]
        head = _ERROR_TEXT.match(text)
    return text
