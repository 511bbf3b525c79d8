"""Which packages a command is about: those named, a profile's, or the one of this folder."""

from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

from ...enrich.document_updates import project_names
from ...errors import NotFound, UsageError
from ...index import collections
from ...names import normalize_name
from ...profiles import load_profiles
from ...settings import Settings
from .actions import connect, non_empty

PROJECT_FILE = Path("pyproject.toml")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?|__all__")


def add_package(parser: argparse.ArgumentParser) -> None:
    """Declare a package to ask for."""
    parser.add_argument(
        "package",
        nargs="?",
        type=package,
        metavar="NAME",
        help="package (default: that of pyproject.toml in this folder; __all__: all together)",
    )


def add_packages(parser: argparse.ArgumentParser) -> None:
    """Declare packages to ask for, by name or by profile."""
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--package",
        nargs="+",
        type=package,
        action="extend",
        metavar="NAME",
        help="packages (default: that of pyproject.toml in this folder)",
    )
    chosen.add_argument(
        "-p",
        "--profile",
        type=non_empty,
        metavar="NAME",
        help="all packages of a profile's collection",
    )


def package(text: str) -> str:
    """Take the name of a package, normalized; the type of an option."""
    if not _NAME.fullmatch(text.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be the name of a package")
    return text.strip() if text.strip() == "__all__" else str(normalize_name(text))


def one(arguments: argparse.Namespace) -> str:
    """The package that was named, else that of this folder."""
    return str(arguments.package) if arguments.package else _of_this_folder()


def several(arguments: argparse.Namespace, settings: Settings) -> list[str]:
    """The packages that were named, each once; raises ``NotFound`` for an empty collection."""
    if arguments.profile:
        return of_profile(arguments.profile, settings)
    return list(dict.fromkeys(arguments.package or [_of_this_folder()]))


def of_profile(profile: str, settings: Settings) -> list[str]:
    """All projects of a profile's collection that PyPI has."""
    name = load_profiles(settings).get(profile).collection
    server = connect(settings)
    found = project_names(server, collections.require(server, name).collection)
    if not found:
        raise NotFound(f"the collection {name!r} has no projects yet; `pyfa pypi -f` fills it")
    return found


def _of_this_folder() -> str:
    """The name of the project in this folder; raises ``UsageError`` without one."""
    try:
        content = tomllib.loads(PROJECT_FILE.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError("name a package: there is no pyproject.toml in this folder") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"name a package: {PROJECT_FILE} cannot be read: {error}") from None
    tables = (content.get("project"), content.get("tool", {}).get("poetry"))
    names = (table.get("name") for table in tables if isinstance(table, dict))
    found = next((name for name in names if isinstance(name, str)), None)
    if found is None or not _NAME.fullmatch(found):
        raise UsageError(f"name a package: {PROJECT_FILE} names none")
    return str(normalize_name(found))
