"""Build a collection anew beside the one in use, then switch the alias."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import SafetyStop
from ..index import SearchServer, collections
from ..index.collections import Target
from ..registries.discovery import Discovery
from ..registries.pypi import PyPI
from .runs import Run
from .summary import Summary


async def recreate(
    server: SearchServer,
    name: str,
    discovery: Discovery | None,
    run_for: Callable[[Target], Run],
) -> Summary:
    """Fill the next version of ``name``, move the alias to it, drop the version before.

    Searches go on in the old version until the new one is whole. A run that fails leaves the alias
    where it was and drops what it built. Raises ``SafetyStop`` when the new version would have
    lost more documents than a run may remove.
    """
    before = collections.resolve(server, name)
    target = collections.create_next(server, name)
    try:
        run = run_for(target)
        run.commit = lambda: _take_over(run, before, target)
        return await run.full(discovery)
    except BaseException:
        if collections.aliases(server).get(name) != target.collection:
            collections.drop(server, target.collection)
        raise


def _take_over(run: Run, before: Target | None, target: Target) -> None:
    _check_size(run, before, target)
    _switch(run.server, before, target)


def _check_size(run: Run, before: Target | None, target: Target) -> None:
    if before is None:
        return
    old = collections.count(run.server, before.collection, PyPI.registry)
    new = collections.count(run.server, target.collection, PyPI.registry)
    lost = old - new
    if lost > run.max_delete_share * old and not run.may_remove(lost, old):
        raise SafetyStop(
            f"the new collection has {new} documents, the old one {old}: it was not put to use; "
            "look into it, then run again with --yes"
        )


def _switch(server: SearchServer, before: Target | None, target: Target) -> None:
    if before is not None and before.collection == target.alias:
        # A collection of that very name stands where the alias has to go.
        collections.drop(server, before.collection)
        collections.point(server, target.alias, target.collection)
        return
    collections.point(server, target.alias, target.collection)
    if before is not None:
        collections.drop(server, before.collection)
