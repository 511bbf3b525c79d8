"""OSV's advisories for PyPI, brought into the store.

The first time, and once a week, as one archive with its ETag; between that OSV's list of changes
names single records. What an archive lacks is gone, unless that would be too much of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import uvloop

from ..documents.advisories import InvalidRecord, parse_osv_record
from ..errors import AggregatorError, SafetyStop
from ..http import Fetcher, FetchPolicy, HttpResponse, UpstreamError, expect_status
from ..ingest.scratch import ScratchFolder
from ..settings import Settings, mask_credentials
from ..store import Store, advisories
from ..store.advisories import AdvisoryLoad, AdvisoryRecord
from ..store.catalog import NEVER

ARCHIVE, CHANGES = "/PyPI/all.zip", "/PyPI/modified_id.csv"
FULL_LOAD_INTERVAL = dt.timedelta(days=7)
MAX_SINGLE_RECORDS = 300
"""Records that are fetched one by one; for more the archive costs less."""
MOST_BYTES = 4_000_000
"""Of one record; real ones are a few thousand, the largest some hundred thousand."""
BATCH = 1_000
POLICY = FetchPolicy(workers=8, timeout=600.0)
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


@dataclass
class AdvisoriesResult:
    """The account of a load; all but ``requests`` and ``seconds`` count records.

    ``how`` is ``archive``, ``single`` or ``nothing new``. ``unreadable`` tells by id why a record
    was left as it was.
    """

    how: str = "nothing new"
    records: int = 0
    gone: int = 0
    requests: int = 0
    seconds: float = 0.0
    unreadable: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        return {**vars(self), "seconds": round(self.seconds, 3)}


def load(
    settings: Settings, store: Store, may_lose: Callable[[int, int], bool] = lambda *_: False
) -> AdvisoriesResult:
    """Bring the advisories up to date.

    Raises ``SafetyStop`` where an archive lacks more than PYF_MAX_DELETE_SHARE of what there is and
    ``may_lose(lost, total)`` does not allow it, and the errors of store and upstream.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(settings, store, may_lose))


def load_or_keep(
    settings: Settings, store: Store, may_lose: Callable[[int, int], bool] = lambda *_: False
) -> tuple[AdvisoriesResult | None, str]:
    """Bring the advisories up to date; where that fails, be content with those of before.

    Returns the account and "", or None and a sentence that says why and how old they are. Raises
    what ``load`` does where there are none.
    """
    try:
        return load(settings, store, may_lose), ""
    except AggregatorError as error:
        if advisories.last_load(store, whole=True) is None:
            raise
        last = advisories.last_load(store, whole=False)
        return None, f"advisories were not brought up to date: {error}{_age(last)}"


def _age(last: AdvisoryLoad | None) -> str:
    if last is None:
        return ""
    days = (dt.datetime.now(dt.UTC) - last.finished).days
    ago = "today" if days < 1 else f"{days} day{'' if days == 1 else 's'} ago"
    return f"; those in the store are of {last.finished:%Y-%m-%d %H:%M} UTC ({ago})"


async def _load(
    settings: Settings, store: Store, may_lose: Callable[[int, int], bool]
) -> AdvisoriesResult:
    begun = time.monotonic()
    url = settings.osv_export_url
    async with Fetcher(url, POLICY, contact=settings.pyf_contact) as fetcher:
        work = _AdvisoryLoad(store, fetcher, may_lose, settings.pyf_max_delete_share)
        await work.run()
        work.account.requests = fetcher.traffic.requests
    work.account.seconds = time.monotonic() - begun
    return work.account


