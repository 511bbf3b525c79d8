"""What a statement is: its kind, the format of its answer, where the data of an INSERT begin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .errors import ServerError
from .lexer import QUOTED, STRING, UNKNOWN, WORD, SqlToken, tokenize

SELECTS = frozenset({"SELECT", "WITH", "FROM", "("})
METADATA_STATEMENTS = frozenset({"SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"})
STREAMING_FORMATS = frozenset(
    {
        "Native",
        "TabSeparated",
        "TSV",
        "CSV",
        "RowBinary",
        "JSONEachRow",
        "TabSeparatedRaw",
        "TSVRaw",
    }
)
"""Formats whose pieces, put one behind the other, are the whole."""

SAFE_TABLE_FUNCTIONS = frozenset(
    {
        *("numbers", "numbers_mt", "zeros", "zeros_mt", "generaterandom", "generateseries"),
        *("generate_series", "primes", "values", "view", "null", "merge", "format"),
        *("mergetreeindex", "mergetreeprojection"),
    }
)
"""Table functions that reach neither files nor the network."""
FORBIDDEN_FUNCTIONS = frozenset({"file", "hascolumnintable"})
"""Ordinary functions that do."""


@dataclass(frozen=True)
class SqlStatement:
    """One SQL statement, without the data of an INSERT."""

    text: bytes

    @cached_property
    def tokens(self) -> tuple[SqlToken, ...]:
        """Its tokens, without a semicolon at the end."""
        found = list(tokenize(self.text))
        while found and found[-1].text == b";":
            found.pop()
        return tuple(found)

    @property
    def kind(self) -> str:
        """The word that it begins with, in capitals; ``(`` for a bracket; empty for nothing."""
        return self.tokens[0].text.decode("utf-8", "replace").upper() if self.tokens else ""

    @property
    def is_read(self) -> bool:
        """Whether it begins as one that changes nothing."""
        return self.kind in SELECTS or self.kind in METADATA_STATEMENTS

    @cached_property
    def format(self) -> SqlToken | None:
        """The name in the FORMAT clause that ends it, before settings at the most."""
        for before, token in zip(self.tokens[-2::-1], self.tokens[:0:-1], strict=True):
            if before.is_word(b"FORMAT") and token.kind == WORD:
                return token if self._is_end(token) else None
        return None

    def with_outfile(self, path: str, default: str) -> bytes:
        """The statement with its answer written to a file; ``default`` names a format."""
        end = self.tokens[-1].end
        name = self.format.text.decode() if self.format else default
        clause = f"\nINTO OUTFILE {sql_literal(path)} TRUNCATE FORMAT {name}".encode()
        if self.format is None:
            return self.text[:end] + clause
        before = self.tokens[self.tokens.index(self.format) - 1]
        return self.text[: before.start] + clause + self.text[self.format.end : end]

    def check(self) -> None:
        """Refuse what the HTTP interface does not have: several statements, files by name."""
        for token in self.tokens:
            if token.text == b";":
                raise ServerError(62, "SYNTAX_ERROR", "Multi-statements are not allowed")
            if token.is_word(b"OUTFILE", b"INFILE"):
                raise ServerError(
                    48, "NOT_IMPLEMENTED", "INTO OUTFILE and FROM INFILE are for clients"
                )

    def check_reader(self, table_functions: frozenset[str], params: dict[str, str]) -> None:
        """Refuse all but reads of tables, and everything that a reader of SQL could mistake.

        The engine itself refuses writes of a read-only session; this closes what it leaves open:
        functions that read files of the machine or open connections.
        """
        if not self.is_read:
            raise _readonly(f"Cannot execute query in readonly mode: {self.kind or 'nothing'}")
        refused = (table_functions - SAFE_TABLE_FUNCTIONS) | FORBIDDEN_FUNCTIONS
        for token, following in zip(self.tokens, (*self.tokens[1:], None), strict=True):
            self._check_token(token, following, refused)
        named = {value.strip("`\"'").lower() for value in params.values()}
        if b"identifier" in self.text.lower() and named & refused:
            raise _readonly("a parameter names a function that is not for this user")

    def _check_token(
        self, token: SqlToken, following: SqlToken | None, refused: frozenset[str]
    ) -> None:
        if token.kind == UNKNOWN or (token.kind == QUOTED and b"\\" in token.text):
            raise _readonly(f"this user's statements cannot hold {token.text[:20]!r}")
        if token.kind not in (WORD, QUOTED):
            return
        is_call = following is not None and following.text == b"("
        if token.name in FORBIDDEN_FUNCTIONS or (token.name.startswith("ai") and is_call):
            raise _readonly(f"the function {token.name} is not for this user")
        if is_call and token.name in refused:
            raise _readonly(f"the table function {token.name} is not for this user")

    def _is_end(self, name: SqlToken) -> bool:
        rest = self.tokens[self.tokens.index(name) + 1 :]
        return not rest or rest[0].is_word(b"SETTINGS")


@dataclass(frozen=True)
class InsertStatement:
    """The head of an INSERT whose data follow in a format: where they begin, and the pieces."""

    target: bytes
    source: bytes
    settings: bytes
    format: str
    data_offset: int

    def from_file(self, path: str) -> bytes:
        """The statement that inserts the data from a file."""
        where, name = sql_literal(path), sql_literal(self.format)
        if self.source:
            head, structure, tail = self._around_input()
            source = f" file({where}, {name}, ".encode() + structure + b")"
            return self.target + head + source + tail + b" " + self.settings
        clause = f" FROM INFILE {where} ".encode()
        return self.target + clause + self.settings + f" FORMAT {self.format}".encode()

    def _around_input(self) -> tuple[bytes, bytes, bytes]:
        """What stands before ``input('structure')``, the structure, and what follows."""
        found = list(tokenize(self.source))
        for i, token in enumerate(found[:-3]):
            if token.is_word(b"INPUT") and found[i + 2].kind == STRING:
                close = found[i + 3]
                return (
                    self.source[: token.start],
                    found[i + 2].text,
                    self.source[close.end :],
                )
        raise ServerError(62, "SYNTAX_ERROR", "INSERT SELECT with data needs input('structure')")


def parse_insert(text: bytes) -> InsertStatement | None:
    """The head of an INSERT with data in a FORMAT; None where the text is something else.

    Rows behind VALUES are no data here: they are part of their statement.
    """
    depth, select, settings, before = 0, 0, 0, None
    for position, token in enumerate(tokenize(text)):
        if position == 0 and not token.is_word(b"INSERT"):
            return None
        depth += {b"(": 1, b")": -1}.get(token.text, 0)
        if depth == 0 and token.is_word(b"VALUES"):
            return None
        if depth == 0 and before is not None and before.is_word(b"FORMAT") and token.kind == WORD:
            return _head(text, before, token, select, settings)
        if depth == 0 and token.is_word(b"SELECT", b"WITH") and not select:
            select = token.start
        if depth == 0 and token.is_word(b"SETTINGS") and not select:
            settings = token.start
        before = token
    return None


def _head(
    text: bytes, word: SqlToken, name: SqlToken, select: int, settings: int
) -> InsertStatement:
    target_end = min(position for position in (select, settings, word.start) if position)
    start = name.end
    while text[start : start + 1] in (b" ", b"\t", b"\r", b"\f", b";"):
        start += 1
    if text[start : start + 1] == b"\n":
        start += 1
    return InsertStatement(
        text[:target_end],
        text[select : word.start] if select else b"",
        text[settings : word.start] if settings else b"",
        name.text.decode(),
        start,
    )


def sql_literal(text: str) -> str:
    """A text as SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _readonly(message: str) -> ServerError:
    return ServerError(164, "READONLY", message)
