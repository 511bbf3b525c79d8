"""``pyfa security check`` and ``typosquats``: single answers from files, without any server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from ....documents.advisories import Advisory, InvalidRecord, parse_osv_record
from ....documents.typosquats import PopularProjects, ProjectPopularity, detect_typosquat
from ....documents.vulnerabilities import find_vulnerabilities, matching_advisories
from ....errors import UsageError
from ....names import PROJECT_NAME, normalize_name
from ...common import output
from ...common.actions import EXIT_PARTIAL, cell, non_empty
from ...common.progress import CountProgress
from ...common.subcommands import Subcommand

_REPORT_EVERY = 1000


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", type=non_empty, metavar="NAME", help="the project")
    parser.add_argument("version", type=non_empty, metavar="VERSION", help="one of its releases")
    parser.add_argument(
        "--advisories",
        type=_folder,
        required=True,
        metavar="DIR",
        help="folder of OSV records, one JSON file each, at any depth",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object for each record")


def _check(arguments: argparse.Namespace) -> int:
    if not PROJECT_NAME.fullmatch(arguments.name.strip()):
        raise UsageError(f"{arguments.name!r} cannot be the name of a project")
    broken: list[str] = []
    advisories = list(_advisories(arguments.advisories, broken))
    if not advisories:
        raise UsageError(f"{arguments.advisories} holds no OSV records")
    name, version = normalize_name(arguments.name), str(arguments.version)
    found = _entries(advisories, name, version)
    for entry in found if arguments.json else ():
        _line(entry)
    if found and not arguments.json:
        columns = ["id", "severity", "fixed in", "aliases", "summary"]
        output.table(f"{name} {version}", columns, [_row(entry) for entry in found])
    if not found:
        records = (
            "the 1 record does not speak"
            if len(advisories) == 1
            else (f"none of {len(advisories)} records speaks")
        )
        output.note(f"{records} of {name} {cell(version)}")
    output.missing("cannot be read:", broken)
    return EXIT_PARTIAL if broken else 0


def _advisories(folder: Path, broken: list[str]) -> Iterator[Advisory]:
    """Read the records of a folder; those that cannot be read are named in ``broken``."""
    for path in sorted(folder.rglob("*.json")):
        try:
            yield parse_osv_record(orjson.loads(path.read_bytes()))
        except OSError as error:
            broken.append(f"{path}: {error.strerror}")
        except orjson.JSONDecodeError:
            broken.append(f"{path}: it is not JSON")
        except InvalidRecord as error:
            broken.append(f"{path}: {error}")


def _entries(advisories: Sequence[Advisory], name: str, version: str) -> list[dict[str, Any]]:
    """The matching records as data; ``listed_as`` is the entry of documents that holds one."""
    listed = find_vulnerabilities(advisories, name, version)
    entry_of = {id_: entry for entry in listed for id_ in (entry.id, *entry.aliases)}
    found = []
    for advisory in matching_advisories(advisories, name, version):
        entry = None if advisory.is_malware else entry_of.get(advisory.id)
        rated = advisory.severity_of(name)
        found.append(
            {
                "id": advisory.id,
                "aliases": list(advisory.aliases),
                "severity": rated.level,
                "score": rated.score,
                "summary": advisory.summary,
                "fixed_in": entry.fixed_in if entry else "",
                "malware": advisory.is_malware,
                "listed_as": entry.id if entry else None,
            }
        )
    return found


def _row(entry: dict[str, Any]) -> list[str]:
    severity = "malware" if entry["malware"] else entry["severity"]
    cells = (entry["id"], severity, entry["fixed_in"], " ".join(entry["aliases"]), entry["summary"])
    return [cell(value) for value in cells]


def _add_typosquats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--names",
        type=non_empty,
        required=True,
        metavar="FILE",
        help="names to check, one per line; - reads standard input",
    )
    parser.add_argument(
        "--popular",
        type=non_empty,
        required=True,
        metavar="FILE",
        help="popular projects with their downloads of 30 days, JSON as of top-pypi-packages",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object for each name")


def _typosquats(arguments: argparse.Namespace) -> int:
    names, popular = _names(arguments.names), _popular(arguments.popular)
    if not popular:
        raise UsageError(f"--popular: {arguments.popular} names no projects")
    corpus = PopularProjects(popular)
    # Lines at once for whoever reads a pipe; a table when the progress bar is gone for people.
    tell_at_once = arguments.json or not sys.stdout.isatty()
    rows: list[list[str]] = []
    with CountProgress("judging names") as progress:
        for done, name in enumerate(names, 1):
            if suspicion := detect_typosquat(ProjectPopularity(normalize_name(name)), corpus):
                rows.append([name, suspicion.resembles, suspicion.why])
                if tell_at_once:
                    _tell(rows[-1], as_json=arguments.json)
            if done % _REPORT_EVERY == 0:
                progress(done, len(names))
    if not tell_at_once:
        output.table("suspected typosquats", ["name", "resembles", "why"], rows)
    output.note(f"{len(rows)} of {len(names)} names are suspected")
    return 0


def _tell(row: list[str], *, as_json: bool) -> None:
    if as_json:
        _line(dict(zip(("name", "resembles", "why"), row, strict=True)))
    else:
        output.say("\t".join(row))


def _names(place: str) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
        lines = content.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--names: {_unreadable(place, error)}") from None
    return list(dict.fromkeys(name for line in lines if (name := line.strip())))


def _popular(place: str) -> list[ProjectPopularity]:
    """Read popular projects; raises ``UsageError`` for a file of another shape."""
    try:
        content = orjson.loads(Path(place).read_bytes())
        return [
            ProjectPopularity(normalize_name(row["project"]), int(row["download_count"]))
            for row in content["rows"]
        ]
    except OSError as error:
        raise UsageError(f"--popular: {_unreadable(place, error)}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(
            f"--popular: {place} is not JSON with 'rows' of 'project' and 'download_count'"
        ) from None


def _unreadable(place: str, error: OSError | UnicodeDecodeError) -> str:
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
    return f"{place} cannot be read: {reason}"


def _folder(text: str) -> Path:
    if not Path(non_empty(text)).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no folder")
    return Path(text)


def _line(value: dict[str, Any]) -> None:
    output.say(orjson.dumps(value).decode())


VERBS = (
    Subcommand(
        "check",
        "Print the advisories in a folder that affect one release",
        _add_check,
        _check,
        """example:
  pyfa security check Django 4.2.1 --advisories advisory-database/vulns

Prints one line per matching record: id, severity, fixed release, aliases, summary.""",
    ),
    Subcommand(
        "typosquats",
        "Print names that imitate popular projects",
        _add_typosquats,
        _typosquats,
        """example:
  pyfa security typosquats --names new-projects.txt --popular top-pypi-packages.json

Prints one line per suspected name: the name, what it resembles, why. This is a hint, not
a verdict.""",
    ),
)
