"""``pyfa github``, also ``pyfgithub``: GitHub's facts on the documents of a collection."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from ....enrich import github
from ....enrich.github import GitHubOptions, GitHubResult
from ....enrich.github_compare import compare_with_github
from ....enrich.github_links import RepositoryCandidates
from ....enrich.github_report import ProblemReport
from ....errors import UsageError
from ....index import SearchServer
from ....names import normalize_name
from ....registries.github import RepositoryFacts
from ....settings import Settings, load_settings
from ....store import Store, StoreNotSetUp, open_store
from ...common import collection_options, output, signals
from ...common.actions import EXIT_PARTIAL, non_empty
from ...common.progress import PartsProgress
from ...common.subcommands import add_subcommands, run_subcommand
from . import resolve

NAME = "github"
HELP = "Add GitHub facts (stars, issues, contributors, ...) to the documents of a collection"
EXAMPLE = """examples:
  pyfa github -p plone                       all projects of the profile's collection
  pyfa github -p plone -n plone.api -v       one project, with the raw data of both sides
  pyfa github -p plone --report-dir reports  write github_problems.json and .md as well
  pyfa github -p plone --contributors all    also contributors, one request per repository
  pyfa github resolve plone.api.json --json  which repository a PyPI answer names; offline

Facts younger than GITHUB_REFRESH_DAYS come from the store. With GITHUB_TOKEN one request asks for
a hundred repositories.

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 partly done (run it again to continue),
5 a service is unavailable, 130 interrupted"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    collection_options.add_collection(parser)
    add("-n", "--name", type=non_empty, metavar="NAME", help="only this project")
    collection_options.add_limit(parser)
    add(
        "--contributors",
        type=_contributors,
        default=-1,
        metavar="N",
        help="ask for the contributors of N repositories, or of all that are due (default: of "
        f"{github.DEFAULT_CONTRIBUTORS} whose facts are fetched)",
    )
    add(
        "--max-wait",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="wait so long for a limit of GitHub's, end with status 4 where it lasts longer "
        "(%(default)g)",
    )
    add("--report-dir", type=Path, metavar="DIR", help="write github_problems.json and .md there")
    add("--json", action="store_true", help="print the result as JSON")
    add(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="print what the index and GitHub say of each project, one JSON object per line",
    )
    add_subcommands(parser, (resolve.VERB,), required=False)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if arguments.verb:
        return run_subcommand(arguments)
    signals.exit_on_signals()
    if arguments.name and arguments.limit:
        raise UsageError("-n names one project; leave out -l")
    settings = load_settings()
    server, name = collection_options.open_collection(arguments, settings)
    with (
        _store(settings, arguments) as store,
        ProblemReport(arguments.report_dir, name) as problems,
        GitHubProgress(name) as progress,
    ):
        order = _order(arguments, name, progress)
        done = github.enrich_github(settings, server, store, order, problems)
    if arguments.verbose and arguments.name:
        _show_both(settings, server, name, arguments)
    _show(name, done, arguments)
    return 0 if done.complete else EXIT_PARTIAL


class GitHubProgress(PartsProgress):
    """Progress of what is looked up and written, a bar for each."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda what: f"GitHub facts of {name}: {what}")

    def report_wait(self, seconds: float) -> None:
        """Say that a limit is waited for."""
        output.note(f"GitHub's limit is reached; going on in {seconds:.0f} seconds")


def _order(arguments: argparse.Namespace, name: str, progress: GitHubProgress) -> GitHubOptions:
    one = normalize_name(arguments.name) if arguments.name else ""
    show_each = arguments.verbose and not arguments.name
    return GitHubOptions(
        name,
        name=one,
        limit=arguments.limit,
        # For one project there is no reason to put anything off.
        contributors=None if one and arguments.contributors == -1 else arguments.contributors,
        longest_wait=arguments.max_wait,
        report=progress,
        on_wait=progress.report_wait,
        on_project=_show_naming if show_each else GitHubOptions.on_project,
    )


@contextlib.contextmanager
def _store(settings: Settings, arguments: argparse.Namespace) -> Iterator[Store | None]:
    """The store; for one project it can be done without."""
    try:
        store = open_store(settings, readonly=False)
    except StoreNotSetUp:
        if not arguments.name:
            raise
        output.note("note: no statistics store is set up, so that these facts are not kept there")
        yield None
        return
    with store:
        yield store


def _show_naming(naming: RepositoryCandidates, facts: RepositoryFacts | None) -> None:
    links = [{"field": one.link.field, "url": one.link.url} for one in naming.candidates]
    told: dict[str, Any] = {"name": naming.name, "links": links, "reason": naming.reason}
    output.say(orjson.dumps({**told, "github": facts and vars(facts)}).decode())


def _show_both(
    settings: Settings, server: SearchServer, name: str, arguments: argparse.Namespace
) -> None:
    sides = compare_with_github(
        settings, server, name, normalize_name(arguments.name), arguments.max_wait
    )
    output.say(orjson.dumps(sides).decode())


def _show(name: str, done: GitHubResult, arguments: argparse.Namespace) -> None:
    if arguments.json:
        output.data(done.as_dict())
    else:
        # Where each project is printed, stdout holds nothing else.
        say = output.note if arguments.verbose else output.say
        say(
            f"{name}: {done.projects} projects, {done.with_facts} with facts; {done.looked_up} "
            f"repositories asked with {done.requests} requests; {done.written.updated} documents "
            f"updated, {done.written.unchanged} current, {done.seconds:.1f} seconds"
        )
    lacking = [f"{count} {reason}" for reason, count in done.problems.items() if count]
    if lacking:
        output.note(f"without facts: {', '.join(lacking)}")
    if done.contributors_left:
        output.note(
            f"note: the contributors of {done.contributors_left} repositories are still due; the "
            "weekly task brings them, or --contributors all"
        )
    if done.stopped:
        output.note(f"{done.stopped}; {done.left} projects are left")
    output.missing("no answer for", [f"{one}: {why}" for one, why in done.failed.items()])
    output.missing("refused", [f"{item.id}: {item.reason}" for item in done.written.refused])


def _contributors(text: str) -> int | None:
    if text == "all":
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise argparse.ArgumentTypeError("a whole number or 'all' is needed")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise argparse.ArgumentTypeError("a number of seconds from 0 on is needed")
    return float(text)
