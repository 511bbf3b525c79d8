"""Collections with all that belongs to them from a source to a server, in an order that can stop.

All collections are made first and marked in their metadata, then filled, then the aliases are
set, and at last the marks are taken off. A run that was interrupted finds its marks: what it
filled stays (unless the source may have changed since), what it left half full is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ServiceRefused
from . import collections, server_contents, synonyms
from .bulk_copy import BulkCopyResult, ProgressCallback, bulk_copy, no_progress
from .client import SearchServer
from .raw_requests import path_part
from .server_contents import CollectionSource, ServerContents

MARK = "pyf_transfer"
"""Key in a collection's metadata while it is being taken over."""
MAX_NAMES_SHOWN = 5


@dataclass(frozen=True)
class TransferResult:
    """What was taken over; ``skipped`` are collections that an interrupted run had finished."""

    collections: Mapping[str, BulkCopyResult]
    skipped: tuple[str, ...]
    aliases: Mapping[str, str]
    presets: int
    stopwords: int
    left_out: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """No document was refused."""
        return not any(poured.refused for poured in self.collections.values())


@dataclass(frozen=True)
class _Plan:
    """Which collections are to be made and filled, which of those are to be dropped before."""

    fill: tuple[str, ...]
    drop: frozenset[str]
    skip: tuple[str, ...]


def transfer(
    source: CollectionSource,
    target: SearchServer,
    *,
    force: bool = False,
    report: ProgressCallback = no_progress,
) -> TransferResult:
    """Bring everything of a source to a server.

    Raises ``ServiceRefused``, before anything is changed, when the server holds something of these
    names already; ``force`` replaces it.
    """
    wanted = source.contents
    plan = _plan(source, target, force=force)
    for name in plan.fill:
        _create_collection(target, wanted, name, _mark("filling", source), drop=name in plan.drop)
    poured = {name: _fill(source, target, name, report) for name in plan.fill}
    for alias, collection in wanted.aliases.items():
        collections.point_alias(target, path_part(alias), collection)
    for name, value in wanted.presets.items():
        server_contents.put_preset(target, name, value)
    for name, body in wanted.stopwords.items():
        server_contents.put_stopwords(target, name, body)
    for name in wanted.schemas:
        _set_metadata(target, name, _metadata(wanted, name))
    return TransferResult(
        collections=poured,
        skipped=plan.skip,
        aliases=wanted.aliases,
        presets=len(wanted.presets),
        stopwords=len(wanted.stopwords),
        left_out=wanted.left_out,
    )


def _plan(source: CollectionSource, target: SearchServer, *, force: bool) -> _Plan:
    wanted = source.contents
    there = server_contents.read_contents(target)
    common = [name for name in wanted.schemas if name in there.schemas]
    marks = {name: _mark_of(there.schemas[name]) for name in common}
    half = {name for name in common if marks[name] == _mark("filling", source)}
    full = {name for name in common if marks[name] == _mark("filled", source)}
    was_begun = bool(half or full)
    if not source.is_fixed:
        half |= full
    # Without a mark it is finished where others still have theirs: marks go last.
    done = set(common) - half if was_begun else set()
    if force:
        half, done = set(common), set()
    _refuse_conflicts(wanted, there, half | done, target, force=force)
    fill = tuple(name for name in wanted.schemas if name not in done)
    return _Plan(fill, frozenset(half), tuple(sorted(done)))


def _refuse_conflicts(
    wanted: ServerContents,
    there: ServerContents,
    ours: set[str],
    target: SearchServer,
    *,
    force: bool,
) -> None:
    """Refuse what would overwrite; names that are alias here and collection there always."""
    crossed = [f"the alias {name}" for name in wanted.schemas if name in there.aliases]
    crossed += [f"the collection {alias}" for alias in wanted.aliases if alias in there.schemas]
    if crossed:
        raise ServiceRefused(
            f"{target.url} has {_join_names(crossed)}, a name that is needed for something else; "
            "nothing was changed"
        )
    taken = [f"the collection {name}" for name in wanted.schemas if name in there.schemas]
    taken = [text for text in taken if text.removeprefix("the collection ") not in ours]
    for kind, mine, theirs in (
        ("alias", wanted.aliases, there.aliases),
        ("preset", wanted.presets, there.presets),
        ("set of stopwords", wanted.stopwords, there.stopwords),
    ):
        taken += [
            f"the {kind} {name}" for name in mine if name in theirs and mine[name] != theirs[name]
        ]
    if taken and not force:
        raise ServiceRefused(
            f"{target.url} has {_join_names(taken)} already; nothing was changed (-f replaces)"
        )


def _create_collection(
    target: SearchServer, wanted: ServerContents, name: str, mark: str, *, drop: bool
) -> None:
    if drop:
        collections.drop(target, path_part(name))
    schema = dict(wanted.schemas[name])
    schema["metadata"] = {**_metadata(wanted, name), MARK: mark}
    target.call(lambda client: client.collections.create(schema))
    if wanted.synonyms.get(name):
        synonyms.write_synonyms(target, name, wanted.synonyms[name])


def _fill(
    source: CollectionSource, target: SearchServer, name: str, report: ProgressCallback
) -> BulkCopyResult:
    wanted = source.contents
    lines = source.documents(name)
    poured = bulk_copy(lines, target, path_part(name), total=wanted.documents[name], report=report)
    mark = {MARK: _mark("filled", source)}
    _set_metadata(target, name, {**_metadata(wanted, name), **mark})
    return poured


def _set_metadata(target: SearchServer, name: str, metadata: Mapping[str, Any]) -> None:
    body = {"metadata": dict(metadata)}
    target.call(lambda client: client.collections[path_part(name)].update(body))


def _metadata(wanted: ServerContents, name: str) -> dict[str, Any]:
    """The collection's own metadata, without a mark that the source itself may carry."""
    own = wanted.schemas[name].get("metadata") or {}
    return {key: value for key, value in own.items() if key != MARK}


def _mark(state: str, source: CollectionSource) -> str:
    return f"{state} from {source.identity}"


def _mark_of(schema: Mapping[str, Any]) -> str | None:
    metadata = schema.get("metadata") or {}
    mark = metadata.get(MARK)
    return mark if isinstance(mark, str) else None


def _join_names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES_SHOWN} more" if len(names) > MAX_NAMES_SHOWN else ""
    return ", ".join(names[:MAX_NAMES_SHOWN]) + more
