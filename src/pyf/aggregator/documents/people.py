"""Authors and maintainers: names and addresses out of free text and e-mail headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .text import decode_words, is_absent, one_line

__all__ = ["People", "parse_people"]

_LONGEST = 16 * 1024
_CONJUNCTION = re.compile(r"^(?:and|&)\s+", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class People:
    """Names and e-mail addresses, each joined by commas; None without any."""

    names: str | None
    addresses: str | None


def parse_people(names: object, emails: object) -> People:
    """Return who is named by an ``author`` and an ``author_email`` (or the maintainer's pair).

    Names come from the first, and from the second where the first is empty (current metadata
    holds ``Jane Doe <jane@x.example>`` there). Values are texts or lists; others raise
    ``TypeError``.
    """
    named, mailed = _text(names), _text(emails)
    mailboxes = list(_mailboxes(mailed))
    if "<" in named and "@" in named:
        in_names = list(_mailboxes(named))
        mailboxes = mailboxes or in_names
        named = ", ".join(name for name, _ in in_names if name)
    listed = named or ", ".join(name for name, _ in mailboxes if name)
    return People(listed or None, ", ".join(address for _, address in mailboxes if address) or None)


def _text(value: object) -> str:
    """Return one decoded line of text or of a list of texts or of name and e-mail objects."""
    if is_absent(value):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_text, value)))
    if isinstance(value, Mapping):
        name, email = _text(value.get("name")), _text(value.get("email"))
        return f"{name} <{email}>" if email else name
    if not isinstance(value, str):
        raise TypeError(f"is a {type(value).__name__}, not a text")
    return one_line(decode_words(value[:_LONGEST]))


def _mailboxes(header: str) -> Iterator[tuple[str, str]]:
    """Yield name and address of every entry of a header; one of them may be empty."""
    for entry in filter(None, map(str.strip, _entries(header))):
        name, bracket, rest = entry.rpartition("<")
        if bracket:
            yield _unquote(name), rest.partition(">")[0].strip()
        elif "@" in entry:
            address, _, comment = entry.partition("(")
            yield comment.rstrip(") ").lstrip(), address.strip()
        else:
            yield _unquote(entry), ""


def _entries(header: str) -> Iterator[str]:
    """Yield what commas, semicolons and closing brackets end, outside of quotes."""
    honour_quotes = header.count('"') % 2 == 0
    start, quoted, bracketed = 0, False, False
    for at, letter in enumerate(header):
        if letter == '"' and honour_quotes:
            quoted = not quoted
        elif letter == "<" and not quoted:
            bracketed = True
        elif (letter == ">" or (letter in ",;" and not bracketed)) and not quoted:
            yield header[start:at]
            start, bracketed = at + 1, False
    yield header[start:]


def _unquote(name: str) -> str:
    plain = _CONJUNCTION.sub("", name.strip()).strip('"')
    return _ESCAPED.sub(r"\1", plain).strip()
