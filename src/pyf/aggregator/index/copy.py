"""Documents from one collection into another, and collections from one server to another."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from . import admin, collections
from .client import SearchServer
from .contents import Live
from .paths import part
from .pouring import Poured, Report, nothing, pour
from .transfer import Transferred, transfer


@dataclass(frozen=True)
class Migrated:
    """What a migration did; ``created`` says that the target was made for it."""

    source: str
    target: str
    created: bool
    documents: Poured


def migrate(
    server: SearchServer, source: str, target: str, *, report: Report = nothing
) -> Migrated:
    """Write every document of one collection into another, which stays as it is otherwise.

    A missing target is made with the current fields. Documents of the same id are replaced, so
    that it can be run again. Writes that the source gets meanwhile are not followed.
    """
    found = admin.find(server, source)
    if found is None:
        raise admin.missing(server, source)
    into = admin.find(server, target)
    if into == found:
        raise UsageError(f"{source!r} and {target!r} are the same collection {into!r}")
    created = into is None
    if into is None:
        into = collections.ensure(server, target).collection
    total = int(admin.describe(server, found)["num_documents"])
    poured = pour(server.export(found, {}), server, part(into), total=total, report=report)
    return Migrated(found, into, created, poured)


def copy_to(
    source: SearchServer,
    target: SearchServer,
    *,
    only: str | None = None,
    force: bool = False,
    report: Report = nothing,
) -> Transferred:
    """Copy collections, aliases, synonyms, presets and stopwords to another server.

    Raises ``UsageError`` when both are the same server, ``Refused`` when the target holds
    something of these names already; ``force`` replaces it.
    """
    if set(source.nodes) & set(target.nodes):
        raise UsageError(f"{target.url} is the server to copy from")
    return transfer(Live(source, only), target, force=force, report=report)
