"""``pyfa pypi`` on a terminal: what it asks, and how it takes the answer."""

from __future__ import annotations

import select
import signal
from contextlib import AbstractContextManager

import pytest

from ..stack import Bench
from .dialogue import Dialogue, on_a_terminal

pytestmark = pytest.mark.integration

QUESTION = "Type 'yes' to do so:"


def asked(bench: Bench) -> AbstractContextManager[Dialogue]:
    """A refresh of a bench's collection on a terminal."""
    words = ("pypi", "--refresh-from-pypi", "-p", "plone", "-t", bench.collection)
    return on_a_terminal(bench.folder, bench.environment(TERM="xterm"), *words)


@pytest.fixture
def many_gone(bench: Bench) -> Bench:
    """A bench whose PyPI has lost more of the indexed projects than a run may remove unasked."""
    bench.run()
    for name in sorted({document["name"] for document in bench.documents().values()})[:10]:
        bench.pypi.tell("delete_project", name=name)
    return bench


def test_a_large_removal_is_asked_about_without_a_bar_over_it(many_gone: Bench) -> None:
    before = len(many_gone.documents())
    with asked(many_gone) as dialogue:
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
    with asked(many_gone) as dialogue:
        dialogue.read_until(QUESTION)
        dialogue.answer(text)
        dialogue.read_until("nothing was removed")
        assert dialogue.process.wait(60) == 1
    assert many_gone.documents().keys() == before


def test_the_question_can_be_interrupted(many_gone: Bench) -> None:
    before = many_gone.documents().keys()
    with asked(many_gone) as dialogue:
        dialogue.read_until(QUESTION)
        dialogue.process.send_signal(signal.SIGINT)
        dialogue.read_until("interrupted")
        assert dialogue.process.wait(20) == 130
    assert "Traceback" not in dialogue.said
    assert many_gone.documents().keys() == before
