"""Facts written to documents: read what a collection shows, send what differs, in bulk.

Projects are taken in the order of their names, some hundred at a time: their documents are read
with one request, facts are asked for all of them together, and only changed fields go out. A run
that ends early has done the projects up to one name; another one goes on after it, or begins anew
and finds them current.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import orjson

from ..documents.field_values import clean_document
from ..index import BulkWriter, RefusedDocument, SearchServer, collections, filters

Facts = Mapping[str, Any]
"""Values by field. ``None`` takes a field away; one that is not named stays as it is."""
ProgressCallback = Callable[[int, int], None]
"""Called with the projects done and those there are."""

BATCH = 2_000
"""Changes in one request: they are small, so that more of them fit than of whole documents."""
NOT_FOUND_MESSAGE = "Could not find a document"
"""How a search server says that a document was removed meanwhile."""


@dataclass(frozen=True)
class ProjectDocuments:
    """A project of a collection: its PEP 503 name and its documents.

    Of each document there are ``id``, ``name_normalized`` and the fields that the order names.
    """

    name: str
    documents: tuple[Mapping[str, Any], ...]

    def facts_by_id(self, facts: Facts) -> dict[str, Facts]:
        """The same facts for every document, by id."""
        return {str(document["id"]): facts for document in self.documents}


def _silent(_done: int, _total: int) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True)
class UpdateOptions:
    """What is brought where.

    ``fields`` are those that facts may set, ``reads`` what judging needs beside them. ``stamp``
    is a field that says when facts were brought: it is written with others that changed, and
    alone only where it is below ``fresh_from``. ``stop`` is asked after each batch, of which one
    has ``batch_size`` projects at the most; None: as many as one request can name.
    """

    collection: str
    fields: tuple[str, ...]
    reads: tuple[str, ...] = ()
    registry: str = "pypi"
    stamp: str = ""
    fresh_from: int = 0
    batch_size: int | None = None
    report: ProgressCallback = _silent
    stop: Callable[[], bool] = _never


@dataclass
class UpdateResult:
    """The account of a run. ``projects``, ``covered`` and ``failed`` are projects, of which
    ``covered`` got facts; ``updated`` and ``unchanged`` are documents. ``stopped_after`` is the
    last project of a run that was told to end early.
    """

    projects: int = 0
    covered: int = 0
    updated: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    stopped_after: str = ""
    refused: list[RefusedDocument] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when nothing is missing that there are facts of."""
        return not self.refused and not self.failed and not self.stopped_after

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        return {
            "projects": self.projects,
            "covered": self.covered,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "seconds": round(self.seconds, 3),
            "stopped_after": self.stopped_after,
            "refused": [{"id": item.id, "reason": item.reason} for item in self.refused],
            "failed": self.failed,
            "notes": self.notes,
        }


FactsCallback = Callable[[Sequence[ProjectDocuments]], Mapping[str, Facts]]
"""The facts of some projects' documents, by id; a document without any is left alone."""


def project_names(
    server: SearchServer,
    collection: str,
    *,
    registry: str = "pypi",
    after: str = "",
    limit: int | None = None,
) -> list[str]:
    """The PEP 503 names of the projects in a collection, sorted, beyond ``after``.

    Raises the errors of ``SearchServer``.
    """
    documents = collections.documents(server, collection, registry, "name_normalized")
    found = {str(document["name_normalized"]) for document in documents}
    return sorted(name for name in found if name > after)[:limit]


def update_documents(
    server: SearchServer, order: UpdateOptions, names: Collection[str], facts_of: FactsCallback
) -> UpdateResult:
    """Write the facts of the named projects to all their documents that show something else.

    Raises the errors of ``SearchServer``; what was written stays.
    """
    begun = time.monotonic()
    account = UpdateResult()
    writer = BulkWriter(server, order.collection, batch_size=BATCH)
    wanted = sorted(name for name in set(names) if filters.can_quote([name]))
    for batch in _batches(wanted, order.batch_size):
        projects = _read(server, order, batch)
        facts = facts_of(projects)
        for project in projects:
            _write(writer, order, project, facts, account)
        writer.flush()
        account.projects += len(batch)
        order.report(account.projects, len(wanted))
        if order.stop() and account.projects < len(wanted):
            account.stopped_after = batch[-1]
            break
    account.updated = writer.updated
    account.refused = [
        refusal for refusal in writer.refused if NOT_FOUND_MESSAGE not in refusal.reason
    ]
    account.seconds = time.monotonic() - begun
    return account


def _batches(names: Sequence[str], at_once: int | None) -> Iterator[list[str]]:
    for batch in filters.in_batches(names):
        size = at_once or len(batch)
        yield from (batch[start : start + size] for start in range(0, len(batch), size))


def _read(
    server: SearchServer, order: UpdateOptions, names: Sequence[str]
) -> list[ProjectDocuments]:
    """Ask for the documents of some projects; one that is gone meanwhile is left out."""
    fields = dict.fromkeys(
        ("id", "name_normalized", *order.reads, *order.fields, *filter(None, [order.stamp]))
    )
    chosen = (filters.equals("registry", order.registry), filters.equals("name_normalized", *names))
    parameters = {"filter_by": " && ".join(chosen), "include_fields": ",".join(fields)}
    lines = server.export(order.collection, parameters)
    found = sorted((orjson.loads(line) for line in lines), key=_name)
    return [
        ProjectDocuments(name, tuple(documents)) for name, documents in groupby(found, key=_name)
    ]


def _name(document: Mapping[str, Any]) -> str:
    return str(document["name_normalized"])


def _write(
    writer: BulkWriter,
    order: UpdateOptions,
    project: ProjectDocuments,
    facts: Mapping[str, Facts],
    account: UpdateResult,
) -> None:
    cleaned: dict[int, Facts] = {}  # mostly all documents of a project share their facts
    told = [(document, facts.get(str(document["id"]))) for document in project.documents]
    account.covered += any(given is not None for _, given in told)
    for document, given in told:
        if given is None:
            continue
        if id(given) not in cleaned:
            cleaned[id(given)] = _clean(given, order)
        changed = _changes(document, cleaned[id(given)], order)
        if changed:
            writer.update({"id": document["id"], **changed})
        else:
            account.unchanged += 1


def _clean(facts: Facts, order: UpdateOptions) -> Facts:
    """The facts as the field table has them; what cannot be kept is taken away."""
    allowed = {*order.fields, order.stamp}
    named = {name: value for name, value in facts.items() if name in allowed}
    kept, _ = clean_document(named, partial=True)
    return {name: kept.get(name) for name in named}


def _changes(document: Mapping[str, Any], facts: Facts, order: UpdateOptions) -> dict[str, Any]:
    changed = {
        name: value
        for name, value in facts.items()
        if name != order.stamp and document.get(name) != value
    }
    if order.stamp not in facts:
        return changed
    is_old = int(document.get(order.stamp) or 0) < order.fresh_from
    return {**changed, order.stamp: facts[order.stamp]} if changed or is_old else changed


def facts_by_name(facts: Mapping[str, Facts]) -> FactsCallback:
    """Facts that are known before, by PEP 503 name, as ``bring`` asks for them."""

    def facts_of(projects: Iterable[ProjectDocuments]) -> dict[str, Facts]:
        return {
            id_: given
            for project in projects
            if project.name in facts
            for id_, given in project.facts_by_id(facts[project.name]).items()
        }

    return facts_of
