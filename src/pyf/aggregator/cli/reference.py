"""The page ``docs/cli.md``, made from the parsers themselves."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from .main import parser

HEAD = """# Commands

Made from the parsers by `make docs`; do not edit. `pyfaggregator` takes the options of `pyfa pypi`,
`pyfupdater` those of `pyfa manage`.

Data goes to stdout, everything else to stderr. Exit status: 0 done, 1 failed, 2 wrong use, 3 not
found, 4 partly done (what is missing is listed), 5 a required service is unavailable, 130
interrupted.
"""


def cli_page() -> str:
    """Return the page: every command with its help as it is printed."""
    parts = [HEAD, *(_section(*command) for command in _commands("pyfa", parser()))]
    return "\n".join(parts)


def _commands(
    name: str, current: argparse.ArgumentParser
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, current
    for action in current._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                yield from _commands(f"{name} {word}", inner)


def _section(name: str, current: argparse.ArgumentParser) -> str:
    current.formatter_class = _WideHelpFormatter
    # How usage is wrapped differs between versions of Python; the options say it all.
    text = re.sub(r"\Ausage:.*?\n\n", "", current.format_help(), count=1, flags=re.S)
    return f"## `{name}`\n\n```\n{text.strip()}\n```\n"


class _WideHelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=38, width=100)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Write an option's value once, as newer versions of Python do."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"
