"""Markdown as PyPI renders it: comrak with readme_renderer's options, code coloured by Pygments.

readme_renderer makes a formatter, and looks for a lexer, anew for each text, and sanitizes what is
sanitized here again; that would be half of the time of a short README.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import unescape

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound
from readme_renderer.markdown import variants

__all__ = ["VARIANTS", "render_markdown"]

VARIANTS = frozenset(variants)

_CODE = re.compile(
    r'<pre(?: lang="(?P<lang>[^"]+)")?><code(?: class="language-(?P<kind>[^"]+)")?>'
    r"(?P<code>.+?)</code></pre>",
    re.DOTALL,
)


def render_markdown(text: str, variant: str) -> str:
    """Return HTML that is still to be sanitized; ``variant`` is one of ``VARIANTS``."""
    return _CODE.sub(_highlight_code, variants[variant](text))


def _highlight_code(match: re.Match[str]) -> str:
    language = match["lang"] or match["kind"]
    if not language:
        return match.group()
    code = pygments.highlight(unescape(match["code"]), _lexer(language), _formatter())
    return f'<pre lang="{language}">{code}</pre>'


@cache
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language)
    except (ClassNotFound, ValueError):
        return TextLexer()
