"""Bulk writes, of which every line of the answer is read.

Documents go out in batches as JSON lines in the order in which they came. A line that the server
refuses is kept with its id and reason; a line or a batch that met a busy or absent server is sent
again until it is in or the server's patience ends.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from ..errors import ServiceUnreachable
from . import filters
from .client import SearchServer

Action = Literal["create", "upsert", "update"]
TRANSIENT_CODES = frozenset({408, 429, 500, 502, 503, 504})
BATCH_BYTES = 1 << 19


@dataclass(frozen=True)
class RefusedDocument:
    """A document that was not taken into the index, and why; ``project`` may be unknown."""

    id: str
    reason: str
    project: str = ""


class BulkWriter:
    """Write documents into one collection; not for several threads at once.

    ``batch_size`` documents or ``BATCH_BYTES`` make a batch. ``written`` counts whole documents
    that are in, ``updated`` changes of single fields, ``refused`` lists what is not in.
    """

    def __init__(self, server: SearchServer, collection: str, *, batch_size: int = 500) -> None:
        self.written = 0
        self.updated = 0
        self.refused: list[RefusedDocument] = []
        self._server = server
        self._collection = collection
        self._batch_size = batch_size
        self._lines: list[bytes] = []
        self._bytes = 0
        self._action: Action = "upsert"

    def upsert(self, document: Mapping[str, Any]) -> None:
        """Write a whole document."""
        self._add("upsert", document)

    def create(self, document: Mapping[str, Any]) -> None:
        """Write a whole document unless there is one of its id."""
        self._add("create", document)

    def update(self, fields: Mapping[str, Any]) -> None:
        """Change some fields of the existing document ``fields['id']``."""
        self._add("update", fields)

    def flush(self) -> None:
        """Send what waits."""
        lines, self._lines, self._bytes = self._lines, [], 0
        deadline = time.monotonic() + self._server.patience
        pause = 0.25
        while lines:
            lines = self._send(lines)
            if lines and time.monotonic() > deadline:
                raise ServiceUnreachable(
                    "the search server", f"it stayed busy with {len(lines)} writes"
                )
            if lines:
                time.sleep(pause)
                pause = min(pause * 2, 5.0)

    def reset_serial(self, projects: list[str]) -> None:
        """Take the serial from the latest releases of projects, so that they are fetched again."""
        for name in projects:
            latest = f"{filters.equals('name', name)} && is_latest:true"
            self._update_by_filter(latest, {"serial": 0})

    def delete(self, ids: list[str]) -> int:
        """Delete documents by id, as many a request as it can name; return how many there were."""
        self.flush()
        deleted = sum(map(self._delete_by_filter, filters.in_batches(ids)))
        for id_ in {id_ for id_ in ids if not filters.can_quote([id_])}:
            deleted += self._delete_one(id_)
        return deleted

    def _add(self, action: Action, document: Mapping[str, Any]) -> None:
        if action != self._action:
            self.flush()
            self._action = action
        line = orjson.dumps(document)
        self._lines.append(line)
        self._bytes += len(line)
        if len(self._lines) >= self._batch_size or self._bytes >= BATCH_BYTES:
            self.flush()

    def _send(self, lines: list[bytes]) -> list[bytes]:
        """Import the lines; return those to be sent again."""
        body = b"\n".join(lines)
        parameters = {"action": self._action}
        raw = self._server.with_retry(
            lambda client: client.collections[self._collection].documents.import_(body, parameters)
        )
        answers = [orjson.loads(line) for line in str(raw).split("\n") if line]
        if len(answers) != len(lines):
            raise ServiceUnreachable(
                "the search server",
                f"it answered {len(answers)} of {len(lines)} lines of an import",
            )
        return [
            line
            for line, answer in zip(lines, answers, strict=True)
            if self._needs_retry(line, answer)
        ]

    def _needs_retry(self, line: bytes, answer: Mapping[str, Any]) -> bool:
        """Count one line's answer; true when the line is worth sending again."""
        if answer.get("success"):
            self.written += self._action != "update"
            self.updated += self._action == "update"
            return False
        if answer.get("code") in TRANSIENT_CODES:
            return True
        document = orjson.loads(line)
        reason = str(answer.get("error", "no reason given"))
        self.refused.append(
            RefusedDocument(str(document.get("id", "")), reason, str(document.get("name", "")))
        )
        return False

    def _update_by_filter(self, expression: str, fields: Mapping[str, Any]) -> None:
        parameters = {"filter_by": expression}
        self._server.with_retry(
            lambda client: client.collections[self._collection].documents.update(fields, parameters)
        )

    def _delete_by_filter(self, ids: list[str]) -> int:
        parameters = {"filter_by": filters.equals("id", *ids)}
        answer = self._server.with_retry(
            lambda client: client.collections[self._collection].documents.delete(parameters)
        )
        return int(answer.get("num_deleted", 0))

    def _delete_one(self, id_: str) -> int:
        self._server.with_retry(
            lambda client: (
                client.collections[self._collection]
                .documents[urllib.parse.quote(id_, safe="")]
                .delete({"ignore_not_found": True})
            )
        )
        return 1
