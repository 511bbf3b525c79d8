"""Says what is wrong with a line that is not JSON, in the words of the parser Typesense uses.

Clients match on these messages, so they are rebuilt: where reading stopped, what was being read,
what was read last and what was wanted instead.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

WHITESPACE = " \t\r\n"
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
LITERALS = {"t": "true", "f": "false", "n": "null"}
PUNCTUATION = {"{": "'{'", "}": "'}'", "[": "'['", "]": "']'", ",": "','", ":": "':'"}
END = "end of input"
ONE_VALUE = "'[', '{', or a literal"


@dataclass(frozen=True)
class _Token:
    """A token: its kind as messages name it, where it ends, and what reading it took in."""

    kind: str
    end: int
    problem: str = ""


class _ParseError(Exception):
    pass


class _JsonParser:
    """Reads JSON by its grammar and stops with a message at the first thing that is wrong."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._read_from = 0
        self._token = self._next(0)

    def document(self) -> None:
        self._value()
        if self._token.kind != END:
            raise self._syntax_error("value", END)

    def _value(self) -> None:
        kind = self._token.kind
        if kind == "'{'":
            self._object()
        elif kind == "'['":
            self._array()
        elif kind in (
            "string literal",
            "number literal",
            "true literal",
            "false literal",
            "null literal",
        ):
            self._advance()
        else:
            raise self._syntax_error("value", ONE_VALUE)

    def _object(self) -> None:
        self._advance()
        if self._token.kind == "'}'":
            return self._advance()
        while True:
            self._expect("string literal", "object key")
            self._expect("':'", "object separator")
            self._value()
            if self._token.kind != "','":
                return self._expect("'}'", "object")
            self._advance()

    def _array(self) -> None:
        self._advance()
        if self._token.kind == "']'":
            return self._advance()
        while True:
            self._value()
            if self._token.kind != "','":
                return self._expect("']'", "array")
            self._advance()

    def _expect(self, kind: str, reading: str) -> None:
        if self._token.kind != kind:
            raise self._syntax_error(reading, kind)
        self._advance()

    def _advance(self) -> None:
        self._token = self._next(self._token.end)

    def _next(self, at: int) -> _Token:
        text = self._text
        while at < len(text) and text[at] in WHITESPACE:
            at += 1
        if at >= len(text):
            return _Token(END, at + 1)
        character = text[at]
        if character in PUNCTUATION:
            return _Token(PUNCTUATION[character], at + 1)
        if character in LITERALS:
            return self._literal(at, LITERALS[character])
        if character == '"' or character in "-0123456789":
            return self._scan(at, STRING if character == '"' else NUMBER)
        return _Token("", at + 1, "invalid literal")

    def _literal(self, at: int, literal: str) -> _Token:
        for offset, expected in enumerate(literal):
            if self._text[at + offset : at + offset + 1] != expected:
                return _Token("", at + offset + 1, "invalid literal")
        return _Token(f"{literal} literal", at + len(literal))

    def _scan(self, at: int, pattern: re.Pattern[str]) -> _Token:
        self._read_from = at
        kind = "string" if pattern is STRING else "number"
        match = pattern.match(self._text, at)
        if match:
            return _Token(f"{kind} literal", match.end())
        if kind == "number":
            return _Token("", at + 2, "invalid number; expected digit after '-'")
        return self._bad_string(at)

    def _bad_string(self, at: int) -> _Token:
        end = at + 1
        while end < len(self._text) and self._text[end] >= " " and self._text[end] != '"':
            end += 2 if self._text[end] == "\\" else 1
        if end >= len(self._text):
            return _Token("", len(self._text) + 1, "invalid string: missing closing quote")
        problem = "invalid string: control character must be escaped"
        if self._text[end] == '"':
            problem = "invalid string: forbidden character after backslash"
        return _Token("", end + 1, problem)

    def _syntax_error(self, reading: str, expected: str) -> _ParseError:
        token = self._token
        if token.problem:
            last = self._text[self._read_from : token.end]
            what = f"{token.problem}; last read: '{_escape(last)}'"
            what += "" if reading == "value" else f"; expected {expected}"
        else:
            what = f"unexpected {token.kind}; expected {expected}"
        line = self._text.count("\n", 0, token.end) + 1
        column = token.end - (self._text.rfind("\n", 0, token.end) + 1)
        return _ParseError(
            f"[json.exception.parse_error.101] parse error at line {line}, column {column}: "
            f"syntax error while parsing {reading} - {what}"
        )


def _escape(text: str) -> str:
    return "".join(one if one >= " " else f"<U+{ord(one):04X}>" for one in text)


def explain_json_error(text: str) -> str:
    """Why a text is not JSON."""
    try:
        _JsonParser(text).document()
    except _ParseError as stopped:
        return str(stopped)
    except RecursionError:
        return "too deeply nested"
    try:
        json.loads(text)
    except ValueError as error:
        return str(error)
    return "not valid"
