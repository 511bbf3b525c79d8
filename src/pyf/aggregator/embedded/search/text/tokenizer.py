"""How text becomes tokens: Typesense's rules for fields without a locale.

ASCII letters and digits are kept in lower case, blanks, newlines and the field's separators end
a token, every other ASCII character is dropped unless the field indexes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_TOKEN_CHARS = 100

# Signs that are written with ASCII letters; what else such forms contain is dropped anyway.
_ASCII_FORMS = {
    "ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "µ": "u", "×": "x", "•": "o",
    "©": "c", "®": "r", "™": "tm", "€": "eur",
}  # fmt: skip
_SIGN_CATEGORIES = frozenset(
    {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Zs", "Zl", "Zp", "Cc", "Cf"}
)
_SIGN_BLOCKS = (range(0xA0, 0xC0), range(0x2000, 0x2070), range(0x2190, 0x2300))
_RAISED_OR_LOWERED = ("<super>", "<sub>")


def _fold(char: str) -> str:
    """What one non-ASCII character adds to a token, lower case; "" for nothing.

    Typesense's converter knows ligatures and the like but no Latin letter with an accent: that
    one is dropped, from what is indexed and from what is asked alike. Other scripts are kept.
    """
    char = unicodedata.normalize("NFC", char)
    if char in _ASCII_FORMS:
        return _ASCII_FORMS[char]
    signs = any(ord(char[0]) in block for block in _SIGN_BLOCKS)
    if signs or unicodedata.category(char[0]) in _SIGN_CATEGORIES or _combines(char[0]):
        return ""
    form = unicodedata.decomposition(char[0])
    raised = form.startswith(_RAISED_OR_LOWERED)
    plain = char if raised else unicodedata.normalize("NFKD", char)
    if plain.isascii():
        return "".join(c for c in plain if c.isalnum()).lower()
    lowered = char.lower()
    return "" if any(unicodedata.name(c, "").startswith("LATIN ") for c in lowered) else lowered


def _combines(char: str) -> bool:
    return unicodedata.combining(char) > 0


class _FoldingTable(dict[int, str]):
    """A translation table for ``str.translate``; what is not ASCII is folded when first met."""

    def __missing__(self, codepoint: int) -> str:
        folded = self[codepoint] = _fold(chr(codepoint))
        return folded


def _ascii_table(separators: Iterable[str], symbols: Iterable[str]) -> _FoldingTable:
    table = _FoldingTable()
    kept, ends = set(symbols), {" ", "\n", *separators}
    for codepoint in range(128):
        char = chr(codepoint)
        if char.isalnum() or char in kept:
            table[codepoint] = char.lower()
        else:
            table[codepoint] = " " if char in ends else ""
    return table


@dataclass(frozen=True)
class TokenSpan:
    """One token and the characters ``text[start:end]`` it was made from, up to what ended it."""

    token: str
    start: int
    end: int


class Tokenizer:
    """Splits text by one field's separators and symbols. Safe to share between threads."""

    def __init__(self, separators: Iterable[str] = (), symbols: Iterable[str] = ()) -> None:
        self.separators = tuple(separators)
        self.symbols = frozenset(symbols)
        self._table = _ascii_table(self.separators, self.symbols)
        ends = "".join(chr(c) for c, written in self._table.items() if written == " ")
        self._runs = re.compile(f"[^{re.escape(ends)}]+")

    def split(self, text: str) -> list[str]:
        """The tokens of ``text`` in order, not yet cut to ``MAX_TOKEN_CHARS``."""
        return text.translate(self._table).split()

    def spans(self, text: str) -> Iterator[TokenSpan]:
        """The tokens of ``text`` with where they stand in it."""
        for run in self._runs.finditer(text):
            token = run[0].translate(self._table)
            if token:
                start = run.start()
                while self.skips(text[start]):
                    start += 1
                yield TokenSpan(token[:MAX_TOKEN_CHARS], start, run.end())

    def skips(self, char: str) -> bool:
        """Whether this is an ASCII character that takes no part in any token."""
        return char.isascii() and self._table[ord(char)] in ("", " ")
