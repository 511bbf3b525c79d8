"""``--show NAME``: what the index holds of a project, the same in every command that has it."""

from __future__ import annotations

import argparse
import re

from ...errors import NotFound, UsageError
from ...index import SearchServer, collections
from ...names import normalize_name
from ...profiles import load_profiles
from ...settings import Settings
from . import output

PROJECT = re.compile(r"[A-Za-z0-9._-]+")


def show(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the latest release of a project as the index holds it, or all of them.

    Reads ``show``, ``all_versions``, ``target``, ``profile`` and ``json``.
    """
    name = arguments.target or collection_of(arguments.profile, settings)
    server = SearchServer.from_settings(settings)
    server.check()
    target = collections.require(server, name)
    wanted = normalize_name(arguments.show)
    found = (
        collections.project_documents(server, target.collection, wanted)
        if PROJECT.fullmatch(arguments.show)
        else []
    )
    if not found:
        similar = collections.similar_names(server, target.collection, arguments.show)
        hint = f"; similar: {', '.join(similar)}" if similar else ""
        raise NotFound(f"there is no project {arguments.show!r} in {target.alias}{hint}")
    # The highest version may be yanked; what the registry calls latest is what people install.
    latest = [document for document in found if document.get("is_latest")] or found
    shown = found if arguments.all_versions else latest[:1]
    if arguments.json:
        output.data(shown if arguments.all_versions else shown[0])
    else:
        for document in shown:
            output.document(document)
    return 0


def collection_of(profile: str | None, settings: Settings) -> str:
    """The collection of the named profile, else of the settings; raises ``UsageError``."""
    named = profile or settings.default_profile
    if named:
        return load_profiles(settings).get(named).collection
    if settings.typesense_collection:
        return settings.typesense_collection
    raise UsageError("name a profile with -p or a collection with -t")
