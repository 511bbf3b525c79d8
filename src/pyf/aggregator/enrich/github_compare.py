"""One project as the index has it and as GitHub has it, to be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..documents.repositories import find_named_repositories
from ..index import SearchServer, collections
from ..registries.github import GitHubClient
from ..settings import Settings


def compare_with_github(
    settings: Settings, server: SearchServer, collection: str, project: str, longest_wait: float
) -> dict[str, Any]:
    """The newest document of a project, and what GitHub's REST API says of its repository.

    ``github`` is None where there is none. Raises ``NotFound`` without the collection, and the
    errors of ``GitHub``.
    """
    target = collections.require(server, collection)
    documents = collections.project_documents(server, target.collection, project)
    newest = next((one for one in documents if one.get("is_latest")), documents[0])
    best = find_named_repositories(newest).best
    raw = None
    if best and best.repository.forge == "github":
        raw = asyncio.run(_raw(settings, best.repository.full_name, longest_wait))
    return {"index": newest, "link": best and best.link.field, "github": raw}


async def _raw(settings: Settings, name: str, longest_wait: float) -> Mapping[str, object] | None:
    async with GitHubClient(settings, longest_wait=longest_wait) as github:
        return await github.raw(name)
