"""Download counts of single projects from pypistats.org, one request each at its rate limit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from ..http import UpstreamError
from ..registries.pypistats import open_blocking
from ..settings import Settings
from .document_updates import Facts, ProjectDocuments
from .downloads_facts import STAMP, counts_from_rows, facts_of

MAX_FAILURES = 3
"""Projects in a row without an answer after which the API counts as away."""


class DownloadsApi:
    """The API while it is asked; use as a context manager.

    ``current`` projects had figures of today, ``failed`` ones no answer, with the reason.
    """

    def __init__(self, settings: Settings, fresh: float) -> None:
        """Documents of which the figures are younger than ``fresh`` seconds are left alone."""
        self.current = 0
        self.failed: dict[str, str] = {}
        self.notes: list[str] = []
        self._settings = settings
        self._fresh = fresh
        self._skipped = 0
        self._in_a_row = 0
        self._opening = open_blocking(settings)

    def __enter__(self) -> Self:
        self._client, self._runner = self._opening.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opening.__exit__(kind, error, trace)
        if self._skipped:
            self.notes.append(
                f"{self._settings.pypistats_url} does not answer: {self._skipped} more projects "
                "were not asked for"
            )

    def facts_of(self, projects: Sequence[ProjectDocuments]) -> dict[str, Facts]:
        """The facts of projects of which the documents have none of today, by document."""
        facts: dict[str, Facts] = {}
        for project in projects:
            if self._is_current(project):
                self.current += 1
            elif self._in_a_row >= MAX_FAILURES:
                self._skipped += 1
            elif (found := self._runner.run(self._ask(project.name))) is not None:
                facts.update(project.facts_by_id(found))
        return facts

    def _is_current(self, project: ProjectDocuments) -> bool:
        oldest = time.time() - self._fresh
        return all(_stamp(document.get(STAMP)) >= oldest for document in project.documents)

    async def _ask(self, name: str) -> Facts | None:
        """The facts of a project; ``None`` where the API has none or does not answer."""
        try:
            days = await self._client.days()
            rows = await self._client.rows(name, "overall")
        except UpstreamError as error:
            self.failed[name] = error.reason
            self._in_a_row += 1
            return None
        self._in_a_row = 0
        counted = counts_from_rows(rows, days)
        return facts_of(counted, int(time.time())) if counted else None


def _stamp(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
