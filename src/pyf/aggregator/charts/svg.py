"""SVG elements as text, every value escaped. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from html import escape

from .style import STYLE

_CONTROLS = dict.fromkeys(
    (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000))
)


def escape_text(text: str) -> str:
    """A text as XML may hold it: escaped, without characters that XML has not."""
    return escape(text.translate(_CONTROLS), quote=True)


def format_coordinate(value: float) -> str:
    """A coordinate with one decimal at the most."""
    return f"{value:.1f}".removesuffix(".0")


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One element; ``content`` is markup, attributes are not. ``class_`` stands for class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{given}>{content}</{name}>" if content else f"<{name}{given}/>"


def text_element(content: str, x: float, y: float, **attributes: str | float) -> str:
    """A line of text."""
    return element("text", escape_text(content), x=x, y=y, **attributes)


def svg_document(
    parts: Iterable[str],
    *,
    width: float,
    height: float,
    title: str,
    description: str,
    style: bool,
) -> str:
    """The whole picture, named and described to those who do not see it."""
    body = "".join(parts)
    name, told = escape_text(title) or "chart", escape_text(description)
    # From the content, so that two charts of one page differ and the same one never changes.
    key = f"c{zlib.crc32(f'{name}{told}{body}'.encode()):08x}"
    head = element("title", name, id=f"{key}t")
    if told:
        head += element("desc", told, id=f"{key}d")
    if style:
        head += f"<style>{STYLE}</style>"
    return element(
        "svg",
        head + body,
        xmlns="http://www.w3.org/2000/svg",
        class_="pyf-chart",
        role="img",
        viewBox=f"0 0 {format_coordinate(width)} {format_coordinate(height)}",
        width=width,
        height=height,
        aria_labelledby=f"{key}t" + (f" {key}d" if told else ""),
    )


def _value(value: str | float) -> str:
    return escape_text(value) if isinstance(value, str) else format_coordinate(value)
