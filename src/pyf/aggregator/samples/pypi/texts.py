"""Summaries and descriptions of generated projects, of the lengths real ones have.

Paragraphs come from one pool that is written once per seed, so that a description costs
a few joins; the 40 pieces of an average one make it about three kilobytes long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .rng import pick, seeded_random
from .words import ADJECTIVES, NOUNS, VERBS

_PARAGRAPH_COUNT = 320
_REMARKS = (
    "Naïve café façade ≥ 3 × faster.",
    "日本語の説明も同梱されています。",
    "Работает с кириллицей.",
    "Ready for ☕ and 🚀.",
    "يدعم الكتابة من اليمين إلى اليسار.",
)
CONTENT_TYPES = {
    "md": ("text/markdown", "text/markdown; charset=UTF-8; variant=GFM"),
    "rst": ("text/x-rst", "text/x-rst; charset=UTF-8", None),
    "txt": ("text/plain", None, ""),
    "html": ("text/markdown",),
}


def sentence(rng: Random) -> str:
    """Return one plain English sentence of eight to sixteen words."""
    a, b, c = pick(rng, NOUNS), pick(rng, NOUNS), pick(rng, NOUNS)
    quality, verb, second = pick(rng, ADJECTIVES), pick(rng, VERBS), pick(rng, VERBS)
    forms = (
        f"It {verb} every {a} of the {b} and {second} the {quality} {c} when asked to.",
        f"The {quality} {a} {verb} a {b} before the next {c} starts.",
        f"With more than one {a}, each {b} {verb} its own {quality} {c}.",
        f"A {a} without a {b} {verb} nothing, which keeps the {c} {quality}.",
        f"Set the {a} to a {quality} {b} if your {c} {second} it only once.",
        f"By default the {a} {verb} the {b}; the {quality} {c} stays as it was.",
    )
    return pick(rng, forms)


@dataclass(frozen=True, slots=True)
class Texts:
    """Writes texts from a pool of paragraphs: the same generator state, the same text."""

    sentences: tuple[str, ...]
    paragraphs: tuple[str, ...]

    @classmethod
    def of(cls, seed: int) -> Texts:
        """Return the texts of a seed."""
        rng = seeded_random(seed)
        sentences = tuple(sentence(rng) for _ in range(4 * _PARAGRAPH_COUNT))
        sizes = [rng.randint(2, 6) for _ in range(_PARAGRAPH_COUNT)]
        return cls(sentences, tuple(" ".join(rng.sample(sentences, size)) for size in sizes))

    def summary(self, rng: Random) -> str:
        """Return one line of up to a hundred characters, now and then an odd one."""
        quality, a, b = pick(rng, ADJECTIVES), pick(rng, NOUNS), pick(rng, NOUNS)
        forms = (
            f"{quality.capitalize()} {a} for the {b}",
            f"A {quality} {a} that {pick(rng, VERBS)} your {b}.",
            f"{a.capitalize()} and {b} tools",
            f"The {quality} way to a {a} <{b}> & more",
            "" if rng.random() < 0.3 else f"{quality} {a}",
        )
        return forms[int(rng.random() * 4.15)]

    def description(self, rng: Random, name: str, form: str, versions: Sequence[str]) -> str:
        """Return the readme of a release: ``form`` is md, rst, txt or html.

        ``versions`` are the ones its changelog names, newest first.
        """
        pieces = 2 + int(rng.lognormvariate(1.3, 0.95))
        body = [pick(rng, self.paragraphs) for _ in range(min(pieces, 160))]
        if rng.random() < 0.1:
            body.append(pick(rng, _REMARKS))
        points = [pick(rng, self.sentences) for _ in range(int(rng.random() * 5))]
        write = {"md": _markdown, "rst": _restructured_text, "html": _html}.get(form, _plain)
        return write(name, body, points, versions)


def _markdown(name: str, body: list[str], points: list[str], versions: Sequence[str]) -> str:
    parts = [f"# {name}", f"[![Build](https://ci.example/{name}.svg)](https://ci.example/{name})"]
    parts += body[:2]
    if points:
        parts += ["## Features", "\n".join(f"- **{each}**" for each in points)]
    parts += ["## Installation", f"```shell\npip install {name}\n```"]
    for number, each in enumerate(body[2:]):
        parts += [f"### Part {number // 4 + 1}", each] if number % 4 == 0 else [each]
    parts += ["## Changelog", *(f"### {each}\n\n- See the notes." for each in versions)]
    return "\n\n".join(parts) + "\n"


def _restructured_text(
    name: str, body: list[str], points: list[str], versions: Sequence[str]
) -> str:
    parts = [f"{name}\n{'=' * len(name)}", f".. image:: https://ci.example/{name}.svg"]
    parts += body[:2]
    if points:
        parts += ["Features\n--------", "\n".join(f"- {each}" for each in points)]
    parts += [
        "Installation\n------------",
        f"Add it to your buildout::\n\n    eggs =\n        {name}",
    ]
    parts += body[2:]
    parts += ["Changelog\n---------"]
    parts += [f"{each}\n{'~' * len(each)}\n\n- See the notes." for each in versions]
    return "\n\n".join(parts) + "\n"


def _plain(name: str, body: list[str], points: list[str], versions: Sequence[str]) -> str:
    return "\n\n".join([name.upper(), *body, *(f"* {each}" for each in points), *versions])


def _html(name: str, body: list[str], points: list[str], versions: Sequence[str]) -> str:
    paragraphs = "".join(f"<p align='left'>{each}</p>\n" for each in body)
    picture = f'<img src="https://ci.example/{name}.png" onerror="alert(1)" width=200>'
    items = "".join(f"<li>{each}</li>" for each in [*points, *versions])
    return f"<h1>{name}</h1>\n{picture}\n{paragraphs}<ul>{items}</ul>\n<script>1</script>\n"
