"""The command line of the sample upstreams, for both ways to start them."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...serving import port_number
from .options import Faults, SampleOptions


def add_arguments(parser: argparse.ArgumentParser, *, default_port: int = 0) -> None:
    """Declare the options; every one is a field of ``Options`` or ``Faults``."""
    options, faults = SampleOptions(), Faults()
    add = parser.add_argument
    add("--host", default=options.host)
    add("--port", type=port_number, default=default_port, help="0 takes a free one (%(default)s)")
    add("--projects", type=int, default=options.projects, help="how many to make up")
    add("--seed", type=int, default=options.seed, help="another seed, other projects")
    add("--framework", default=options.framework, help="the classifier of the family")
    add("--end", type=float, default=options.end, help="time of the newest release")
    add("--share", type=float, default=options.share, help="of the projects in the family")
    add("--releases", type=float, default=options.releases, help="as many as usual, times this")
    add("--from", dest="recorded", type=Path, metavar="DIR", help="serve recorded answers")
    add("--base-url", default=options.base_url, help="for links in the answers")
    add("--gzip-from", type=int, default=options.gzip_from, help="smallest body to compress")
    add("--until-eof", action="store_true", help="stop when standard input ends")
    group = parser.add_argument_group("faults, which can also be set while it runs")
    fault = group.add_argument
    fault("--latency", type=float, default=faults.latency, help="seconds before each answer")
    fault("--jitter", type=float, default=faults.jitter, help="up to so many seconds more")
    for name in ("429", "503", "reset", "truncated", "malformed"):
        fault(f"--rate-{name}", type=float, default=0.0, help="share of the answers")
    fault("--retry-after", type=_seconds, default=faults.retry_after, help="seconds, or none")
    fault("--retry-after-date", action="store_true", help="send it as an HTTP date")
    fault("--outage", action="store_true", help="answer everything with 503")
    fault("--stale", type=int, default=0, help="outdated answers per address after a change")
    fault("--xmlrpc-limit", type=int, default=None, help="calls per window")
    fault("--xmlrpc-window", type=float, default=faults.xmlrpc_window, help="seconds")
    fault("--prefix", dest="prefixes", action="append", default=[], help="only such paths")
    fault("--fault-seed", dest="fault_seed", type=int, default=faults.seed)


def parser() -> argparse.ArgumentParser:
    """The parser of ``python -m pyf.aggregator.samples.pypi``."""
    result = argparse.ArgumentParser(
        prog="python -m pyf.aggregator.samples.pypi",
        description="A package index for demo, tests and benchmarks, on this machine alone.",
    )
    add_arguments(result)
    return result


def _seconds(text: str) -> float | None:
    return None if text == "none" else float(text)


def options_from(arguments: argparse.Namespace) -> SampleOptions:
    """Return the options that parsed arguments stand for.

    Raises:
        UsageError: a value is out of range.
    """
    given = {**vars(arguments), "prefixes": tuple(arguments.prefixes)}
    faults = {name: given[name] for name in Faults.__slots__ if name in given and name != "seed"}
    options = {name: given[name] for name in SampleOptions.__slots__ if name in given}
    return SampleOptions(**options, faults=Faults(**faults, seed=arguments.fault_seed))
