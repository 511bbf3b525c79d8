"""The page on the sample upstreams names all there is, and its example runs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from pyf.aggregator.samples.pypi import Control, Faults
from pyf.aggregator.samples.pypi.arguments import parser

PAGE = (Path(__file__).parents[3] / "docs" / "sample-upstreams.md").read_text("utf-8")


@pytest.mark.parametrize(
    "option",
    sorted(set(parser()._option_string_actions) - {"-h", "--help"}),
)
def test_every_option_is_on_the_page(option: str):
    assert f"`{option}`" in PAGE


@pytest.mark.parametrize("name", [each.name for each in fields(Faults)])
def test_every_fault_is_on_the_page(name: str):
    assert re.search(rf"^\|.*`{name}`.*\|", PAGE.partition("## Faults")[2], re.M)


@pytest.mark.parametrize("action", [name for name in vars(Control) if not name.startswith("_")])
def test_every_action_is_on_the_page(action: str):
    assert re.search(rf"^\|.*`{action}`.*\|", PAGE.partition("## Control")[2], re.M)


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(example, "sample-upstreams.md", "exec"), {})

    assert capsys.readouterr().out.count("http://127.0.0.1:") == 2
