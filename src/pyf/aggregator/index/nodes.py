"""Which search server to talk to: the configured one, or the local stack of this machine."""

from __future__ import annotations

from pathlib import Path

import orjson

from ..errors import ServiceUnreachable, SettingError
from ..settings import Node, Settings
from ..settings.value_types import nodes

ENDPOINT = "search.json"
"""File in the data directory in which a local search server says where it listens."""
ADMIN_KEY = "admin.key"
"""File in the data directory that holds the local search server's admin key, mode 0600."""

CHOICES = ("TYPESENSE_NODES", "TYPESENSE_HOST", "TYPESENSE_PORT", "TYPESENSE_API_KEY")


def nodes_of(settings: Settings) -> tuple[tuple[Node, ...], str]:
    """Return the nodes to use and the API key.

    Where none of ``CHOICES`` is set, a local search server that runs with the same data
    directory is used.
    """
    if not any(settings.is_set(name) for name in CHOICES):
        return _local(settings.pyf_data_dir)
    if not settings.typesense_api_key:
        raise SettingError("TYPESENSE_API_KEY is not set: the search server asks for a key")
    return settings.search_nodes, settings.typesense_api_key


def _local(data_dir: Path) -> tuple[tuple[Node, ...], str]:
    try:
        said = orjson.loads((data_dir / ENDPOINT).read_bytes())
        key = (data_dir / ADMIN_KEY).read_text("utf-8").strip()
        return nodes().parse(said["url"]), key
    except (OSError, ValueError, KeyError, TypeError):
        raise ServiceUnreachable(
            "a search server",
            "none is configured and none runs here; set TYPESENSE_HOST and TYPESENSE_API_KEY, "
            "or start one with `pyfa up` or `pyfa local search`",
        ) from None
