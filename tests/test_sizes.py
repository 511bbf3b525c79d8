"""Functions and files stay short enough to be read at one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_FUNCTION = 50
LONGEST_FILE = 400

# What may be longer, as "path" or "path:function", each with the reason beside it.
ALLOWED: dict[str, str] = {}


def lengths() -> Iterator[tuple[str, int, int]]:
    """Every file and function of the package: its place, its lines, the lines it may have."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        place = str(path.relative_to(ROOT))
        text = path.read_text("utf-8")
        yield place, len(text.splitlines()), LONGEST_FILE
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{place}:{node.name}", node.end_lineno - node.lineno + 1, LONGEST_FUNCTION


def test_no_function_and_no_file_is_longer_than_allowed():
    too_long = {place: lines for place, lines, most in lengths() if lines > most}

    assert {place: n for place, n in too_long.items() if place not in ALLOWED} == {}


def test_nothing_stands_on_the_list_of_exceptions_without_need():
    too_long = {place for place, lines, most in lengths() if lines > most}

    assert set(ALLOWED) <= too_long
