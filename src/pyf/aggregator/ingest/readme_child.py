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


def main() -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    render_readme("Begin\n=====\n", None)  # loads what rendering needs before the first deadline
    gc.collect()
    gc.freeze()
    # Trees of docutils are cycles: collecting between READMEs is cheaper than amid one.
    gc.disable()
    answer = sys.stdout.buffer
    for count, line in enumerate(sys.stdin.buffer, 1):
        text, content_type = orjson.loads(line)
        answer.write(orjson.dumps(render_readme(text, content_type).fields()) + b"\n")
        answer.flush()
        if count % 16 == 0 or len(line) > 100_000:
            gc.collect()
            gc.freeze()  # what outlived it are lexers and the like, which stay


if __name__ == "__main__":
    main()
