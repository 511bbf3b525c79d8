"""One pass over the old collection: find what differs from what was copied, and bring it over."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from .. import collections
from ..client import SearchServer
from ..writer import BulkWriter, RefusedDocument
from .digests import changes_since, checksum, digest, to_current_fields
from .journal import CopiedDocument, RecreationJournal

T = TypeVar("T")
CHUNK = 250
"""Documents that are compared and written at a time."""
Document = dict[str, Any]
StepProgress = Callable[[str, int, int], None]
"""Told of the step, the documents done in it and how many there are."""
NO_PROJECT_REASON = "it names no project, so it is not a document of this index"


@dataclass(frozen=True)
class ExportedDocument:
    """A document of the old collection that is not as it was copied, if it was at all."""

    id: str
    document: Document
    line: bytes
    copied: CopiedDocument | None


class CopyPasses:
    """Passes from one collection to another. ``refused`` are documents that did not fit."""

    def __init__(
        self,
        server: SearchServer,
        journal: RecreationJournal,
        old: str,
        new: str,
        report: StepProgress,
    ) -> None:
        self.refused: dict[str, RefusedDocument] = {}
        self._server = server
        self._journal = journal
        self._old = old
        self._new = new
        self._report = report
        self._pass = journal.last_pass()

    def copy(self) -> int:
        """Make the new collection equal to the old one; return how many documents differed."""
        return self._run("copying", self._copy_chunk, self._remove)

    def reconcile(self) -> int:
        """Bring over what only the old collection has; return how many documents that were."""
        return self._run("reconciling", self._reconcile_chunk, self._remove_untouched)

    def _run(
        self,
        label: str,
        bring: Callable[[list[ExportedDocument]], None],
        remove: Callable[[list[str]], None],
    ) -> int:
        self._pass += 1
        differing = done = 0
        total = collections.document_count(self._server, self._old)
        for lines in _chunks(self._server.export(self._old, {}), CHUNK):
            chunk = self._differing(lines)
            bring(chunk)
            # What does not fit differs for ever; another pass would not bring it over.
            differing += sum(one.id not in self.refused for one in chunk)
            done += len(lines)
            self._report(label, done, max(done, total))
        for ids in self._journal.unseen_ids(self._pass):
            remove(ids)
            self._journal.remove(ids)
            differing += len(ids)
        return differing

    def _differing(self, lines: list[bytes]) -> list[ExportedDocument]:
        """Return those documents of which the line is not the one that was copied."""
        raw = {document["id"]: (document, line) for line, document in _parse_lines(lines)}
        known = self._journal.look_up(raw)
        same = [
            id_
            for id_, (_, line) in raw.items()
            if id_ in known and known[id_].line == checksum(line)
        ]
        self._journal.mark_seen(same, self._pass)
        return [
            ExportedDocument(
                id_, to_current_fields(raw[id_][0]), checksum(raw[id_][1]), known.get(id_)
            )
            for id_ in raw.keys() - set(same)
        ]

    def _copy_chunk(self, chunk: list[ExportedDocument]) -> None:
        writer = BulkWriter(self._server, self._new, batch_size=CHUNK)
        for one in chunk:
            if one.document.get("name"):
                writer.upsert(one.document)
            else:
                writer.refused.append(RefusedDocument(one.id, NO_PROJECT_REASON))
        writer.flush()
        refused = {refusal.id: refusal for refusal in writer.refused}
        for one in chunk:
            self.refused.pop(one.id, None)
        self.refused.update(refused)
        self._note(one for one in chunk if one.id not in refused)

    def _remove(self, ids: list[str]) -> None:
        BulkWriter(self._server, self._new).delete(ids)

    def _reconcile_chunk(self, chunk: list[ExportedDocument]) -> None:
        """Three ways: as it was copied, as it is in the old and as it is in the new collection."""
        now = self._current(one.id for one in chunk)
        writer = BulkWriter(self._server, self._new, batch_size=CHUNK)
        for one in chunk:
            if one.copied is None:
                writer.create(one.document)
            elif one.id in now:
                changed = changes_since(one.copied.fields, one.document, now[one.id])
                if changed:
                    writer.update({"id": one.id, **changed})
        writer.flush()
        self.refused.update({r.id: r for r in writer.refused if not _is_overtaken(r)})
        self._note(chunk)

    def _remove_untouched(self, ids: list[str]) -> None:
        """Delete what the old collection lost, unless somebody wrote it to the new one since."""
        base = self._journal.look_up(ids)
        now = self._current(ids)
        untouched = [id_ for id_ in ids if id_ in now and now[id_] == base[id_].fields]
        BulkWriter(self._server, self._new).delete(untouched)

    def _note(self, chunk: Iterable[ExportedDocument]) -> None:
        copied = {one.id: CopiedDocument(one.line, digest(one.document)) for one in chunk}
        self._journal.record_copies(copied, self._pass)

    def _current(self, ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return what the new collection has of these documents now."""
        found = {}
        for document in collections.documents_by_ids(self._server, self._new, list(ids)):
            found[document["id"]] = digest(document)
        return found


def _parse_lines(lines: Iterable[bytes]) -> Iterator[tuple[bytes, Document]]:
    for line in lines:
        yield line, orjson.loads(line)


def _is_overtaken(refusal: RefusedDocument) -> bool:
    """Somebody created or deleted the document meanwhile; what they did counts."""
    return "already exists" in refusal.reason or "not find" in refusal.reason


def _chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk
