"""Nothing in the documents room does I/O."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pyf.aggregator import documents

ROOM = Path(documents.__file__).parent
ALLOWED = {
    *("__future__", "collections", "dataclasses", "datetime", "email", "enum"),
    *("functools", "hashlib"),
    *("itertools", "json", "math", "packaging", "re", "typing", "unicodedata", "urllib"),
    # Libraries that compute and nothing else.
    *("cvss", "rapidfuzz"),
}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_only_what_is_pure(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= ALLOWED
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                assert node.level == 1 or node.module in ("errors", "names")
            else:
                assert (node.module or "").split(".")[0] in ALLOWED


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_a_module_opens_nothing_and_asks_no_clock(path: Path) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    }
    assert calls.isdisjoint({"open", "print", "input", "datetime.now", "datetime.utcnow"})
