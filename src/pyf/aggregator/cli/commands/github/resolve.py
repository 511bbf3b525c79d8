"""``pyfa github resolve``: which repository an answer of PyPI's names; offline."""

from __future__ import annotations

import argparse
from typing import Any

import orjson

from ....documents.repositories import NamedRepositories, find_named_repositories
from ...common import output, pypi_answers
from ...common.actions import cell
from ...common.subcommands import Subcommand

EXAMPLE = """examples:
  pyfa github resolve plone.api.json
  curl -s https://pypi.example/pypi/plone.api/json | pyfa github resolve - --json

A line has the project, the repository and the field that names it; or the project, -, why there is
none (no_repo_url, malformed_identifier) and the field to look at. Nothing is asked of GitHub."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    pypi_answers.add_files(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what each file names; return the exit status."""
    return pypi_answers.each(arguments.files, lambda place: _tell(place, as_json=arguments.json))


def _tell(place: str, *, as_json: bool) -> None:
    info = _info(place)
    told = describe(info, find_named_repositories(info))
    if as_json:
        output.say(orjson.dumps(told).decode())
    else:
        columns = (told["name"], told["url"] or "-", told["reason"], told["field"])
        output.say("\t".join(cell(value) for value in columns if value))


def describe(info: dict[str, Any], found: NamedRepositories) -> dict[str, Any]:
    """What metadata names, as data. ``repository`` is ``owner/name`` or null."""
    best = found.best
    malformed = found.malformed[0] if found.malformed else None
    return {
        "name": info.get("name"),
        "version": info.get("version"),
        "repository": best.repository.full_name if best else None,
        "forge": best.repository.forge if best else None,
        "url": best.repository.url if best else None,
        "field": best.link.field if best else malformed.field if malformed else None,
        "link": best.link.url if best else malformed.url if malformed else None,
        "reason": None if best else found.reason,
    }


def _info(place: str) -> dict[str, Any]:
    answer = pypi_answers.read(place)
    info = answer.get("info", answer) if isinstance(answer, dict) else None
    if not isinstance(info, dict) or not {"name", "project_urls", "home_page"} & info.keys():
        raise pypi_answers.no_answer(place)
    return info


VERB = Subcommand(
    "resolve",
    "Show which repository a PyPI JSON response names, and in which field",
    add_arguments,
    run,
    EXAMPLE,
)
