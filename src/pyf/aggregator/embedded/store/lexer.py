"""Cuts SQL into tokens as ClickHouse does: just enough to find clauses and names of functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

STRING, QUOTED, WORD, NUMBER, PUNCTUATION, UNKNOWN = (
    "string",
    "quoted",
    "word",
    "number",
    "sign",
    "strange",
)

_TOKEN = re.compile(
    rb"""(?P<space>[\s\0]+|(?:--|//|\#[!\ ])[^\n]*)
    |(?P<string>'(?:[^'\\]|\\.|'')*')
    |(?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9][A-Za-z0-9_.]*)
    |(?P<sign>[-+*/%=<>!(),.;:?@{}\[\]|^&~])
    |(?P<strange>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(rb"/\*|\*/")


class SqlToken(NamedTuple):
    """A token: what it is, its bytes, and where it stands."""

    kind: str
    text: bytes
    start: int
    end: int

    def is_word(self, *words: bytes) -> bool:
        """Whether it is one of these words, given in capitals."""
        return self.kind == WORD and self.text.upper() in words

    @property
    def name(self) -> str:
        """The name that it stands for, in small letters, without its quotes."""
        text = self.text[1:-1] if self.kind == QUOTED else self.text
        return text.decode("utf-8", "replace").lower()


def tokenize(sql: bytes) -> Iterator[SqlToken]:
    """The tokens of a text, without blanks and comments.

    ``strange`` are bytes that ordinary SQL does not hold outside texts: quotes that are not
    ASCII's, here-documents, what is not closed.
    """
    position = 0
    while position < len(sql):
        if sql.startswith(b"/*", position):
            position = _after_comment(sql, position)
            continue
        match = _TOKEN.match(sql, position)
        if match is None:
            return
        kind, position = match.lastgroup or UNKNOWN, match.end()
        if kind != "space":
            yield SqlToken(kind, match.group(), match.start(), position)


def _after_comment(sql: bytes, start: int) -> int:
    """The end of a comment; comments stand within comments."""
    depth = 0
    for match in _COMMENT.finditer(sql, start):
        depth += 1 if match.group() == b"/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)
