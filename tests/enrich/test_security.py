"""Each release shows the advisories that speak of it; warnings stand on all of a project."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from pyf.aggregator.enrich.advisories import load
from pyf.aggregator.enrich.security import SecurityOptions, SecurityResult, enrich_security
from pyf.aggregator.index import BulkWriter, SearchServer
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import Store, advisories, catalog

from ..index import making
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from .osv import Export, export, record

YESTERDAY = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
OLD = int(dt.datetime(2015, 1, 1, tzinfo=dt.UTC).timestamp())
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


class Desk:
    """A collection, a store and an OSV export."""

    def __init__(self, search: SearchServer, collection: str, own: Store, osv: Export) -> None:
        self.search, self.collection, self.store, self.osv = search, collection, own, osv
        making.make(search, collection)

    def index(self, name: str, *versions: str, **more: Any) -> None:
        """Write releases of a project."""
        writer = BulkWriter(self.search, self.collection)
        for version in versions:
            writer.upsert(making.document(name, version, **more))
        writer.flush()
        assert writer.refused == []

    def downloads(self, **counts: int) -> None:
        """Publish a day of downloads; underscores stand for hyphens."""
        rows = [
            (1, YESTERDAY, "overall", name.replace("_", "-"), "without_mirrors", count)
            for name, count in counts.items()
        ]
        columns = ("load_id", "day", "dimension", "package", "category", "downloads")
        self.store.insert("downloads", rows, columns)
        now = dt.datetime.now(dt.UTC)
        told = (1, YESTERDAY, "file", "full", "published", len(rows), now, now)
        names = ("id", "day", "source", "scope", "status", "rows", "started", "finished")
        self.store.insert("loads", [told], names)

    def catalog(self, name: str, **more: Any) -> None:
        """Put a project into the catalog."""
        row = catalog.CatalogProject(
            name, name, 1, **{"latest": "1.0", "first_upload": OLD, **more}
        )
        catalog.put_projects(self.store, [row])

    def load(self, *records: dict[str, Any]) -> None:
        """Publish records and load them."""
        self.osv.put(*records)
        load(load_settings({"OSV_EXPORT_URL": self.osv.url}, dotenv=None), self.store)

    def run(self, **wanted: Any) -> SecurityResult:
        """Bring what follows."""
        return enrich_security(self.store, self.search, SecurityOptions(self.collection, **wanted))

    def shown(self, id_: str) -> dict[str, Any]:
        """The security fields of a document."""
        document = making.documents(self.search, self.collection)[id_]
        names = ("vulnerabilities", "is_vulnerable", "flags", "resembles")
        return {name: document[name] for name in names if name in document}


@pytest.fixture
def desk(search: SearchServer, collection: str, store: Store) -> Iterator[Desk]:  # noqa: F811
    with export() as osv:
        yield Desk(search, collection, store, osv)


def test_each_release_shows_what_speaks_of_it(desk: Desk) -> None:
    desk.index("alpha", "1.0", "1.5", "2.0", "not-pep440")
    desk.index("beta", "1.0")
    rated = [{"type": "CVSS_V3", "score": VECTOR}]
    desk.load(
        record("PYSEC-2026-1", "alpha", aliases=["CVE-2026-1"], severity=rated),
        record("GHSA-same", "alpha", aliases=["CVE-2026-1"]),
        record("GHSA-gone", "beta", withdrawn="2026-01-01T00:00:00Z"),
    )
    account = desk.run()

    [entry] = desk.shown("alpha-1.0")["vulnerabilities"]
    assert (entry["id"], entry["fixed_in"]) == ("PYSEC-2026-1", "2.0")
    assert entry["severity"] == "critical"
    assert entry["aliases"] == ["CVE-2026-1", "GHSA-same"]
    assert desk.shown("alpha-1.5")["is_vulnerable"] is True
    for fine in ("alpha-2.0", "alpha-not-pep440", "beta-1.0"):
        assert desk.shown(fine)["is_vulnerable"] is False
        assert "vulnerabilities" not in desk.shown(fine)
    assert (account.projects, account.vulnerable) == (2, 2)
    assert desk.run().updated == 0


def test_an_advisory_that_is_withdrawn_leaves_the_documents(desk: Desk) -> None:
    desk.index("alpha", "1.0")
    desk.load(record("PYSEC-2026-1", "alpha"))
    desk.run()
    assert desk.shown("alpha-1.0")["is_vulnerable"] is True
    late = "2026-07-02T00:00:00Z"
    desk.load(record("PYSEC-2026-1", "alpha", modified=late, withdrawn=late))
    desk.run()

    shown = desk.shown("alpha-1.0")
    assert (shown["is_vulnerable"], shown.get("vulnerabilities")) == (False, None)


def test_without_advisories_nothing_is_called_safe(desk: Desk) -> None:
    desk.index("alpha", "1.0")
    account = desk.run()

    assert "is_vulnerable" not in desk.shown("alpha-1.0")
    assert any("no advisories" in note for note in account.notes)


def test_malware_marks_the_releases_that_it_names(desk: Desk) -> None:
    desk.index("hijacked", "1.0", "1.1")
    desk.index("evil", "0.1")
    desk.catalog("hijacked", latest="1.1")
    one = record("MAL-2026-1", "hijacked", events=[{"introduced": "1.1"}, {"fixed": "1.2"}])
    desk.load(one, record("MAL-2026-2", "evil", events=[{"introduced": "0"}]))
    account = desk.run()

    assert not desk.shown("hijacked-1.0").get("flags")
    assert desk.shown("hijacked-1.1")["flags"] == ["malicious"]
    assert desk.shown("evil-0.1")["flags"] == ["malicious"]
    assert desk.shown("evil-0.1")["is_vulnerable"] is False  # a flag, not a flaw
    assert account.malicious == 2
    assert advisories.flagged_projects(desk.store).keys() == {"hijacked", "evil"}


@pytest.mark.parametrize(
    ("sources", "status", "flagged"),
    [
        (["one"], "active", False),
        (["one", "two"], "active", True),
        (["one"], "quarantined", True),
    ],
)
def test_malware_in_a_well_known_project_needs_a_second_sign(
    desk: Desk, sources: list[str], status: str, *, flagged: bool
) -> None:
    desk.index("famous", "1.0")
    desk.downloads(famous=5_000_000)
    desk.catalog("famous", status=status)
    origins = {"malicious-packages-origins": [{"source": source} for source in sources]}
    everything = [{"introduced": "0"}]
    desk.load(record("MAL-2026-1", "famous", events=everything, database_specific=origins))
    desk.run()

    assert ("malicious" in desk.shown("famous-1.0").get("flags", [])) is flagged
    assert ("malicious" in str(advisories.flagged_projects(desk.store))) is flagged


def test_quarantine_is_known_from_catalog_and_document(desk: Desk) -> None:
    desk.index("by-catalog", "1.0", "2.0")
    desk.index("by-status", "1.0", status="quarantined")
    desk.index("fine", "1.0")
    desk.catalog("by-catalog", status="quarantined")
    account = desk.run()

    for marked in ("by-catalog-1.0", "by-catalog-2.0", "by-status-1.0"):
        assert desk.shown(marked)["flags"] == ["quarantined"]
    assert not desk.shown("fine-1.0").get("flags")
    assert account.quarantined == 2
    desk.catalog("by-catalog", status="active", checked=dt.datetime.now(dt.UTC))
    desk.run()
    assert not desk.shown("by-catalog-1.0").get("flags")
    assert "by-catalog" not in advisories.flagged_projects(desk.store)


def test_a_name_like_that_of_a_far_more_popular_project(desk: Desk) -> None:
    desk.downloads(requests=900_000_000, reqeusts=12, honest_name=3)
    desk.catalog("requests", author="Kenneth")
    desk.catalog("reqeusts", author="Mallory", first_upload=int(dt.datetime.now().timestamp()))
    desk.index("reqeusts", "0.1", "0.2")
    desk.index("requests", "2.0")
    desk.index("honest-name", "1.0")
    account = desk.run()

    for version in ("0.1", "0.2"):
        shown = desk.shown(f"reqeusts-{version}")
        assert (shown["flags"], shown["resembles"]) == (["suspected-typosquat"], "requests")
    assert not desk.shown("requests-2.0").get("flags")
    assert not desk.shown("honest-name-1.0").get("flags")
    assert account.typosquats == 1
    kept = advisories.flagged_projects(desk.store)["reqeusts"]
    assert "requests" in kept.reason

    desk.catalog("reqeusts", author="Kenneth", checked=dt.datetime.now(dt.UTC))
    desk.run()
    assert "resembles" not in desk.shown("reqeusts-0.1")  # his own


def test_a_run_in_parts_and_of_a_part(desk: Desk) -> None:
    desk.index("alpha", "1.0")
    desk.index("beta", "1.0")
    desk.load(record("PYSEC-2026-1", "alpha"), record("PYSEC-2026-2", "beta"))
    account = desk.run(limit=1)

    assert (account.projects, desk.shown("alpha-1.0")["is_vulnerable"]) == (1, True)
    assert "is_vulnerable" not in desk.shown("beta-1.0")
    desk.run(after="alpha")
    assert desk.shown("beta-1.0")["is_vulnerable"] is True
