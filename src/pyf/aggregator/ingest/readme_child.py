"""A process that renders READMEs: ``python -m pyf.aggregator.ingest.readme_child``.

One JSON array of description and content type a line comes in, one object with the fields of the
document a line goes out. It ends with its input, so that none outlives who started it.
"""

from __future__ import annotations

import gc
import resource
import sys

import orjson

from ..documents.readme import render_readme

MEMORY = 1024 * 1024 * 1024
"""Bytes of address space; a README that needs more ends the process, not the machine."""

COLLECT_EVERY = 16
FREEZE_EVERY = 256
"""READMEs between two collections of cycles, and between two that look at everything."""


def main() -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    render_readme("Begin\n=====\n", None)  # loads what rendering needs before the first deadline
    _freeze_objects()
    # Trees of docutils are cycles: collecting between READMEs is cheaper than amid one.
    gc.disable()
    answer = sys.stdout.buffer
    for count, line in enumerate(sys.stdin.buffer, 1):
        text, content_type = orjson.loads(line)
        answer.write(orjson.dumps(render_readme(text, content_type).fields()) + b"\n")
        answer.flush()
        if count % FREEZE_EVERY == 0:
            _freeze_objects()
        elif count % COLLECT_EVERY == 0 or len(line) > 100_000:
            gc.collect()


def _freeze_objects() -> None:
    """Spare later collections what outlived this one: lexers and the like, which stay.

    What was set aside before is looked at again: docutils keeps its last trees for a while.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
