"""READMEs are rendered by processes that can be ended, and no README stops the others."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import orjson
import psutil
import pytest

from pyf.aggregator.ingest.readme_renderer import ReadmeRenderer

from ..stack import CLASSIFIER, Bench

KNOWN: set[int] = set()
"""Processes of other tests of this run."""


@pytest.fixture
def readmes() -> Iterator[ReadmeRenderer]:
    KNOWN.update(child.pid for child in psutil.Process().children())
    made = ReadmeRenderer(1, deadline=1.0)
    made.submit("x", None).result()  # the process is up: deadlines are what they say
    yield made
    made.close()


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [child for child in found if child.pid not in KNOWN]


def test_fields_come_as_documents_have_them(readmes: ReadmeRenderer) -> None:
    fields = asyncio.run(readmes.render("# A\n\nText.\n", "text/markdown"))

    assert fields["title"] == "A"
    assert fields.keys() == {"title", "first_chapter", "main_content"}


def test_one_that_takes_too_long_is_shown_as_text_and_the_next_is_rendered(
    readmes: ReadmeRenderer,
) -> None:
    [before] = children()
    slow = "- x\n" * 60_000
    fields = readmes.submit(slow, "text/x-rst").result()

    assert "too long" in fields["readme_problem"]
    assert fields["main_content"].startswith("- x<br>")
    assert readmes.submit("*a*", "text/markdown").result()["main_content"] == "<p><em>a</em></p>"
    assert before.pid not in {child.pid for child in children()}


def test_a_killed_process_is_replaced(readmes: ReadmeRenderer) -> None:
    [child] = children()
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)

    for _ in range(2):
        fields = readmes.submit("*a*", "text/markdown").result()
        assert fields == {"first_chapter": "<p><em>a</em></p>", "main_content": "<p><em>a</em></p>"}


def test_odd_characters_are_survived(readmes: ReadmeRenderer) -> None:
    fields = readmes.submit("a \ud800 \x00 \x1b b", "text/markdown").result()

    assert "a" in fields["main_content"]


def test_the_process_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "pyf.aggregator.ingest.readme_child"]
    asked = orjson.dumps(["# T", "text/markdown"]) + b"\n"

    done = subprocess.run(command, input=asked * 2, stdout=subprocess.PIPE, timeout=60, check=True)

    assert [orjson.loads(line)["title"] for line in done.stdout.splitlines()] == ["T", "T"]


def test_the_latest_release_shows_its_readme_and_the_one_before_no_more(bench: Bench) -> None:
    bench.run()
    before = bench.documents()
    shown = {id_ for id_, document in before.items() if document.get("main_content")}
    assert shown == {
        id_ for id_, each in before.items() if each["is_latest"] and each.get("description")
    }
    one = before[min(shown)]

    bench.pypi.tell("publish", name=one["name"], version="77.0", classifiers=[CLASSIFIER])
    bench.run("incremental")

    after = bench.documents()
    assert not {"title", "main_content"} & after[one["id"]].keys()
    assert "main_content" in after[f"{one['name']}-77.0"]


def test_a_process_does_not_grow_with_what_it_rendered(readmes: ReadmeRenderer) -> None:
    parts = (f"Part {number}\n-------\n\nSome *words*.\n\n* one\n* two\n" for number in range(16))
    text = "\n".join(parts)

    def grown_to(first: int, last: int) -> float:
        for number in range(first, last):
            readmes.submit(f"{text}\n\nThis is {number}.\n", "text/x-rst").result()
        (child,) = children()
        return float(child.memory_info().rss) / 1e6

    warm = grown_to(0, 96)

    assert grown_to(96, 480) - warm < 6  # trees that are kept would be more than ten
