"""Which licence a whole text of one is: many releases carry the text where a label belongs."""

from __future__ import annotations

import re

__all__ = ["license_of_whole_text"]

_TITLE_LENGTH = 400
_TITLES = (
    (re.compile(r"apache license,? version 2\.0"), "Apache-2.0"),
    (re.compile(r"mozilla public license,? (?:version|v\.?) ?2\.0"), "MPL-2.0"),
    (re.compile(r"gnu affero general public license,? version 3\b"), "AGPLv3"),
    (re.compile(r"gnu lesser general public license,? version 3\b"), "LGPLv3"),
    (re.compile(r"gnu lesser general public license,? version 2\.1"), "LGPLv2.1"),
    (re.compile(r"gnu general public license,? version 3\b"), "GPLv3"),
    (re.compile(r"gnu general public license,? version 2\b"), "GPLv2"),
)
"""What the long ones begin with. Further down they speak of one another."""
_MIT = "permission is hereby granted, free of charge, to any person obtaining a copy"
_BSD = "redistribution and use in source and binary forms"
_ENDORSEMENT = re.compile(r"neither the names? of|may not be used to endorse or promote")
_ISC = re.compile(r"permission to use, copy, modify, and(?:/or)? distribute this software")
_UNLICENSE = "this is free and unencumbered software released into the public domain"


def license_of_whole_text(text: str) -> str | None:
    """Return a short name of a well-known licence, by SPDX where it has one; None for others.

    The long ones are known by the title that they begin with, the short ones by the sentence that
    grants the rights.
    """
    plain = " ".join(text.split()).lower()
    for title, label in _TITLES:
        if title.search(plain[:_TITLE_LENGTH]):
            return label
    if _MIT in plain:
        return "MIT"
    if _BSD in plain:
        return "BSD-3-Clause" if _ENDORSEMENT.search(plain) else "BSD-2-Clause"
    if _UNLICENSE in plain:
        return "Unlicense"
    return "ISC" if _ISC.search(plain) else None
