"""Names, sizes and dependencies that keep the tree easy to find one's way in."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_imports import PACKAGE, imported

STAND_INS = ("embedded", "samples", "local")
STARTS_STAND_INS = {f"cli/commands/{name}.py" for name in ("demo", "down", "local", "status", "up")}
"""The commands whose purpose is to run a stand-in; nothing else in production knows of them."""
ROOMS_OF_ROOMS = ("embedded", "samples")
"""Folders whose subfolders are rooms of their own: separate servers that share nothing."""

IRREGULAR = frozenset(
    [
        "begun",
        "bound",
        "bought",
        "broken",
        "brought",
        "built",
        "caught",
        "chosen",
        "dealt",
        "done",
        "drawn",
        "driven",
        "fallen",
        "felt",
        "found",
        "given",
        "gone",
        "grown",
        "heard",
        "held",
        "hidden",
        "kept",
        "known",
        "laid",
        "led",
        "left",
        "lent",
        "lost",
        "made",
        "meant",
        "paid",
        "poured",
        "proven",
        "said",
        "seen",
        "sent",
        "shown",
        "slept",
        "sold",
        "spent",
        "spoken",
        "stood",
        "struck",
        "taken",
        "taught",
        "thought",
        "told",
        "understood",
        "won",
        "worn",
        "written",
    ]
)
NOT_PARTICIPLES = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed"})


def source_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_bare_participle(name: str) -> bool:
    if "_" in name.strip("_") or name in NOT_PARTICIPLES:
        return False
    return name in IRREGULAR or re.fullmatch(r"[a-z]+ed", name) is not None


def public_names(path: Path) -> Iterator[str]:
    """The module's name, and its public classes, functions, methods and properties."""
    yield path.stem
    scopes: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while scopes:
        for node in ast.iter_child_nodes(scopes.pop()):
            if isinstance(node, ast.ClassDef):
                scopes.append(node)
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return "/".join(parts[: 2 if parts[0] in ROOMS_OF_ROOMS else 1])


def folder_of(module: str) -> str:
    """The folder below the package in which a module is, as ``a/b``."""
    parts = module.split(".")[2:]
    while parts and not PACKAGE.joinpath(*parts).is_dir():
        parts.pop()
    return "/".join(parts)


def folder_imports() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in source_files():
        own = path.parent.relative_to(PACKAGE).as_posix().removeprefix(".")
        names = (name for name in imported(path) if name.startswith("pyf.aggregator."))
        found[own] |= {folder_of(name) for name in names} - {own}
    return found


def contains(outer: str, inner: str) -> bool:
    return not outer or inner.startswith(f"{outer}/")


def test_production_imports_no_stand_in():
    wrong = [
        f"{place(path)} imports {name}"
        for path in source_files()
        if path.relative_to(PACKAGE).parts[0] not in STAND_INS
        if place(path) not in STARTS_STAND_INS
        for name in imported(path)
        if name.startswith(tuple(f"pyf.aggregator.{room}" for room in STAND_INS))
    ]

    assert wrong == []


def test_no_two_folders_import_each_other():
    imports = folder_imports()
    cycles = {
        tuple(sorted((one, other)))
        for one, others in imports.items()
        for other in others
        if one in imports.get(other, set())
        # A folder wires what is in it, and what is in it uses what the folder shares.
        if not contains(one, other) and not contains(other, one)
    }

    assert cycles == set()


def test_no_public_name_is_a_bare_participle():
    wrong = [
        f"{place(path)}: {name}"
        for path in source_files()
        for name in public_names(path)
        if not name.startswith("_") and is_bare_participle(name)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("told", True), ("opened", True), ("feed", False), ("open_store", False), ("read", False)],
)
def test_what_a_bare_participle_is(name: str, is_one: bool):
    assert is_bare_participle(name) == is_one


def test_no_class_name_stands_twice_in_a_room():
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in source_files():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[room_of(path), node.name].append(place(path))

    assert {key: paths for key, paths in places.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("name", ["search", "clickhouse", "upstreams", "github"])
def test_former_module_names_still_run(name: str):
    done = subprocess.run(
        [sys.executable, "-m", f"pyf.aggregator.local.{name}", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    assert "--port" in done.stdout
