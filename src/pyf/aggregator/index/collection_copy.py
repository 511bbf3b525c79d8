"""Documents from one collection into another, and collections from one server to another."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError
from . import admin, collections
from .bulk_copy import BulkCopyResult, ProgressCallback, bulk_copy, no_progress
from .client import SearchServer
from .raw_requests import path_part
from .server_contents import ServerSource
from .transfer import TransferResult, transfer


@dataclass(frozen=True)
class MigrationResult:
    """What a migration did; ``created`` says that the target was made for it."""

    source: str
    target: str
    created: bool
    documents: BulkCopyResult


def migrate_documents(
    server: SearchServer, source: str, target: str, *, report: ProgressCallback = no_progress
) -> MigrationResult:
    """Write every document of one collection into another, which stays as it is otherwise.

    A missing target is made with the current fields. Documents of the same id are replaced, so
    that it can be run again. Writes that the source gets meanwhile are not followed.
    """
    found = admin.find_collection(server, source)
    if found is None:
        raise admin.not_found_error(server, source)
    into = admin.find_collection(server, target)
    if into == found:
        raise UsageError(f"{source!r} and {target!r} are the same collection {into!r}")
    created = into is None
    if into is None:
        into = collections.ensure(server, target).collection
    total = int(admin.describe_collection(server, found)["num_documents"])
    poured = bulk_copy(
        server.export(found, {}), server, path_part(into), total=total, report=report
    )
    return MigrationResult(found, into, created, poured)


def copy_to_server(
    source: SearchServer,
    target: SearchServer,
    *,
    only: str | None = None,
    force: bool = False,
    report: ProgressCallback = no_progress,
) -> TransferResult:
    """Copy collections, aliases, synonyms, presets and stopwords to another server.

    Raises ``UsageError`` when both are the same server, ``ServiceRefused`` when the target holds
    something of these names already; ``force`` replaces it.
    """
    if set(source.nodes) & set(target.nodes):
        raise UsageError(f"{target.url} is the server to copy from")
    return transfer(ServerSource(source, only), target, force=force, report=report)
