"""``pyfa run``: everything for a profile, from PyPI's metadata to the health score."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from rich.progress import TaskID, TextColumn

from ...errors import UsageError
from ...ingest.cursor import SinceFile
from ...operations import OPERATIONS, Context, PipelineOptions, Progress, Report, pipeline
from ...profile import Profile
from ...profiles import load_profiles
from ...registries.discovery import DISCOVERY_METHODS
from ...settings import Settings, load_settings
from ..common import collection_options, output, signals
from ..common.actions import check_name, connect
from ..common.progress import Bars

NAME = "run"
HELP = "Run every step for a profile: fetch, GitHub, downloads, security, health"
EXAMPLE = f"""examples:
  pyfa run -p plone                     {", ".join(operation.name for operation in OPERATIONS)}
  pyfa run -p plone --skip github
  pyfa run -p plone -l 50 --json        a trial with 50 projects

Each step does what the command of that name does (fetch: pyfa pypi, -f at first, -i later). A step
whose service is not set up is reported and skipped. A failing step does not stop the others.

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 partly done (what is missing is listed),
5 a service is unavailable, 130 interrupted (run it again to continue)"""


SHOWN = (
    *("projects", "matched", "covered", "indexed", "vulnerable", "flagged", "mean_score"),
    *("updated", "removed", "requests"),
)
"""Counts of a step in the table of the summary; --json has all of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    collection_options.add_collection(parser)
    add("-f", "--full", action="store_true", help="fetch every project, not only changed ones")
    add(
        "-l",
        "--limit",
        type=collection_options.count,
        metavar="N",
        help="at most N projects in each step",
    )
    add(
        "--skip",
        action="append",
        default=[],
        choices=[operation.name for operation in OPERATIONS],
        help="skip a step (repeatable)",
    )
    add(
        "--discovery",
        choices=DISCOVERY_METHODS,
        default="auto",
        help="how projects are found (%(default)s)",
    )
    add(
        "-s",
        "--sincefile",
        type=Path,
        default=Path(".pyaggregator.since"),
        metavar="FILE",
        help="file that keeps the last serial (default: %(default)s)",
    )
    add(
        "--max-wait",
        type=collection_options.count,
        default=300,
        metavar="SECONDS",
        help="longest wait for a GitHub rate limit (%(default)s)",
    )
    add("--no-api", action="store_true", help="do not ask pypistats.org")
    add("--report-dir", type=Path, metavar="DIR", help="write github_problems.json and .md there")
    add("--yes", action="store_true", help="remove documents without confirmation")
    add("--json", action="store_true", help="print the result as JSON")
    add("-v", "--verbose", action="count", default=0, help="print more to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    signals.exit_on_signals()
    steps = [operation.name for operation in OPERATIONS if operation.name not in arguments.skip]
    if not steps:
        raise UsageError("every step is left out")
    settings = load_settings()
    profile = _profile(arguments, settings)
    since = SinceFile(arguments.sincefile)
    since.check_writable()
    context = Context(settings, profile, since, connect(settings))
    with StepProgress(profile.collection, steps) as progress:
        report = pipeline.run(context, _options(arguments, progress), progress)
    if arguments.json:
        output.data(report.as_dict())
    _print_report(report, as_json=arguments.json)
    return report.exit_status


def _options(arguments: argparse.Namespace, progress: StepProgress) -> PipelineOptions:
    return PipelineOptions(
        skip=arguments.skip,
        full=arguments.full,
        discovery_method=arguments.discovery,
        limit=arguments.limit,
        longest_wait=arguments.max_wait,
        ask_api=not arguments.no_api,
        report_dir=arguments.report_dir,
        may_remove=lambda removed, total: _may_remove(arguments, progress, removed, total),
    )


class StepProgress(Bars, Progress):
    """Progress of all steps at once: a bar for each, from the beginning."""

    def __init__(self, label: str, steps: list[str]) -> None:
        super().__init__(TextColumn("{task.fields[more]}"))
        self._label = label
        self._steps = steps
        self._current = ""
        self._tasks: dict[str, TaskID] = {}
        if self.bars:
            for step in steps:
                name = f"{label}: {step}"
                self._tasks[step] = self.bars.add_task(name, total=None, start=False, more="")

    def start(self, step: str) -> None:
        """Show that a step begins."""
        self._current = step
        if self.bars:
            self.bars.start_task(self._tasks[step])
        else:
            number = self._steps.index(step) + 1
            output.note(f"{self._label}: {step} ({number} of {len(self._steps)}) ...")

    def update(self, what: str, done: int, total: int) -> None:
        """Show how far a step is."""
        if self.bars:
            task = self._tasks[self._current]
            self.bars.update(task, completed=done, total=total, more=what)
        else:
            self.line(f"{self._label}: {self._current}: {done} of {total} {what}")

    def finish(self, report: Report) -> None:
        """Show how a step ended."""
        if self.bars:
            task = self._tasks[report.operation]
            self.bars.update(task, completed=1, total=1, more=report.state)

    def wait(self, seconds: float) -> None:
        """Say that a limit is waited for."""
        output.note(f"GitHub's limit is reached; going on in {seconds:.0f} seconds")


def _print_report(report: Report, *, as_json: bool) -> None:
    if not as_json:
        rows = [
            [step.operation, step.state, _figures(step), f"{step.seconds:.1f}"]
            for step in report.steps
        ]
        output.table(report.collection, ["step", "state", "", "seconds"], rows)
    for step in report.steps:
        for line in step.notes:
            output.note(f"note: {step.operation}: {line}")
        if step.reason:
            output.note(f"{step.operation}: {step.state}: {step.reason}")
        output.missing(f"{step.operation}:", step.shortfalls)


def _figures(step: Report) -> str:
    shown = ((name, step.counts[name]) for name in SHOWN if name in step.counts)
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown)


def _profile(arguments: argparse.Namespace, settings: Settings) -> Profile:
    """The profile, with the collection to write into as ``collection``."""
    named = arguments.profile or settings.default_profile
    if not named:
        known = ", ".join(item.key for item in load_profiles(settings))
        raise UsageError(f"name a profile with -p or DEFAULT_PROFILE; known: {known}")
    profile = load_profiles(settings).get(named)
    if not arguments.target:
        return profile
    check_name(arguments.target)
    return dataclasses.replace(profile, collection=arguments.target)


def _may_remove(
    arguments: argparse.Namespace, progress: StepProgress, removed: int, total: int
) -> bool:
    return arguments.yes or progress.confirm(f"{removed} of {total} documents are to be removed")
