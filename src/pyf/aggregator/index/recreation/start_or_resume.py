"""Where a recreation begins: anew, or where an interrupted one stopped."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass

from ...documents import fingerprint
from ...documents.schema import FINGERPRINT
from ...errors import ServiceRefused, UsageError
from .. import collections
from ..client import SearchServer
from .journal import RecreationJournal, RecreationProgress

MARK = "recreated_by"
"""Key in the metadata of a collection that is being built."""


@dataclass(frozen=True)
class RecreationStart:
    """The version in use, if any, and the one to be built; both are there."""

    old: str | None
    new: str
    resumed: bool


def start_or_resume(
    server: SearchServer, journal: RecreationJournal, alias: str
) -> RecreationStart:
    """Carry on what was interrupted, or make the next version of what ``alias`` leads to.

    Raises ``UsageError`` for a collection that has aliases of its own, ``ServiceRefused`` for what
    another machine builds and for documents that the alias would leave behind.
    """
    target = collections.resolve(server, alias)
    leads = target.collection if target else None
    _refuse_version(server, alias, leads)
    left = journal.progress
    if left is not None:
        if _can_resume(server, left, alias, leads):
            there = left.old and collections.exists(server, left.old)
            return RecreationStart(left.old if there else None, left.new, resumed=True)
        _discard_unfinished(server, journal, left)
    _refuse_foreign(server, alias)
    if leads is None:
        _refuse_orphans(server, alias)
    new, mark = collections.next_version(server, alias), _new_mark()
    # Noted before it is there, so that a crash leaves nothing that nobody knows of.
    journal.begin(leads or "", new, mark)
    collections.create(server, new, {MARK: mark})
    return RecreationStart(leads, new, resumed=False)


def other_aliases_of(server: SearchServer, collection: str, alias: str) -> tuple[str, ...]:
    """Return the aliases of a collection beside one of them."""
    leading = collections.aliases(server).items()
    return tuple(sorted(name for name, to in leading if to == collection and name != alias))


def clear_mark(server: SearchServer, collection: str) -> None:
    """Note that a collection is not being built any more."""
    metadata = collections.metadata(server, collection)
    if metadata.pop(MARK, None) is not None:
        collections.set_metadata(server, collection, metadata)


def _can_resume(
    server: SearchServer, left: RecreationProgress, alias: str, leads: str | None
) -> bool:
    """Tell whether what was interrupted can be carried on as things stand now."""
    if not collections.exists(server, left.new):
        return False
    metadata = collections.metadata(server, left.new)
    if metadata.get(MARK) != left.mark:
        return False  # it came to its end, or somebody else made one of that name
    if leads == left.new:
        return True
    if leads is None and left.old:
        if left.old == alias:
            return True  # dropped to make room for the alias: the new version is whole
        raise ServiceRefused(
            f"{alias} leads nowhere, and {left.new} is an unfinished copy of {left.old}: set the "
            "alias again, or delete the copy"
        )
    fits = metadata.get(FINGERPRINT) == fingerprint()
    return fits and not left.switched and leads == (left.old or None)


def _discard_unfinished(
    server: SearchServer, journal: RecreationJournal, left: RecreationProgress
) -> None:
    """Forget an interrupted recreation; what was built goes unless it has been in use."""
    if collections.exists(server, left.new):
        ours = collections.metadata(server, left.new).get(MARK) == left.mark
        used = left.switched or left.new in collections.aliases(server).values()
        if ours and used:
            clear_mark(server, left.new)
        elif ours:
            collections.drop(server, left.new)
    journal.clear()


def _refuse_version(server: SearchServer, alias: str, leads: str | None) -> None:
    """The name of a version would become an alias, to which no other alias can lead."""
    others = other_aliases_of(server, alias, alias) if leads == alias else ()
    if others:
        raise UsageError(
            f"{alias} is the collection behind the alias {', '.join(others)}; name the alias"
        )


def _refuse_foreign(server: SearchServer, alias: str) -> None:
    """A version that another machine is building must not be taken for a leftover."""
    for name in collections.versions(server, alias):
        if by := collections.metadata(server, name).get(MARK):
            raise ServiceRefused(
                f"{name} is being built, or was left unfinished, by {by}; let that run end, or "
                f"delete {name}"
            )


def _refuse_orphans(server: SearchServer, alias: str) -> None:
    """An empty version must not take the place of a full one that merely lost its alias."""
    for name in collections.versions(server, alias):
        if documents := collections.document_count(server, name):
            raise ServiceRefused(
                f"there is a collection {name} with {documents} documents, but {alias} leads "
                "nowhere; set the alias or delete the collection first"
            )


def _new_mark() -> str:
    """Name this machine and this recreation."""
    return f"{socket.gethostname()}:{os.getuid()}:{secrets.token_hex(4)}"
