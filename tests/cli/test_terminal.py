"""``pyfa pypi`` on a terminal: what it asks, and how it takes the answer."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from ..stack import Bench

pytestmark = pytest.mark.integration

QUESTION = "Type 'yes' to do so:"


@dataclass
class Dialogue:
    """A command whose standard input and error are a terminal."""

    process: subprocess.Popen[str]
    terminal: int
    said: str = field(default="")

    def read_until(self, words: str) -> None:
        deadline = time.monotonic() + 60
        while words not in self.said and time.monotonic() < deadline:
            self.said += os.read(self.terminal, 4096).decode(errors="replace")
        assert words in self.said

    def answer(self, text: str) -> None:
        os.write(self.terminal, text.encode() + b"\n")


@contextmanager
def on_a_terminal(bench: Bench, *arguments: str) -> Iterator[Dialogue]:
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pyf.aggregator.cli.main", "pypi", *arguments],
        env=bench.environment(TERM="xterm"),
        cwd=bench.folder,
        stdin=inner,
        stderr=inner,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(inner)
    try:
        yield Dialogue(process, terminal)
    finally:
        process.kill()
        process.communicate()
        os.close(terminal)


@pytest.fixture
def many_gone(bench: Bench) -> Bench:
    """A bench whose PyPI has lost more of the indexed projects than a run may remove unasked."""
    bench.run()
    for name in sorted({document["name"] for document in bench.documents().values()})[:10]:
        bench.pypi.tell("delete_project", name=name)
    return bench


REFRESH = ("--refresh-from-pypi", "-p", "plone", "-t")


def test_a_large_removal_is_asked_about_without_a_bar_over_it(many_gone: Bench) -> None:
    before = len(many_gone.documents())
    with on_a_terminal(many_gone, *REFRESH, many_gone.collection) as dialogue:
        dialogue.read_until(f"{QUESTION}\r\n")
        assert select.select([dialogue.terminal], [], [], 1.0)[0] == [], (
            "something is drawn over it"
        )
        dialogue.answer("yes")
        stdout, _ = dialogue.process.communicate(timeout=60)
    assert dialogue.process.returncode == 0
    assert "removed 0," not in stdout
    assert len(many_gone.documents()) < before


@pytest.mark.parametrize("text", ["", "y", "no"])
def test_any_other_answer_than_yes_removes_nothing(many_gone: Bench, text: str) -> None:
    before = many_gone.documents().keys()
    with on_a_terminal(many_gone, *REFRESH, many_gone.collection) as dialogue:
        dialogue.read_until(QUESTION)
        dialogue.answer(text)
        dialogue.read_until("nothing was removed")
        assert dialogue.process.wait(60) == 1
    assert many_gone.documents().keys() == before


def test_the_question_can_be_interrupted(many_gone: Bench) -> None:
    before = many_gone.documents().keys()
    with on_a_terminal(many_gone, *REFRESH, many_gone.collection) as dialogue:
        dialogue.read_until(QUESTION)
        dialogue.process.send_signal(signal.SIGINT)
        dialogue.read_until("interrupted")
        assert dialogue.process.wait(20) == 130
    assert "Traceback" not in dialogue.said
    assert many_gone.documents().keys() == before
