"""``pyfa security``: known vulnerabilities, malware, and names that imitate others."""

from __future__ import annotations

import argparse

from ...common.subcommands import Subcommand, add_subcommands, run_subcommand
from . import enrich, offline

NAME = "security"
HELP = "Report known vulnerabilities, malware and typosquats"
EXAMPLE = """examples:
  pyfa security -p plone                    advisories and warnings for all documents
  pyfa security load                        load OSV advisories into the store only
  pyfa security check Django 4.2.1 --advisories advisory-database/vulns
  pyfa security typosquats --names names.txt --popular top-pypi-packages.json --json

exit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 partly done, 5 a service is unavailable,
130 interrupted"""

VERBS: tuple[Subcommand, ...] = (*enrich.VERBS, *offline.VERBS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options, and the actions that go without them."""
    enrich.add_arguments(parser)
    add_subcommands(parser, VERBS, required=False)


def run(arguments: argparse.Namespace) -> int:
    """Run the action, or bring all of it to a collection; return the exit status."""
    if arguments.verb is None:
        return enrich.run(arguments)
    enrich.check(arguments)
    return run_subcommand(arguments)
