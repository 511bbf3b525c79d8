"""One project as the index has it and as GitHub has it, to be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..documents.repositories import named
from ..index import SearchServer, collections
from ..registries.github import GitHub
from ..settings import Settings


def both_sides(
    settings: Settings, server: SearchServer, collection: str, project: str, longest_wait: float
) -> dict[str, Any]:
    """The newest document of a project, and what GitHub's REST API says of its repository.

    ``github`` is None where there is none. Raises ``NotFound`` without the collection, and the
    errors of ``GitHub``.
    """
    target = collections.need(server, collection)
    documents = collections.of_project(server, target.collection, project)
    newest = next((one for one in documents if one.get("is_latest")), documents[0])
    best = named(newest).best
    raw = None
    if best and best.repository.forge == "github":
        raw = asyncio.run(_raw(settings, best.repository.full_name, longest_wait))
    return {"index": newest, "link": best and best.link.field, "github": raw}


async def _raw(settings: Settings, name: str, longest_wait: float) -> Mapping[str, object] | None:
    async with GitHub(settings, longest_wait=longest_wait) as github:
        return await github.raw(name)
