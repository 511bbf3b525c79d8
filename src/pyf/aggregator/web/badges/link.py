"""The picture of 1200 x 630 that services show beside a link to a package."""

from __future__ import annotations

import functools
import io
import textwrap
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from ...store import queries
from ..package_facts import PackageFacts
from ..templating import short

SIZE = (1200, 630)
BACK, INK, QUIET, LINE = "#11161d", "#e7ecf2", "#aab6c3", "#6aa5ff"
MARGIN = 70


def link_picture(package: PackageFacts) -> bytes:
    """Draw name, summary, the downloads of a month and their line; PNG."""
    image = Image.new("RGB", SIZE, BACK)
    draw = ImageDraw.Draw(image)
    indexed, downloads = package.indexed.value, package.downloads.value
    draw.text((MARGIN, 60), _fitting(package.name, 26), INK, _font(72))
    summary = str(indexed.summary or "") if indexed else ""
    lines = textwrap.wrap(_drawable(summary), 58)[:2]
    draw.multiline_text((MARGIN, 165), "\n".join(lines), QUIET, _font(34), spacing=12)
    if downloads is not None and downloads.recent.last_month is not None:
        draw.text((MARGIN, 285), short(downloads.recent.last_month), INK, _font(60))
        draw.text((MARGIN, 360), "downloads in 30 days", QUIET, _font(28))
        _curve(draw, downloads.daily.rolling(queries.WITHOUT_MIRRORS)[-90:])
    if indexed is not None and indexed.health_score is not None:
        draw.text((760, 285), f"{indexed.health_score}", INK, _font(60))
        draw.text((760, 360), "of 100 health points", QUIET, _font(28))
    draw.text((MARGIN, 572), "pyf.aggregator", LINE, _font(28))
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _curve(draw: ImageDraw.ImageDraw, values: Sequence[float | None]) -> None:
    highest = max((value for value in values if value is not None), default=0) or 1
    step = (SIZE[0] - 2 * MARGIN) / max(1, len(values) - 1)
    run: list[tuple[float, float]] = []
    for number, value in enumerate([*values, None]):
        if value is not None:
            run.append((MARGIN + number * step, 550 - 120 * value / highest))
        elif len(run) > 1:
            draw.line(run, LINE, 5, joint="curve")
            run = []
        else:
            run = []


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fitting(text: str, longest: int) -> str:
    text = _drawable(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _drawable(text: str) -> str:
    """What the font of the library has: others would be boxes."""
    return "".join(letter for letter in text if letter.isprintable() and ord(letter) < 0x250)
