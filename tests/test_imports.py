"""Dependencies point downwards, and the pure rooms do no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "pyf" / "aggregator"

# A room imports only from rooms in the lines below its own.
FLOORS = (
    {"cli"},
    {"web"},
    {"queue"},
    {"local"},
    {"samples"},
    {"embedded", "accounts"},
    {"operations"},
    {"enrich", "reports"},
    {"ingest"},
    {"index"},
    {"store"},
    {"registries"},
    {"running_stack"},
    {"documents", "http", "profiles", "charts"},
    {"serving"},
    {"settings", "profile"},
    {"errors", "names", "__version__"},
)
FLOOR = {room: len(FLOORS) - i for i, rooms in enumerate(FLOORS) for room in rooms}

PURE_ROOMS = ("charts", "documents", "profile", "names", "errors")
IMPURE_MODULES = {
    *("aiohttp", "apsw", "asyncio", "http", "logging", "multiprocessing", "os", "pathlib"),
    *("random", "requests", "secrets", "selectors", "shutil", "signal", "socket", "sqlite3"),
    *("subprocess", "tempfile", "threading", "time", "typesense", "urllib.request", "uuid"),
    *("celery", "feedparser", "redis", "starlette", "uvicorn", "dotenv"),
}
IMPURE_CALLS = {"open", "print", "input", "now", "utcnow", "today", "getLogger"}


def files(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


def files_exist(room: str) -> bool:
    """Whether the room is there: a floor may be kept for one that is still to come."""
    return (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file()


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, by its full name."""
    package = ["pyf", "aggregator", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rooms_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imported(path) if name.startswith("pyf.aggregator."))
    return {name[2] for name in names}


def test_every_room_has_its_floor():
    rooms = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}

    assert rooms - {"__init__"} <= set(FLOOR)


def test_dependencies_point_downwards():
    upwards = [
        f"{path.relative_to(PACKAGE)} imports {used}"
        for room in FLOOR
        if room != "__version__" and files_exist(room)
        for path in files(room)
        for used in rooms_used(path) - {room}
        if FLOOR[used] >= FLOOR[room]
    ]

    assert upwards == []


def test_the_pure_rooms_import_nothing_that_does_io():
    impure = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for room in PURE_ROOMS
        for path in files(room)
        for name in imported(path)
        if {name, name.split(".")[0]} & IMPURE_MODULES
    ]

    assert impure == []


def test_the_pure_rooms_ask_neither_clock_nor_files():
    impure = []
    for path in (path for room in PURE_ROOMS for path in files(room)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in IMPURE_CALLS:
                    impure.append(f"{path.relative_to(PACKAGE)}:{node.lineno} calls {name}")

    assert impure == []
