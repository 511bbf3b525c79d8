"""Checks on HTML by a parser that has nothing to do with the one that cleans it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from readme_renderer.clean import ALLOWED_ATTRIBUTES, ALLOWED_TAGS

VOID = {"br", "col", "hr", "img", "input", "wbr"}
ADDRESSES = {"href", "src"}


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.wrong.append(f"<{tag}>")
        allowed = ALLOWED_ATTRIBUTES.get(tag, set()) | ALLOWED_ATTRIBUTES["*"]
        for name, value in attrs:
            self._attribute(tag, name, value or "", allowed | {"rel"})
        if tag not in VOID:
            self.open.append(tag)

    def _attribute(self, tag: str, name: str, value: str, allowed: set[str]) -> None:
        if name not in allowed:
            self.wrong.append(f"{tag} {name}")
        if name in ADDRESSES:
            scheme, colon, _ = "".join(value.split()).lower().partition(":")
            # Anything but these characters before the colon makes it a relative address.
            if (
                colon
                and re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme)
                and scheme not in ("http", "https", "mailto")
            ):
                self.wrong.append(f"{name}={value}")
        if name == "id" and not value.startswith("user-content-"):
            self.wrong.append(f"id={value}")
        if name == "class" and {"modal", "fixed"} & set(value.split()):
            self.wrong.append(f"class={value}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> does not fit")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"declaration {decl!r}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"instruction {data!r}")


def faults(html: str | None) -> list[str]:
    """What in the HTML may not be there: tags, attributes, addresses, tags left open."""
    checker = _Checker()
    checker.feed(html or "")
    checker.close()
    return checker.wrong + [f"<{tag}> is left open" for tag in checker.open]
