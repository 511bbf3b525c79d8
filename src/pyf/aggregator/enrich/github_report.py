"""``github_problems.json`` and ``.md``: the projects without facts of GitHub's, by reason.

Both are written while the run goes on, whole each time, so that what is there can be read at any
moment and is what was known at it.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

import orjson

from ..documents.repositories import Reason
from ..errors import UsageError

WRITE_INTERVAL = 0.5
"""Seconds between two writings of the files."""
HEADINGS: dict[str, str] = {
    "no_repo_url": "No link leads to a repository",
    "malformed_identifier": "A link is meant to lead to a repository and does not",
    "not_found": "The repository is gone, or not public",
    "other_forge": "The repository is on another forge",
}


@dataclass(frozen=True)
class RepositoryProblem:
    """A project without facts. ``url`` is the link that was looked at, ``field`` where it stands;
    both are empty where there is none. ``forge`` is the other one, for those that are there.
    """

    name: str
    url: str = ""
    field: str = ""
    forge: str = ""


class ProblemReport:
    """Collects problems; use as a context manager. Without a folder nothing is written."""

    def __init__(self, folder: Path | None, collection: str) -> None:
        self.problems: dict[str, list[RepositoryProblem]] = {
            reason: [] for reason in get_args(Reason)
        }
        self._folder = folder
        self._collection = collection
        self._written = 0.0
        self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write()

    def add(self, reason: Reason, problem: RepositoryProblem) -> None:
        """Add a problem; the files have it half a second later at the latest problem after it."""
        self.problems[reason].append(problem)
        if time.monotonic() - self._written > WRITE_INTERVAL:
            self._write()

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each reason."""
        return {reason: len(problems) for reason, problems in self.problems.items()}

    def as_json(self) -> bytes:
        """The groups, by reason."""
        groups = {
            reason: [{k: v for k, v in asdict(problem).items() if v} for problem in problems]
            for reason, problems in self.problems.items()
        }
        return orjson.dumps(groups, option=orjson.OPT_INDENT_2) + b"\n"

    def as_markdown(self) -> str:
        """The same for people."""
        lines = [f"# GitHub facts missing in {self._collection}"]
        for reason, problems in self.problems.items():
            lines += ["", f"## {HEADINGS[reason]} ({reason}): {len(problems)}", ""]
            lines += [_line(problem) for problem in problems] or ["none"]
        return "\n".join(lines) + "\n"

    def _write(self) -> None:
        self._written = time.monotonic()
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _replace(self._folder / "github_problems.json", self.as_json())
            _replace(self._folder / "github_problems.md", self.as_markdown().encode())
        except OSError as error:
            raise UsageError(f"cannot write to {self._folder}: {error.strerror}") from None


def _line(problem: RepositoryProblem) -> str:
    told = " ".join(filter(None, [problem.forge, _code(problem.url), problem.field]))
    return f"- {_code(problem.name)}" + (f": {told}" if told else "")


def _code(text: str) -> str:
    """A text of strangers' as it stands, whatever Markdown would make of it."""
    return f"`{' '.join(text.replace('`', ' ').split())}`" if text else ""


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)
