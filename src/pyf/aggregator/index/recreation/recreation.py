"""The steps of a recreation, in order, and carrying on after a crash at any of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import NotFound, Refused, SafetyStop
from .. import collections, synonyms
from ..client import SearchServer
from ..synonyms import Synonym
from ..writer import Refusal
from .journal import Journal, owner
from .passes import Passes

FEW = 25
"""So few documents that differed in a pass are left to the reconciliation."""
FEW_SHARE = 50
"""One document in so many counts as few, too."""
MOST_PASSES = 20
CALM = 2
"""Passes in a row without a difference after which nobody writes to the old collection."""
PAUSE = 0.5
"""Seconds between two passes of the reconciliation; requests under way end meanwhile."""
MARK = "recreated_by"
"""Key in the metadata of a collection that is being built."""


@dataclass
class Report:
    """What a recreation did. ``carried_on`` says that it finished an interrupted one."""

    old: str | None = None
    new: str = ""
    documents: int = 0
    carried_on: bool = False
    refused: list[Refusal] = field(default_factory=list)


class Recreation:
    """Recreate the collection behind an alias; use as a context manager.

    Call ``copy``, then ``switch``, then ``finish``. Between the first two the new version may be
    worked on; it is not searched yet. ``report`` gets the step and the documents done in it,
    ``own_synonyms`` are the profile's; those of the old version are carried over as well.
    Raises ``Refused`` when another recreation of the alias is under way.
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
        report: Callable[[str, int], None] = lambda _step, _done: None,
    ) -> None:
        self.result = Report()
        self._refused: dict[str, Refusal] = {}
        self._server = server
        self._alias = alias
        self._keep_old = keep_old
        self._own_synonyms = own_synonyms
        self._max_lost_share = max_lost_share
        self._may_lose = may_lose
        self._tell = report
        self._journal = Journal(folder / "recreate", server.url, alias)

    def __enter__(self) -> Self:
        self._journal.__enter__()
        try:
            self._prepare()
        except BaseException:
            self._journal.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._journal.__exit__(kind, error, trace)

    @property
    def switched(self) -> bool:
        """True when the alias leads to the new version."""
        return collections.aliases(self._server).get(self._alias) == self.result.new

    @property
    def target(self) -> collections.Target:
        """The new version, under the name it will have."""
        return collections.Target(self._alias, self.result.new)

    def copy(self) -> None:
        """Bring the new version up to the old one, until hardly anything differs."""
        if self.result.old is None or self.switched:
            return
        passes = self._passes()
        for _ in range(MOST_PASSES):
            few = 0 if self._unversioned else max(FEW, len(self._journal) // FEW_SHARE)
            if passes.copy() <= few:
                break
        self._refused.update(passes.refused)

    def switch(self) -> None:
        """Move the alias, if the new version has not lost too much."""
        if self.switched:
            return
        self._check_size()
        self._carry_synonyms()
        if self._unversioned:
            # Typesense gives an alias no name that a collection has: the two steps cannot be one.
            collections.drop(self._server, self._alias)
        collections.point(self._server, self._alias, self.result.new)

    def finish(self) -> Report:
        """Bring over what was written to the old version meanwhile, then drop or keep it."""
        if self.result.old is not None and not self._unversioned:
            lost = self._reconcile().keys() - self._refused.keys()
            if not self._keep_old and not lost:
                collections.drop(self._server, self.result.old)
        self._mark(None)
        self._journal.forget()
        self.result.documents = self._count(self.result.new)
        self.result.refused = list(self._refused.values())
        return self.result

    def abandon(self) -> None:
        """Give up before the switch: drop what was built."""
        if not self.switched:
            collections.drop(self._server, self.result.new)
            self._journal.forget()

    @property
    def _unversioned(self) -> bool:
        return self.result.old == self._alias

    def _prepare(self) -> None:
        before = collections.resolve(self._server, self._alias)
        left = self._journal.progress
        if left and collections.exists(self._server, left.new):
            self.result.carried_on = True
            self.result.old, self.result.new = left.old or None, left.new
            if self.result.old and not collections.exists(self._server, self.result.old):
                self.result.old = None
            return
        self._refuse_foreign()
        self.result.old = before.collection if before else None
        self.result.new = collections.next_version(self._server, self._alias)
        # Noted before it is there, so that a crash leaves nothing that nobody knows of.
        self._journal.begin(self.result.old or "", self.result.new)
        collections.create(self._server, self.result.new)
        self._mark(owner())

    def _refuse_foreign(self) -> None:
        """A version that another machine is building must not be taken for a leftover."""
        for name in collections.versions(self._server, self._alias):
            metadata = collections.metadata(self._server, name)
            if by := metadata.get(MARK):
                raise Refused(
                    f"{name} is being built, or was left unfinished, by {by}; let that run end, or "
                    f"delete {name}"
                )

    def _mark(self, value: str | None) -> None:
        metadata = collections.metadata(self._server, self.result.new)
        kept = {key: item for key, item in metadata.items() if key != MARK}
        added = {MARK: value} if value else {}
        collections.set_metadata(self._server, self.result.new, {**kept, **added})

    def _reconcile(self) -> dict[str, Refusal]:
        """Reconcile until nobody writes to the old version; return what did not fit."""
        passes, calm = self._passes(), 0
        for _ in range(MOST_PASSES):
            calm = calm + 1 if passes.reconcile() == 0 else 0
            if calm == CALM:
                break
            time.sleep(PAUSE)
        self._refused.update(passes.refused)
        return passes.refused

    def _passes(self) -> Passes:
        old = self.result.old or ""
        return Passes(self._server, self._journal, old, self.result.new, self._tell)

    def _carry_synonyms(self) -> None:
        """Aliases do not carry synonyms: the new version has its own before it is searched."""
        carried = {item["id"]: item for item in self._own_synonyms}
        if self.result.old is not None:
            for item in synonyms.read(self._server, self.result.old):
                carried.setdefault(item["id"], item)
        if carried:
            synonyms.write(self._server, self.result.new, list(carried.values()))

    def _check_size(self) -> None:
        if self.result.old is None:
            return
        old, new = self._count(self.result.old), self._count(self.result.new)
        lost = old - new
        if lost > self._max_lost_share * old and not self._may_lose(lost, old):
            raise SafetyStop(
                f"the new collection has {new} documents, the old one {old}: it was not put to "
                "use; look into it, then run again with --yes"
            )

    def _count(self, collection: str) -> int:
        answer = self._server.patiently(lambda client: client.collections[collection].retrieve())
        return int(answer["num_documents"])


def rollback(server: SearchServer, alias: str) -> tuple[str, str]:
    """Lead the alias back to the version before the one in use; return both, old first.

    What was written since is in the version left behind only. Raises ``NotFound`` without one.
    """
    current = collections.aliases(server).get(alias)
    if current is None:
        raise NotFound(f"there is no alias {alias!r}")
    number = int(current.rpartition("-")[2]) if current.rpartition("-")[2].isdigit() else 0
    earlier = [
        name
        for name in collections.versions(server, alias)
        if int(name.rpartition("-")[2]) < number
    ]
    if not earlier:
        raise NotFound(f"no version before {current} is kept; --keep-old keeps one")
    collections.point(server, alias, earlier[-1])
    return current, earlier[-1]
