"""A description in, what the documents show of it out.

Markup is chosen and rendered as PyPI does: Markdown in GitHub's flavour, plain text, and
reStructuredText for everything that names no type. What cannot be rendered is shown as text, and
``problem`` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from email.message import Message

from readme_renderer import txt

from ..fields import BY_NAME
from .headings import html_headings, text_headings
from .limits import cut_source, too_complex, too_long_for_markdown
from .markdown import VARIANTS, render_markdown
from .rst import InvalidRst, render_rst
from .sanitizer import html_to_text, sanitize, truncate_html
from .screenshots import screenshots
from .sections import ReadmeSections, TextSpan, split_sections

__all__ = ["README_FIELDS", "Readme", "plain_readme", "render_readme"]

README_FIELDS = (
    "title",
    "first_chapter",
    "main_content",
    "changelog",
    "screenshots",
    "readme_problem",
)


@dataclass(frozen=True, slots=True)
class Readme:
    """What is shown of a description. HTML is safe, well-formed and within its field's limit;
    ``title`` is text, ``problem`` a sentence about a description that is not shown as meant.
    """

    title: str | None = None
    first_chapter: str | None = None
    main_content: str | None = None
    changelog: str | None = None
    screenshots: tuple[str, ...] = ()
    problem: str | None = None

    def fields(self) -> dict[str, object]:
        """Return the values by the names of the document's fields, None where there is none."""
        values = asdict(self)
        values["readme_problem"] = values.pop("problem")
        values["screenshots"] = list(self.screenshots) or None
        return values


def render_readme(description: str, content_type: str | None) -> Readme:
    """Return what to show of a description with the given ``description_content_type``.

    Any text is taken. Time and memory are bounded by the limits of ``limits.py`` for all input
    known; for input that is not, let a process do it that can be ended.
    """
    text = description.replace("\r\n", "\n").replace("\x00", "")
    source = cut_source(text)
    if not source.strip():
        return Readme()
    cut = None
    if len(source) < len(text):
        cut = f"Only its first {len(source)} characters are shown; a shorter description is read."
    kind, variant = _markup(content_type)
    if kind == "text":
        return plain_readme(source, cut)
    reason = too_complex(source) or (kind == "markdown" and too_long_for_markdown(source))
    if reason:
        return plain_readme(source, f"The description is shown as plain text because {reason}.")
    if kind == "markdown":
        return _from_html(render_markdown(source, variant), source, cut)
    try:
        return _from_html(render_rst(source), source, cut)
    except InvalidRst as error:
        return plain_readme(source, _rst_problem(str(error), content_type))


def plain_readme(description: str, problem: str | None = None) -> Readme:
    """Return the description as text, divided by what looks like headings."""
    source = cut_source(description)
    headings = text_headings(source)
    parts = split_sections(
        headings, len(source), lambda start, end: " ".join(source[start:end].split())
    )

    def show(spans: Sequence[TextSpan]) -> str:
        return txt.render("\n".join(source[s.start : s.end].strip("\n") for s in spans)) or ""

    return _readme(parts, show, (), problem)


def _markup(content_type: str | None) -> tuple[str, str]:
    """Return ``markdown``, ``rst`` or ``text``, and the variant of Markdown."""
    message = Message()
    message["content-type"] = (content_type or "text/x-rst").replace("\n", " ").replace("\r", " ")
    kind = {"text/markdown": "markdown", "text/x-rst": "rst"}.get(message.get_content_type())
    variant = str(message.get_param("variant") or "GFM")
    return kind or "text", variant if variant in VARIANTS else "GFM"


def _rst_problem(reason: str, content_type: str | None) -> str:
    if content_type:
        return (
            f"The description is not valid reStructuredText and is shown as plain text: {reason}."
        )
    return (
        "The description names no content type and is not valid reStructuredText, so it is shown "
        f"as plain text: {reason}. Set description_content_type, such as text/markdown."
    )


def _from_html(html: str, source: str, problem: str | None) -> Readme:
    html = sanitize(html).strip()
    if not html:
        return plain_readme(source, problem)
    parts = split_sections(
        html_headings(html), len(html), lambda start, end: html_to_text(html[start:end])
    )

    def show(spans: Sequence[TextSpan]) -> str:
        if len(spans) == 1 and (spans[0].start, spans[0].end) == (0, len(html)):
            return html
        return sanitize("\n".join(s.wrap + html[s.start : s.end] + _ends(s.wrap) for s in spans))

    main = "".join(html[span.start : span.end] for span in parts.main)
    return _readme(parts, show, screenshots(main), problem)


def _ends(wrap: str) -> str:
    """End the tags of a piece; what it ends itself is ended twice, which a parser passes over."""
    names = [tag.lstrip("<").split()[0].rstrip(">") for tag in wrap.split("><") if tag]
    return "".join(f"</{name}>" for name in reversed(names))


def _readme(
    parts: ReadmeSections,
    show: Callable[[Sequence[TextSpan]], str],
    shots: tuple[str, ...],
    problem: str | None,
) -> Readme:
    def shown(name: str, spans: Sequence[TextSpan]) -> str | None:
        return truncate_html(show(spans), BY_NAME[name].limit).strip() or None

    return Readme(
        title=parts.title,
        first_chapter=shown("first_chapter", parts.first),
        main_content=shown("main_content", parts.main),
        changelog=shown("changelog", parts.changelog),
        screenshots=shots,
        problem=problem,
    )
