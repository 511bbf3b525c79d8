"""``pyfa health explain``: the score of one PyPI answer and what makes it; offline."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Sequence
from typing import Any

import orjson

from ....documents import InvalidMetadata, ProjectFacts, build_document, health_weights
from ....documents.health import Health, HealthPart, health_score
from ....documents.health_facts import facts_of
from ....documents.release_files import read_files
from ....ingest import readme_renderer
from ...common import output, pypi_answers
from ...common.subcommands import Subcommand

EXAMPLE = """examples:
  pyfa health explain plone.api.json
  curl -s https://pypi.example/pypi/plone.api/json | pyfa health explain - --json

PyPI responses have no GitHub facts, downloads or advisories: these neither add nor remove points
here."""
DAY_END = 86_399


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    pypi_answers.add_files(parser)
    parser.add_argument(
        "--at",
        type=_day,
        metavar="DAY",
        help="compute the score for this day, YYYY-MM-DD (default: now)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the score of each file; return the exit status."""
    now = arguments.at or int(time.time())
    return pypi_answers.each(
        arguments.files, lambda place: _tell(place, now, as_json=arguments.json)
    )


def _tell(place: str, now: int, *, as_json: bool) -> None:
    answer = _answer(place)
    document = _document(place, answer)
    health = health_score(facts_of(document, _newest_upload(answer)), now)
    if as_json:
        output.say(orjson.dumps(describe(document, health)).decode())
    else:
        _explain(document, health)


def describe(document: dict[str, Any], health: Health) -> dict[str, Any]:
    """The score as data, by the names of the document's fields."""
    return {
        "name": document["name"],
        "version": document["version"],
        "health_score": health.score,
        "health_score_breakdown": health.breakdown(),
        "health_score_version": health_weights.VERSION,
    }


def _explain(document: dict[str, Any], health: Health) -> None:
    output.say(f"{document['name']} {document['version']}: health {health.score} of 100")
    parts: Sequence[tuple[str, HealthPart]] = (
        ("recency", health.recency),
        ("documentation", health.documentation),
        ("metadata", health.metadata),
        ("security", health.security),
    )
    for name, part in parts:
        output.say(f"  {name}: {part.points}")
        for line in part.bonuses:
            output.say(f"    + {line}")
        for line in part.problems:
            output.say(f"    - {line}")


def _document(place: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Build the document of an answer, with what its README shows."""
    info = answer["info"]
    listed = answer.get("releases")
    version = str(info.get("version") or "")
    files = answer.get("urls") or (listed.get(version) if isinstance(listed, dict) else None) or []
    project = ProjectFacts(serial=0, latest_version=version)
    try:
        document = build_document(info, files if isinstance(files, list) else [], project).document
    except InvalidMetadata as error:
        raise pypi_answers.no_answer(place, str(error)) from None
    text, kind = document.get("description"), document.get("description_content_type")
    if isinstance(text, str) and text:
        kind = kind if isinstance(kind, str) else None
        document |= readme_renderer.shared_renderer().submit(text, kind).result()
    return document


def _newest_upload(answer: dict[str, Any]) -> int:
    """When the newest of all releases in an answer came, Unix seconds UTC; 0 without any."""
    listed = answer.get("releases")
    releases = listed.values() if isinstance(listed, dict) else ()
    dated = (read_files(files).uploaded for files in releases if isinstance(files, list))
    return max(dated, default=0)


def _answer(place: str) -> dict[str, Any]:
    answer = pypi_answers.read(place)
    if not isinstance(answer, dict) or not isinstance(answer.get("info"), dict):
        raise pypi_answers.no_answer(place)
    return answer


def _day(text: str) -> int:
    """The last second of a day."""
    try:
        day = dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-01-31") from None
    return int(day.timestamp()) + DAY_END


VERB = Subcommand(
    "explain",
    "Explain the score of a PyPI JSON response",
    add_arguments,
    run,
    EXAMPLE,
)
