"""What the benchmarks share: servers, a run to measure, and printing."""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import SearchServer
from pyf.aggregator.ingest.cursor import SinceFile
from pyf.aggregator.profiles import load_profiles
from pyf.aggregator.settings import Settings, load_settings
from pyf.aggregator.settings.value_types import nodes

Figures = Mapping[str, float | int]
PROFILE = load_profiles(load_settings({}, dotenv=None)).get("plone")


@dataclass(frozen=True)
class Stack:
    """A sample PyPI and a search server, both on this machine, with a folder of their own."""

    folder: Path
    pypi_url: str
    server: SearchServer
    key: str
    search_pid: int

    def settings(self, **more: str) -> Settings:
        """Settings that lead here and nowhere else."""
        own = {"PYPI_URL": self.pypi_url, "PYF_DATA_DIR": str(self.folder)}
        return load_settings({**own, "PYPI_RATE_LIMIT_DELAY": "0", **more}, dotenv=None)

    @property
    def since(self) -> SinceFile:
        """A since-file in the stack's folder."""
        return SinceFile(self.folder / "since")

    def control(self, action: str, **values: object) -> Any:
        """Tell the sample PyPI to do something; ``stats`` is asked for."""
        address = f"{self.pypi_url}/-/control/{action}"
        answer = requests.get(address) if action == "stats" else requests.post(address, json=values)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def stack(projects: int, *more: str) -> Iterator[Stack]:
    """Run a stack with a generated catalogue of so many projects."""
    key = secrets.token_hex(16)
    sample = ("--port", "0", "--projects", str(projects), *more)
    with (
        tempfile.TemporaryDirectory(prefix="pyf-bench-") as folder,
        ServerProcess("pyf.aggregator.samples.pypi", *sample) as upstreams,
        ServerProcess(
            "pyf.aggregator.embedded.search", "--port", "0", "--api-key", key, "--data-dir", folder
        ) as search,
    ):
        yield Stack(
            Path(folder),
            upstreams.url,
            SearchServer(nodes().parse(search.url), key),
            key,
            search.pid,
        )


def command(
    doc: str | None,
    *options: tuple[str, int, str],
    flags: Sequence[tuple[str, str]] = (),
) -> argparse.Namespace:
    """Read a benchmark's command line.

    ``options`` are name, default and meaning of numbers, ``flags`` name and meaning of switches.
    """
    parser = argparse.ArgumentParser(description=doc)
    for name, meaning in flags:
        parser.add_argument(name, action="store_true", help=meaning)
    for name, default, meaning in options:
        parser.add_argument(name, type=int, default=default, help=f"{meaning} (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def show(title: str, figures: Figures, as_json: bool) -> None:
    """Print what was measured."""
    if as_json:
        print(json.dumps(dict(figures)))
        return
    print(title)
    width = max(map(len, figures))
    for name, value in figures.items():
        number = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        print(f"  {name:<{width}}  {number:>14}")


def main(title: str, measure: Callable[[argparse.Namespace], Figures], arguments: Any) -> None:
    """Measure and print."""
    show(title, measure(arguments), arguments.json)
