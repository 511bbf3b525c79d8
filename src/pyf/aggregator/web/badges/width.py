"""How wide a text is in the sans-serif letters that badges are drawn with."""

from __future__ import annotations

import unicodedata

# Widths at 11 px of the letters of DejaVu Sans and Verdana, rounded up to half pixels.
_NARROW, _SLIM, _WIDE, _BROAD = 3.9, 4.9, 9.3, 11.2
_WIDTHS = {
    **dict.fromkeys("iljI.,:;'|!", _NARROW),
    **dict.fromkeys('frt()[]-/\\" ', _SLIM),
    **dict.fromkeys("mw%MW@", _BROAD),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&<>=+~#", _WIDE * 0.88),
}
_USUAL = 7.0
_EAST_ASIAN = 11.5
_NO_ROOM = ("Mn", "Me", "Cf")


def width_of(text: str) -> float:
    """About the width in pixels of a text of 11 px; rather a little more than less."""
    return sum(map(_letter, text))


def _letter(letter: str) -> float:
    if unicodedata.category(letter) in _NO_ROOM:
        return 0.0
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return _EAST_ASIAN
    return _WIDTHS.get(letter, _USUAL)
