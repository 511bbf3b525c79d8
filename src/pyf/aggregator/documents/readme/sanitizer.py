"""What may stand in a README: the tags, attributes and addresses that PyPI allows, and no more.

Every piece that leaves this room went through ``sanitize``, also after it was cut: the parser
closes what a cut left open.
"""

from __future__ import annotations

import re

import nh3
from readme_renderer.clean import ALLOWED_ATTRIBUTES, ALLOWED_TAGS

__all__ = ["ID_PREFIX", "html_to_text", "sanitize", "truncate_html"]

ID_PREFIX = "user-content-"
"""Stands before every ``id``, so that a README cannot take the place of a page's own element."""
_LOCAL = f"#{ID_PREFIX}"

# Classes of docutils and comrak; those of Pygments have three characters at the most. A class
# of a frontend's style sheet would let a README draw itself over the page.
_CLASSES = frozenset(
    {
        *("admonition", "align-center", "align-left", "align-right", "arabic", "attention"),
        *("auto-toc", "caution", "code", "contents", "contains-task-list", "danger", "docutils"),
        *("error", "field-list", "footnote-list", "footnotes", "handles", "highlight", "hint"),
        *("important", "line", "line-block", "literal", "literal-block", "loweralpha", "math"),
        *("lowerroman", "markdown-alert", "markdown-alert-caution", "markdown-alert-important"),
        *("markdown-alert-note", "markdown-alert-title", "markdown-alert-tip", "note", "option"),
        *("markdown-alert-warning", "option-list", "pre", "seealso", "simple", "system-message"),
        *("task-list-item", "tip", "title", "toc-entry", "upperalpha", "upperroman", "warning"),
    }
)
_SHORT_CLASS = re.compile(r"[a-z][a-z0-9]{0,2}")
_TAG = re.compile(r"<[^>]*>")
_ROOM = 4096
"""Bytes that the end tags of cut elements may take."""


def _keep(_tag: str, name: str, value: str) -> str | None:
    if name == "href" and value.startswith("#") and not value.startswith(_LOCAL):
        return _LOCAL + value[1:]
    if name != "class":
        return value
    kept = [word for word in value.split() if word in _CLASSES or _SHORT_CLASS.fullmatch(word)]
    return " ".join(kept) or None


_cleaner = nh3.Cleaner(
    tags=set(ALLOWED_TAGS),
    attributes={tag: set(names) for tag, names in ALLOWED_ATTRIBUTES.items()},
    attribute_filter=_keep,
    link_rel="nofollow",
    url_schemes={"http", "https", "mailto"},
    set_tag_attribute_values={"input": {"disabled": ""}},
    id_prefix=ID_PREFIX,
)


def sanitize(html: str) -> str:
    """Return well-formed HTML of allowed tags; links are marked ``nofollow``."""
    return _cleaner.clean(html)


def truncate_html(html: str, limit: int) -> str:
    """Return safe HTML of at most ``limit`` bytes of UTF-8: the beginning, with its tags closed."""
    encoded = html.encode()
    if len(encoded) <= limit:
        return html
    room = limit - _ROOM
    while room > 0:
        cut = encoded[:room].decode(errors="ignore")
        opened = cut.rfind("<")
        if opened > cut.rfind(">"):
            cut = cut[:opened]
        closed = sanitize(cut)
        if len(closed.encode()) <= limit:
            return closed
        room //= 2
    return ""


def html_to_text(html: str) -> str:
    """Return the text of safe HTML on one line, pictures by their alternative text."""
    return " ".join(_unescape(_TAG.sub("", _ALT.sub(r"\1", html))).split())


_ALT = re.compile(r'<img\b[^>]*?\balt="([^"]*)"[^>]*>')
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": " ", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))


def _unescape(text: str) -> str:
    """The serializer escapes these and nothing else."""
    return _ENTITY.sub(lambda match: _ENTITIES[match.group()], text)
