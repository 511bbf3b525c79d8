"""Which collection a command goes over, and how far: options that several commands share."""

from __future__ import annotations

import argparse
import re

from ...errors import UsageError
from ...index import SearchServer, collections
from ...profiles import load_profiles
from ...settings import Settings
from .actions import connect, non_empty

_COUNT = re.compile(r"[0-9]{1,12}")


def add_collection(parser: argparse.ArgumentParser) -> None:
    """Declare ``-p`` and ``-t``."""
    parser.add_argument(
        "-p", "--profile", type=non_empty, metavar="NAME", help="profile (default: DEFAULT_PROFILE)"
    )
    parser.add_argument(
        "-t",
        "--target",
        type=non_empty,
        metavar="COLLECTION",
        help="collection (default: the profile's)",
    )


def add_limit(parser: argparse.ArgumentParser) -> None:
    """Declare ``-l`` for projects in the order of their names."""
    parser.add_argument(
        "-l", "--limit", type=count, metavar="N", help="at most the first N projects by name"
    )


def collection(arguments: argparse.Namespace, settings: Settings) -> str:
    """The collection of -t, else that of -p or of the settings; ``UsageError`` without any."""
    if arguments.target:
        return str(arguments.target)
    named = arguments.profile or settings.default_profile
    if named:
        return load_profiles(settings).get(named).collection
    if settings.typesense_collection:
        return settings.typesense_collection
    known = ", ".join(item.key for item in load_profiles(settings))
    raise UsageError(f"name a profile with -p or a collection with -t; profiles: {known}")


def open_collection(arguments: argparse.Namespace, settings: Settings) -> tuple[SearchServer, str]:
    """The search server, and the name of a collection there that has this version's fields.

    Raises ``UsageError``, ``NotFound``, ``ServiceUnreachable``, and what ``check_schema`` does.
    """
    name = collection(arguments, settings)
    server = connect(settings)
    collections.check_schema(server, collections.require(server, name))
    return server, name


def count(text: str) -> int:
    """Parse a positive integer; the type of an option."""
    value = int(text) if _COUNT.fullmatch(text) else 0
    if value < 1:
        raise argparse.ArgumentTypeError("must be a positive integer")
    return value