class _AdvisoryLoad:
    """One load under way."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        may_lose: Callable[[int, int], bool],
        max_share: float,
    ) -> None:
        self.account = AdvisoriesResult()
        self._store, self._fetcher = store, fetcher
        self._may_lose, self._share = may_lose, max_share
        self._source = mask_credentials(fetcher.base)
        self._version = int(time.time() * 1000)

    async def run(self) -> None:
        last = advisories.last_load(self._store, whole=False)
        whole = advisories.last_load(self._store, whole=True)
        changes = await self._fetcher.get(CHANGES, check=_read_changes)
        known = last is not None and last.source == self._source
        young = whole is not None and dt.datetime.now(dt.UTC) - whole.finished < FULL_LOAD_INTERVAL
        if changes and known and young and last is not None:
            changed = [id_ for moment, id_ in changes if moment > last.newest]
            if len(changed) <= MAX_SINGLE_RECORDS:
                await self._single(changed, max(moment for moment, _ in changes))
                return
        newest = max((moment for moment, _ in changes), default=NEVER)
        await self._archive(whole if known else None, newest)

    async def _single(self, ids: list[str], newest: dt.datetime) -> None:
        """Fetch single records; one that is not there any more is gone."""
        if not ids:
            return
        found = await asyncio.gather(*(self._one(id_) for id_ in ids))
        records = [record for record in found if record]
        missing = [
            id_
            for id_, record in zip(ids, found, strict=True)
            if record is None and id_ not in self.account.unreadable
        ]
        advisories.put_records(self._store, records, self._version)
        advisories.drop_records(self._store, missing, self._version)
        self.account.how, self.account.gone = "single", len(missing)
        self._note(newest, len(records), whole=False)

    async def _one(self, id_: str) -> AdvisoryRecord | None:
        body = await self._fetcher.get(f"/PyPI/{id_}.json", check=_body)
        return self._record(id_, body) if body is not None else None

    async def _archive(self, before: AdvisoryLoad | None, newest: dt.datetime) -> None:
        with ScratchFolder("pyf-osv") as scratch:
            path = scratch.path / "all.zip"
            headers = {"If-None-Match": before.etag} if before and before.etag else {}
            answer = expect_status(
                await self._fetcher.download(ARCHIVE, path, headers=headers), 200, 304
            )
            if answer.status == 304 and before is not None:
                self._note(newest, 0, whole=True, etag=before.etag)
                return
            count = await asyncio.to_thread(self._unpack, path)
        self.account.how = "archive"
        self._drop_missing()
        self._note(newest, count, whole=True, etag=answer.headers.get("ETag", ""))

    def _unpack(self, path: Path) -> int:
        count = 0
        try:
            with zipfile.ZipFile(path) as archive:
                batch: list[AdvisoryRecord] = []
                for record in self._records(archive):
                    batch.append(record)
                    if len(batch) == BATCH:
                        advisories.put_records(self._store, batch, self._version)
                        count, batch = count + len(batch), []
                advisories.put_records(self._store, batch, self._version)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UpstreamError(self._fetcher.base, f"{ARCHIVE} is damaged: {error}") from None
        if not count + len(batch):
            raise UpstreamError(self._fetcher.base, f"{ARCHIVE} holds no records")
        return count + len(batch)

    def _records(self, archive: zipfile.ZipFile) -> Iterator[AdvisoryRecord]:
        for member in archive.infolist():
            id_ = Path(member.filename).stem
            if not member.filename.endswith(".json") or not IDENTIFIER.fullmatch(id_):
                continue
            with archive.open(member) as file:
                if record := self._record(id_, file.read(MOST_BYTES + 1)):
                    yield record

    def _record(self, id_: str, body: bytes) -> AdvisoryRecord | None:
        """Read a record; one that cannot be read is noted, and stays as it was."""
        try:
            if len(body) > MOST_BYTES:
                raise InvalidRecord("it is larger than any record is")
            advisory = parse_osv_record(orjson.loads(body))
            if advisory.id != id_:
                raise InvalidRecord(f"it calls itself {advisory.id[:80]}")
        except (orjson.JSONDecodeError, InvalidRecord) as error:
            self.account.unreadable[id_] = str(error)
            return None
        withdrawn = bool(advisory.withdrawn)
        return AdvisoryRecord(id_, advisory.modified, advisory.packages, withdrawn, body)

    def _drop_missing(self) -> None:
        keep = self.account.unreadable
        lost, total = advisories.count_older(self._store, self._version, keep)
        if lost > self._share * total and not self._may_lose(lost, total):
            raise SafetyStop(
                f"{self._source}{ARCHIVE} lacks {lost} of {total} advisories, more than the "
                f"{self._share:.0%} that PYF_MAX_DELETE_SHARE allows: none was removed; look into "
                "it, then run again with --yes"
            )
        if lost:
            advisories.drop_older(self._store, self._version, keep)
        self.account.gone = lost

    def _note(self, newest: dt.datetime, records: int, *, whole: bool, etag: str = "") -> None:
        self.account.records = records
        finished = dt.datetime.now(dt.UTC)
        advisories.record_load(
            self._store, AdvisoryLoad(finished, self._source, whole, etag, newest, records)
        )


def _read_changes(answer: HttpResponse) -> list[tuple[dt.datetime, str]]:
    """Read ``<time>,<id>`` a line; nothing where there is no such list, or one of another form."""
    if expect_status(answer, 200, 404).status == 404:
        return []
    changes = []
    for line in answer.body.decode("utf-8", "replace").splitlines():
        moment, _, id_ = line.partition(",")
        try:
            at = dt.datetime.fromisoformat(moment)
        except ValueError:
            return []
        if at.tzinfo is None or not IDENTIFIER.fullmatch(id_):
            return []
        changes.append((at, id_))
    return changes


def _body(answer: HttpResponse) -> bytes | None:
    return None if expect_status(answer, 200, 404).status == 404 else answer.body
