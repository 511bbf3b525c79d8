"""What changed: from the registry's journal, or its list of all projects, to a list of work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from ..http import UpstreamError
from ..registries.pypi import PyPI, simple
from .worklist import WorkItem, Worklist


async def add_changes(pypi: PyPI, worklist: Worklist, start: int) -> int:
    """Note every project that changed after serial ``start``; return the serial reached.

    Without the journal the difference to the list of all projects says the same, only later.
    Raises ``UpstreamError`` when there is neither.
    """
    try:
        return await add_changelog(pypi, worklist, start)
    except UpstreamError as error:
        return await add_index_difference(pypi, worklist, start, error)


async def add_changelog(pypi: PyPI, worklist: Worklist, start: int) -> int:
    """Note what the journal tells of everything after ``start``; return the serial reached."""
    serial = start
    async for page in pypi.changes(start):
        worklist.add(WorkItem(change.name, change.serial) for change in page)
        serial = page[-1].serial
    return serial


async def add_index_difference(
    pypi: PyPI, worklist: Worklist, start: int, otherwise: UpstreamError
) -> int:
    """Note the projects of the list of all projects that moved after ``start`` or left it.

    Returns the serial that the list states; raises ``otherwise`` where it states none.
    """
    stated = await read_index(pypi, worklist, lambda tasks: worklist.note_index(tasks, start))
    if stated is None:
        raise otherwise from None
    return stated


async def read_index(
    pypi: PyPI, worklist: Worklist, take: Callable[[Iterator[WorkItem]], None]
) -> int | None:
    """Give every project of the list of all projects to ``take``, with its serial.

    Returns the serial that the list states, ``None`` where it has none; nothing is taken then.
    """
    path = worklist.path / "index.json"
    stated = await simple.download_index(pypi.fetcher, path)
    if stated is not None:
        tasks = (WorkItem(entry.name, entry.serial) for entry in simple.read_index(path))
        await asyncio.to_thread(take, tasks)
    path.unlink(missing_ok=True)
    return stated
