"""The steps of a recreation, in order, and carrying on after a crash at any of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import NotFound, SafetyStop
from .. import collections, synonyms
from ..client import SearchServer
from ..synonyms import Synonym
from ..writer import RefusedDocument
from .copy_passes import CopyPasses, StepProgress
from .journal import RecreationJournal
from .start_or_resume import MARK, clear_mark, other_aliases_of, start_or_resume

MAX_DIFFERING = 25
"""So few documents that differed in a pass are left to the reconciliation."""
FEW_SHARE = 50
"""One document in so many counts as few, too."""
MOST_PASSES = 20
QUIET_PASSES = 2
"""Passes in a row without a difference after which nobody writes to the old collection."""
PAUSE = 0.5
"""Seconds between two passes of the reconciliation; requests under way end meanwhile."""


@dataclass
class RecreationReport:
    """What a recreation did. ``resumed`` says that it finished an interrupted one.

    ``kept_for`` are other aliases that still lead to the old version, which was kept for them.
    """

    old: str | None = None
    new: str = ""
    documents: int = 0
    resumed: bool = False
    kept_for: tuple[str, ...] = ()
    refused: list[RefusedDocument] = field(default_factory=list)


class Recreation:
    """Recreate the collection behind an alias; use as a context manager.

    Call ``copy``, then ``switch``, then ``finish``. Between the first two the new version may be
    worked on; it is not searched yet. ``report`` gets the step, the documents done in it and how
    many there are, ``own_synonyms`` are the profile's; those of the old version are carried over.
    Raises ``ServiceRefused`` when another recreation of the alias is under way.
    """

    def __init__(
        self,
        server: SearchServer,
        alias: str,
        folder: Path,
        *,
        keep_old: bool = False,
        own_synonyms: Sequence[Synonym] = (),
        max_lost_share: float = 0.05,
        may_lose: Callable[[int, int], bool] = lambda _lost, _total: False,
        report: StepProgress = lambda _step, _done, _total: None,
    ) -> None:
        self.result = RecreationReport()
        self._refused: dict[str, RefusedDocument] = {}
        self._server = server
        self._alias = alias
        self._keep_old = keep_old
        self._own_synonyms = own_synonyms
        self._max_lost_share = max_lost_share
        self._may_lose = may_lose
        self._tell = report
        self._journal = RecreationJournal(folder / "recreate", server.url, alias)

    def __enter__(self) -> Self:
        self._journal.__enter__()
        try:
            start = start_or_resume(self._server, self._journal, self._alias)
        except BaseException:
            self._journal.__exit__(None, None, None)
            raise
        self.result = RecreationReport(start.old, start.new, resumed=start.resumed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._journal.__exit__(kind, error, trace)

    @property
    def is_switched(self) -> bool:
        """True when the alias leads to the new version."""
        return collections.aliases(self._server).get(self._alias) == self.result.new

    @property
    def target(self) -> collections.AliasTarget:
        """The new version, under the name it will have."""
        return collections.AliasTarget(self._alias, self.result.new)

    def copy(self) -> None:
        """Bring the new version up to the old one, until hardly anything differs."""
        if self.result.old is None or self.is_switched:
            return
        passes = self._passes()
        for _ in range(MOST_PASSES):
            few = 0 if self._is_unversioned else max(MAX_DIFFERING, len(self._journal) // FEW_SHARE)
            if passes.copy() <= few:
                break
        self._refused.update(passes.refused)

    def switch(self) -> None:
        """Move the alias, if the new version has not lost too much."""
        if self.is_switched:
            return
        self._check_size()
        self._carry_synonyms()
        if self._is_unversioned:
            # Typesense gives an alias no name that a collection has: the two steps cannot be one.
            collections.drop(self._server, self._alias)
        collections.point_alias(self._server, self._alias, self.result.new)
        self._journal.record_switch()

    def finish(self) -> RecreationReport:
        """Bring over what was written to the old version meanwhile, then drop or keep it."""
        self._journal.record_switch()
        if self.result.old is not None and not self._is_unversioned:
            lost = self._reconcile().keys() - self._refused.keys()
            self.result.kept_for = other_aliases_of(self._server, self.result.old, self._alias)
            if not (self._keep_old or lost or self.result.kept_for):
                collections.drop(self._server, self.result.old)
        clear_mark(self._server, self.result.new)
        self._journal.clear()
        self.result.documents = collections.document_count(self._server, self.result.new)
        self.result.refused = list(self._refused.values())
        return self.result

    def abort(self) -> None:
        """Give up before the switch: drop what was built."""
        if not self.is_switched:
            collections.drop(self._server, self.result.new)
            self._journal.clear()

    @property
    def _is_unversioned(self) -> bool:
        return self.result.old == self._alias

    def _reconcile(self) -> dict[str, RefusedDocument]:
        """Reconcile until nobody writes to the old version; return what did not fit."""
        passes, calm = self._passes(), 0
        for _ in range(MOST_PASSES):
            calm = calm + 1 if passes.reconcile() == 0 else 0
            if calm == QUIET_PASSES:
                break
            time.sleep(PAUSE)
        self._refused.update(passes.refused)
        return passes.refused

    def _passes(self) -> CopyPasses:
        old = self.result.old or ""
        return CopyPasses(self._server, self._journal, old, self.result.new, self._tell)

    def _carry_synonyms(self) -> None:
        """Aliases do not carry synonyms: the new version has its own before it is searched."""
        carried = {item["id"]: item for item in self._own_synonyms}
        if self.result.old is not None:
            for item in synonyms.read_synonyms(self._server, self.result.old):
                carried.setdefault(item["id"], item)
        if carried:
            synonyms.write_synonyms(self._server, self.result.new, list(carried.values()))

    def _check_size(self) -> None:
        if self.result.old is None:
            return
        old = collections.document_count(self._server, self.result.old)
        new = collections.document_count(self._server, self.result.new)
        lost = old - new
        if lost > self._max_lost_share * old and not self._may_lose(lost, old):
            raise SafetyStop(
                f"the new collection has {new} documents, the old one {old}: it was not put to "
                "use; look into it, then run again with --yes (pyfa manage: -f)"
            )


def rollback(server: SearchServer, alias: str, folder: Path) -> tuple[str, str]:
    """Lead the alias back to the version before the one in use; return both, old first.

    What was written since is in the version left behind only. Raises ``NotFound`` without one,
    ``ServiceRefused`` while the alias is recreated.
    """
    with RecreationJournal(folder / "recreate", server.url, alias):
        current = collections.aliases(server).get(alias)
        if current is None:
            raise NotFound(f"there is no alias {alias!r} on {server.url}")
        earlier = _versions_before(server, alias, current)
        if not earlier:
            raise NotFound(f"no version before {current} is kept; --keep-old keeps one")
        collections.point_alias(server, alias, earlier[-1])
    return current, earlier[-1]


def _versions_before(server: SearchServer, alias: str, current: str) -> list[str]:
    """Return the whole versions that were made before the one in use, ascending."""
    present = collections.versions(server, alias)
    earlier = present[: present.index(current)] if current in present else []
    return [name for name in earlier if MARK not in collections.metadata(server, name)]
