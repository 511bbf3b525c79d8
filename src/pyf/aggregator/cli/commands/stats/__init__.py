"""``pyfa stats``: download statistics, loaded and told."""

from __future__ import annotations

import argparse

from ...common.subcommands import Subcommand, add_subcommands, run_subcommand
from . import export, load, query, ranking, report, trends

NAME = "stats"
HELP = "Load download counts into the statistics store and query them"
EXAMPLE = """examples:
  pyfa stats load --day 2026-07-01                    one day from the configured source
  pyfa stats load --day 2026-07-01 --dry-run          what it would cost
  pyfa stats load --from 2026-07-01 --to 2026-07-07 --source file --file 'days/{day}.parquet'
  pyfa stats backfill                                 every day that is missing
  pyfa stats loads                                    what came when
  pyfa stats recent plone.api                         day, week, month, rank
  pyfa stats series plone.api --by system --csv       what it is made of
  pyfa stats top -p plone --period week               who has most
  pyfa stats export --package plone.api --days 90     files as tracking scripts write them

exit status: 0 done, 1 failed or refused, 2 wrong use, 3 not found, 4 partly done, 5 the store or a
source is unavailable, 130 interrupted"""

VERBS: tuple[Subcommand, ...] = (
    *load.VERBS,
    *query.VERBS,
    *ranking.VERBS,
    *trends.VERBS,
    *export.VERBS,
    *report.VERBS,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    add_subcommands(parser, VERBS)


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return the exit status."""
    return run_subcommand(arguments)
