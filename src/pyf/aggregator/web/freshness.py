"""How old what the site shows is, source by source, with the reason where something is late."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from ..errors import AggregatorError, ServiceUnreachable
from ..profile import Profile
from ..queue import queue_admin
from ..queue.stats import TaskStats
from ..store import advisories, catalog
from ..store.loads import history
from ..store.overview import overview
from .site import Site, service_of

State = Literal["fresh", "late", "never", "away"]
WORDS: Mapping[State, str] = {
    "fresh": "up to date",
    "late": "late",
    "never": "not set up",
    "away": "not reachable",
}
DOWNLOADS_LATE = timedelta(days=2, hours=12)
"""After the beginning of the last day loaded: a day is loaded in the night that follows it."""
LATE = {
    "catalog": timedelta(hours=3),
    "advisories": timedelta(days=2),
    "sync": timedelta(minutes=30),
    "downloads": timedelta(days=8),
    "health": timedelta(days=2),
}
MISSING_NAMED = 5


@dataclass(frozen=True)
class SourceFreshness:
    """One source: how it is, of when what we have is (UTC), and a sentence about it."""

    name: str
    state: State
    moment: datetime | None = None
    detail: str = ""

    @property
    def word(self) -> str:
        """The state for people."""
        return WORDS[self.state]


def sources(site: Site, now: datetime) -> list[SourceFreshness]:
    """All of them; each is asked by itself, so that one that is away hides no other."""
    found = [
        _source_or_unavailable("Download counts", lambda: downloads(site, now)),
        _source_or_unavailable("Catalog of all projects", lambda: projects(site, now)),
        _source_or_unavailable("Advisories", lambda: security(site, now)),
        _source_or_unavailable("Changes on the registry", lambda: changes(site, now)),
    ]
    try:
        followed = site.active_profiles()
    except AggregatorError as error:
        return [*found, SourceFreshness("Search index", "away", detail=_sentence(error))]
    if not followed:
        found.append(
            SourceFreshness("Search index", "never", detail="No profile has been fetched yet.")
        )
    for each in followed:
        ask = functools.partial(documents, site, each, now)
        found.append(_source_or_unavailable(f"{each.name}: documents", ask))
    return found


def downloads(site: Site, now: datetime) -> SourceFreshness:
    """The store's days: the last one, those that are missing, what became of the last load."""
    snapshot = site.snapshot()
    last = snapshot.data_through
    if last is None:
        return SourceFreshness("Download counts", "never", detail="No day has been loaded yet.")
    known = sorted(snapshot.days)
    every = [known[0] + timedelta(n) for n in range((last - known[0]).days + 1)]
    missing = [day for day in every if day not in snapshot.days]
    texts = [f"{len(known)} days, {known[0]} to {last}."]
    if missing:
        named = ", ".join(map(str, missing[-MISSING_NAMED:]))
        more = f" and {len(missing) - MISSING_NAMED} more" if len(missing) > MISSING_NAMED else ""
        texts.append(f"Unknown: {named}{more}.")
    event = overview(site.store).last_load
    if event is not None and event.status in ("refused", "failed"):
        texts.append(f"The last load, of {event.day}, was {event.status}: {event.reason}")
    state: State = "late" if are_late(last, now) else "fresh"
    return SourceFreshness("Download counts", state, snapshot.loaded_at, " ".join(texts))


def are_late(last: date, now: datetime) -> bool:
    """Whether another day than the last one that is loaded should be there."""
    return now - datetime(last.year, last.month, last.day, tzinfo=UTC) > DOWNLOADS_LATE


def projects(site: Site, now: datetime) -> SourceFreshness:
    """The catalog: its last sync."""
    sync = catalog.last_sync(site.store, complete=False)
    if sync is None:
        return SourceFreshness("Catalog of all projects", "never", detail="It has not been begun.")
    failed = f" {len(sync.failed)} projects could not be looked at." if sync.failed else ""
    detail = f"{'Complete' if sync.complete else 'Not complete'}.{failed}"
    return SourceFreshness(
        "Catalog of all projects", _age("catalog", sync.finished, now), sync.finished, detail
    )


def security(site: Site, now: datetime) -> SourceFreshness:
    """The advisories: their last load."""
    load = advisories.last_load(site.store, whole=False)
    if load is None:
        return SourceFreshness("Advisories", "never", detail="None have been loaded.")
    return SourceFreshness("Advisories", _age("advisories", load.finished, now), load.finished)


def changes(site: Site, now: datetime) -> SourceFreshness:
    """The journal of the registry: when the queue last read it, and how much waits.

    A site that nobody told of a queue and that finds none at the usual address has none.
    """
    try:
        with queue_admin.open_redis(site.settings) as client:
            seen = TaskStats(client).beats().get("sync_changes")
            pending = sum(
                each.pending for each in queue_admin.queue_depths(client, now.timestamp())
            )
    except ServiceUnreachable:
        if site.settings.is_set("REDIS_HOST"):
            raise
        return SourceFreshness("Changes on the registry", "never", detail="This site has no queue.")
    waiting = f"{pending:,} tasks wait."
    if seen is None:
        return SourceFreshness("Changes on the registry", "never", detail=f"Never read. {waiting}")
    moment = datetime.fromtimestamp(seen, UTC)
    return SourceFreshness("Changes on the registry", _age("sync", moment, now), moment, waiting)


def documents(site: Site, profile: Profile, now: datetime) -> SourceFreshness:
    """A profile's documents: their number, the newest release, counts and scores."""
    newest = _newest(site, profile, "upload_timestamp")
    counted = _newest(site, profile, "download_updated")
    scored = _newest(site, profile, "health_score_last_calculated")
    texts = [f"{site.size(profile):,} releases."]
    state: State = "fresh"
    for what, kind, moment in (("Counts", "downloads", counted), ("Scores", "health", scored)):
        if moment is None:
            texts.append(f"{what} have not been brought.")
            continue
        texts.append(f"{what} of {moment:%Y-%m-%d %H:%M}.")
        if _age(kind, moment, now) == "late":
            state = "late"
    return SourceFreshness(f"{profile.name}: documents", state, newest, " ".join(texts))


def loads(site: Site, most: int) -> list[history.LoadEvent]:
    """The last events of loads, for /admin."""
    return history.load_events(site.store, limit=most)


def _newest(site: Site, profile: Profile, field: str) -> datetime | None:
    asked = {"q": "*", "sort_by": f"{field}:desc", "include_fields": field, "per_page": 1}
    seconds = [document.get(field) for document in site.documents(profile, asked)]
    return datetime.fromtimestamp(seconds[0], UTC) if seconds and seconds[0] else None


def _age(kind: str, moment: datetime, now: datetime) -> State:
    return "late" if now - moment > LATE[kind] else "fresh"


def _source_or_unavailable(name: str, ask: Callable[[], SourceFreshness]) -> SourceFreshness:
    try:
        return ask()
    except AggregatorError as error:
        return SourceFreshness(name, "away", detail=_sentence(error))


def _sentence(error: AggregatorError) -> str:
    """Why it is away, without the addresses that stand behind it."""
    if isinstance(error, ServiceUnreachable):
        service = service_of(error)
        return f"{service[0].upper()}{service[1:]} does not answer."
    return f"{error}."
