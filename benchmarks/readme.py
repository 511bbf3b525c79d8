"""READMEs rendered a second in parallel processes, against one after another in one process.

The READMEs have the sizes and the markup of real ones: where recorded answers of PyPI are at hand
they are taken from there, each under a line of its own so that no two are the same; otherwise they
are written here after the same distribution (nine of ten in Markdown, 4,300 characters on average).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

from pyf.aggregator.ingest.readme_renderer import ReadmeRenderer

from . import common

SHARED = Path(os.environ.get("PYF_SHARED") or Path(__file__).parents[2] / "shared")
RECORDED = SHARED / "corpus" / "pypi" / "json"
WAITING = 64
"""READMEs that are handed over at a time."""

Text = tuple[str, str | None]


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Return READMEs a second, the share of Markdown, the sizes, and the gain of the processes."""
    texts = list(real() or written(200))
    readmes = ReadmeRenderer(arguments.processes)
    for _ in range(readmes.processes * 2):  # what a process loads once is not measured
        readmes.submit("Title\n=====\n", None)
    render(readmes, texts[:20])
    begun, used = time.monotonic(), _children()
    problems = render(readmes, repeated(texts, arguments.readmes))
    seconds = time.monotonic() - begun
    readmes.close()
    cpu = _children() - used
    alone = ReadmeRenderer(1)
    render(alone, texts[:20])
    begun = time.monotonic()
    sample = min(len(texts), arguments.readmes)
    render(alone, repeated(texts, sample))
    alone_seconds = time.monotonic() - begun
    alone.close()
    per_s = arguments.readmes / seconds
    return {
        "readmes": arguments.readmes,
        "recorded": int(RECORDED.is_dir()),
        "markdown_percent": 100 * sum(kind == "text/markdown" for _, kind in texts) / len(texts),
        "characters_mean": sum(len(text) for text, _ in texts) / len(texts),
        "processes": readmes.processes,
        "seconds": seconds,
        "readmes_per_s": per_s,
        "cpu_ms_each": 1000 * cpu / arguments.readmes,
        "one_process_per_s": sample / alone_seconds,
        "ratio": per_s * alone_seconds / sample,
        "problems": problems,
        "child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6,
    }


def real() -> list[Text]:
    """The descriptions of the recorded answers, in an order that mixes them."""
    texts = []
    for path in sorted(RECORDED.glob("*.json")):
        info = json.loads(path.read_text("utf-8"))["info"]
        if (info.get("description") or "").strip():
            texts.append((info["description"], info.get("description_content_type") or None))
    random.Random(1).shuffle(texts)
    return texts


def written(count: int) -> Iterator[Text]:
    """READMEs made up: sections with text, lists, code and links."""
    random_ = random.Random(2)
    words = ["package", "plugin", "install", "python", "release", "value", "returns", "option"]
    for number in range(count):
        is_rst = number % 10 == 0
        lines = [f"project-{number}", "=" * 12, ""]
        while sum(map(len, lines)) < random_.lognormvariate(8, 0.9):
            lines += [random_.choice(words).title(), "-" * 12, ""]
            lines += [" ".join(random_.choices(words, k=60)), "", "* one", "* two", ""]
            lines += ["::", "", "    run it", ""] if is_rst else ["```python", "x = 1", "```", ""]
        yield "\n".join(lines), "text/x-rst" if is_rst else "text/markdown"


def repeated(texts: list[Text], count: int) -> Iterator[Text]:
    """So many texts, each with a paragraph that makes it differ from all others."""
    for number in range(count):
        text, kind = texts[number % len(texts)]
        yield f"{text}\n\nThis is number {number}.\n", kind


def render(readmes: ReadmeRenderer, texts: Iterator[Text] | list[Text]) -> int:
    """Render all, some at a time; return how many had a problem."""
    waiting: deque[Future[dict[str, object]]] = deque()
    problems = 0
    for text, kind in texts:
        waiting.append(readmes.submit(text, kind))
        if len(waiting) > WAITING:
            problems += "readme_problem" in waiting.popleft().result()
    return problems + sum("readme_problem" in future.result() for future in waiting)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    common.main(
        "READMEs rendered (aim: 300/s on two cores)",
        measure,
        common.command(
            __doc__,
            ("--readmes", 10_000, "READMEs to render"),
            ("--processes", 0, "processes; 0 is one for each core"),
        ),
    )
