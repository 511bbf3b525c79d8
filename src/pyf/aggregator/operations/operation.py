"""The contract of an operation: a name, typed options, ``run`` and a report."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from ..index import RefusedDocument
from .context import Context
from .report import Problem, Report

EXIT_PARTIAL = 4
"""Exit status of an operation that was done in part."""

Options = TypeVar("Options")
Stop = Callable[[], bool]
"""Asked now and then; once it says so, no further project is begun."""


def never_stop() -> bool:
    """A ``Stop`` of operations that run to their end."""
    return False


class Progress:
    """Hears how far an operation is. This one ignores it; the command line draws bars."""

    def start(self, operation: str) -> None:
        """An operation begins."""

    def update(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` projects, documents, ... named by ``what``."""

    def wait(self, seconds: float) -> None:
        """An upstream's rate limit is waited for."""

    def finish(self, report: Report) -> None:
        """An operation has ended."""


@dataclass(frozen=True)
class Operation(Generic[Options]):
    """Something one can have done for a profile.

    ``run`` raises ``AggregatorError`` where it fails as a whole; what it did until then stays.
    """

    name: str
    summary: str
    options: type[Options]
    run: Callable[[Context, Options, Progress, Stop], Report]

    def run_timed(
        self, context: Context, options: Options, progress: Progress, stop: Stop = never_stop
    ) -> Report:
        """Run it; the report has the start, the seconds and the profile."""
        started, begin = datetime.now(UTC), time.monotonic()
        report = self.run(context, options, progress, stop)
        return dataclasses.replace(
            report,
            profile=context.profile.key,
            started=started,
            seconds=time.monotonic() - begin,
            exit_status=EXIT_PARTIAL if report.state == "partly" else report.exit_status,
        )


def problems_of(
    failed: Mapping[str, str], refused: list[RefusedDocument], unreadable: Mapping[str, str] = {}
) -> tuple[Problem, ...]:
    """Projects without an answer, documents refused and advisories that cannot be read."""
    return (
        *(Problem(name, reason, "failed") for name, reason in failed.items()),
        *(Problem(item.id, item.reason, "refused") for item in refused),
        *(Problem(id_, reason, "unreadable") for id_, reason in unreadable.items()),
    )


def as_details(result: Mapping[str, Any], *counted: str) -> dict[str, Any]:
    """What of an engine's account is not said elsewhere in a report."""
    elsewhere = {"seconds", "notes", "refused", "refusals", "failed", *counted}
    return {name: value for name, value in result.items() if name not in elsewhere}
