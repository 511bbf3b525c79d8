"""Options of the stack, shared by ``pyfa up`` and the stack in the background."""

from __future__ import annotations

import argparse

from ...serving import port_number
from .service_definitions import SERVICE_DEFINITIONS, SERVICE_NAMES, StackOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the ports and parts."""
    for part in SERVICE_DEFINITIONS:
        if part.port is not None:
            parser.add_argument(
                f"--{part.name}-port",
                type=port_number,
                default=part.port,
                metavar="PORT",
                help=f"port of {part.name}, 0 for any free one (%(default)s)",
            )
    parser.add_argument(
        "--only",
        type=_parts,
        default=(),
        metavar="PART,...",
        help=f"start these parts only: {', '.join(SERVICE_NAMES)}",
    )


def stack_options_from(arguments: argparse.Namespace) -> StackOptions:
    """What was asked for."""
    ports = {
        p.name: getattr(arguments, f"{p.name}_port")
        for p in SERVICE_DEFINITIONS
        if p.port is not None
    }
    return StackOptions(ports, arguments.only)


def arguments_for(choice: StackOptions) -> list[str]:
    """The options that give this choice."""
    ports = [f"--{name}-port={number}" for name, number in choice.ports.items()]
    return [*ports, *([f"--only={','.join(choice.only)}"] if choice.only else [])]


def _parts(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in SERVICE_NAMES:
            raise argparse.ArgumentTypeError(f"{name!r} is no part: {', '.join(SERVICE_NAMES)}")
    return names
