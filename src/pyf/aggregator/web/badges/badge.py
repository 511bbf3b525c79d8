"""A badge as SVG: a label and a value, as wide as they are. Pure."""

from __future__ import annotations

from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from .width import width_of

Tone = Literal["good", "fair", "poor", "plain", "unknown"]
TONES: dict[Tone, tuple[str, str]] = {
    "good": ("#1a7f43", "#2ea05c"),
    "fair": ("#8a6100", "#b98300"),
    "poor": ("#b3261e", "#d9534a"),
    "plain": ("#1f5fbf", "#3b7ddd"),
    "unknown": ("#5f6873", "#7c8794"),
}
"""Background of the value in the light and in the dark scheme."""
HEIGHT = 20
PADDING = 6.0
LONGEST = 60
"""Characters of a text; more is cut."""


def badge(label: str, value: str, tone: Tone = "plain") -> str:
    """Draw a badge; whatever stands in the texts stays text."""
    label, value = cut(label), cut(value)
    left, right = (round(width_of(text) + 2 * PADDING, 1) for text in (label, value))
    whole = round(left + right, 1)
    light, dark = TONES[tone]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{HEIGHT}" '
        f'viewBox="0 0 {whole} {HEIGHT}" role="img" aria-label={quoteattr(f"{label}: {value}")}>'
        f"<title>{escape(label)}: {escape(value)}</title>"
        "<style>.l{fill:#3d4650}"
        f".v{{fill:{light}}}"
        "@media(prefers-color-scheme:dark){.l{fill:#525d69}"
        f".v{{fill:{dark}}}}}"
        "text{fill:#fff;font:11px Verdana,'DejaVu Sans',Geneva,sans-serif}</style>"
        f'<clipPath id="r"><rect width="{whole}" height="{HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect class="l" width="{left}" height="{HEIGHT}"/>'
        f'<rect class="v" x="{left}" width="{right}" height="{HEIGHT}"/></g>'
        f'<text x="{PADDING}" y="14" '
        f'textLength="{round(left - 2 * PADDING, 1)}">{escape(label)}</text>'
        f'<text x="{round(left + PADDING, 1)}" y="14" '
        f'textLength="{round(right - 2 * PADDING, 1)}">{escape(value)}</text></svg>'
    )


def cut(text: str) -> str:
    """A text on one line, without what no XML may hold, of bounded length."""
    kept = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 1] + "…"
