"""reStructuredText as PyPI renders it, and the first error in words where it cannot.

The settings and the writer are those of readme_renderer. They are put together once: docutils
needs several milliseconds for that, as long as for a short README.
"""

from __future__ import annotations

import copy
import io
import re
from functools import cache

from docutils.core import Publisher, publish_parts
from docutils.frontend import Values
from docutils.utils import SystemMessage
from docutils.writers.html5_polyglot import Writer
from readme_renderer.rst import SETTINGS, ReadMeHTMLTranslator

__all__ = ["InvalidRst", "render_rst"]

# What docutils raises on odd input where it has a fault; PyPI refuses such a description, too.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
_MESSAGE = re.compile(r"<string>:(?P<line>\d*):? *\([A-Z]+/\d\) (?P<what>.*)", re.DOTALL)


class InvalidRst(Exception):
    """The text is not valid; the sentence says where and why."""


def render_rst(text: str) -> str:
    """Return HTML that is still to be sanitized. Raises ``InvalidRst``."""
    settings = copy.copy(_settings())
    settings.warning_stream = io.StringIO()
    writer = Writer()
    writer.translator_class = ReadMeHTMLTranslator
    try:
        parts = publish_parts(text, writer=writer, settings=settings)
    except SystemMessage as error:
        raise InvalidRst(_sentence(str(error))) from None
    except RecursionError:
        raise InvalidRst("it is nested too deeply") from None
    except _FAULTS as error:
        raise InvalidRst(f"docutils fails on it ({type(error).__name__})") from None
    html = f"{parts.get('docinfo', '')}{parts.get('fragment', '')}"
    if not html.strip():
        raise InvalidRst("nothing of it would be shown")
    return html


@cache
def _settings() -> Values:
    publisher = Publisher("standalone", "restructuredtext", Writer())
    # Configuration files of the machine must not change what a README looks like.
    publisher.process_programmatic_settings(None, {**SETTINGS, "_disable_config": True}, None)
    return publisher.settings


def _sentence(message: str) -> str:
    match = _MESSAGE.match(message)
    if match is None:
        return message.strip()[:200] or "docutils refuses it"
    what = " ".join(match["what"].split()).rstrip(".")[:200]
    return f"line {match['line']}: {what}" if match["line"] else what
