"""The catalog in the store: one row for every project of the registry, and the account of syncs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from ..errors import UsageError
from . import schema
from .client import Store

ACTIVE, QUARANTINED = "active", "quarantined"
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BATCH_SIZE = 5_000
"""Names that go into one statement."""


@dataclass(frozen=True)
class CatalogProject:
    """What the catalog holds of a project, in the order of the table's columns.

    ``name`` is in PEP 503 form, ``display_name`` as its owner writes it. ``classifiers`` and
    ``summary`` are those of the release that the registry calls ``latest``; that is empty, and
    ``releases`` 0, for a project without any. ``author`` are names, with commas between them.
    ``project_urls`` are links by label. ``status`` is PEP 792's word, empty where it is not known.
    ``first_upload`` and ``last_upload`` are Unix seconds, 0 where no file tells. ``gone`` means
    that the registry has no such project any more; what it had been stays. ``etag`` is that of its
    Simple page when it was looked at, which ``checked`` (UTC) tells.
    """

    name: str
    display_name: str
    serial: int
    latest: str = ""
    releases: int = 0
    classifiers: tuple[str, ...] = ()
    summary: str = ""
    author: str = ""
    project_urls: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    first_upload: int = 0
    last_upload: int = 0
    gone: bool = False
    etag: str = ""
    checked: dt.datetime = NEVER


COLUMNS = tuple(item.name for item in fields(CatalogProject))


@dataclass(frozen=True)
class CatalogEntry:
    """What a sync has to know of a project that the catalog holds; ``checked`` in Unix seconds."""

    name: str
    serial: int
    etag: str
    checked: float
    hidden: bool
    """It is gone or quarantined, so that the list of all projects lacks it with good reason."""
    gone: bool


@dataclass(frozen=True)
class CatalogSync:
    """The account of one sync. ``source`` is the registry's address without user and password.

    Of a ``complete`` one everything up to ``serial`` is in the catalog, as the registry listed it
    when the sync began, but for those that ``failed`` names; 0 where the registry states no
    serials. ``listed``, ``fetched``, ``unchanged`` and ``gone`` count projects.
    """

    started: dt.datetime
    finished: dt.datetime
    source: str
    complete: bool
    serial: int
    listed: int = 0
    fetched: int = 0
    unchanged: int = 0
    gone: int = 0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogStatus:
    """How the catalog is. ``by_status`` counts projects that are there by PEP 792's words.

    ``oldest_check`` (UTC) is when the project was looked at of which that is longest ago.
    """

    projects: int
    without_release: int
    gone: int
    by_status: Mapping[str, int]
    oldest_check: dt.datetime | None
    last_sync: CatalogSync | None
    last_complete: CatalogSync | None


class CatalogEmpty(UsageError):
    """The catalog was never filled as a whole, so that what is not in it means nothing."""

    def __init__(self) -> None:
        super().__init__(
            "the catalog was never filled as a whole; run `pyfa catalog sync` to its end first"
        )


def put_projects(store: Store, projects: Sequence[CatalogProject]) -> None:
    """Write what was found; it replaces what was known of these projects."""
    store.insert("projects", [_row(project) for project in projects], COLUMNS)


def mark_checked(store: Store, names: Iterable[str], moment: dt.datetime) -> None:
    """Note that projects were looked at and are as before."""
    _rewrite(store, names, "", moment)


def mark_gone(store: Store, names: Iterable[str], moment: dt.datetime) -> None:
    """Note that the registry has these projects no more; one that is not known stays so."""
    _rewrite(store, names, "true AS gone, '' AS etag, ", moment)


def mark_quarantined(store: Store, names: Iterable[str], moment: dt.datetime) -> None:
    """Note that the registry hides these projects; what they were stays."""
    _rewrite(store, names, f"false AS gone, '{QUARANTINED}' AS status, '' AS etag, ", moment)


def catalog_entries(store: Store) -> Iterator[CatalogEntry]:
    """Yield every project of the catalog, gone ones too, in blocks as they come."""
    rows = store.stream(
        "SELECT name, serial, etag, toUnixTimestamp64Milli(checked) / 1000, "
        "gone OR status = {hidden:String}, gone FROM projects FINAL",
        {"hidden": QUARANTINED},
    )
    for name, serial, etag, checked, hidden, gone in rows:
        yield CatalogEntry(name, serial, etag, checked, bool(hidden), bool(gone))


def projects_with_classifiers(store: Store, classifiers: Sequence[str]) -> list[CatalogProject]:
    """The projects of which the latest release carries one of the classifiers, by name.

    Raises ``CatalogEmpty`` before the first complete sync.
    """
    require_complete(store)
    rows = store.query(
        f"SELECT {_SELECT} FROM projects FINAL "  # noqa: S608 - names of columns
        "WHERE NOT gone AND hasAny(classifiers, {wanted:Array(String)}) ORDER BY name",
        {"wanted": list(classifiers)},
    )
    return [_project(row) for row in rows]


def projects(store: Store, names: Iterable[str]) -> dict[str, CatalogProject]:
    """What the catalog holds of these projects (PEP 503 names), gone ones too, by name."""
    found: dict[str, CatalogProject] = {}
    for part in _batches(names):
        rows = store.query(
            f"SELECT {_SELECT} FROM projects FINAL "  # noqa: S608 - names of columns
            "WHERE name IN {names:Array(String)}",
            {"names": part},
        )
        found.update((row[0], _project(row)) for row in rows)
    return found


def quarantined_projects(store: Store) -> list[str]:
    """The projects that the registry hides while they are examined."""
    rows = store.query(
        "SELECT name FROM projects FINAL WHERE NOT gone AND status = {hidden:String} ORDER BY name",
        {"hidden": QUARANTINED},
    )
    return [name for (name,) in rows]


def record_sync(store: Store, sync: CatalogSync) -> None:
    """Add the account of a sync."""
    row = tuple(getattr(sync, item.name) for item in fields(CatalogSync))
    store.insert("catalog_syncs", [row], tuple(item.name for item in fields(CatalogSync)))


def clear_catalog(store: Store) -> None:
    """Empty the catalog, accounts of syncs included."""
    for table in ("catalog_syncs", "projects"):
        store.command(
            f"TRUNCATE TABLE {store.parts_table(table)}{schema.on_cluster(store.cluster)}"
        )


def last_sync(store: Store, *, complete: bool) -> CatalogSync | None:
    """The last sync, or the last one that was complete; ``None`` before the first."""
    rows = store.query(
        f"SELECT {', '.join(item.name for item in fields(CatalogSync))} FROM catalog_syncs "  # noqa: S608
        "WHERE complete >= {least:Bool} ORDER BY finished DESC LIMIT 1",
        {"least": complete},
    )
    if not rows:
        return None
    started, finished, source, whole, serial, listed, fetched, unchanged, gone, failed = rows[0]
    counts = (serial, listed, fetched, unchanged, gone)
    return CatalogSync(_utc(started), _utc(finished), source, bool(whole), *counts, tuple(failed))


def is_started(store: Store) -> bool:
    """Whether anybody began to fill the catalog."""
    return bool(store.query("SELECT 1 FROM projects LIMIT 1"))


def require_complete(store: Store) -> CatalogSync:
    """The last complete sync; raises ``CatalogEmpty`` before the first."""
    sync = last_sync(store, complete=True)
    if sync is None:
        raise CatalogEmpty
    return sync


def catalog_status(store: Store) -> CatalogStatus:
    """How the catalog is."""
    [(there, empty, gone, oldest)] = store.query(
        "SELECT countIf(NOT gone), countIf(NOT gone AND releases = 0), countIf(gone), min(checked) "
        "FROM projects FINAL"
    )
    by_status = store.query(
        "SELECT status, count() FROM projects FINAL WHERE NOT gone GROUP BY status ORDER BY status"
    )
    return CatalogStatus(
        there,
        empty,
        gone,
        dict(by_status),
        _utc(oldest) if there + gone else None,
        last_sync(store, complete=False),
        last_sync(store, complete=True),
    )


_SELECT = ", ".join(
    f"toUnixTimestamp({name})" if name.endswith("_upload") else name for name in COLUMNS
)


def _rewrite(store: Store, names: Iterable[str], changes: str, moment: dt.datetime) -> None:
    """Write rows anew with changes; a row is replaced as a whole, by the one checked last."""
    for part in _batches(names):
        store.command(
            "INSERT INTO projects SELECT * "  # noqa: S608 - the changes are this module's
            f"REPLACE ({changes}fromUnixTimestamp64Milli({{moment:Int64}}, 'UTC') AS checked) "
            "FROM projects FINAL WHERE name IN {names:Array(String)}",
            {"names": part, "moment": int(moment.timestamp() * 1000)},
        )


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(set(names))
    for start in range(0, len(ordered), BATCH_SIZE):
        yield ordered[start : start + BATCH_SIZE]


def _row(project: CatalogProject) -> tuple[object, ...]:
    values = {name: getattr(project, name) for name in COLUMNS}
    return tuple(dict(value) if isinstance(value, Mapping) else value for value in values.values())


def _project(row: Sequence[object]) -> CatalogProject:
    values = dict(zip(COLUMNS, row, strict=True))
    values["classifiers"] = tuple(values["classifiers"])  # type: ignore[arg-type]
    values["checked"] = _utc(values["checked"])  # type: ignore[arg-type]
    values["gone"] = bool(values["gone"])
    return CatalogProject(**values)  # type: ignore[arg-type]


def _utc(moment: dt.datetime) -> dt.datetime:
    """The driver gives moments in UTC without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
