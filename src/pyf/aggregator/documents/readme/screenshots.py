"""Pictures of a README that show something: no badges, logos, buttons, counters or avatars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = [
    "MAX_SCREENSHOTS",
    "Picture",
    "PictureKind",
    "classify_picture",
    "pictures",
    "screenshots",
]

MAX_SCREENSHOTS = 20
SMALLEST_WIDTH, SMALLEST_HEIGHT = 200, 100
"""Pixels; what is smaller either way shows too little to be a screenshot."""

PictureKind = Literal["shows", "decoration", "unknown"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its address, its alternative text, its size in pixels where the text tells it."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


_IMG = re.compile(r"<img\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_PIXELS = re.compile(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*")
_SIZE_IN_NAME = re.compile(r"(?<![\dx])(\d{2,4})x(\d{2,4})(?![\dx])")
_WIDTH_KEYS = ("width", "w", "s", "size")

_BADGE_HOSTS = re.compile(
    r"(?:^|\.)(?:shields\.io|badge\.fury\.io|badgen\.net|travis-ci\.(?:org|com)|codecov\.io"
    r"|coveralls\.io|circleci\.com|appveyor\.com|pepy\.tech|readthedocs\.(?:org|io)|pyup\.io"
    r"|requires\.io|landscape\.io|codacy\.com|codeclimate\.com|snyk\.io|lgtm\.com|sonarcloud\.io"
    r"|zenodo\.org|joss\.theoj\.org|mybinder\.org|gitter\.im|deepsource\.io|deepsource\.com"
    r"|bestpractices\.coreinfrastructure\.org|bestpractices\.dev|scrutinizer-ci\.com"
    r"|drone\.io|semaphoreci\.com|gitpod\.io|opencollective\.com|ko-fi\.com|buymeacoffee\.com"
    r"|paypal(?:objects)?\.com|liberapay\.com|patreon\.com|crate\.io|pypip\.in|d322cqt584bo4o\.\S+"
    r"|pypistats\.org|isitmaintained\.com|api\.securityscorecards\.dev|star-history\.com"
    r"|repobeats\.axiom\.co|contrib\.rocks|visitor-badge\.\S+|hits\.\S+|komarev\.com"
    r"|gravatar\.com|avatars\d*\.githubusercontent\.com|app\.fossa\.(?:io|com)|saucelabs\.com"
    r"|tidelift\.com|anaconda\.org|img\.badgesize\.io|api\.codiga\.io|results\.pre-commit\.ci"
    r"|discordapp\.com|discord\.com|colab\.research\.google\.com|deploy\.azure\.com|inch-ci\.org"
    r"|dependabot\.com|api\.netlify\.com|vercel\.com|herokucdn\.com|waffle\.io|bettercodehub\.com)$"
)
_DECORATION = re.compile(
    r"badges?|shields?|logos?|icons?|favicons?|avatars?|buttons?|btn|sponsors?|donate|spacer"
    r"|separator|divider|banners?|flags?|coverage|build[-_ ]?status|stars|licen[sc]e|pixel|emoji"
    r"|logotype|wordmark|button|stamp|bullet"
)
_SHOWING = re.compile(
    r"screen[-_ ]?(?:shots?|casts?|grabs?)|captures?|demos?|previews?|examples?|figures?|diagrams?"
    r"|architecture|plots?|charts?|graphs?|usage|tutorial|gui|ui|workflow|animation|showcase"
)
_WORD = re.compile(r"[a-z]+(?:[-_ ][a-z]+)?")
_RASTER = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".apng")


def pictures(html: str) -> Iterator[Picture]:
    """Yield the pictures of safe HTML that have an address of their own, each once."""
    seen = set()
    for match in _IMG.finditer(html):
        values = {name: unescape(value) for name, value in _ATTRIBUTE.findall(match.group(1))}
        url = _direct(values.get("src", "").strip())
        if url and url not in seen:
            seen.add(url)
            known = _size_in_address(url)
            width = _pixels(values.get("width")) or known[0]
            height = _pixels(values.get("height")) or known[1]
            yield Picture(url, values.get("alt", "").strip(), width, height)


def classify_picture(picture: Picture) -> PictureKind:
    """Tell whether a picture shows something, by its address, its text and its known size."""
    parts = urlsplit(picture.url)
    if _is_badge(parts.hostname or "", parts.path.lower()):
        return "decoration"
    if _too_small(picture.width, SMALLEST_WIDTH) or _too_small(picture.height, SMALLEST_HEIGHT):
        return "decoration"
    name = unquote(parts.path).lower().rsplit("/", 1)[-1]
    words = f"{name.rsplit('.', 1)[0]} {picture.alt.lower()}"
    if _says(_SHOWING, words):
        return "shows"
    if _says(_DECORATION, words) or name.endswith(".svg"):
        return "decoration"
    if picture.width and picture.height:
        return "shows"
    return "shows" if name.endswith(_RASTER) and picture.width else "unknown"


def screenshots(html: str) -> tuple[str, ...]:
    """Return the addresses of pictures that are not known to be decoration, in order."""
    chosen = [
        picture.url for picture in pictures(html) if classify_picture(picture) != "decoration"
    ]
    return tuple(chosen[:MAX_SCREENSHOTS])


def _says(words: re.Pattern[str], text: str) -> bool:
    """Whether one of the words stands in a text as a word of its own."""
    return any(words.fullmatch(word) for word in re.split(r"[^a-z]+", text) if word) or bool(
        re.search(rf"(?<![a-z])(?:{words.pattern})(?![a-z])", text)
    )


def _is_badge(host: str, path: str) -> bool:
    if _BADGE_HOSTS.search(host):
        return True
    if host == "github.com" and "/workflows/" in path:
        return True
    return "badge" in path or path.endswith((".svg/", "/status.svg", "/pipeline.svg"))


def _too_small(pixels: int | None, smallest: int) -> bool:
    return pixels is not None and pixels < smallest


def _pixels(value: str | None) -> int | None:
    match = _PIXELS.fullmatch(value or "")
    return int(match.group(1)) if match else None


def _size_in_address(url: str) -> tuple[int | None, int | None]:
    """Read ``-640x480.png`` or ``?width=640&height=480``."""
    parts = urlsplit(url)
    match = _SIZE_IN_NAME.search(parts.path.rsplit("/", 1)[-1])
    if match:
        return int(match.group(1)), int(match.group(2))
    query = parse_qs(parts.query)
    width = next((_pixels(query[key][0]) for key in _WIDTH_KEYS if key in query), None)
    height = next((_pixels(query[key][0]) for key in ("height", "h") if key in query), None)
    return width, height


def _direct(url: str) -> str:
    """Return the address of the picture itself, "" for one that is relative or malformed.

    GitHub's page of a file is no picture; the file stands at another address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or "." not in host or len(url) > 2000:
        return ""
    if host == "github.com":
        steps = parts.path.split("/")
        if len(steps) > 5 and steps[3] in ("blob", "raw"):
            return "https://raw.githubusercontent.com/" + "/".join([*steps[1:3], *steps[4:]])
    return url
